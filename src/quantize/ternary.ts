/** Rows of floats to small integers made of ternary digits, and a scale (SPEC.md 5). */
import { tritLevels, type Trits } from '../model/config.js';

/**
 * threshold: as in training · sign: the sign alone · fit: the step with the least squared error, for a model that was not trained for
 * this.
 */
export type TernaryMethod = 'threshold' | 'sign' | 'fit';

/**
 * The step of a row's levels in units of its mean magnitude, by trits. Of one trit it is the threshold above which a weight is
 * kept that decides, and the scale is the mean of those kept.
 */
export const TRIT_STEP: Readonly<Record<2 | 3, number>> = { 2: 0.45, 3: 0.2 };

/** Thresholds, or steps, that `fit` tries, in mean magnitudes of the row. */
const CANDIDATES: Readonly<Record<Trits, readonly number[]>> = {
  1: Array.from({ length: 16 }, (_, i) => 0.3 + 0.08 * i),
  2: Array.from({ length: 16 }, (_, i) => 0.25 + 0.04 * i),
  3: Array.from({ length: 16 }, (_, i) => 0.1 + 0.015 * i),
};

/**
 * Makes one row levels times a scale.
 *
 * One trit: `threshold` (Li and Liu, "Ternary Weight Networks", 2016): sign(w) where |w| > τ · mean|w|, else 0; the
 * scale is the mean of |w| over the weights kept. `sign`: sign(w) everywhere, the scale is mean|w|.
 * More trits: w / step rounded to the nearest level (half away from zero), the step being the scale.
 *
 * @param row weights (cols); not empty
 * @param threshold τ of one trit; not looked at by `sign` and `fit`
 * @param out (cols), written with the levels
 * @returns the scale, ≥ 0; 0 when no weight is kept
 */
export function ternarize(
  row: ArrayLike<number>,
  threshold: number,
  out: Int8Array,
  method: TernaryMethod = 'threshold',
  trits: Trits = 1,
): number {
  const mean = meanMagnitude(row);
  if (method === 'fit') return fit(row, mean, out, trits);
  if (trits !== 1) return stepped(row, TRIT_STEP[trits] * mean, out, trits);
  if (method === 'sign') {
    for (let i = 0; i < row.length; i++) out[i] = Math.sign(row[i]);
    return mean;
  }
  return kept(row, threshold * mean, out);
}

function meanMagnitude(row: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < row.length; i++) total += Math.abs(row[i]);
  return total / row.length;
}

function kept(row: ArrayLike<number>, limit: number, out: Int8Array): number {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const size = Math.abs(row[i]);
    out[i] = size > limit ? Math.sign(row[i]) : 0;
    if (size > limit) {
      count++;
      sum += size;
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** The level of a weight: |w| / step, rounded half up, at most the largest, with the weight's sign. */
export function levelOf(w: number, step: number, trits: Trits): number {
  const size = step > 0 ? Math.min(tritLevels(trits), Math.floor(Math.abs(w) / step + 0.5)) : 0;
  return w < 0 ? -size : size;
}

function stepped(row: ArrayLike<number>, step: number, out: Int8Array, trits: Trits): number {
  for (let i = 0; i < row.length; i++) out[i] = levelOf(row[i], step, trits);
  return step;
}

/** The candidate with the least Σ (w − s·level)², s being the best scale for its levels: Σ w·level / Σ level². */
function fit(row: ArrayLike<number>, mean: number, out: Int8Array, trits: Trits): number {
  let best = 0;
  let least = Infinity;
  const levels = new Int8Array(row.length);
  for (const candidate of CANDIDATES[trits]) {
    if (trits === 1) kept(row, candidate * mean, levels);
    else stepped(row, candidate * mean, levels, trits);
    let along = 0;
    let squares = 0;
    for (let i = 0; i < row.length; i++) {
      along += row[i] * levels[i];
      squares += levels[i] * levels[i];
    }
    const scale = squares === 0 ? 0 : Math.max(0, along / squares);
    const error = -scale * along;
    if (error >= least) continue;
    least = error;
    best = scale;
    out.set(levels);
  }
  return best;
}
