/**
 * A whole run, new or resumed: corpus → tokens → training → folder. `train` and `demo` differ in their defaults
 * only.
 */
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { sizeRemark } from '../corpus/index.js';
import { budget } from '../model/index.js';
import { decodeCheckpoint } from '../run/checkpoint-file.js';
import { type LoadedTrainer } from '../node/native-trainer.js';
import { sameBackend } from '../run/backend.js';
import { RUN_FILES, RunFolder } from '../node/run-folder.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import { TrainingRun, type Checkpoint, type HistoryPoint, type TrainOptions } from '../train/index.js';
import { curveChart } from './chart.js';
import { chooseTrainer, trainerOfRun, type TrainFlags } from './choose-trainer.js';
import type { Context } from './context.js';
import { openEngine } from './engine.js';
import { onInterrupt, stayWithoutReader } from './interrupt.js';
import type { ModelOptions } from '../run/model-options.js';
import { sampleOf } from '../run/sample.js';
import { checkBelongs, checkSizes, newRecord, planRun, prepareRun, secondsLeft } from '../run/start.js';
import { loadRecorded } from './load-corpus.js';
import { prepareData, type Prepared } from '../run/prepare.js';
import { showProgress } from './progress.js';
import { shape } from '../run/shape.js';
import { backendOf, checkUnchanged, readRunRecord, shortName, type CorpusRecord, type RunRecord } from '../run/run-record.js';
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
}

export interface NewRun {
  readonly corpus: CorpusRecord;
  readonly model: ModelOptions;
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
  checkSizes(given.model);
  const path = given.out ?? RunFolder.free('run', corpusName(corpus.name));
  // Before minutes go into reading and planning; `create` looks again.
  RunFolder.checkFree(path);

  const documents = await loadRecorded(corpus, undefined, context.stdin, terminal);
  const small = corpus.spec.startsWith('stories:') ? undefined : sizeRemark(documents);
  if (small !== undefined) terminal.warn(small);
  const plan = prepareRun(documents, corpus.splitSeed, given.model, flags);
  const { data, base } = plan;
  const threads = threadsOf(flags);
  const trainer = await chooseTrainer(terminal, flags.backend);
  const planning = performance.now();
  if (base.lanes !== flags.batch || base.segment !== flags.segment)
    terminal.note(`the text is short: training with --batch ${base.lanes} --segment ${base.segment}`);
  const options = await planRun(plan, flags, { kernels: trainer.kernels, threads });
  const fromStdin = corpus.spec === '-';
  const record = newRecord(plan, {
    corpus: fromStdin
      ? { name: corpus.name, spec: RUN_FILES.corpus, split: 'none', storySeed: corpus.storySeed, splitSeed: corpus.splitSeed }
      : { ...corpus, spec: corpus.spec.startsWith('stories:') ? corpus.spec : resolve(corpus.spec) },
    model: given.model,
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
  const outcome = await go(context, folder, record, data, { trainer, threads, seconds: left });
  return { folder, record, data, trainer, threads, outcome };
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
  const trainer = await trainerOfRun(context.terminal, path, started, given.backend);
  const record = recordTrainer(folder, started, trainer, checkpoint?.step);
  const documents = await loadRecorded(record.corpus, folder.path, context.stdin);
  const tokenizer: TokenizerTable | RunRecord['tokenizer'] = checkpoint?.tokenizer ?? record.tokenizer;
  const data = prepareData(documents, record.corpus.splitSeed, tokenizer);
  checkUnchanged(path, record, data);
  context.terminal.note(
    checkpoint
      ? `going on with ${path} from step ${checkpoint.step} of ${record.options.steps}`
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
  { trainer, threads, seconds }: Pick<Started, 'trainer' | 'threads'> & { seconds?: number | undefined },
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
    TrainingRun.create(data, planned, { kernels: trainer.kernels, threads, ...(from && { resume: from }) });
  const run = await make(options, resume);
  const again = (planned: TrainOptions, from: Checkpoint): Promise<TrainingRun> => {
    folder.writeJson('run', { ...record, options: planned });
    return make(planned, from);
  };
  return train({
    run,
    ...(seconds !== undefined && { limit: { seconds, again } }),
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
