/**
 * The integer arithmetic of SPEC.md 3, written from the specification alone as an oracle for the C engine: it
 * shares neither code nor tables with it. Numbers are JS doubles that hold i32 values; `| 0` marks
 * where C has an i32, so an overflow here would show as one there.
 */
import type { FixedTensor, TernaryTensor } from '../quantize/types.js';

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

/**
 * A row of a table of weights (cols), Q embedFrac, each within ±127 (3.1).
 * @param table with a scale a row, or one for all (an n-gram table)
 */
export function lookUp(table: TernaryTensor, embedFrac: number, row: number): Int8Array {
  const k = table.scaleShift - embedFrac;
  const mantissa = table.mantissas[table.mantissas.length === 1 ? 0 : row];
  return Int8Array.from(
    table.levels.subarray(row * table.cols, (row + 1) * table.cols),
    (level) => Math.sign(level) * Math.min(127, (mantissa * Math.abs(level) + 2 ** (k - 1)) >> k),
  );
}

/**
 * y = W · x + b (3.2).
 *
 * @param W (rows, cols)
 * @param b (rows), or fewer: they belong to the last rows, and the others have none
 * @param x (cols), Q fx
 * @param Q of the result
 * @returns (rows), Q
 */
export function linear(W: TernaryTensor, b: FixedTensor | undefined, x: Int8Array, fx: number, Q: number): Int16Array {
  const y = new Int16Array(W.rows);
  const k = fx + W.scaleShift - Q;
  const without = W.rows - (b?.rows ?? 0);
  for (let r = 0; r < W.rows; r++) {
    let acc = 0;
    for (let c = 0; c < W.cols; c++) acc += W.levels[r * W.cols + c] * x[c];
    const product = (Math.imul(acc, W.mantissas[r]) + 2 ** (k - 1)) | 0;
    const bias = b !== undefined && r >= without ? b.values[r - without] * 2 ** (Q - b.frac) : 0;
    y[r] = sat16((product >> k) + bias);
  }
  return y;
}

/** R[i] = round(32768 · sqrt(64 / (64 + i))), i = 0 … 192 (3.4). */
const R = Array.from({ length: 193 }, (_, i) => Math.floor(32768 * Math.sqrt(64 / (64 + i)) + 0.5));

/**
 * x over its root mean square, times a gain, in 8 bits (3.4).
 *
 * @param x (n), n ≤ 2048
 * @param gain (n), or none
 * @returns (n), Q5, each within ±127
 */
export function norm(x: Int16Array, gain?: FixedTensor): Int8Array {
  const n = x.length;
  let largest = 0;
  for (const v of x) largest = Math.max(largest, Math.abs(v));
  if (largest === 0) return new Int8Array(n);
  let s = 0;
  while (largest >> s >= 1024) s++;
  let squares = 0;
  for (const v of x) squares += (Math.abs(v) >> s) ** 2;
  let j = 0;
  while (squares * 4 ** j < 2 ** 30) j++;
  const scaled = squares * 4 ** j;
  const i = Math.floor(scaled / 2 ** 24) - 64;
  const f = Math.floor(scaled / 2 ** 17) & 127;
  const r = R[i] - (((R[i] - R[i + 1]) * f + 64) >> 7);
  let q = 0;
  while (n * 4 ** (q + 1) < 2 ** 30) q++;
  const root = Math.floor(Math.sqrt(n * 4 ** q));
  const M = (r * root + 16384) >> 15;
  const k = 10 + q + s - j;
  return Int8Array.from(x, (v, at) => {
    const z = gain === undefined ? v : sat16((v * gain.values[at] + 2 ** (gain.frac - 1)) >> gain.frac);
    return clamp((z * M + 2 ** (k - 1)) >> k, -127, 127);
  });
}

/**
 * The recurrence of an MLGRU (3.6).
 * @param gates (3W): forget, output, candidate, Q11
 * @param h (W), Q15
 * @returns the new state (W), Q15, and what goes on to the output product (W), Q7
 */
export function mlgru(gates: Int16Array, h: Int16Array): { h: Int16Array; out: Int8Array } {
  const W = h.length;
  const next = h.map((old, i) => {
    const f = sigmoid(gates[i]);
    return (f * old + (32768 - f) * tanh(gates[2 * W + i]) + 16384) >> 15;
  });
  return { h: next, out: Int8Array.from(next, (v, i) => q8((sigmoid(gates[W + i]) * v + 16384) >> 15)) };
}

/**
 * silu(a) · b (3.7).
 * @param gates (2F): a, b, Q11
 * @returns (F), Q11
 */
export function gated(gates: Int16Array): Int16Array {
  const F = gates.length / 2;
  return Int16Array.from({ length: F }, (_, i) => {
    const t = (gates[i] * sigmoid(gates[i]) + 16384) >> 15;
    return sat16((t * gates[F + i] + 1024) >> 11);
  });
}

/**
 * One layer of the GRU (3.5).
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
