/** Real scales and biases to fixed point (SPEC.md 5). */
import { tritLevels, type Trits } from '../model/config.js';
import { TinyLMError, type ParameterSpec } from '../model/index.js';
import { ARITHMETIC_LIMITS as LIMITS, Q } from './limits.js';

/** How a matrix enters the arithmetic. */
export type MatrixUse =
  /** 3.1: rows are looked up; the result has the Q `embedFrac`. */
  | { readonly kind: 'embedding'; readonly embedFrac: number }
  /** 3.2: a product with activations in Q `from`; the result has the Q `to`. */
  | { readonly kind: 'linear'; readonly from: number; readonly to: number };

/** The uses of a matrix in numbers; a tied embedding has two. */
export function usesOf({ looked, uses }: Pick<ParameterSpec, 'looked' | 'uses'>, embedFrac: number): MatrixUse[] {
  const lookups: MatrixUse[] = looked ? [{ kind: 'embedding', embedFrac }] : [];
  return [...lookups, ...uses.map(({ from, to }): MatrixUse =>
    ({ kind: 'linear', from: from === 'embed' ? embedFrac : Q[from], to: Q[to] }))];
}

/** The right shift k of a use. */
export const shiftOf = (use: MatrixUse, scaleShift: number): number =>
  use.kind === 'embedding' ? scaleShift - use.embedFrac : use.from + scaleShift - use.to;

/** The largest mantissa of a use with which no product can overflow 32 bits. */
export function largestMantissa(use: MatrixUse, scaleShift: number, cols: number, trits: number): number {
  if (use.kind === 'embedding') return LIMITS.mantissaMax;
  const half = 2 ** (shiftOf(use, scaleShift) - 1);
  return Math.floor((LIMITS.productMax - half) / (LIMITS.activationMax * tritLevels(trits) * cols));
}

/** Whether the shift k of a use is allowed and no product can overflow 32 bits. */
export function useFits(use: MatrixUse, scaleShift: number, mantissa: number, cols: number, trits = 1): boolean {
  const k = shiftOf(use, scaleShift);
  return k >= LIMITS.shiftMin && k <= LIMITS.shiftMax && mantissa <= largestMantissa(use, scaleShift, cols, trits);
}

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
export function fixScales(name: string, scales: Float64Array, cols: number, uses: readonly MatrixUse[],
  { trits = 1, scaleBytes = 2 }: { readonly trits?: Trits; readonly scaleBytes?: 1 | 2 } = {}): FixedScales {
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
  throw new TinyLMError('quantize-scale',
    `${name} has a row of scale ${largest}, too large for ${cols} columns in 32-bit products`,
    'the weights are far from their usual range; train with a lower learning rate or with weight decay');
}

/**
 * Biases with the largest frac in which all fit; those that fit nowhere are clamped.
 *
 * @param values (n), real
 * @param bytes that a value has: 1 or 2
 */
export function fixBiases(values: ArrayLike<number>, fracMax: number, fracMin = 0, bytes: 1 | 2 = 2):
  { values: Int16Array; frac: number; clamped: number } {
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
