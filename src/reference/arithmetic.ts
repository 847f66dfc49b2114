/**
 * The integer arithmetic of SPEC.md 3, written from the specification alone as an oracle for the C engine: it
 * shares neither code nor tables with it. Numbers are JS doubles that hold i32 values; `| 0` marks
 * where C has an i32, so an overflow here would show as one there.
 */
import type { Int16Tensor, TernaryTensor } from '../quantize/types.js';

const clamp = (v: number, low: number, high: number): number => Math.max(low, Math.min(high, v));

export const sat16 = (v: number): number => clamp(v, -32768, 32767);

/** The 8-bit hidden state, Q7, of a state in Q15. */
export const q8 = (h: number): number => clamp((h + 128) >> 8, -127, 127);

/** S[i] = round(32768 · σ(i/16)), i = 0 … 192 (3.3). */
const S = Array.from({ length: 193 }, (_, i) => Math.floor(32768 / (1 + Math.exp(-i / 16)) + 0.5));

/** σ of x in Q11 (i32): Q15, 0 … 32768 (3.3). */
export function sigmoid(x: number): number {
  const a = Math.abs(x);
  const i = a >> 7;
  const f = a & 127;
  const s = i >= 192 ? S[192] : S[i] + (((S[i + 1] - S[i]) * f + 64) >> 7);
  return x >= 0 ? s : 32768 - s;
}

/** tanh of x in Q11 (i32): Q15, ±32767 (3.3). */
export const tanh = (x: number): number => clamp(2 * sigmoid(2 * x) - 32768, -32767, 32767);

/** The embedding of a token (D), Q embedFrac, each within ±127 (3.1). */
export function embed(table: TernaryTensor, embedFrac: number, token: number): Int8Array {
  const k = table.scaleShift - embedFrac;
  const e = Math.min(127, (table.mantissas[token] + 2 ** (k - 1)) >> k);
  return Int8Array.from(table.trits.subarray(token * table.cols, (token + 1) * table.cols), (w) => e * w);
}

/**
 * y = W · x + b (3.2).
 *
 * @param W (rows, cols)
 * @param b (rows)
 * @param x (cols), Q fx
 * @param Q of the result
 * @returns (rows), Q
 */
export function linear(W: TernaryTensor, b: Int16Tensor, x: Int8Array, fx: number, Q: number): Int16Array {
  const y = new Int16Array(W.rows);
  const k = fx + W.scaleShift - Q;
  for (let r = 0; r < W.rows; r++) {
    let acc = 0;
    for (let c = 0; c < W.cols; c++) acc += W.trits[r * W.cols + c] * x[c];
    const product = (Math.imul(acc, W.mantissas[r]) + 2 ** (k - 1)) | 0;
    y[r] = sat16((product >> k) + b.values[r] * 2 ** (Q - b.frac));
  }
  return y;
}

/**
 * One layer of the GRU (3.4).
 *
 * @param gx (3H) and gh (3H): the products with the input and with the state, Q11, gates in the order r, z, n
 * @param h (H), Q15
 * @returns the new state (H), Q15, within ±32767
 */
export function gru(gx: Int16Array, gh: Int16Array, h: Int16Array): Int16Array {
  const H = h.length;
  return Int16Array.from(h, (old, i) => {
    const r = sigmoid(gx[i] + gh[i]);
    const z = sigmoid(gx[H + i] + gh[H + i]);
    const n = tanh(gx[2 * H + i] + ((r * gh[2 * H + i] + 16384) >> 15));
    return (z * old + (32768 - z) * n + 16384) >> 15;
  });
}
