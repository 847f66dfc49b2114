/* tlm_open against damage: every truncation, every bit; with the CRC made right again, whatever is accepted must run. */
#include "../src/tlm_internal.h"
#include "check.h"
#include "make_blob.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put32(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)v;
  p[1] = (uint8_t)(v >> 8);
  p[2] = (uint8_t)(v >> 16);
  p[3] = (uint8_t)(v >> 24);
}

static void run_a_little(const tlm_model *model) {
  const uint32_t bytes = tlm_memory_bytes(model, TLM_KERNEL_TABLE, 1024);
  uint32_t *memory = malloc(bytes);
  tlm_engine engine;
  tlm_sampler sampler;
  const tlm_options options = tlm_options_default();
  uint16_t tokens[64];
  uint8_t text[TLM_TEXT_MAX];
  int32_t i, n;
  CHECK(tlm_init(&engine, model, memory, bytes, TLM_KERNEL_TABLE, 1024) == TLM_OK, "init");
  tlm_sampler_init(&sampler, &options);
  tlm_step(&engine, tlm_eod(model));
  n = tlm_encode(model, "a b\xC3\xA9 \xFF zz", 10, tokens, 64);
  for (i = 0; i < n; i++) tlm_step(&engine, tokens[i]);
  for (i = 0; i < 4; i++) {
    const int token = tlm_sample(&engine, &sampler);
    CHECK(token >= 0 && (uint32_t)token < tlm_vocab(model), "token %d", token);
    tlm_step(&engine, (uint32_t)token);
    CHECK(tlm_token_text(model, (uint32_t)token, text) <= 32, "text");
  }
  free(memory);
}

/* stack NULL: version 1. */
static uint32_t make(const blob_shape *shape, const blob_stack *stack, uint8_t *out, uint32_t cap) {
  return stack ? make_blob_v2(shape, stack, out, cap) : make_blob(shape, out, cap);
}

static void damage(const blob_shape *shape, const blob_stack *stack) {
  const uint32_t bytes = make(shape, stack, NULL, 0);
  uint8_t *good = malloc(bytes), *copy;
  tlm_model model;
  tlm_fault fault;
  uint32_t n, bit, accepted = 0;
  make(shape, stack, good, bytes);
  CHECK(tlm_open(&model, good, bytes, &fault) == TLM_OK, "the file itself");
  CHECK(model.metadata_bytes && model.metadata[0] == '{', "metadata");
  run_a_little(&model);
  /* A larger region, as in a flash partition. */
  copy = malloc(bytes + 100u);
  memset(copy, 0xFF, bytes + 100u);
  memcpy(copy, good, bytes);
  CHECK(tlm_open(&model, copy, bytes + 100u, NULL) == TLM_OK, "bytes after the file");
  free(copy);
  /* Cut off at every length: exactly that many bytes are there to be read. */
  for (n = 0; n < bytes; n++) {
    copy = malloc(n ? n : 1u);
    memcpy(copy, good, n);
    CHECK(tlm_open(&model, copy, n, &fault) == TLM_E_SHORT, "cut at %u", (unsigned)n);
    CHECK(!model.blob, "a refused model is closed");
    free(copy);
  }
  copy = malloc(bytes);
  for (bit = 0; bit < 8u * bytes; bit++) {
    memcpy(copy, good, bytes);
    copy[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    CHECK(tlm_open(&model, copy, bytes, &fault) < 0, "bit %u", (unsigned)bit);
    if (bit / 8u >= bytes - 4u) continue;
    /* The same with a right CRC: refused for what it breaks, or a valid model that runs. */
    put32(copy + bytes - 4u, tlm_crc32(copy, bytes - 4u));
    if (tlm_open(&model, copy, bytes, &fault) == TLM_OK) {
      accepted++;
      if (accepted % 5u == 1u) run_a_little(&model);
    } else {
      CHECK(fault.found != fault.expected, "bit %u: the fault says something", (unsigned)bit);
    }
  }
  CHECK(accepted > 0 && accepted < 6u * bytes, "bits of weights and biases are free, others are not: %u",
        (unsigned)accepted);
  /* Two bytes anywhere, right CRC. */
  for (n = 0; n < 3000u; n++) {
    memcpy(copy, good, bytes);
    copy[(n * 7919u) % (bytes - 4u)] = (uint8_t)(n * 31u);
    copy[(n * 104729u) % (bytes < 400u ? bytes - 4u : 396u)] = (uint8_t)(n * 17u + n / 256u);
    put32(copy + bytes - 4u, tlm_crc32(copy, bytes - 4u));
    if (tlm_open(&model, copy, bytes, &fault) == TLM_OK && n % 8u == 0) run_a_little(&model);
  }
  free(copy);
  copy = malloc(bytes + 4u);
  memcpy(copy + 1, good, bytes);
  CHECK(tlm_open(&model, copy + 1, bytes, &fault) == TLM_E_ALIGN, "an odd address");
  CHECK(
      tlm_open(NULL, copy, bytes, &fault) == TLM_E_ARGUMENT && tlm_open(&model, NULL, bytes, &fault) == TLM_E_ARGUMENT,
      "null pointers");
  free(copy);
  free(good);
  printf("damage: %u bytes, %u of %u changed bits with a right CRC are valid models\n", (unsigned)bytes,
         (unsigned)accepted, 8u * (unsigned)(bytes - 4u));
}

void test_open(void) {
  const blob_shape small = {20, 3, 3, 1, 1, 1, 2, 1}, mixed = {19, 3, 2, 2, 0, 0, 2, 2};
  int code;
  static const blob_stack stack = {
    {{2, 3}, {3, 5}, {1, 2}, {3, 3}}, {{2, 4, 2}, {4, 4, 1}}, 4, 2, {2, 3, 1, 1, 2, 1, 3}, 1, 1, 0};
  static const blob_stack plain = {{{1, 3}}, {{2, 4, 2}}, 1, 0, {1, 1, 1, 2, 1, 1, 1}, 2, 2, 4};
  damage(&small, NULL);
  damage(&mixed, NULL);
  damage(&mixed, &stack);
  damage(&small, &plain);
  for (code = 0; code >= -30; code--) CHECK(tlm_error_text(code)[0], "a text for %d", code);
}
