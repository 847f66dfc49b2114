/** Real scales and biases to fixed point (SPEC.md 5). */
import type { Trits } from '../model/config.js';
import { TinyLMError } from '../model/errors.js';
import { ARITHMETIC_LIMITS as LIMITS } from './limits.js';
import { useFits, type MatrixUse } from './uses.js';

const roundHalfUp = (x: number): number => Math.floor(x + 0.5);

export interface FixedScales {
  readonly mantissas: Uint16Array;
  readonly scaleShift: number;
  readonly scaleBytes: 1 | 2;
}

/**
 * Mantissas with the largest scale_shift ≤ 30 that all uses allow.
 *
 * @param scales (rows), real, ≥ 0
 * @param options trits a weight (1), and bytes a mantissa (2); one byte becomes two where a scale is too large for one
 * @throws TinyLMError `quantize-scale` when the scales are too large for any shift
 */
export function fixScales(
  name: string,
  scales: Float64Array,
  cols: number,
  uses: readonly MatrixUse[],
  { trits = 1, scaleBytes = 2 }: { readonly trits?: Trits; readonly scaleBytes?: 1 | 2 } = {},
): FixedScales {
  const largest = scales.reduce((a, b) => Math.max(a, b), 0);
  const most = scaleBytes === 1 ? LIMITS.byteMantissaMax : LIMITS.mantissaMax;
  const rounded = (shift: number): Uint16Array => Uint16Array.from(scales, (s) => roundHalfUp(s * 2 ** shift));
  for (let shift = LIMITS.scaleShiftWritten; shift >= 0; shift--) {
    const mantissa = roundHalfUp(largest * 2 ** shift);
    if (mantissa <= most && uses.every((use) => useFits(use, shift, mantissa, cols, trits))) {
      return { mantissas: rounded(shift), scaleShift: shift, scaleBytes };
    }
  }
  if (scaleBytes === 1) return fixScales(name, scales, cols, uses, { trits, scaleBytes: 2 });
  throw new TinyLMError(
    'quantize-scale',
    `${name} has a row of scale ${largest}, too large for ${cols} columns in 32-bit products`,
    'the weights are far from their usual range; train with a lower learning rate or with weight decay',
  );
}

/**
 * Biases with the largest frac in which all fit; those that fit nowhere are clamped.
 *
 * @param values (n), real
 * @param bytes that a value has: 1 or 2
 */
export function fixBiases(
  values: ArrayLike<number>,
  fracMax: number,
  fracMin = 0,
  bytes: 1 | 2 = 2,
): { values: Int16Array; frac: number; clamped: number } {
  const top = bytes === 1 ? 127 : 32767;
  const fixed = (frac: number): number[] => Array.from(values, (b) => roundHalfUp(b * 2 ** frac));
  const fits = (v: number): boolean => v >= -top - 1 && v <= top;
  for (let frac = bytes === 1 ? Math.min(fracMax, LIMITS.byteFracMax) : fracMax; frac >= fracMin; frac--) {
    const candidate = fixed(frac);
    if (frac > fracMin && !candidate.every(fits)) continue;
    return {
      values: Int16Array.from(candidate, (v) => Math.max(-top - 1, Math.min(top, v))),
      frac,
      clamped: candidate.filter((v) => !fits(v)).length,
    };
  }
  throw new RangeError('fracMax must not be below fracMin');
}
