/** The tables of the engine's arithmetic (SPEC.md 3.3, 3.4 and 4). */
import { EXP, ROOT, SIGMOID } from './constants.js';

/** S[i] = round(32768 · σ(i/16)), i = 0 … 192, round half up; Q15, 16384 … 32768. */
export function sigmoidTable(): Uint16Array {
  return Uint16Array.from({ length: SIGMOID.last + 1 }, (_, i) =>
    Math.floor(SIGMOID.one / (1 + Math.exp(-i / 16)) + 0.5),
  );
}

/** E[i] = round(32768 · e^(−i/16)), i = 0 … 178; Q15, 32768 … 0. */
export function expTable(): Uint16Array {
  return Uint16Array.from({ length: EXP.last + 1 }, (_, i) => Math.floor(EXP.one * Math.exp(-i / 16) + 0.5));
}

/** R[i] = round(32768 · sqrt(64 / (64 + i))), i = 0 … 192; Q15, 32768 … 16384. */
export function rootTable(): Uint16Array {
  return Uint16Array.from({ length: ROOT.last + 1 }, (_, i) =>
    Math.floor(ROOT.one * Math.sqrt(ROOT.first / (ROOT.first + i)) + 0.5),
  );
}
