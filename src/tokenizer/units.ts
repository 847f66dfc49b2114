/** Units and words of a byte string (SPEC.md 2.1 and 2.2). */
import { TOKENIZER_LIMITS } from './table.js';

const continuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/**
 * Bytes of the unit at `i`: 2 to 4 for a whole UTF-8 character, else 1. Overlong forms and
 * surrogates count as characters, since the C engine does not look for them either.
 */
export function unitLength(bytes: Uint8Array, i: number, end: number): number {
  const lead = bytes[i];
  const length = leadLength(lead);
  if (length === 1 || i + length > end) return 1;
  for (let j = 1; j < length; j++) if (!continuation(bytes[i + j])) return 1;
  return length;
}

/** Length of the character that a lead byte announces; 1 for ASCII and for bytes that cannot lead. */
export function leadLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** 1 for a letter: 0-9, A-Z, a-z and every byte from 0x80 up. */
const LETTER = Uint8Array.from({ length: 256 }, (_, b) =>
  Number((b >= 0x30 && b <= 0x39) || (b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a) || b >= 0x80),
);

/**
 * End of the word that starts at `start` (a unit boundary): an optional space with the letters
 * after it, at most 32 bytes and never inside a unit; any other byte is a word alone.
 */
export function wordEnd(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  if (bytes[i] === 0x20) {
    i++;
    if (i >= end || LETTER[bytes[i]] === 0) return i;
  } else if (LETTER[bytes[i]] === 0) return i + 1;
  const limit = start + TOKENIZER_LIMITS.wordBytesMax;
  while (i < end && LETTER[bytes[i]] === 1) {
    // An ASCII letter is a unit alone; the call is for the rest.
    const next = i + (bytes[i] < 0x80 ? 1 : unitLength(bytes, i, end));
    if (next > limit) break;
    i = next;
  }
  return i;
}

/** A unit of 1 to 4 bytes as one number, first byte highest: a key for maps. */
export function unitKey(bytes: Uint8Array, i: number, length: number): number {
  let key = 0;
  for (let j = 0; j < length; j++) key = key * 256 + bytes[i + j];
  // The length keeps 00 41 apart from 41.
  return key * 8 + length;
}
