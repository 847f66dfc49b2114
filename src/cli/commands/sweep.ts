import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { describeTrits, TinyLMError, TRITS, type Trits } from '../../model/index.js';
import type { CorpusOptions } from '../../node/corpus-files.js';
import { writeAtomic } from '../../node/files.js';
import { chooseTrainer } from '../choose-trainer.js';
import { verb, type Context } from '../context.js';
import { EXIT, UsageError } from '../errors.js';
import type { ModelOptions } from '../../run/model-options.js';
import { floatModel, openSource, runWeights } from '../model-source.js';
import { addOptions, CORPUS_OPTIONS, MODEL_OPTIONS, TRAIN_OPTIONS } from '../options.js';
import { resumeRun, startRun, threadsOf, type Started } from '../pipeline.js';
import type { TrainFlags } from '../choose-trainer.js';
import { corpusRecord, loadRecorded } from '../load-corpus.js';
import { measured, prepareData } from '../../run/prepare.js';
import { noiseSentence } from '../../run/import-check.js';
import { RunFolder } from '../../node/run-folder.js';
import { bestRow, hiddenOf, methodWords, sweepModel, sweepTable, type SweepRow } from '../../run/sweep.js';
import { openEngine } from '../engine.js';
import { sweepFolder, sweepPicture } from '../sweep-output.js';
import { tritList } from '../shape-options.js';
import { markdownTable, table } from '../terminal.js';
import { bits, decimalRange, numberList } from '../values.js';

interface Options extends Omit<ModelOptions, 'trits'>, TrainFlags, CorpusOptions {
  thresholds: number[];
  dims?: number[];
  trits?: Trits[];
  withFloat?: boolean;
  corpus?: string;
  out?: string;
  json?: boolean;
}

/** Times through the text for each size, where nobody says. */
const EPOCHS = 15;
/** Tokens that each of many models is measured on. */
const TOKENS = 30_000;

export function sweepCommand(context: Context): Command {
  const command = verb(
    'sweep',
    'Try thresholds and trits on one model, or train several sizes: a table and a picture of size and quality.',
    [
      'tinylm sweep run/demo',
      'tinylm sweep run/demo/best.safetensors --corpus stories:en --thresholds 0,0.5,0.7,1',
      'tinylm sweep --corpus my-text.txt --dims 16,32,64 --trits 1,2 --with-float --epochs 5',
    ],
  ).argument('[model]', 'a run folder or a checkpoint; left out with --dims');
  command
    .option('--corpus <corpus>', 'the text (default: that of the run folder; with --dims stories:en)')
    .option(
      '--thresholds <list>',
      'numbers with commas, or from:to:step',
      decimalRange(0, 3),
      decimalRange(0, 3)('0:1.4:0.1'),
    )
    .option('--dims <list>', 'train a model with each of these as --hidden, by the options below', numberList(1, 2048))
    .option('--with-float', 'with --dims: train each size as floats, too, and make it ternary after training');
  addOptions(
    command,
    [
      ...CORPUS_OPTIONS,
      'out',
      ...MODEL_OPTIONS.filter((o) => o !== 'hidden'),
      ...TRAIN_OPTIONS.filter((o) => o !== 'float'),
      'json',
    ],
    {
      out: {
        about:
          'folder for sweep.md, sweep.json, sweep.svg and, with --dims, a run folder of each size; the same command ' +
          'goes on there after Ctrl-C (default: <run folder>/sweep, else ./sweep)',
      },
      epochs: { about: `with --dims: times through the corpus for each size (default: ${EPOCHS})` },
      trits: {
        flags: '--trits <list>',
        about: 'ternary digits a weight to try, with commas (default: 1,2,3 of a float checkpoint; 1 with --dims)',
        parse: tritList,
      },
    },
  );
  return command.action((path: string | undefined, options: Options) => sweep(context, path, options));
}

async function sweep(context: Context, path: string | undefined, options: Options): Promise<void> {
  if ((path === undefined) === (options.dims === undefined))
    throw new UsageError(
      path === undefined ? 'nothing to sweep over' : 'a model and --dims exclude each other',
      'give a run folder or a checkpoint, or --dims with a --corpus to train on',
    );
  const { terminal } = context;
  const job = path === undefined ? await overSizes(context, options) : await overThresholds(context, path, options);
  const { text } = job;
  const usual = path !== undefined && RunFolder.is(path) ? join(path, 'sweep') : 'sweep';
  const out = sweepFolder(options.out, usual, planOf(path, options, job.documents));
  const rows: SweepRow[] = [];
  for await (const row of job.rows(out)) rows.push(row);
  if (context.exitCode !== EXIT.ok) return;
  const best = bestRow(rows);
  const words =
    `Best: ${methodWords(best)}, ${describeTrits(best.model)}` +
    `${options.dims ? ` at hidden ${hiddenOf(best)}` : ''}, ${bits(best.bitsPerByte)} bits per byte, ` +
    `measured on ${text}. ` +
    'Ternary models are measured in the integer arithmetic of the engine.';
  writeAtomic(join(out, 'sweep.json'), `${JSON.stringify({ text, rows }, null, 2)}\n`);
  writeAtomic(
    join(out, 'sweep.md'),
    `# Size and quality\n\n${markdownTable(sweepTable(rows), options.dims ? [0, 1, 2, 3, 4] : [0, 1, 2])}\n\n${words}\n` +
      '\n![picture](sweep.svg)\n',
  );
  writeAtomic(join(out, 'sweep.svg'), await sweepPicture(rows, text));
  // Even the best of them: a byte has eight bits.
  const noise = noiseSentence(best.bitsPerByte, 8);
  if (noise !== undefined) terminal.warn(noise);
  if (options.json) terminal.json({ text, rows });
  else {
    terminal.out(table(sweepTable(rows), options.dims ? [0, 1, 2, 3, 4] : [0, 1, 2]));
    const runs = options.dims ? `, and the run folder of each size` : '';
    terminal.out(`\n${words}\nWritten to ${out}: sweep.md, sweep.json, sweep.svg${runs}`);
  }
}

/** What decides a sweep's result, as JSON: the same words on the same text give the same. */
function planOf(path: string | undefined, options: Options, documents: readonly string[]): string {
  const { out: _out, json: _json, threads: _threads, backend: _backend, corpus: _corpus, ...asked } = options;
  const hash = createHash('sha256');
  for (const text of documents) hash.update(JSON.stringify(text));
  const plan = { ...asked, ...(path !== undefined && { model: resolve(path) }), text: hash.digest('hex') };
  return `${JSON.stringify(Object.fromEntries(Object.entries(plan).sort(([a], [b]) => (a < b ? -1 : 1))), null, 2)}\n`;
}

/** A sweep that is ready to run. */
interface Job {
  readonly documents: readonly string[];
  /** What is measured on. */
  readonly text: string;
  /** Trains and measures; Ctrl-C ends it early, with the context's exit code. @param out where runs are kept */
  rows(out: string): AsyncGenerator<SweepRow>;
}

async function overThresholds({ terminal, stdin }: Context, path: string, options: Options): Promise<Job> {
  const source = openSource(path);
  if (source.kind === 'tlm')
    throw new TinyLMError(
      'model-ternary',
      `${path} is ternary already`,
      'give the run folder or the checkpoint that it was made from',
    );
  const corpus =
    options.corpus === undefined
      ? source.kind === 'run'
        ? source.record.corpus
        : undefined
      : corpusRecord(options.corpus, options);
  if (corpus === undefined)
    throw new UsageError('a text to measure on is missing', 'add --corpus <corpus>; only a run folder knows its own');
  const { file } = source.kind === 'run' ? runWeights(source) : source;
  if (!file.trained)
    throw new UsageError(
      `${path} has no tokenizer`,
      'tinylm quantize --tokenizer-from takes checkpoints of other programs',
    );
  const { tokenizer, options: trained } = file.trained;
  const documents = await loadRecorded(corpus, source.path, stdin);
  const input = {
    float: floatModel(file),
    tokenizer,
    embedFrac: trained.embedFrac,
    weights: trained.ternary ? 'ternary-trained' : 'float-trained',
  } as const;
  // The threshold that the weights were trained for belongs into the row of those tried.
  const thresholds = trained.ternary
    ? [...new Set([...options.thresholds, trained.threshold])].sort((a, b) => a - b)
    : options.thresholds;
  return {
    documents,
    text: `${corpus.name}, validation part`,
    async *rows() {
      const { valid } = prepareData(documents, corpus, tokenizer);
      const { kernels } = await chooseTrainer(terminal, options.backend);
      const setup = { kernels, threads: threadsOf(options), open: openEngine };
      const ways = { thresholds, trits: options.trits ?? TRITS };
      for await (const row of sweepModel(input, ways, measured(valid, TOKENS), setup)) {
        terminal.note(sweepTable([row])[1].join('  '));
        yield row;
      }
    },
  };
}

async function overSizes(context: Context, options: Options): Promise<Job> {
  const { terminal } = context;
  const corpus = corpusRecord(options.corpus ?? 'stories:en', options);
  if (corpus.spec === '-')
    throw new UsageError(
      'each size reads the corpus again, which standard input does not allow',
      'write it into a file, and give that as --corpus',
    );
  const documents = await loadRecorded(corpus, undefined, context.stdin);
  const sizes = options.dims!.flatMap((hidden) => [
    ...(options.trits ?? [1 as const]).map((trits) => ({ hidden, trits, float: false })),
    ...(options.withFloat ? [{ hidden, trits: 1 as const, float: true }] : []),
  ]);
  return {
    documents,
    text: `${corpus.name}, validation part`,
    async *rows(out) {
      for (const [i, { hidden, trits, float }] of sizes.entries()) {
        terminal.note(
          `\n${i + 1} of ${sizes.length}: hidden ${hidden}, ${float ? 'float weights' : trits === 1 ? 'ternary weights' : `weights of ${trits} trits`}`,
        );
        const path = join(out, `hidden-${hidden}${trits > 1 ? `-${trits}-trits` : ''}${float ? '-float' : ''}`);
        const started = RunFolder.is(path)
          ? await resumeRun(context, path, options)
          : await startRun(context, {
              corpus,
              model: { kind: 'shape', options: { ...options, hidden, trits } },
              // Sizes are compared after equal lengths.
              flags: {
                ...options,
                float,
                ...((options.minutes ?? options.steps ?? options.epochs) === undefined && { epochs: EPOCHS }),
              },
              out: path,
            });
        if (started.outcome.kind === 'stopped') {
          terminal.note('stopped; everything is saved. The same command goes on from here');
          context.exitCode = EXIT.interrupted;
          return;
        }
        yield* rowsOfRun(started, options);
      }
    },
  };
}

function rowsOfRun({ folder, record, data, trainer, threads }: Started, options: Options): AsyncGenerator<SweepRow> {
  const weights = runWeights({ kind: 'run', path: folder.path, folder, record });
  const { ternary, threshold, embedFrac } = record.options;
  const input = {
    float: floatModel(weights.file),
    tokenizer: data.tokenizer,
    embedFrac,
    weights: ternary ? 'ternary-trained' : 'float-trained',
  } as const;
  // Ternary weights were trained for one threshold; others say nothing about the size.
  const thresholds = ternary ? [threshold] : options.thresholds;
  const ways = { thresholds, trits: options.trits ?? TRITS };
  return sweepModel(input, ways, measured(data.valid, TOKENS), { kernels: trainer.kernels, threads, open: openEngine });
}
