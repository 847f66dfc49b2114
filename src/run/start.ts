/** How a run begins, and how it goes on: the same wherever it is kept. */
import { TinyLMError } from '../model/errors.js';
import { tableVocab } from '../tokenizer/index.js';
import type { Checkpoint, TrainerKernels, TrainOptions } from '../train/index.js';
import type { BackendIdentity } from './backend.js';
import { modelConfig, wantedVocab, type ModelOptions } from './model-options.js';
import { DEFAULT_EPOCHS, planEpochs, planMinutes, planOptions, type TrainFlags } from './plan.js';
import { prepareData, type Prepared } from './prepare.js';
import { digestOf, type CorpusRecord, type RunRecord } from './run-record.js';
import { VERSION } from './version.js';

export interface RunPlan {
  readonly data: Prepared;
  /** Options without the run's length; the batch as it fits the text. */
  readonly base: TrainOptions;
}

/** @throws TinyLMError for sizes that cannot be; before the text is looked at */
export function checkSizes(model: ModelOptions): void {
  wantedVocab(model);
  modelConfig(model);
}

/** Tokenizer, tokens and options of a new run. */
export function prepareRun(documents: readonly string[], splitSeed: number, model: ModelOptions, flags: TrainFlags): RunPlan {
  checkSizes(model);
  const { tokenizer: kind, vocab } = model;
  const data = prepareData(documents, splitSeed, { kind, vocab });
  return { data, base: planOptions(modelConfig(model, tableVocab(data.tokenizer)), flags, data) };
}

/** The options with the run's length; of minutes it is found by training for a few seconds. */
export async function planRun(
  { data, base }: RunPlan,
  flags: TrainFlags,
  setup: { kernels: TrainerKernels; threads: number },
): Promise<TrainOptions> {
  return flags.minutes === undefined
    ? planEpochs(base, data, flags.epochs ?? DEFAULT_EPOCHS)
    : planMinutes(base, data, flags.minutes, setup);
}

/**
 * The record of a new run.
 * @param host what it is made on, e.g. "v20.10.0" of Node
 */
export function newRecord(
  { data }: RunPlan,
  given: { corpus: CorpusRecord; model: ModelOptions; flags: TrainFlags; options: TrainOptions; backend: BackendIdentity; host: string },
): RunRecord {
  const { corpus, model, flags, options, backend, host } = given;
  return {
    version: 1,
    tinylm: VERSION,
    node: host,
    started: new Date().toISOString(),
    corpus,
    tokenizer: { kind: model.tokenizer, vocab: model.vocab },
    plan: flags.minutes === undefined ? { epochs: flags.epochs ?? DEFAULT_EPOCHS } : { minutes: flags.minutes },
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
export function checkBelongs(checkpoint: Checkpoint, record: RunRecord, names: { checkpoint: string; record: string }): void {
  // The steps of a run of so many minutes follow its speed; run.json is written first.
  const timed = 'minutes' in record.plan;
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
