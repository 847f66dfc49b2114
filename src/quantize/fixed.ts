/** Real scales and biases to fixed point (SPEC.md 5). */
import { TinyLMError } from '../model/errors.js';
import { ARITHMETIC_LIMITS as LIMITS, Q } from './limits.js';

/** How a matrix enters the arithmetic. */
export type MatrixUse =
  /** 3.1: rows are looked up; the result has the Q `embedFrac`. */
  | { readonly kind: 'embedding'; readonly embedFrac: number }
  /** 3.2: a product with activations in Q `from`; the result has the Q `to`. */
  | { readonly kind: 'linear'; readonly from: number; readonly to: number };

/** The uses of a matrix by its name; a tied embedding has two. */
export function usesOf(name: string, layer: number, tied: boolean, embedFrac: number): MatrixUse[] {
  const logits: MatrixUse = { kind: 'linear', from: Q.hidden, to: Q.logit };
  if (name === 'embed.weight') return [{ kind: 'embedding', embedFrac }, ...(tied ? [logits] : [])];
  if (name === 'fc.weight') return [logits];
  const input = name.startsWith('rnn.weight_ih') && layer === 0 ? embedFrac : Q.hidden;
  return [{ kind: 'linear', from: input, to: Q.gate }];
}

/** Whether the shift k of a use is allowed and no product can overflow 32 bits. */
export function useFits(use: MatrixUse, scaleShift: number, mantissa: number, cols: number): boolean {
  const k = use.kind === 'embedding' ? scaleShift - use.embedFrac : use.from + scaleShift - use.to;
  if (k < LIMITS.shiftMin || k > LIMITS.shiftMax) return false;
  return use.kind === 'embedding' || LIMITS.activationMax * cols * mantissa + 2 ** (k - 1) <= LIMITS.productMax;
}

const roundHalfUp = (x: number): number => Math.floor(x + 0.5);

/**
 * Mantissas with the largest scale_shift ≤ 30 that all uses allow.
 *
 * @param scales (rows), real, ≥ 0
 * @throws TinyLMError `quantize-scale` when the scales are too large for any shift
 */
export function fixScales(name: string, scales: Float64Array, cols: number, uses: readonly MatrixUse[]):
  { mantissas: Uint16Array; scaleShift: number } {
  const largest = scales.reduce((a, b) => Math.max(a, b), 0);
  for (let shift = LIMITS.scaleShiftWritten; shift >= 0; shift--) {
    const mantissa = roundHalfUp(largest * 2 ** shift);
    if (mantissa <= LIMITS.mantissaMax && uses.every((use) => useFits(use, shift, mantissa, cols))) {
      return { mantissas: Uint16Array.from(scales, (s) => roundHalfUp(s * 2 ** shift)), scaleShift: shift };
    }
  }
  throw new TinyLMError('quantize-scale',
    `${name} has a row of scale ${largest}, too large for ${cols} columns in 32-bit products`,
    'the weights are far from their usual range; train with a lower learning rate or with weight decay');
}

/**
 * Biases with the largest frac in which all fit 16 bits; those that fit nowhere are clamped.
 *
 * @param values (n), real
 */
export function fixBiases(values: Float32Array, fracMax: number):
  { values: Int16Array; frac: number; clamped: number } {
  const fixed = (frac: number): number[] => Array.from(values, (b) => roundHalfUp(b * 2 ** frac));
  const fits = (v: number): boolean => v >= -32768 && v <= 32767;
  for (let frac = fracMax; frac >= 0; frac--) {
    const candidate = fixed(frac);
    if (frac > 0 && !candidate.every(fits)) continue;
    return {
      values: Int16Array.from(candidate, (v) => Math.max(-32768, Math.min(32767, v))),
      frac,
      clamped: candidate.filter((v) => !fits(v)).length,
    };
  }
  throw new RangeError('fracMax must not be negative');
}
