/** The two packings of ternary digits, and the planes of digits that weights are made of (SPEC.md 1.3). */
import { tritLevels, type Trits } from '../model/config.js';
import { PACKINGS, rowBytes, type Packing } from '../model/layout.js';
import { PACKING } from './constants.js';

export { rowBytes, type Packing };

/** Digits a byte. */
export const weightsPerByte = (packing: Packing): number => PACKINGS[packing].group;

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

/**
 * The digits of weights: n planes of −1, 0, +1, the high one first, level = Σ 3^(n−1−p) · plane p (balanced ternary).
 * @param levels each within ±(3ⁿ − 1)/2
 */
export function planesOf(levels: Int8Array, trits: Trits): Int8Array[] {
  const planes = Array.from({ length: trits }, () => new Int8Array(levels.length));
  levels.forEach((level, i) => {
    let rest = level + tritLevels(trits); // digits + 1 in base 3
    for (let p = trits - 1; p >= 0; p--) {
      planes[p][i] = (rest % 3) - 1;
      rest = Math.floor(rest / 3);
    }
  });
  return planes;
}

/** The weights that planes of digits make. */
export function levelsOf(planes: readonly Int8Array[]): Int8Array {
  return planes[0].map((_, i) => planes.reduce((level, plane) => 3 * level + plane[i], 0));
}
