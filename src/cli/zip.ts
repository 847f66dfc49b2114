/** What bits per byte are better or worse than: the same text in a zip. */
import { deflateRawSync } from 'node:zlib';
import { bits } from './values.js';

/** Bits per byte of texts as one file in a zip (deflate at its best level); NaN for no text. */
export function zipBits(texts: readonly string[]): number {
  const bytes = Buffer.from(texts.join('\n'));
  return bytes.length === 0 ? NaN : (8 * deflateRawSync(bytes, { level: 9 }).length) / bytes.length;
}

/** "a zip of this text has 2.61"; of a short text a zip has not seen enough to be fair. */
export const zipWords = (zip: number): string => `a zip of this text has ${bits(zip)}`;
