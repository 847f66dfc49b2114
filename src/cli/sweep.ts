/** Many ways of making a model small, measured on the same text. */
import { budget, type FloatModel, type ModelConfig } from '../model/index.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import type { TokenizedDocument } from '../train/index.js';
import { EngineModel } from './engine-model.js';
import { exportModel } from './export-model.js';
import { bitsOfFloat, type FloatMeasure } from './measure.js';
import { bits, count, percent } from './values.js';

export interface SweepRow {
  /** `float`, `threshold` or `sign`, of the weights named in `weights`. */
  readonly method: 'float' | 'threshold' | 'sign';
  /** What the weights were trained for: ternary (their latent floats are given) or plain floats. */
  readonly weights: 'ternary-trained' | 'float-trained' | 'given';
  readonly threshold?: number;
  readonly model: ModelConfig;
  /** Share of zeros among the ternary weights. */
  readonly zeros?: number;
  /** Of the float32 weights, or of the `.tlm`. */
  readonly bytes: number;
  readonly bitsPerByte: number;
}

export interface SweepInput {
  readonly float: FloatModel;
  readonly tokenizer: TokenizerTable;
  readonly embedFrac?: number;
  readonly weights: SweepRow['weights'];
}

/**
 * One model: as floats, at each threshold, and by sign alone. Ternary rows are measured in the engine's integer
 * arithmetic.
 */
export async function* sweepModel(
  { float, tokenizer, embedFrac, weights }: SweepInput,
  thresholds: readonly number[],
  documents: readonly TokenizedDocument[],
  setup: Pick<FloatMeasure, 'kernels' | 'threads'>,
): AsyncGenerator<SweepRow> {
  const model = float.config;
  yield {
    method: 'float',
    weights,
    model,
    bytes: budget(model).floatBytes,
    bitsPerByte: await bitsOfFloat(float, documents, { ...setup, eod: tokenizer.eod }),
  };
  const ways = [
    ...thresholds.map((threshold) => ({ method: 'threshold' as const, threshold })),
    { method: 'sign' as const },
  ];
  for (const way of ways) {
    const { bytes, report } = exportModel(float, tokenizer, { ...way, embedFrac });
    const matrices = report.filter((t) => t.shape.length > 1);
    const weightsOf = (t: (typeof matrices)[number]): number => t.shape[0] * t.shape[1];
    const all = matrices.reduce((sum, t) => sum + weightsOf(t), 0);
    const zeros = matrices.reduce((sum, t) => sum + t.zeros * weightsOf(t), 0) / all;
    yield {
      ...way,
      weights,
      model,
      zeros,
      bytes: bytes.length,
      bitsPerByte: (await EngineModel.open(bytes)).bitsPerByte(documents),
    };
  }
}

/** The row that has the fewest bits per byte among the ternary ones. */
export function bestRow(rows: readonly SweepRow[]): SweepRow {
  return rows.filter((r) => r.method !== 'float').reduce((a, b) => (b.bitsPerByte < a.bitsPerByte ? b : a));
}

const NAMES = {
  'ternary-trained': 'trained ternary',
  'float-trained': 'trained as floats',
  given: 'as given',
} as const;

/** Rows for a table, the heading first. */
export function sweepTable(rows: readonly SweepRow[]): string[][] {
  const several = new Set(rows.map((r) => `${r.model.dim}/${r.model.hidden}`)).size > 1;
  return [
    [...(several ? ['dim', 'hidden'] : []), 'weights', 'method', 'zeros', 'bytes', 'bits per byte'],
    ...rows.map((r) => [
      ...(several ? [String(r.model.dim), String(r.model.hidden)] : []),
      NAMES[r.weights],
      r.method === 'threshold' ? `threshold ${r.threshold}` : r.method,
      r.zeros === undefined ? '' : percent(r.zeros),
      count(r.bytes),
      bits(r.bitsPerByte),
    ]),
  ];
}
