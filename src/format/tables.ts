/** The two tables of the engine's arithmetic (SPEC.md 3.3 and 4). */
import { EXP, SIGMOID } from './constants.js';

/** S[i] = round(32768 · σ(i/16)), i = 0 … 192, round half up; Q15, 16384 … 32768. */
export function sigmoidTable(): Uint16Array {
  return Uint16Array.from({ length: SIGMOID.last + 1 }, (_, i) =>
    Math.floor(SIGMOID.one / (1 + Math.exp(-i / 16)) + 0.5));
}

/** E[i] = round(32768 · e^(−i/16)), i = 0 … 178; Q15, 32768 … 0. */
export function expTable(): Uint16Array {
  return Uint16Array.from({ length: EXP.last + 1 }, (_, i) => Math.floor(EXP.one * Math.exp(-i / 16) + 0.5));
}
