/** The two packings of ternary weights (SPEC.md 1.3). */
import { PACKING } from './constants.js';

export type Packing = 't2' | 'b3';

/** Weights a byte. */
export const weightsPerByte = (packing: Packing): number =>
  packing === 't2' ? PACKING.t2Weights : PACKING.b3Weights;

/** Bytes of a row of `cols` weights. */
export const rowBytes = (packing: Packing, cols: number): number => Math.ceil(cols / weightsPerByte(packing));

/**
 * Packs trits (rows, cols), each −1, 0, +1, row by row; digits past the last column are 1.
 *
 *     t2: bit 7 6 5 4 3 2 1 0        b3: byte = d0 + 3·d1 + 9·d2 + 27·d3 + 81·d4
 *             d3  d2  d1  d0
 */
export function pack(trits: Int8Array, rows: number, cols: number, packing: Packing): Uint8Array {
  const group = weightsPerByte(packing);
  const base = packing === 't2' ? 4 : 3;
  const stride = rowBytes(packing, cols);
  const out = new Uint8Array(rows * stride);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < stride; j++) {
      let byte = 0;
      for (let i = group - 1; i >= 0; i--) {
        const c = j * group + i;
        byte = byte * base + (c < cols ? trits[r * cols + c] + 1 : PACKING.zeroDigit);
      }
      out[r * stride + j] = byte;
    }
  }
  return out;
}

/** A byte that no packing yields: where it stands in the data, and why. */
export interface BadByte {
  readonly offset: number;
  readonly found: string;
  readonly expected: string;
}

/** Unpacks (rows, cols) trits, or says which byte is wrong. */
export function unpack(data: Uint8Array, rows: number, cols: number, packing: Packing): Int8Array | BadByte {
  const group = weightsPerByte(packing);
  const base = packing === 't2' ? 4 : 3;
  const stride = rowBytes(packing, cols);
  const trits = new Int8Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < stride; j++) {
      const offset = r * stride + j;
      let byte = data[offset];
      if (packing === 'b3' && byte > PACKING.b3ByteMax) {
        return { offset, found: `byte ${byte}`, expected: `at most ${PACKING.b3ByteMax}` };
      }
      for (let i = 0; i < group; i++) {
        const digit = byte % base;
        byte = (byte - digit) / base;
        if (digit === PACKING.t2BadCode) return { offset, found: `code ${digit}`, expected: 'code 0, 1 or 2' };
        const c = j * group + i;
        if (c < cols) trits[r * cols + c] = digit - 1;
        else if (digit !== PACKING.zeroDigit) {
          return { offset, found: `padding digit ${digit}`, expected: `${PACKING.zeroDigit}` };
        }
      }
    }
  }
  return trits;
}
