/**
 * A whole run, new or resumed: corpus → tokens → training → folder. `train` and `demo` differ in their defaults
 * only.
 */
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { sizeRemark } from '../corpus/index.js';
import { budget, TinyLMError } from '../model/index.js';
import { decodeCheckpoint } from '../run/checkpoint-file.js';
import type { LoadedTrainer } from '../node/native-trainer.js';
import { sameBackend } from '../run/backend.js';
import { RUN_FILES, RunFolder } from '../node/run-folder.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import { TrainingRun, type Checkpoint, type HistoryPoint, type TrainOptions } from '../train/index.js';
import { curveChart } from './chart.js';
import { chooseTrainer, trainerOfRun, type TrainFlags } from './choose-trainer.js';
import type { Context } from './context.js';
import { openEngine } from './engine.js';
import { onInterrupt, stayWithoutReader } from './interrupt.js';
import { checkWanted, type Wanted } from '../run/begin.js';
import { sampleOf } from '../run/sample.js';
import { checkBelongs, newRecord, planRun, prepareRun, secondsLeft } from '../run/start.js';
import { loadRecorded } from './load-corpus.js';
import { prepareData, SPLIT, type Prepared } from '../run/prepare.js';
import { shellWord } from '../node/shell.js';
import { showProgress } from './progress.js';
import { shape } from '../run/shape.js';
import {
  backendOf,
  checkUnchanged,
  readRunRecord,
  shortName,
  type CorpusRecord,
  type RunRecord,
} from '../run/run-record.js';
import { train, type Outcome } from '../run/training.js';
import { bits, count, plural } from './values.js';
import { visible } from './visible.js';

export interface Started {
  readonly folder: RunFolder;
  readonly record: RunRecord;
  readonly data: Prepared;
  readonly trainer: LoadedTrainer;
  readonly threads: number;
  readonly outcome: Outcome;
  /** Most bytes of the file, of a model that was given a size. */
  readonly bytes?: number;
}

export interface NewRun {
  readonly corpus: CorpusRecord;
  readonly model: Wanted;
  readonly flags: TrainFlags;
  /** Folder; default run/<name of the corpus>, the first that is free. */
  readonly out?: string;
}

export function threadsOf(flags: { threads?: number }): number {
  return flags.threads ?? availableParallelism();
}

/** A short name for a corpus, for its folder: `stories-en`, `my-text`. */
export function corpusName(spec: string): string {
  if (spec === '-') return 'stdin';
  return spec.startsWith('stories:') ? spec.replace(':', '-') : shortName(basename(spec));
}

export async function startRun(context: Context, given: NewRun): Promise<Started> {
  const { terminal } = context;
  const { flags, corpus } = given;
  checkWanted(given.model);
  const path = given.out ?? RunFolder.free('run', corpusName(corpus.name));
  // Before minutes go into reading and planning; `create` looks again.
  RunFolder.checkFree(path);

  const documents = await loadRecorded(corpus, undefined, context.stdin, terminal);
  const small = corpus.spec.startsWith('stories:') ? undefined : sizeRemark(documents);
  if (small !== undefined) terminal.warn(small);
  const plan = prepareRun(documents, corpus, given.model, flags);
  const { data, base, weights, bytes } = plan;
  const threads = threadsOf(flags);
  const trainer = await chooseTrainer(terminal, flags.backend);
  const planning = performance.now();
  if (base.lanes !== flags.batch || base.segment !== flags.segment)
    terminal.note(`the text is short: training with --batch ${base.lanes} --segment ${base.segment}`);
  const options = await planRun(plan, flags, { kernels: trainer.kernels, threads });
  const fromStdin = corpus.spec === '-';
  const record = newRecord(plan, {
    corpus: fromStdin
      ? { name: corpus.name, spec: RUN_FILES.corpus, split: 'none', storySeed: corpus.storySeed, ...SPLIT }
      : { ...corpus, spec: corpus.spec.startsWith('stories:') ? corpus.spec : resolve(corpus.spec) },
    flags,
    options,
    backend: trainer.identity,
    host: process.version,
  });
  const folder = RunFolder.create(
    path,
    record,
    fromStdin ? { corpus: documents.map((text) => `${JSON.stringify({ text })}\n`).join('') } : {},
  );
  folder.lock();
  const left = flags.minutes && Math.max(1, flags.minutes * 60 - (performance.now() - planning) / 1000);
  const outcome = await go(context, folder, record, data, { trainer, threads, seconds: left, weights });
  return { folder, record, data, trainer, threads, outcome, ...(bytes !== undefined && { bytes }) };
}

type Given = Pick<TrainFlags, 'threads' | 'backend'>;

/** Goes on with a run, by the build of the trainer that it was made with unless another is asked for. */
export async function resumeRun(context: Context, path: string, given: Given): Promise<Started> {
  const folder = RunFolder.open(path);
  folder.lock();
  const started = readRunRecord(folder.readJson('run'), folder.file('run'));
  const threads = threadsOf(given);
  const checkpoint = folder.has('last') ? decodeCheckpoint(folder.read('last'), folder.file('last')) : undefined;
  if (checkpoint) checkBelongs(checkpoint, started, { checkpoint: folder.file('last'), record: folder.file('run') });
  if (started.from !== undefined && !checkpoint)
    throw new TinyLMError(
      'run-no-checkpoint',
      `${path} was to go on from ${started.from} and ended before its first step`,
      `begin it again, into a new folder: tinylm train --from ${shellWord(started.from)}`,
    );
  const trainer = await trainerOfRun(context.terminal, path, started, given.backend);
  const record = recordTrainer(folder, started, trainer, checkpoint?.step);
  const documents = await loadRecorded(record.corpus, folder.path, context.stdin);
  const tokenizer: TokenizerTable | RunRecord['tokenizer'] = checkpoint?.tokenizer ?? record.tokenizer;
  const data = prepareData(documents, record.corpus, tokenizer);
  checkUnchanged(path, record, data);
  context.terminal.note(
    checkpoint
      ? checkpoint.step >= record.options.steps
        ? `${path} is finished, at step ${checkpoint.step}: it is measured again; train it further, into a new folder, with: ` +
          `tinylm train --from ${shellWord(path)}`
        : `going on with ${path} from step ${checkpoint.step} of ${record.options.steps}`
      : `${path} has no checkpoint yet: it begins anew, with the same options`,
  );
  const seconds = secondsLeft(record, checkpoint?.step ?? 0);
  const outcome = await go(context, folder, record, data, { trainer, threads, seconds }, checkpoint);
  return { folder, record, data, trainer, threads, outcome };
}

/** Writes down when a run goes on with another build of the trainer. */
function recordTrainer(folder: RunFolder, record: RunRecord, { identity }: LoadedTrainer, step?: number): RunRecord {
  if (sameBackend(backendOf(record), identity)) return record;
  const changed: RunRecord =
    step === undefined
      ? { ...record, backend: identity }
      : { ...record, switched: [...(record.switched ?? []), { step, backend: identity }] };
  folder.writeJson('run', changed);
  return changed;
}

async function go(
  { terminal }: Context,
  folder: RunFolder,
  record: RunRecord,
  data: Prepared,
  {
    trainer,
    threads,
    seconds,
    weights,
  }: Pick<Started, 'trainer' | 'threads'> & {
    seconds?: number | undefined;
    weights?: ReadonlyMap<string, Float32Array> | undefined;
  },
  resume?: Checkpoint,
): Promise<Outcome> {
  const { options } = record;
  const { parameters } = budget(options.model);
  stayWithoutReader();
  if (!resume) {
    const kind = options.ternary ? 'ternary weights' : 'float weights';
    terminal.note(`${shape(options.model)}: ${count(parameters)} parameters, ${kind}`);
    terminal.note(
      `${plural(data.train.length, 'document')}, ` +
        `${count(data.train.reduce((n, d) => n + d.bytes, 0))} bytes to train on; ` +
        `${plural(options.steps, 'step')}; ${folder.path}`,
    );
  }
  const make = (planned: TrainOptions, from?: Checkpoint): Promise<TrainingRun> =>
    TrainingRun.create(data, planned, {
      kernels: trainer.kernels,
      threads,
      ...(from ? { resume: from } : weights && { weights, evaluateFirst: true }),
    });
  const run = await make(options, resume);
  const again = (planned: TrainOptions, from: Checkpoint): Promise<TrainingRun> => {
    folder.writeJson('run', { ...record, options: planned });
    return make(planned, from);
  };
  const cools = 'usual' in record.plan && record.cooled === undefined;
  const cool = (planned: TrainOptions, best: Checkpoint, steps: number): Promise<TrainingRun> => {
    terminal.note(
      `the validation text gets no better since step ${best.step}: back to it, and to the end at step ${planned.steps} with a ` +
        'falling learning rate',
    );
    folder.writeJson('run', { ...record, options: planned, cooled: { from: best.step, planned: steps } });
    return make(planned, { ...best, options: planned });
  };
  return train({
    run,
    ...(seconds !== undefined && { limit: { seconds, again } }),
    ...(cools && {
      cool,
      bestSoFar: resume && folder.has('best') ? decodeCheckpoint(folder.read('best'), folder.file('best')) : undefined,
    }),
    files: folder,
    control: ({ stop }) => onInterrupt(terminal, stop),
    from: resume?.step ?? 0,
    display: showProgress(terminal),
    curve: (history) => drawCurve(history, `TinyLM on ${record.corpus.name}: ${count(parameters)} parameters`),
    sample: async (checkpoint) => {
      const text = await sampleOf(checkpoint, data.tokenizer, openEngine);
      return text === undefined ? undefined : visible(text);
    },
  });
}

function drawCurve(history: readonly HistoryPoint[], title: string): Promise<string> {
  const best = history.reduce((a, b) => (b.valid < a.valid ? b : a));
  const subtitle = `lowest on the validation text: ${bits(best.valid)} bits per byte, epoch ${best.epoch.toFixed(1)}`;
  return curveChart(history, title, subtitle);
}
