/** MD5 (RFC 1321): the checksum that flash loaders and partition tables use. Not for security. */

/** floor(2^32 · |sin(i + 1)|), RFC 1321, 3.4. */
const K = Int32Array.from({ length: 64 }, (_, i) => Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))) | 0);
const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

/** The digest of `data`: 16 bytes. */
export function md5(data: Uint8Array): Uint8Array {
  const blocks = Math.floor((data.length + 8) / 64) + 1;
  const message = new Uint8Array(blocks * 64);
  message.set(data);
  message[data.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setUint32(message.length - 8, (data.length * 8) >>> 0, true);
  view.setUint32(message.length - 4, Math.floor(data.length / 2 ** 29), true);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const m = new Int32Array(16);
  for (let at = 0; at < message.length; at += 64) {
    for (let i = 0; i < 16; i++) m[i] = view.getInt32(at + 4 * i, true);
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const f =
        round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const g = round === 0 ? i : round === 1 ? 5 * i + 1 : round === 2 ? 3 * i + 5 : 7 * i;
      const sum = (a + f + K[i] + m[g & 15]) | 0;
      const shift = SHIFTS[round][i & 3];
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
  }
  return new Uint8Array(state.buffer);
}

/** The digest as 32 hexadecimal digits. */
export const md5Hex = (data: Uint8Array): string =>
  Array.from(md5(data), (b) => b.toString(16).padStart(2, '0')).join('');
