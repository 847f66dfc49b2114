/*
 * libFuzzer's way into the reader of both versions of the format: the checksum and the size are made right again after each mutation, so
 * that a file gets past them; what tlm_open accepts must run. scripts/fuzz-engine.ts builds and feeds it.
 */
#include "../../src/tlm_internal.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file with its size and its CRC-32 as they should be. */
static uint8_t *mended(const uint8_t *data, size_t size, uint32_t *bytes) {
  const uint32_t n = (uint32_t)(size & ~(size_t)3);
  uint8_t *file;
  uint32_t crc, i;
  *bytes = n;
  file = (uint8_t *)malloc(n ? n : 1u); /* malloc's own size: a byte too far is found */
  if (!file) abort();
  memcpy(file, data, n);
  if (n < TLM_FILE_BYTES_MIN) return file;
  for (i = 0; i < 4u; i++) file[TLM_HEADER_FILE_BYTES + i] = (uint8_t)(n >> (8u * i));
  crc = tlm_crc32(file, n - 4u);
  for (i = 0; i < 4u; i++) file[n - 4u + i] = (uint8_t)(crc >> (8u * i));
  return file;
}

/* A few tokens by one kernel, saved and restored; leaves a checksum of the last logits. */
static void run(const tlm_model *model, int kernel, uint32_t budget, uint32_t *sum) {
  static const char text[] = "a cat \xc3\xa3 \xff";
  const uint32_t bytes = tlm_memory_bytes(model, kernel, budget), saved = tlm_snapshot_bytes(model);
  uint8_t *memory = (uint8_t *)malloc(bytes), *snapshot = (uint8_t *)malloc(saved), out[TLM_TEXT_MAX];
  uint16_t tokens[2u * sizeof text];
  tlm_engine engine;
  tlm_sampler sampler;
  tlm_decoder decoder;
  tlm_options options = tlm_options_default();
  int32_t n, i;
  if (!memory || !snapshot) abort();
  if (tlm_init(&engine, model, memory, bytes, kernel, budget) != TLM_OK) abort();
  if (tlm_sampler_init(&sampler, &options) != TLM_OK) abort();
  tlm_decoder_init(&decoder, model);
  n = tlm_encode(model, text, sizeof text - 1u, tokens, sizeof tokens / sizeof *tokens);
  if (n < 0) abort();
  if (tlm_step(&engine, tlm_eod(model)) != TLM_OK) abort();
  for (i = 0; i < n; i++) {
    if (tlm_step(&engine, tokens[i]) != TLM_OK) abort();
  }
  for (i = 0; i < 4; i++) {
    const int token = tlm_sample(&engine, &sampler);
    if (token < 0 || tlm_step(&engine, (uint32_t)token) != TLM_OK) abort();
    tlm_decode(&decoder, (uint32_t)token, out);
  }
  tlm_decode_end(&decoder, out);
  if (tlm_save(&engine, &sampler, snapshot, saved) != (int32_t)saved) abort();
  if (tlm_restore(&engine, &sampler, snapshot, saved) != TLM_OK) abort();
  *sum = 0;
  for (i = 0; i < (int32_t)tlm_vocab(model); i++) *sum = *sum * 31u + (uint32_t)(int32_t)tlm_logits(&engine)[i];
  free(memory);
  free(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint32_t bytes;
  uint8_t *file = mended(data, size, &bytes);
  tlm_model model;
  tlm_fault fault;
  const int code = tlm_open(&model, file, bytes, &fault);
  if (code == TLM_OK) {
    uint32_t first, second;
    run(&model, TLM_KERNEL_TABLE, 0, &first);
    run(&model, TLM_KERNEL_TABLE, TLM_TABLE_BUDGET_MIN, &second);
    if (first != second) abort(); /* how tables are cut changes no bit */
    run(&model, TLM_KERNEL_REFERENCE, 0, &second);
    if (first != second) abort();
  } else if (model.blob != NULL) {
    abort(); /* a refused model must not be usable */
  }
  free(file);
  return 0;
}
