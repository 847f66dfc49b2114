/** Many ways of making a model small, measured on the same text. */
import { budget, configOf, describeTrits, type FloatModel, type ModelConfig, type Trits } from '../model/index.js';
import type { TernaryMethod } from '../quantize/index.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import type { TokenizedDocument } from '../train/index.js';
import type { OpenEngine } from './engine-model.js';
import { exportModel } from './export-model.js';
import { bitsOfFloat, type FloatMeasure } from './measure.js';
import { bits, count, percent } from './words.js';

export interface SweepRow {
  /** How the weights named in `weights` were taken: as they are, or made small by this method. */
  readonly method: 'float' | TernaryMethod;
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

/** Ways of making one model small that are tried. */
export interface Ways {
  /** Of one trit a weight. */
  readonly thresholds: readonly number[];
  /** Digits a weight to which a float model is fitted; a model that was trained for some keeps those. */
  readonly trits: readonly Trits[];
}

/**
 * One model: as floats, at each threshold, by sign alone, and fitted to one or more trits. Rows of trits are measured in the engine's
 * integer arithmetic.
 */
export async function* sweepModel(
  { float, tokenizer, embedFrac, weights }: SweepInput,
  { thresholds, trits }: Ways,
  documents: readonly TokenizedDocument[],
  setup: Pick<FloatMeasure, 'kernels' | 'threads'> & { readonly open: OpenEngine },
): AsyncGenerator<SweepRow> {
  const model = float.config;
  yield {
    method: 'float',
    weights,
    model,
    bytes: budget(model).floatBytes,
    bitsPerByte: await bitsOfFloat(float, documents, { ...setup, eod: tokenizer.eod }),
  };
  const one = configOf({ ...model, trits: 1 });
  const ways = [
    ...thresholds.map((threshold) => ({
      method: 'threshold' as const,
      threshold,
      config: weights === 'ternary-trained' ? model : one,
    })),
    ...(weights === 'ternary-trained' && describeTrits(model) !== describeTrits(one)
      ? []
      : [{ method: 'sign' as const, config: one }]),
    ...(weights === 'ternary-trained'
      ? []
      : trits.map((n) => ({ method: 'fit' as const, config: configOf({ ...model, trits: n }) }))),
  ];
  for (const { config, ...way } of ways) {
    const { bytes, report } = exportModel({ ...float, config }, tokenizer, { ...way, embedFrac });
    const matrices = report.filter((t) => t.shape.length > 1);
    const weightsOf = (t: (typeof matrices)[number]): number => t.shape[0] * t.shape[1];
    const all = matrices.reduce((sum, t) => sum + weightsOf(t), 0);
    const zeros = matrices.reduce((sum, t) => sum + t.zeros * weightsOf(t), 0) / all;
    yield {
      ...way,
      weights,
      model: config,
      zeros,
      bytes: bytes.length,
      bitsPerByte: (await setup.open(bytes)).bitsPerByte(documents),
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

/** Width of the last layer. */
export const hiddenOf = ({ model }: SweepRow): number => model.layers.at(-1)!.width;

/** A way in words, e.g. "threshold 0.7"; the threshold of more trits than one is a fixed step. */
export const methodWords = ({ method, threshold, model }: SweepRow): string =>
  method !== 'threshold' ? method : describeTrits(model) === '1 trit' ? `threshold ${threshold}` : 'as trained';

/** Rows for a table, the heading first. */
export function sweepTable(rows: readonly SweepRow[]): string[][] {
  const several = new Set(rows.map((r) => `${r.model.dim}/${hiddenOf(r)}`)).size > 1;
  return [
    [...(several ? ['dim', 'hidden'] : []), 'weights', 'method', 'trits', 'zeros', 'bytes', 'bits per byte'],
    ...rows.map((r) => [
      ...(several ? [String(r.model.dim), String(hiddenOf(r))] : []),
      NAMES[r.weights],
      methodWords(r),
      r.method === 'float' ? '' : describeTrits(r.model).replace(/ trits?$/, ''),
      r.zeros === undefined ? '' : percent(r.zeros),
      count(r.bytes),
      bits(r.bitsPerByte),
    ]),
  ];
}
