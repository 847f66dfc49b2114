/** Rows of floats to {−1, 0, +1} and a scale (SPEC.md 5). */

export type TernaryMethod = 'threshold' | 'sign';

/**
 * Makes one row ternary.
 *
 * `threshold` (Li and Liu, "Ternary Weight Networks", 2016): sign(w) where |w| > τ · mean|w|, else 0; the
 * scale is the mean of |w| over the weights kept. `sign`: sign(w) everywhere, the scale is mean|w|.
 *
 * @param row weights (cols); not empty
 * @param threshold τ; not looked at by `sign`
 * @param out (cols), written with −1, 0, +1
 * @returns the scale, ≥ 0; 0 when no weight is kept
 */
export function ternarize(row: ArrayLike<number>, threshold: number, out: Int8Array,
  method: TernaryMethod = 'threshold'): number {
  let total = 0;
  for (let i = 0; i < row.length; i++) total += Math.abs(row[i]);
  const mean = total / row.length;
  if (method === 'sign') {
    for (let i = 0; i < row.length; i++) out[i] = Math.sign(row[i]);
    return mean;
  }
  const limit = threshold * mean;
  let kept = 0;
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const size = Math.abs(row[i]);
    out[i] = size > limit ? Math.sign(row[i]) : 0;
    if (size > limit) {
      kept++;
      sum += size;
    }
  }
  return kept === 0 ? 0 : sum / kept;
}
