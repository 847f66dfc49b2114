/*
 * Changes files at random, mends size and CRC, and opens them; those that are accepted run a few tokens. To be built with
 * sanitizers, which see what goes wrong:
 *   node dist/scripts/test-native.js fuzz [runs]
 * tlm_fuzz <runs> <seed> <file.tlm>…
 */
#include "../src/tlm_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state;
static uint32_t below(uint32_t n) {
  state = state * 1664525u + 1013904223u;
  return (uint32_t)(((state >> 16) | (state << 16)) % n);
}

static void put(uint8_t *p, uint32_t v, uint32_t bytes) {
  for (; bytes; bytes--, v >>= 8) *p++ = (uint8_t)v;
}

/* A number of 1, 2 or 4 bytes that tempts: near a limit, or a little more or less than what stood there. */
static void tempt(uint8_t *p) {
  static const uint32_t numbers[] = { 0, 1, 2, 3, 4, 12, 13, 16, 17, 30, 31, 40, 41, 64, 127, 128, 242, 243, 255, 256, 1024, 1025, 2047,
                                      2048, 2049, 4095, 4096, 4097, 32767, 32768, 65535, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu };
  const uint32_t bytes = (uint32_t)1 << below(3);
  uint32_t v = numbers[below(sizeof numbers / sizeof *numbers)];
  if (below(2)) v = (bytes == 1u ? *p : bytes == 2u ? tlm_u16(p) : tlm_u32(p)) + below(7) - 3u;
  put(p, v, bytes);
}

static uint32_t mutate(uint8_t *b, uint32_t n) {
  uint32_t changes = 1u + below(4), at, length;
  while (changes--) {
    at = below(below(2) ? n - 8u : (n < 160u ? n : 160u) - 8u);
    switch (below(5)) {
      case 0: b[at] ^= (uint8_t)(1u << below(8)); break;
      case 1: b[at] = (uint8_t)below(256); break;
      case 2:
      case 3: tempt(b + at); break;
      default: /* a piece somewhere else */
        length = 1u + below(8);
        memmove(b + at, b + below(n - 8u), length);
    }
  }
  if (below(16) == 0) n = 8u + below(n - 8u) / 4u * 4u;
  return n < 44u ? 44u : n;
}

static int run(const tlm_model *m) {
  const uint32_t budget = below(2) ? 0u : 512u + below(4000), bytes = tlm_memory_bytes(m, TLM_KERNEL_TABLE, budget);
  uint32_t *memory = malloc(bytes), i;
  uint8_t text[TLM_TEXT_MAX], *snapshot;
  uint16_t tokens[32];
  const tlm_options o = tlm_options_of(m);
  tlm_engine e;
  tlm_sampler s;
  int32_t n;
  int bad = tlm_init(&e, m, memory, bytes, TLM_KERNEL_TABLE, budget) < 0 || tlm_sampler_init(&s, &o) < 0;
  if (!bad) {
    tlm_step(&e, tlm_eod(m));
    n = tlm_encode(m, "the \xC3\xA9 a\xFF", 9, tokens, 32);
    for (i = 0; n > 0 && i < (uint32_t)n && i < 3u; i++) bad |= tlm_step(&e, tokens[i]) < 0;
    for (i = 0; i < 2u; i++) {
      const int token = tlm_sample(&e, &s);
      bad |= token < 0 || tlm_step(&e, (uint32_t)token) < 0 || tlm_token_text(m, (uint32_t)token, text) < 0;
    }
    snapshot = malloc(tlm_snapshot_bytes(m));
    bad |= tlm_save(&e, &s, snapshot, tlm_snapshot_bytes(m)) < 0 || tlm_restore(&e, &s, snapshot, tlm_snapshot_bytes(m)) < 0;
    free(snapshot);
  }
  free(memory);
  return bad;
}

int main(int count, char **arguments) {
  const uint32_t runs = count > 3 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0u;
  uint32_t i, accepted = 0;
  state = count > 3 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 0u;
  if (count < 4) return 2;
  for (i = 0; i < runs; i++) {
    FILE *f = fopen(arguments[3u + i % (uint32_t)(count - 3)], "rb");
    static uint8_t file[1u << 20];
    uint8_t *copy;
    uint32_t n;
    tlm_model model;
    if (!f) return 2;
    n = (uint32_t)fread(file, 1, sizeof file, f);
    fclose(f);
    n = mutate(file, n);
    put(file + TLM_HEADER_FILE_BYTES, n, 4);
    put(file + n - 4u, tlm_crc32(file, n - 4u), 4);
    copy = malloc(n); /* exactly so long: a read past it is found */
    memcpy(copy, file, n);
    if (tlm_open(&model, copy, n, NULL) == TLM_OK) {
      accepted++;
      if (run(&model)) {
        printf("run %u: an accepted model fails\n", (unsigned)i);
        return 1;
      }
    }
    free(copy);
  }
  printf("fuzz: %u runs, %u accepted\n", (unsigned)runs, (unsigned)accepted);
  return 0;
}
