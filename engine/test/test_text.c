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
  static const char *const pieces[] = { "the ", "a", " ", "  ", "once upon", "\n", ".", "\xC3\xA9", "\xC3", "\xE2\x82\xAC",
    "\xE2\x82", "\xF0\x9F\x98\x80", "\xF0\x9F", "\x80", "\xFF", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9",
    "He said", ",", "\"", "7", "\t" };
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
  uint8_t text[1000] = { 0 };
  uint32_t i;
  round_trip(m, text, 0);
  for (i = 0; i < 400u; i++) round_trip(m, text, some_text(text, sizeof text));
}

void test_text(const char *folder) {
  const blob_shape byte = { 256, 3, 3, 1, 1, 1, 1, 1 }, character = { 90, 3, 3, 1, 1, 1, 2, 1 };
  const blob_shape *shapes[2];
  const unsigned long before = checks_made;
  bench b;
  uint32_t bytes, i;
  uint8_t *blob;
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
