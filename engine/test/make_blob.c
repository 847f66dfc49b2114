#include "make_blob.h"
#include <stddef.h>

typedef struct writer {
  uint8_t *out;
  uint32_t cap, at, random, index;
} writer;

static void put(writer *w, uint32_t at, uint32_t v, uint32_t bytes) {
  uint32_t i;
  for (i = 0; i < bytes; i++) {
    if (w->out && at + i < w->cap) w->out[at + i] = (uint8_t)(v >> (8u * i));
  }
}

static uint32_t take(writer *w, uint32_t bytes) {
  uint32_t at, end;
  while (w->at % 16u) put(w, w->at++, 0, 1);
  at = w->at;
  end = at + bytes;
  for (; w->at < end; w->at++) put(w, w->at, 0, 1);
  return at;
}

/* Numerical Recipes' generator: the upper bits will do here. */
static uint32_t below(writer *w, uint32_t n) {
  w->random = w->random * 1664525u + 1013904223u;
  return (w->random >> 16) % n;
}

static void entry(writer *w, uint32_t id, uint32_t layer, uint32_t type, uint32_t rows, uint32_t cols,
                  uint32_t row_bytes, uint32_t data, uint32_t scale, uint32_t shift, uint32_t frac) {
  const uint32_t e = 64u + 32u * w->index++;
  put(w, e, id, 2);
  put(w, e + 2, layer, 1);
  put(w, e + 3, type, 1);
  put(w, e + 4, rows, 4);
  put(w, e + 8, cols, 4);
  put(w, e + 12, row_bytes, 4);
  put(w, e + 16, data, 4);
  put(w, e + 20, rows * row_bytes, 4);
  put(w, e + 24, scale, 4);
  put(w, e + 28, shift, 1);
  put(w, e + 29, frac, 1);
}

/* Scales near 1/sqrt(cols), as trained models have them; a third of the weights is zero. */
static void matrix(writer *w, uint32_t id, uint32_t layer, int wanted, uint32_t rows, uint32_t cols) {
  const uint32_t type = wanted ? (uint32_t)wanted : 1u + w->index % 2u, group = type == 1u ? 4u : 5u;
  const uint32_t row_bytes = (cols + group - 1u) / group, shift = 15;
  uint32_t scale, data, r, c, i, root = 1;
  while (root * root < cols) root++;
  scale = take(w, 2u * rows);
  for (r = 0; r < rows; r++) put(w, scale + 2u * r, ((1u << shift) + below(w, 1u << shift)) / root / 2u, 2);
  data = take(w, rows * row_bytes);
  for (r = 0; r < rows; r++) {
    for (c = 0; c < row_bytes; c++) {
      uint32_t byte = 0, unit = 1;
      for (i = 0; i < group; i++, unit *= type == 1u ? 4u : 3u) {
        byte += unit * (c * group + i < cols ? below(w, 3) : 1u);
      }
      put(w, data + r * row_bytes + c, byte, 1);
    }
  }
  entry(w, id, layer, type, rows, cols, row_bytes, data, scale, shift, 0);
}

static void bias(writer *w, uint32_t id, uint32_t layer, uint32_t rows, uint32_t frac) {
  const uint32_t data = take(w, 2u * rows);
  uint32_t r;
  for (r = 0; r < rows; r++) put(w, data + 2u * r, below(w, 512u) - 256u, 2);
  entry(w, id, layer, 3, rows, 1, 2, data, 0, 0, frac);
}

static uint32_t crc32(const uint8_t *p, uint32_t n) {
  uint32_t crc = 0xFFFFFFFFu, i;
  while (n--) {
    crc ^= *p++;
    for (i = 0; i < 8u; i++) crc = crc & 1u ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

uint32_t make_blob(const blob_shape *s, uint8_t *out, uint32_t cap) {
  static const char json[] = "{\"made\":\"for a test\"}";
  const uint32_t tensors = 1u + 4u * s->layers + (s->tied ? 1u : 2u), H = s->hidden;
  const uint32_t symbols = s->tokenizer == 1 ? 0u : s->vocab;
  writer w;
  uint32_t at, i, l;
  w.out = out;
  w.cap = cap;
  w.at = 0;
  w.random = s->seed;
  w.index = 0;
  take(&w, 64u + 32u * tensors);
  put(&w, 0, 0x1A4D4C54u, 4);
  put(&w, 4, 1, 2);
  put(&w, 6, 64, 2);
  put(&w, 12, (s->tied ? 1u : 0u) | 2u, 4);
  put(&w, 16, s->vocab, 2);
  put(&w, 18, s->dim, 2);
  put(&w, 20, H, 2);
  put(&w, 22, s->layers, 1);
  put(&w, 23, 1, 1);
  put(&w, 24, 6, 1);
  put(&w, 28, 64, 4);
  put(&w, 32, tensors, 2);
  put(&w, 34, (uint32_t)s->tokenizer, 2);
  at = take(&w, 8u + 4u * symbols);
  put(&w, 36, at, 4);
  put(&w, 40, 8u + 4u * symbols, 4);
  put(&w, at, s->vocab, 2);
  put(&w, at + 4, s->tokenizer == 1 ? 0xFFFFu : 1u, 2);
  for (i = 17; i < symbols; i++) { /* 'a' … then two-byte characters from U+0080 on */
    const uint32_t c = i < 17u + 26u ? 'a' + i - 17u : 0x80u + i;
    put(&w, at + 8u + 4u * i, c < 0x80u ? c : 0xC0u | c >> 6 | (0x80u | (c & 63u)) << 8, 4);
  }
  at = take(&w, sizeof json - 1u);
  for (i = 0; i < sizeof json - 1u; i++) put(&w, at + i, (uint32_t)json[i], 1);
  put(&w, 44, at, 4);
  put(&w, 48, sizeof json - 1u, 4);
  matrix(&w, 1, 0, s->type, s->vocab, s->dim);
  for (l = 0; l < s->layers; l++) {
    matrix(&w, 16, l, s->type, 3u * H, l ? H : s->dim);
    matrix(&w, 17, l, s->type, 3u * H, H);
    bias(&w, 18, l, 3u * H, 10);
    bias(&w, 19, l, 3u * H, 11);
  }
  if (!s->tied) matrix(&w, 2, 0, s->type, s->vocab, H);
  bias(&w, 3, 0, s->vocab, 9);
  while (w.at % 4u) put(&w, w.at++, 0, 1);
  put(&w, 8, w.at + 4u, 4);
  if (out && w.at + 4u <= cap) put(&w, w.at, crc32(out, w.at), 4);
  w.at += 4u;
  return out && w.at > cap ? 0u : w.at;
}
