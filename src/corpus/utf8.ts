/** Bytes of a string in UTF-8 (a lone surrogate counts 3, as the replacement character that TextEncoder writes). */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x80) continue;
    if (c < 0x800) {
      bytes += 1;
    } else if (c >= 0xd800 && c < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 2; // 4 bytes for the pair
      i++;
    } else {
      bytes += 2;
    }
  }
  return bytes;
}
