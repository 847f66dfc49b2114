/** Many ways of making a model small, measured on the same text. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { budget, configOf, describeTrits, TinyLMError, type FloatModel, type ModelConfig, type Trits } from '../model/index.js';
import { makeFolder, writeAtomic } from '../node/files.js';
import type { TernaryMethod } from '../quantize/index.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import type { TokenizedDocument } from '../train/index.js';
import { lineChart, sweepChart } from '../cli/chart.js';
import { EngineModel } from './engine-model.js';
import { exportModel } from './export-model.js';
import { bitsOfFloat, type FloatMeasure } from './measure.js';
import { bits, count, percent } from '../cli/values.js';

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
  const one = configOf({ ...model, trits: 1 });
  const ways = [
    ...thresholds.map((threshold) => ({ method: 'threshold' as const, threshold, config: weights === 'ternary-trained' ? model : one })),
    ...(weights === 'ternary-trained' && describeTrits(model) !== describeTrits(one) ? [] : [{ method: 'sign' as const, config: one }]),
    ...(weights === 'ternary-trained' ? [] : trits.map((n) => ({ method: 'fit' as const, config: configOf({ ...model, trits: n }) }))),
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

/** A line over thresholds for one model, points of size and quality for several. @returns SVG */
export function sweepPicture(rows: readonly SweepRow[], text: string): Promise<string> {
  const sizes = new Set(rows.map(hiddenOf));
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
          series: r.method === 'float' ? 'float weights' : r.method === 'sign' ? 'sign' : `fitted, ${describeTrits(r.model)}`,
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
      const mine = rows.filter((r) => hiddenOf(r) === hidden && r.weights === weights);
      const thresholds = mine.filter((r) => r.method === 'threshold');
      const shown = mine.filter((r) => r.method === 'sign' || r.method === 'fit' || (r.method === 'float' && weights === 'float-trained'));
      // Of one trit the best threshold; a model trained for trits has one row.
      for (const digits of new Set(thresholds.map((r) => describeTrits(r.model))))
        shown.push(bestRow(thresholds.filter((r) => describeTrits(r.model) === digits)));
      return shown.map((r) => ({
        series:
          r.method === 'float'
            ? 'floats'
            : `${r.method === 'threshold' ? '' : `${r.method}, `}${describeTrits(r.model)}, trained ${weights === 'ternary-trained' ? 'ternary' : 'as floats'}`,
        label: String(hidden),
        bytes: r.bytes,
        bitsPerByte: r.bitsPerByte,
      }));
    }),
  );
  return sweepChart(points, 'Size and quality', `hidden units at each point; measured on ${text}`);
}

const PLAN = 'plan.json';

/**
 * The folder of a sweep, with its plan in it: a sweep that was stopped goes on in the folder with the same plan, and
 * another one's results are left alone.
 * @param given by the user; must be new, empty or of the same plan
 * @param usual without it: this name, or `name-2`, `name-3` … the first that may be taken
 * @throws TinyLMError `sweep-other` when the given folder holds something else
 */
export function sweepFolder(given: string | undefined, usual: string, plan: string): string {
  const mine = (path: string): boolean => {
    if (!existsSync(path)) return true;
    if (!statSync(path).isDirectory()) return false;
    const found = join(path, PLAN);
    return existsSync(found) ? readFileSync(found, 'utf8') === plan : readdirSync(path).length === 0;
  };
  let path = given ?? usual;
  if (given !== undefined && !mine(given))
    throw new TinyLMError(
      'sweep-other',
      `${given} holds something else than this sweep, expected a new folder`,
      'choose another --out; or give the same options and the same text to go on with a sweep that was stopped',
    );
  for (let n = 2; !mine(path); n++) path = join(dirname(usual), `${basename(usual)}-${n}`);
  makeFolder(path);
  writeAtomic(join(path, PLAN), plan);
  return path;
}
