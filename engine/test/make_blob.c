/* .tlm files of random weights, version 1 and 2. */
#include "make_blob.h"
#include <stddef.h>

typedef struct writer {
  uint8_t *out;
  uint32_t cap, at, random, index;
  uint32_t records; /* version 2: where the next tensor's record stands */
} writer;

static void put(writer *w, uint32_t at, uint32_t v, uint32_t bytes) {
  uint32_t i;
  for (i = 0; i < bytes; i++) {
    if (w->out && at + i < w->cap) w->out[at + i] = (uint8_t)(v >> (8u * i));
  }
}

static uint32_t take_at(writer *w, uint32_t bytes, uint32_t align) {
  uint32_t at, end;
  while (w->at % align) put(w, w->at++, 0, 1);
  at = w->at;
  end = at + bytes;
  for (; w->at < end; w->at++) put(w, w->at, 0, 1);
  return at;
}

static uint32_t take(writer *w, uint32_t bytes) { return take_at(w, bytes, 16); }

/* Numerical Recipes' generator: the upper bits will do here. */
static uint32_t below(writer *w, uint32_t n) {
  w->random = w->random * 1664525u + 1013904223u;
  return (w->random >> 16) % n;
}

/* Rows of random weights of one trit; padding digits are 1. */
static void digits(writer *w, uint32_t data, uint32_t rows, uint32_t cols, uint32_t type) {
  const uint32_t group = type == 1u ? 4u : 5u, row_bytes = (cols + group - 1u) / group;
  uint32_t r, c, i;
  for (r = 0; r < rows; r++) {
    for (c = 0; c < row_bytes; c++) {
      uint32_t byte = 0, unit = 1;
      for (i = 0; i < group; i++, unit *= type == 1u ? 4u : 3u) {
        byte += unit * (c * group + i < cols ? below(w, 3) : 1u);
      }
      put(w, data + r * row_bytes + c, byte, 1);
    }
  }
}

static uint32_t root_of(uint32_t n) {
  uint32_t root = 1;
  while (root * root < n) root++;
  return root;
}

/* ---- version 1 ---- */

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
  const uint32_t row_bytes = (cols + group - 1u) / group, shift = 15, root = root_of(cols);
  uint32_t scale, data, r;
  scale = take(w, 2u * rows);
  for (r = 0; r < rows; r++) put(w, scale + 2u * r, ((1u << shift) + below(w, 1u << shift)) / root / 2u, 2);
  data = take(w, rows * row_bytes);
  digits(w, data, rows, cols, type);
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

/* Size and CRC. */
static uint32_t finish(writer *w) {
  while (w->at % 4u) put(w, w->at++, 0, 1);
  put(w, 8, w->at + 4u, 4);
  if (w->out && w->at + 4u <= w->cap) put(w, w->at, crc32(w->out, w->at), 4);
  w->at += 4u;
  return w->out && w->at > w->cap ? 0u : w->at;
}

/* Symbol i of a tokenizer: 'a' …, then characters of two bytes, then of three; its bytes, the first one lowest. */
static uint32_t symbol(uint32_t i, uint32_t *length) {
  uint32_t c;
  if (i < 26u) {
    *length = 1;
    return 'a' + i;
  }
  if (i < 1500u) {
    c = 0x80u + i;
    *length = 2;
    return 0xC0u | c >> 6 | (0x80u | (c & 63u)) << 8;
  }
  c = 0x800u + i;
  *length = 3;
  return 0xE0u | c >> 12 | (0x80u | (c >> 6 & 63u)) << 8 | (0x80u | (c & 63u)) << 16;
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
  for (i = 17; i < symbols; i++) put(&w, at + 8u + 4u * i, symbol(i - 17u, &l), 4);
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
  return finish(&w);
}

/* ---- version 2 ---- */

/* What stands in a tensor's record, and its data. */
static void matrix_v2(writer *w, const blob_stack *s, int wanted, uint32_t trits, uint32_t rows, uint32_t cols,
                      uint32_t scales) {
  static const uint32_t levels[3] = {1, 4, 13};
  const uint32_t type = wanted ? (uint32_t)wanted : 1u + w->index % 2u, group = type == 1u ? 4u : 5u;
  const uint32_t plane = rows * ((cols + group - 1u) / group), root = root_of(cols) * levels[trits - 1u];
  uint32_t shift = 15, scale, data, r;
  if (s->scale_bytes == 1u) {
    for (shift = 7; (1u << (shift + 1u)) / root < 256u && shift < 20u; shift++) {}
  }
  put(w, w->records, type, 1);
  put(w, w->records + 1u, trits, 1);
  put(w, w->records + 2u, shift, 1);
  put(w, w->records + 3u, s->scale_bytes, 1);
  w->records += 4u;
  w->index++;
  scale = take_at(w, s->scale_bytes * scales, s->scale_bytes);
  for (r = 0; r < scales; r++) {
    const uint32_t mantissa = ((1u << shift) + below(w, 1u << (shift < 16u ? shift : 16u))) / root / 2u;
    put(w, scale + s->scale_bytes * r, mantissa, s->scale_bytes);
  }
  data = take_at(w, trits * plane, trits * plane < 4096u ? 4 : 64);
  for (r = 0; r < trits; r++) digits(w, data + r * plane, rows, cols, type);
}

/* Values around `middle` (in 1/64 each), or with two bytes around four times as much. */
static void numbers_v2(writer *w, const blob_stack *s, uint32_t rows, int32_t middle) {
  const uint32_t bytes = s->bias_bytes, data = take_at(w, bytes * rows, bytes);
  uint32_t r;
  put(w, w->records, bytes == 1u ? 4 : 3, 1);
  put(w, w->records + 2u, bytes == 1u ? 6 : 8, 1);
  w->records += 4u;
  w->index++;
  for (r = 0; r < rows; r++) {
    const int32_t v = middle + (int32_t)below(w, 32) - 16;
    put(w, data + bytes * r, (uint32_t)(bytes == 1u ? v : 4 * v), bytes);
  }
}

enum { EMBED, NGRAM, IH, HH, IN, OUT, HEAD };

uint32_t make_blob_v2(const blob_shape *shape, const blob_stack *stack, uint8_t *out, uint32_t cap) {
  blob_stack s = *stack;
  const uint32_t V = shape->vocab, D = shape->dim;
  const int type = shape->type;
  uint32_t i, at, length, counts[4] = {0, 0, 0, 0}, width = D, stream = 0, tensors = 1u + s.ngrams;
  writer w;
  w.out = out;
  w.cap = cap;
  w.at = 0;
  w.random = shape->seed;
  w.index = 0;
  if (!s.layers) {
    s.layers = shape->layers;
    for (i = 0; i < s.layers; i++) {
      s.layer[i].kind = 1;
      s.layer[i].width = shape->hidden;
    }
  }
  for (i = 0; i < s.layers; i++) {
    tensors += s.layer[i].kind == 1u ? 4u + stream : s.layer[i].kind == 2u ? 4u : 3u;
    stream = s.layer[i].kind != 1u;
  }
  tensors += stream + (shape->tied ? 1u : 2u) + (s.cache_log ? 1u : 0u);
  take_at(&w, 40, 1);
  put(&w, 0, 0x1A4D4C54u, 4);
  put(&w, 4, 2, 2);
  put(&w, 6, 40, 2);
  put(&w, 12, (shape->tied ? 1u : 0u) | 2u, 1);
  put(&w, 13, 6, 1);
  put(&w, 14, (uint32_t)shape->tokenizer, 1);
  put(&w, 15, s.ngrams, 1);
  put(&w, 16, V, 2);
  put(&w, 18, D, 2);
  put(&w, 20, s.layers, 1);
  put(&w, 21, tensors, 1);
  put(&w, 28, 2, 2); /* metadata: {} */
  put(&w, 39, s.cache_log, 1);
  for (i = 0; i < s.ngrams; i++) {
    at = take_at(&w, 8, 1);
    put(&w, at, s.ngram[i].order, 1);
    put(&w, at + 1u, s.ngram[i].rows_log, 1);
    put(&w, at + 2u, s.ngram[i].width, 2);
    width += s.ngram[i].width;
  }
  for (i = 0; i < s.layers; i++) {
    at = take_at(&w, 4, 1);
    put(&w, at, s.layer[i].kind, 1);
    put(&w, at + 2u, s.layer[i].width, 2);
  }
  w.records = take_at(&w, 4u * tensors, 1);
  if (shape->tokenizer != 1) {
    at = take_at(&w, 8, 4);
    for (i = 0; i + 17u < V; i++) {
      const uint32_t bytes = symbol(i, &length);
      put(&w, take_at(&w, length, 1), bytes, length);
      counts[length - 1u]++;
    }
    for (i = 0; i < 4u; i++) put(&w, at + 2u * i, counts[i], 2);
    take_at(&w, 0, 2);
    put(&w, 24, w.at - at, 4);
  }
  put(&w, take_at(&w, 2, 4), 0x7D7Bu, 2);
  matrix_v2(&w, &s, type, s.trits[EMBED], V, D, V);
  for (i = 0; i < s.ngrams; i++) {
    matrix_v2(&w, &s, type, s.trits[NGRAM], 1u << s.ngram[i].rows_log, s.ngram[i].width, 1);
  }
  for (i = 0, stream = 0; i < s.layers; i++) {
    const uint32_t kind = s.layer[i].kind, W = s.layer[i].width;
    if (kind != 1u || stream) numbers_v2(&w, &s, width, 64);
    if (kind == 1u) {
      matrix_v2(&w, &s, type, s.trits[IH], 3u * W, width, 3u * W);
      matrix_v2(&w, &s, type, s.trits[HH], 3u * W, W, 3u * W);
      numbers_v2(&w, &s, 3u * W, 0);
      numbers_v2(&w, &s, W, 0);
      width = W;
    } else {
      const uint32_t gates = kind == 2u ? 3u * W : 2u * W;
      matrix_v2(&w, &s, type, s.trits[IN], gates, width, gates);
      if (kind == 2u) numbers_v2(&w, &s, gates, 0);
      matrix_v2(&w, &s, type, s.trits[OUT], width, W, width);
    }
    stream = kind != 1u;
  }
  if (stream) numbers_v2(&w, &s, width, 64);
  if (!shape->tied) matrix_v2(&w, &s, type, s.trits[HEAD], V, width, V);
  numbers_v2(&w, &s, V, 0);
  if (s.cache_log) numbers_v2(&w, &s, 9, 32);
  return finish(&w);
}
