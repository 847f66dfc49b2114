import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { TinyLMError } from '../../model/errors.js';
import type { LoadOptions } from '../../node/corpus-files.js';
import { makeFolder, writeAtomic } from '../../node/files.js';
import { lineChart, sweepChart } from '../chart.js';
import { chooseTrainer } from '../choose-trainer.js';
import { verb, type Context } from '../context.js';
import { EXIT, UsageError } from '../errors.js';
import type { ModelOptions } from '../model-options.js';
import { floatModel, openSource, runWeights, type RunSource, type WeightsSource } from '../model-source.js';
import { addOptions, CORPUS_OPTIONS, MODEL_OPTIONS, TRAIN_OPTIONS } from '../options.js';
import { startRun, threadsOf } from '../pipeline.js';
import type { TrainFlags } from '../plan.js';
import { loadRecorded, measured, prepareData, SPLIT_SEED, STORY_SEED } from '../prepare.js';
import { RunFolder } from '../../node/run-folder.js';
import type { CorpusRecord } from '../run-record.js';
import { bestRow, sweepModel, sweepTable, type SweepRow } from '../sweep.js';
import { markdownTable, table } from '../terminal.js';
import { bits, decimalRange, numberList } from '../values.js';

interface Options extends ModelOptions, TrainFlags, Pick<LoadOptions, 'format' | 'field' | 'maxBytes'> {
  thresholds: number[];
  dims?: number[];
  withFloat?: boolean;
  corpus?: string;
  out?: string;
  json?: boolean;
}

/** Tokens that each of many models is measured on. */
const TOKENS = 30_000;

export function sweepCommand(context: Context): Command {
  const command = verb(
    'sweep',
    'Try thresholds on one model, or train several sizes: a table and a picture of size and quality.',
    [
      'tinylm sweep run/demo',
      'tinylm sweep run/demo/best.safetensors --corpus stories:en --thresholds 0,0.5,0.7,1',
      'tinylm sweep --corpus my-text.txt --dims 16,32,64 --with-float --epochs 5',
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
      out: { about: 'folder for sweep.md, sweep.json, sweep.svg (default: <run folder>/sweep, else ./sweep)' },
      epochs: { about: 'with --dims: times through the corpus for each size (default: 15)' },
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
  const out = options.out ?? (path !== undefined && RunFolder.is(path) ? join(path, 'sweep') : 'sweep');
  makeFolder(out);
  const { rows, text } =
    path === undefined ? await sweepSizes(context, options) : await sweepThresholds(context, path, options);
  if (rows.length === 0) return;
  const best = bestRow(rows);
  const words =
    `Best: ${best.method === 'sign' ? 'sign' : `threshold ${best.threshold}`}` +
    `${options.dims ? ` at hidden ${best.model.hidden}` : ''}, ${bits(best.bitsPerByte)} bits per byte, ` +
    `measured on ${text}. ` +
    'Ternary models are measured in the integer arithmetic of the engine.';
  writeAtomic(join(out, 'sweep.json'), `${JSON.stringify({ text, rows }, null, 2)}\n`);
  writeAtomic(
    join(out, 'sweep.md'),
    `# Size and quality\n\n${markdownTable(sweepTable(rows), options.dims ? [0, 1, 2, 3] : [0, 1])}\n\n${words}\n` +
      '\n![picture](sweep.svg)\n',
  );
  writeAtomic(join(out, 'sweep.svg'), await picture(rows, text));
  if (options.json) terminal.json({ text, rows });
  else {
    terminal.out(table(sweepTable(rows), options.dims ? [0, 1, 2, 3] : [0, 1]));
    terminal.out(`\n${words}\nWritten to ${out}: sweep.md, sweep.json, sweep.svg`);
  }
}

function picture(rows: readonly SweepRow[], text: string): Promise<string> {
  const sizes = new Set(rows.map((r) => r.model.hidden));
  if (sizes.size === 1) {
    const thresholds = rows
      .filter((r) => r.method === 'threshold')
      .map((r) => ({ x: r.threshold!, y: r.bitsPerByte, series: 'threshold' }));
    const xs = thresholds.map((p) => p.x);
    const flat = rows
      .filter((r) => r.method !== 'threshold')
      .flatMap((r) =>
        [Math.min(...xs), Math.max(...xs)].map((x) => ({
          x,
          y: r.bitsPerByte,
          series: r.method === 'sign' ? 'sign' : 'float weights',
        })),
      );
    return lineChart([...thresholds, ...flat], {
      title: 'Threshold and quality',
      subtitle: `measured on ${text}`,
      x: 'threshold, in means of a row',
      y: 'bits per byte',
    });
  }
  // Of each size and way of training: floats, sign, and the best threshold.
  const points = [...sizes].flatMap((hidden) =>
    (['ternary-trained', 'float-trained'] as const).flatMap((weights) => {
      const mine = rows.filter((r) => r.model.hidden === hidden && r.weights === weights);
      const thresholds = mine.filter((r) => r.method === 'threshold');
      const shown = mine.filter((r) => r.method === 'sign' || (r.method === 'float' && weights === 'float-trained'));
      if (thresholds.length > 0) shown.push(bestRow(thresholds));
      return shown.map((r) => ({
        series:
          r.method === 'float'
            ? 'floats'
            : `${r.method}, trained ${weights === 'ternary-trained' ? 'ternary' : 'as floats'}`,
        label: String(hidden),
        bytes: r.bytes,
        bitsPerByte: r.bitsPerByte,
      }));
    }),
  );
  return sweepChart(points, 'Size and quality', `hidden units at each point; measured on ${text}`);
}

interface Swept {
  rows: SweepRow[];
  text: string;
}

function corpusRecord(spec: string, { format, field, maxBytes }: Options): CorpusRecord {
  return { name: spec, spec, storySeed: STORY_SEED, splitSeed: SPLIT_SEED, format, field, maxBytes };
}

async function sweepThresholds({ terminal, stdin }: Context, path: string, options: Options): Promise<Swept> {
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
  const { valid } = prepareData(documents, corpus.splitSeed, tokenizer);
  const rows: SweepRow[] = [];
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
  const { kernels } = await chooseTrainer(terminal, options.backend);
  const setup = { kernels, threads: threadsOf(options) };
  for await (const row of sweepModel(input, thresholds, measured(valid, TOKENS), setup)) {
    rows.push(row);
    terminal.note(sweepTable([row])[1].join('  '));
  }
  return { rows, text: `${corpus.name}, validation part` };
}

async function sweepSizes(context: Context, options: Options): Promise<Swept> {
  const { terminal } = context;
  const corpus = corpusRecord(options.corpus ?? 'stories:en', options);
  const rows: SweepRow[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-sweep-'));
  try {
    for (const hidden of options.dims!) {
      for (const float of options.withFloat ? [false, true] : [false]) {
        terminal.note(`\nhidden ${hidden}, ${float ? 'float' : 'ternary'} weights`);
        const started = await startRun(context, {
          corpus,
          model: { ...options, hidden },
          flags: { ...options, float },
          out: join(folder, `${hidden}-${float ? 'float' : 'ternary'}`),
        });
        if (started.outcome.kind === 'stopped') {
          context.exitCode = EXIT.interrupted;
          return { rows: [], text: '' };
        }
        const { record, data, trainer, threads } = started;
        const setup = { kernels: trainer.kernels, threads };
        const source: RunSource = { kind: 'run', path: started.folder.path, folder: started.folder, record };
        const weights: WeightsSource = runWeights(source);
        const input = {
          float: floatModel(weights.file),
          tokenizer: data.tokenizer,
          embedFrac: record.options.embedFrac,
          weights: float ? 'float-trained' : 'ternary-trained',
        } as const;
        // Ternary weights were trained for one threshold; others say nothing about the size.
        const thresholds = float ? options.thresholds : [record.options.threshold];
        for await (const row of sweepModel(input, thresholds, measured(data.valid, TOKENS), setup)) rows.push(row);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, text: `${corpus.name}, validation part` };
}
