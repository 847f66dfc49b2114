/** How matrices enter the arithmetic, and the bounds that follow (SPEC.md 3.1 and 3.2). The format checks the same. */
import { tritLevels } from '../model/config.js';
import type { ParameterSpec } from '../model/index.js';
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
  return [
    ...lookups,
    ...uses.map(
      ({ from, to }): MatrixUse => ({ kind: 'linear', from: from === 'embed' ? embedFrac : Q[from], to: Q[to] }),
    ),
  ];
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
