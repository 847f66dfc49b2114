/** How a run begins, and how it goes on: the same wherever it is kept. */
import { TinyLMError } from '../model/errors.js';
import type { Checkpoint, TrainerKernels, TrainOptions } from '../train/index.js';
import type { BackendIdentity } from './backend.js';
import { begin, type Begun, type Wanted } from './begin.js';
import { planEpochs, planMinutes, planOptions, planSteps, planUsual, type TrainFlags } from './plan.js';
import { digestOf, type CorpusRecord, type RunRecord } from './run-record.js';
import { VERSION } from './version.js';

export interface RunPlan extends Begun {
  /** Options without the run's length; the batch as it fits the text. */
  readonly base: TrainOptions;
}

/**
 * Tokenizer, tokens, model and options of a new run.
 * @param begun what `begin` made of the same text and model, where it is known already
 */
export function prepareRun(
  documents: readonly string[],
  corpus: Pick<CorpusRecord, 'name' | 'splitSeed' | 'holdOut'>,
  wanted: Wanted,
  flags: TrainFlags,
  begun: Begun = begin(documents, wanted, corpus, corpus.name),
): RunPlan {
  const again = wanted.kind === 'from' ? { ...wanted, adapts: !wanted.ternary } : undefined;
  return { ...begun, base: planOptions(begun.model, flags, begun.data, again) };
}

/** Who chose the length of a run, and how. */
export function lengthOf({ minutes, epochs, steps }: TrainFlags): RunRecord['plan'] {
  if (minutes !== undefined) return { minutes };
  if (epochs !== undefined) return { epochs };
  return steps === undefined ? { usual: true } : { steps };
}

/** The options with the run's length; of minutes it is found by training for a few seconds. */
export async function planRun(
  { data, base }: RunPlan,
  flags: TrainFlags,
  setup: { kernels: TrainerKernels; threads: number },
): Promise<TrainOptions> {
  const length = lengthOf(flags);
  if ('minutes' in length) return planMinutes(base, data, length.minutes, setup);
  if ('epochs' in length) return planEpochs(base, data, length.epochs);
  return 'steps' in length ? planSteps(base, length.steps) : planUsual(base, data);
}

/**
 * The record of a new run.
 * @param host what it is made on, e.g. "v20.10.0" of Node
 */
export function newRecord(
  { data, tokenizer, from }: RunPlan,
  given: { corpus: CorpusRecord; flags: TrainFlags; options: TrainOptions; backend: BackendIdentity; host: string },
): RunRecord {
  const { corpus, flags, options, backend, host } = given;
  return {
    version: 1,
    tinylm: VERSION,
    node: host,
    started: new Date().toISOString(),
    corpus,
    tokenizer,
    plan: lengthOf(flags),
    ...(from !== undefined && { from }),
    options,
    backend,
    digest: digestOf(data, options.model),
  };
}

/**
 * A checkpoint has to be of the run that its record describes.
 * @param names of both files, for the message
 * @throws TinyLMError `run-record`
 */
export function checkBelongs(
  checkpoint: Checkpoint,
  record: RunRecord,
  names: { checkpoint: string; record: string },
): void {
  // The steps of a run of so many minutes follow its speed, those of the usual length the curve.
  const timed = 'minutes' in record.plan || 'usual' in record.plan;
  const fixed = (options: TrainOptions): string => JSON.stringify({ ...options, ...(timed && { steps: 0 }) });
  if (fixed(checkpoint.options) !== fixed(record.options))
    throw new TinyLMError(
      'run-record',
      `${names.checkpoint} was made with other options than ${names.record} says`,
      'the folder was changed; train again into a new one',
    );
}

/** Seconds that a run of so many minutes has left; undefined for a run of epochs. */
export function secondsLeft({ plan, options }: RunRecord, step: number): number | undefined {
  return 'minutes' in plan ? Math.max(1, 60 * plan.minutes * (1 - step / options.steps)) : undefined;
}
