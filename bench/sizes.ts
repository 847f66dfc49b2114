/**
 * Quality by size: the largest model for each size of flash, trained alike; the curve that the studio's slider shows. One trit a
 * weight, a GRU: the shapes that `tinylm budget --largest` finds for an ESP32-C3.
 */
import { largestModel } from '../src/cost/index.js';
import { loadTrainer } from '../src/node/native-trainer.js';
import { circumstances, type Circumstances } from './measure.js';
import { bytesOf, cells, readStories, trainAndMeasure, type TritSetup } from './trits.js';

export interface SizeRow {
  /** embedding × hidden */
  readonly shape: string;
  /** Of the `.tlm`. */
  readonly bytes: number;
  /** Bits per byte of the exported model, on held-out text, in the engine's arithmetic. */
  readonly exported: number;
}

export interface SizeResults {
  readonly circumstances: Circumstances;
  readonly text: { readonly train: number; readonly valid: number };
  readonly epochs: number;
  readonly rows: readonly SizeRow[];
}

/** KB of flash. */
const LIMITS = [4, 6, 8, 12, 16, 24, 32, 48, 64] as const;
/** As the studio's slider: a BPE table of 256 tokens, 64 KB of RAM, no slower than one reads. */
const FOR = { chip: 'esp32c3', ram: 64 << 10, speed: 4, vocab: 256, tokenizerBytes: 1200 } as const;

export async function benchSizes(setup: TritSetup, say: (line: string) => void): Promise<SizeResults> {
  const where = circumstances('npm run bench -- sizes --text … --held-out …');
  const data = readStories(setup);
  const { kernels } = await loadTrainer('auto');
  const rows: SizeRow[] = [];
  for (const limit of LIMITS) {
    const { config } = largestModel({ ...FOR, flash: limit << 10 })!;
    const { exported, ...row } = await trainAndMeasure(
      data,
      { dim: config.dim, hidden: config.layers[0].width },
      false,
      setup.epochs,
      kernels,
    );
    rows.push({ shape: row.shape, bytes: row.bytes, exported: exported! });
    say(`${row.shape}, ${row.bytes} bytes: ${exported!.toFixed(4)} bits per byte`);
  }
  return {
    circumstances: where,
    text: { train: bytesOf(data.train), valid: bytesOf(data.valid) },
    epochs: setup.epochs,
    rows,
  };
}

export const sizesSection = ({ circumstances: c, text, epochs, rows }: SizeResults): string =>
  [
    '## Quality by size',
    '',
    `\`${c.command}\` on ${c.processor}, ${c.cores} cores, ${c.date}: ${epochs} epochs of ${text.train.toLocaleString('en-US')} bytes of TinyStories, one trit a weight, ` +
      `measured on ${text.valid.toLocaleString('en-US')} others in the engine's arithmetic. The studio's slider shows these figures.`,
    '',
    cells([
      ['embedding × hidden', 'bytes of the .tlm', 'bits per byte'],
      ...rows.map((r) => [r.shape, r.bytes.toLocaleString('en-US'), r.exported.toFixed(3)]),
    ]),
    '',
  ].join('\n');
