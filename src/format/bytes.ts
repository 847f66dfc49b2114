/** Small helpers for bytes: alignment, CRC-32, refusing. */
import { TinyLMError } from '../model/errors.js';
import { FILE } from './constants.js';
import { FILE_ERRORS, type TlmErrorCode } from './errors.js';

const HINTS: ReadonlyMap<string, string> = new Map(
  FILE_ERRORS.map((kind) => [kind.code, 'hint' in kind ? kind.hint : '']),
);

export { alignUp } from '../model/layout.js';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ FILE.crcPolynomial : crc >>> 1;
  return crc;
});

/** The IEEE CRC-32 of bytes (SPEC.md 1), u32. */
export function crc32(bytes: Uint8Array): number {
  let crc: number = FILE.crcInitial;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ FILE.crcFinal) >>> 0;
}

/** @throws TinyLMError always */
export function refuse(
  code: TlmErrorCode,
  what: string,
  offset: number,
  found: number | string,
  expected: number | string,
): never {
  throw new TinyLMError(code, `${what} at byte ${offset}: found ${found}, expected ${expected}`, HINTS.get(code));
}
