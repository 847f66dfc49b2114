/**
 * What digits a weight are worth: models trained alike with 1, 2 and 3 trits, by groups of tensors, at equal parameters and at
 * equal bytes; bits per byte on held-out text in the trainer's arithmetic and in the engine's.
 */
import { readFileSync } from 'node:fs';
import { splitCorpus } from '../src/corpus/index.js';
import { openEngine } from '../src/cli/engine.js';
import { bitsOfTlm, bitsOfFloat } from '../src/run/measure.js';
import { writeTlm } from '../src/format/index.js';
import { configOf, type FloatModel, type ModelShorthand, type TritGroup, type Trits } from '../src/model/index.js';
import { loadTrainer } from '../src/node/native-trainer.js';
import { threadedKernels } from '../src/node/threads.js';
import { quantizeModel } from '../src/quantize/index.js';
import { tableVocab, Tokenizer, trainTokenizer } from '../src/tokenizer/index.js';
import {
  encodeDocuments,
  stepsPerEpoch,
  trainDefaults,
  TrainingRun,
  type TrainData,
  type TrainerKernels,
} from '../src/train/index.js';
import { circumstances, type Circumstances } from './measure.js';

export interface TritRow {
  readonly build: string;
  readonly group: 'roles' | 'bytes';
  readonly name: string;
  readonly shape: string;
  readonly epochs: number;
  /** Of the `.tlm`; of the float32 weights where it was trained as floats. */
  readonly bytes: number;
  readonly trained: number;
  /** In the engine's arithmetic; absent for floats. */
  readonly exported?: number;
  readonly tokensPerSecond: number;
}

export interface TritResults {
  readonly circumstances: Circumstances;
  readonly text: { readonly train: number; readonly valid: number };
  readonly rows: TritRow[];
}

export interface TritSetup {
  /** A text file with the documents to train on, and one with others to measure on. */
  readonly train: string;
  readonly valid: string;
  readonly epochs: number;
}

type By = Partial<Record<TritGroup, Trits>>;

/** At equal parameters: the default sizes, digits by group. */
const ROLES: readonly (readonly [name: string, trits: Trits | By | 'float'])[] = [
  ['float', 'float'],
  ['1 trit', 1],
  ['2 trits', 2],
  ['3 trits', 3],
  ['2 in the embedding', { embed: 2 }],
  ['2 in W_ih', { ih: 2 }],
  ['2 in W_hh', { hh: 2 }],
  ['2 in the output layer', { head: 2 }],
  ['2 but in W_hh', { embed: 2, ih: 2, head: 2 }],
  ['2, and 3 in embedding and output layer', { embed: 3, ih: 2, hh: 2, head: 3 }],
];

/** At about equal bytes of the file, b3. */
const BYTES: readonly (readonly [name: string, model: Omit<ModelShorthand, 'vocab'>])[] = [
  ['about 16 KB, 1 trit', { dim: 40, hidden: 80, trits: 1 }],
  ['about 16 KB, 2 trits', { dim: 24, hidden: 54, trits: 2 }],
  ['about 16 KB, 2 trits but 1 in W_hh', { dim: 26, hidden: 66, trits: { embed: 2, ih: 2, hh: 1, head: 2 } }],
  ['about 16 KB, 3 trits', { dim: 20, hidden: 41, trits: 3 }],
];

/** Stories as `benchTrits` and `benchSizes` take them: a vocabulary of 256 tokens, a twentieth of the text left out. */
export function readStories({ train: path, valid }: Pick<TritSetup, 'train' | 'valid'>): TrainData {
  const read = (file: string): string[] =>
    readFileSync(file, 'utf8')
      .split('<|endoftext|>')
      .map((t) => t.trim())
      .filter(Boolean);
  const { train } = splitCorpus(read(path), { seed: 1 });
  const held = read(valid);
  const table = trainTokenizer(train, { kind: 'bpe', vocab: 256 });
  const tokenizer = new Tokenizer(table);
  return { tokenizer: table, train: encodeDocuments(tokenizer, train), valid: encodeDocuments(tokenizer, held) };
}

export const bytesOf = (documents: TrainData['train']): number => documents.reduce((n, d) => n + d.bytes, 0);

/** Trains one model, and measures it on the held-out text in both arithmetics. */
export async function trainAndMeasure(
  data: TrainData,
  model: Omit<ModelShorthand, 'vocab'>,
  float: boolean,
  epochs: number,
  kernels: TrainerKernels,
): Promise<Pick<TritRow, 'shape' | 'bytes' | 'trained' | 'exported' | 'tokensPerSecond'>> {
  const table = data.tokenizer;
  const config = configOf({ vocab: tableVocab(table), ...model });
  const base = trainDefaults({ model: config, ternary: !float });
  const steps = Math.round(stepsPerEpoch(data.train, base.lanes, base.segment) * epochs);
  const options = { ...base, steps, evaluateEvery: steps };
  const run = await TrainingRun.create(data, options, { kernels, threads: 2 });
  let trained: FloatModel | undefined;
  let tokensPerSecond = 0;
  for await (const event of run.events()) {
    if (event.kind !== 'end') continue;
    trained = { config, tensors: event.checkpoint.weights };
    tokensPerSecond = event.tokens / event.seconds;
  }
  await run.close();
  const { model: quantized } = quantizeModel(trained!, { threshold: options.threshold, embedFrac: options.embedFrac });
  const tlm = writeTlm({ model: quantized, tokenizer: table });
  const measuring = { kernels, threads: 2, eod: table.eod, ...(!float && { ternary: options }) };
  return {
    shape: `${config.dim} × ${config.layers[0].width}`,
    bytes: float ? 4 * [...trained!.tensors.values()].reduce((n, { length }) => n + length, 0) : tlm.length,
    trained: await bitsOfFloat(trained!, data.valid, measuring),
    ...(!float && { exported: await bitsOfTlm(tlm, data.valid, openEngine) }),
    tokensPerSecond,
  };
}

export async function benchTrits(setup: TritSetup, say: (line: string) => void): Promise<TritResults> {
  const where = circumstances('npm run bench -- trits --text … --held-out …');
  const data = readStories(setup);
  const builds: [string, TrainerKernels][] = [];
  const native = await loadTrainer('native').catch(() => undefined);
  if (native) builds.push(['native', native.kernels]);
  builds.push(['Wasm', threadedKernels()]);
  const rows: TritRow[] = [];
  for (const [build, kernels] of builds) {
    const one = async (
      group: TritRow['group'],
      name: string,
      model: Omit<ModelShorthand, 'vocab'>,
      float: boolean,
    ): Promise<void> => {
      const row: TritRow = {
        build,
        group,
        name,
        epochs: setup.epochs,
        ...(await trainAndMeasure(data, model, float, setup.epochs, kernels)),
      };
      rows.push(row);
      say(
        `${build}: ${name}, ${row.bytes} bytes: ${row.trained.toFixed(4)} trained, ${row.exported?.toFixed(4) ?? '–'} exported, ` +
          `${Math.round(row.tokensPerSecond)} tokens/s`,
      );
    };
    // As WebAssembly the first few only: its arithmetic is the same.
    for (const [name, trits] of build === 'native' ? ROLES : ROLES.slice(0, 4))
      await one('roles', name, { dim: 32, hidden: 64, ...(trits !== 'float' && { trits }) }, trits === 'float');
    if (build === 'native' || builds.length === 1)
      for (const [name, model] of BYTES) await one('bytes', name, model, false);
  }
  return { circumstances: where, text: { train: bytesOf(data.train), valid: bytesOf(data.valid) }, rows };
}

export const cells = (rows: readonly (readonly string[])[]): string =>
  [rows[0], rows[0].map(() => '---'), ...rows.slice(1)].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** The section of RESULTS.md. */
export function tritsSection({ rows, text, circumstances: c }: TritResults): string {
  const count = (n: number): string => Math.round(n).toLocaleString('en-US');
  const part = (group: TritRow['group']): string =>
    cells([
      [
        'build',
        group === 'roles' ? 'digits a weight' : 'model',
        'embedding × hidden',
        'bytes',
        'bits per byte, trained',
        'exported',
        'tokens/s',
      ],
      ...rows
        .filter((r) => r.group === group)
        .map((r) => [
          r.build,
          r.name,
          r.shape,
          count(r.bytes),
          r.trained.toFixed(3),
          r.exported?.toFixed(3) ?? '',
          count(r.tokensPerSecond),
        ]),
    ]);
  return [
    '## Trits',
    '',
    `\`${c.command}\` on ${c.processor}, ${c.cores} cores, ${c.date}: ${rows[0].epochs} epochs of ${count(text.train)} bytes of TinyStories, ` +
      `vocabulary 256, measured on ${count(text.valid)} others; two threads, with others at work.`,
    '',
    'At equal parameters:',
    '',
    part('roles'),
    '',
    'At about equal bytes (b3):',
    '',
    part('bytes'),
    '',
  ].join('\n');
}
