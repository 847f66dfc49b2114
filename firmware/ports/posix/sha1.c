/* SHA-1 (FIPS 180-4), for the handshake of WebSockets only. */
#include "host.h"

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void block(uint32_t h[5], const uint8_t *p) {
  uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  int i;
  for (i = 0; i < 16; i++, p += 4) w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  for (; i < 80; i++) w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (i = 0; i < 80; i++) {
    const uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
    const uint32_t k = i < 20 ? 0x5A827999u : i < 40 ? 0x6ED9EBA1u : i < 60 ? 0x8F1BBCDCu : 0xCA62C1D6u;
    const uint32_t t = rotl(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = rotl(b, 30);
    b = a;
    a = t;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
  h[4] += e;
}

void sha1(const void *data, uint32_t n, uint8_t digest[20]) {
  uint32_t h[5] = {0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u};
  const uint8_t *p = data;
  uint8_t last[128] = {0};
  uint32_t left = n, end, i;
  for (; left >= 64u; left -= 64u, p += 64) block(h, p);
  fw_copy(last, p, left);
  last[left] = 0x80;
  end = left < 56u ? 64u : 128u;
  for (i = 0; i < 4u; i++) last[end - 1u - i] = (uint8_t)(n << 3 >> 8 * i);
  last[end - 5u] = (uint8_t)(n >> 29);
  for (i = 0; i < end; i += 64u) block(h, last + i);
  for (i = 0; i < 20u; i++) digest[i] = (uint8_t)(h[i / 4u] >> (24u - 8u * (i % 4u)));
}
