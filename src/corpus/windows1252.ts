/** Windows-1252, byte by byte: what a stray byte in UTF-8 most likely is, and the way back from mojibake. */

// 0x80 … 0x9f (WHATWG Encoding, index-windows-1252); five of them stand for nothing. Above, bytes are code points.
const HIGH = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** The character of a byte from 0x80 up. */
export function charOf1252(byte: number): string {
  return byte < 0xa0 ? HIGH[byte - 0x80] : String.fromCharCode(byte);
}

const BYTES = new Map(Array.from({ length: 0x80 }, (_, i) => [charOf1252(0x80 + i), 0x80 + i]));

/** The byte of a character, or undefined when Windows-1252 has none from 0x80 up. */
export function byteOf1252(character: string): number | undefined {
  return BYTES.get(character);
}

/** A text of bytes that are all Windows-1252. (TextDecoder of some versions of Node gives C1 controls instead.) */
export function decode1252(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    const part = bytes.subarray(at, at + 8192);
    parts.push(Array.from(part, (b) => (b < 0x80 ? String.fromCharCode(b) : charOf1252(b))).join(''));
  }
  return parts.join('');
}
