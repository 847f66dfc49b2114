/** Small helpers for bytes: alignment, CRC-32, refusing. */
import { TinyLMError } from '../model/errors.js';
import { FILE } from './constants.js';

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

/** Why a `.tlm` is refused; the C engine has the same classes as `TLM_E_…`. */
export type TlmErrorCode = 'tlm-short' | 'tlm-magic' | 'tlm-version' | 'tlm-size' | 'tlm-crc' | 'tlm-header'
  | 'tlm-cell' | 'tlm-directory' | 'tlm-layout' | 'tlm-gap' | 'tlm-tokenizer' | 'tlm-weight' | 'tlm-scale';

const HINTS: Partial<Record<TlmErrorCode, string>> = {
  'tlm-short': 'the file was cut off; copy or export it again',
  'tlm-magic': 'this is not a .tlm file; make one with "tinylm export"',
  'tlm-version': 'this file is of another version of the format; export the model again with this version',
  'tlm-crc': 'the file was damaged; copy or export it again',
};

/** @throws TinyLMError always */
export function refuse(code: TlmErrorCode, what: string, offset: number, found: number | string,
  expected: number | string): never {
  throw new TinyLMError(code, `${what} at byte ${offset}: found ${found}, expected ${expected}`,
    HINTS[code] ?? 'the file breaks SPEC.md; export the model again');
}
