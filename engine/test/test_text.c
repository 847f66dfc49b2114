/* Text: any bytes survive tokens and back, in pieces as in one go, and no half character leaves the decoder. */
#include "../src/tlm_internal.h"
#include "check.h"
#include "make_blob.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t random_state = 99;
static uint32_t below(uint32_t n) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 16) % n;
}

/* Words, spaces, umlauts, emoji, overlong words, halves of characters, and noise. */
static uint32_t some_text(uint8_t *out, uint32_t cap) {
  static const char *const pieces[] = {"the ",
                                       "a",
                                       " ",
                                       "  ",
                                       "once upon",
                                       "\n",
                                       ".",
                                       "\xC3\xA9",
                                       "\xC3",
                                       "\xE2\x82\xAC",
                                       "\xE2\x82",
                                       "\xF0\x9F\x98\x80",
                                       "\xF0\x9F",
                                       "\x80",
                                       "\xFF",
                                       "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                                       ("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3"
                                        "\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"),
                                       "He said",
                                       ",",
                                       "\"",
                                       "7",
                                       "\t"};
  uint32_t n = 0, wanted = below(cap - 60u);
  while (n < wanted) {
    const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
    if (below(12) == 0) out[n++] = (uint8_t)(1u + below(255));
    memcpy(out + n, piece, strlen(piece));
    n += (uint32_t)strlen(piece);
  }
  return n < cap ? n : cap;
}

static void round_trip(const tlm_model *m, const uint8_t *text, uint32_t n) {
  static uint16_t whole[2048], pieces[2048];
  uint8_t out[TLM_TEXT_MAX], back[2048];
  const int32_t count = tlm_encode(m, text, n, whole, 2048);
  uint32_t at = 0, got = 0, taken, length = 0, boundary = 0;
  int token;
  int32_t i;
  tlm_encoder encoder;
  tlm_decoder decoder;
  CHECK(count >= 0 && (uint32_t)count <= 2u * n, "encodes");
  tlm_encoder_init(&encoder, m);
  while (at < n) {
    const uint32_t part = 1u + below(7);
    taken = tlm_encoder_write(&encoder, text + at, part < n - at ? part : n - at);
    at += taken;
    if (!taken || below(3)) {
      while ((token = tlm_encoder_next(&encoder)) != TLM_NONE) pieces[got++] = (uint16_t)token;
    }
  }
  tlm_encoder_end(&encoder);
  while ((token = tlm_encoder_next(&encoder)) != TLM_NONE) pieces[got++] = (uint16_t)token;
  CHECK(got == (uint32_t)count && !memcmp(whole, pieces, 2u * got), "in pieces as in one go");
  tlm_decoder_init(&decoder, m);
  for (i = 0; i <= count; i++) {
    const int bytes = i < count ? tlm_decode(&decoder, whole[i], out) : tlm_decode_end(&decoder, out);
    CHECK(bytes >= 0 && bytes <= (int)TLM_TEXT_MAX, "a bounded text");
    if (length + (uint32_t)bytes <= sizeof back) memcpy(back + length, out, (size_t)bytes);
    length += (uint32_t)bytes;
    /* What came out so far ends where a unit of the text ends. */
    while (boundary < length) boundary += tlm_unit(text + boundary, n - boundary, 1);
    CHECK(boundary == length, "half a character");
  }
  CHECK(length == n && !memcmp(back, text, n), "back to the same %u bytes", (unsigned)n);
}

static void many(const tlm_model *m) {
  uint8_t text[1000] = {0};
  uint32_t i;
  round_trip(m, text, 0);
  for (i = 0; i < 400u; i++) round_trip(m, text, some_text(text, sizeof text));
}

/* ---- merges: by an index, by going through them, and as SPEC.md 2.2 says it ---- */

#define LARGEST 4096u
#define BASE 23u

/* A tokenizer alone: symbols 'a' to 'f', merges of any tokens, some of them twice. */
typedef struct merges {
  tlm_model model;
  uint8_t base[4u * BASE], records[4u * LARGEST], index[2u * LARGEST];
  uint32_t pair[LARGEST]; /* left << 16 | right */
} merges;

static uint32_t bytes_of(const merges *t, uint32_t token) {
  return token < BASE ? 1u : bytes_of(t, t->pair[token - BASE] >> 16) + bytes_of(t, t->pair[token - BASE] & 0xFFFFu);
}

static const merges *sorted_table;
static int by_pair(const void *a, const void *b) {
  const uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
  const uint32_t p = sorted_table->pair[x], q = sorted_table->pair[y];
  return p != q ? (p < q ? -1 : 1) : x < y ? -1 : 1;
}

static void make_merges(merges *t, uint32_t vocab, uint32_t record_bytes) {
  static uint16_t order[LARGEST];
  const uint32_t count = vocab - BASE;
  uint32_t k = 0, i;
  memset(t, 0, sizeof *t);
  for (i = 17; i < BASE; i++) t->base[4u * i] = (uint8_t)('a' + i - 17u);
  while (k < count) {
    const uint32_t left = 17u + below(1u + below(BASE + k - 17u)), right = 17u + below(1u + below(BASE + k - 17u));
    const uint32_t pair = k && !below(20) ? t->pair[below(k)] : left << 16 | right;
    uint8_t *p = t->records + record_bytes * k;
    t->pair[k] = pair;
    if (bytes_of(t, BASE + k) > TLM_TOKENIZER_TOKEN_BYTES_MAX) continue;
    for (i = 0; i < record_bytes; i++) {
      const uint32_t shift = record_bytes == 2u ? 8u : record_bytes == 3u ? 12u : 16u;
      p[i] = (uint8_t)((pair >> 16 | (pair & 0xFFFFu) << shift) >> (8u * i));
    }
    order[k] = (uint16_t)k;
    k++;
  }
  sorted_table = t;
  qsort(order, count, sizeof *order, by_pair);
  for (i = 0; i < count; i++) {
    t->index[2u * i] = (uint8_t)order[i];
    t->index[2u * i + 1u] = (uint8_t)(order[i] >> 8);
  }
  t->model.version = 1;
  t->model.vocab = (uint16_t)vocab;
  t->model.tokenizer_kind = 3;
  t->model.base = t->base;
  t->model.base_count = BASE;
  t->model.nibble_base = 1;
  t->model.merges = t->records;
  t->model.merge_count = (uint16_t)count;
  t->model.merge_bytes = (uint8_t)record_bytes;
}

/* 2.2, word for word. */
static uint32_t literally(const merges *t, uint16_t *tokens, uint32_t count) {
  uint32_t k, i, out;
  for (k = 0; k < t->model.merge_count; k++) {
    for (i = 0, out = 0; i < count; out++) {
      if (i + 1u < count && ((uint32_t)tokens[i] << 16 | tokens[i + 1u]) == t->pair[k]) {
        tokens[out] = (uint16_t)(BASE + k);
        i += 2u;
      } else {
        tokens[out] = tokens[i++];
      }
    }
    count = out;
  }
  return count;
}

static void check_merges(merges *t, uint32_t vocab, uint32_t record_bytes) {
  uint8_t text[32];
  uint16_t wanted[64], got[64];
  uint32_t i, k, n, count;
  make_merges(t, vocab, record_bytes);
  t->model.merge_index = t->index;
  for (k = 0; k < t->model.merge_count; k++) {
    for (i = 0; t->pair[i] != t->pair[k]; i++) {}
    CHECK(tlm_find_merge(&t->model, t->pair[k] >> 16, t->pair[k] & 0xFFFFu) == (int)i, "merge %u", (unsigned)k);
  }
  for (k = 0; k < 2000u; k++) {
    const uint32_t left = below(vocab), right = below(vocab);
    for (i = 0; i < t->model.merge_count && t->pair[i] != (left << 16 | right); i++) {}
    CHECK(tlm_find_merge(&t->model, left, right) == (i < t->model.merge_count ? (int)i : TLM_NONE), "a pair or none");
  }
  for (k = 0; k < 400u; k++) {
    n = 1u + below(32);
    for (i = 0, count = 0; i < n; i++) {
      text[i] = (uint8_t)(below(30) ? 'a' + below(6) : 'z'); /* 'z' is no symbol: nibbles 7 and 10 */
      if (text[i] == 'z') {
        wanted[count++] = 1 + 7;
        wanted[count++] = 1 + 10;
      } else {
        wanted[count++] = (uint16_t)(17 + text[i] - 'a');
      }
    }
    count = literally(t, wanted, count);
    t->model.merge_index = k & 1u ? t->index : NULL;
    CHECK(tlm_encode(&t->model, text, n, got, 64) == (int32_t)count && !memcmp(got, wanted, 2u * count),
          "%u tokens, %s: %.*s", (unsigned)vocab, k & 1u ? "by the index" : "by the merges", (int)n,
          (const char *)text);
  }
}

void test_text(const char *folder) {
  const blob_shape byte = {256, 3, 3, 1, 1, 1, 1, 1}, character = {90, 3, 3, 1, 1, 1, 2, 1};
  const blob_shape *shapes[2];
  const unsigned long before = checks_made;
  bench b;
  uint32_t bytes, i;
  uint8_t *blob;
  merges *table = malloc(sizeof *table);
  if (!table) exit(2);
  for (i = 0; i < 6u; i++) {
    check_merges(table, BASE + i, 2);
    check_merges(table, 50u + 40u * i, 2);
    check_merges(table, 300u + 700u * i, 3);
    check_merges(table, i ? 4097u - i : LARGEST, 4);
  }
  free(table);
  shapes[0] = &byte;
  shapes[1] = &character;
  for (i = 0; i < 2u; i++) {
    bytes = make_blob(shapes[i], NULL, 0);
    blob = malloc(bytes);
    make_blob(shapes[i], blob, bytes);
    bench_open(&b, blob, bytes);
    many(&b.model);
    bench_close(&b);
  }
  blob = read_file(folder, "v1/bpe-33.tlm", &bytes);
  bench_open(&b, blob, bytes);
  many(&b.model);
  bench_close(&b);
  printf("text: %lu checks\n", checks_made - before);
}
