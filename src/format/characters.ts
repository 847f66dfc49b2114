/** What a base symbol of a tokenizer may be. */

/** One whole character as SPEC.md 2.1 counts them, not NUL. */
export function isCharacter(bytes: Uint8Array): boolean {
  const lead = bytes[0];
  if (lead === undefined || lead === 0) return false;
  const length = lead < 0x80 ? 1 : lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return bytes.length === length && bytes.subarray(1).every((byte) => (byte & 0xc0) === 0x80);
}
