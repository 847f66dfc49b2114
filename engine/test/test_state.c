/* Snapshots, sampling options, two engines at once, relocated weights. */
#include "../src/tlm_internal.h"
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t generate(tlm_engine *e, tlm_sampler *s, uint16_t *to, uint32_t n) {
  uint32_t i;
  for (i = 0; i < n; i++) {
    to[i] = (uint16_t)tlm_sample(e, s);
    tlm_step(e, to[i]);
  }
  return n;
}

static void snapshots(bench *b, bench *other) {
  tlm_options o = tlm_options_default();
  tlm_sampler s, t;
  uint16_t first[100], second[100];
  const uint32_t bytes = tlm_snapshot_bytes(&b->model);
  uint8_t *snapshot = malloc(bytes), *copy = malloc(bytes);
  uint32_t i, n;
  o.penalty = 1500;
  o.penalty_window = 64;
  o.top_p = 30000;
  for (n = 0; n < 130u; n += 13u) { /* before, while and after the recent tokens fill up */
    tlm_sampler_init(&s, &o);
    tlm_sampler_init(&t, &o);
    tlm_reset(&b->engine);
    tlm_step(&b->engine, tlm_eod(&b->model));
    for (i = 0; i < n; i += 13u) generate(&b->engine, &s, first, 13);
    CHECK(tlm_save(&b->engine, &s, snapshot, bytes - 1u) == TLM_E_SPACE, "too little space");
    CHECK(tlm_save(&b->engine, &s, snapshot, bytes) == (int32_t)bytes, "saves");
    generate(&b->engine, &s, first, 100);
    tlm_reset(&b->engine);
    tlm_step(&b->engine, 1);
    CHECK(tlm_restore(&b->engine, &t, snapshot, bytes) == TLM_OK, "restores");
    CHECK(tlm_save(&b->engine, &t, copy, bytes) == (int32_t)bytes && !memcmp(copy, snapshot, bytes), "the same again");
    generate(&b->engine, &t, second, 100);
    CHECK(!memcmp(first, second, sizeof first), "goes on as if nothing had been, after %u", (unsigned)n);
  }
  for (i = 0; i < 8u * bytes; i++) {
    memcpy(copy, snapshot, bytes);
    copy[i / 8u] ^= (uint8_t)(1u << i % 8u);
    CHECK(tlm_restore(&b->engine, &t, copy, bytes) == TLM_E_SNAPSHOT, "bit %u", (unsigned)i);
  }
  for (i = 0; i < bytes; i++) {
    uint8_t *cut = malloc(i ? i : 1u);
    memcpy(cut, snapshot, i);
    CHECK(tlm_restore(&b->engine, &t, cut, i) == TLM_E_SNAPSHOT, "cut at %u", (unsigned)i);
    free(cut);
  }
  CHECK(tlm_restore(&other->engine, &t, snapshot, bytes) == TLM_E_SNAPSHOT, "another model's");
  generate(&b->engine, &s, first, 50);
  CHECK(tlm_restore(&b->engine, &s, snapshot, bytes) == TLM_OK, "the good one still works");
  free(snapshot);
  free(copy);
}

static void options(void) {
  static const struct {
    tlm_options o;
    int code;
  } cases[] = {
    {{0, 0, 0, 1024, 0, 0}, TLM_OK},          {{13, 65535, 32768, 4096, 64, 0xFFFFFFFFu}, TLM_OK},
    {{2560, 1, 1, 1024, 1, 0}, TLM_OK},       {{12, 0, 0, 1024, 0, 0}, TLM_E_OPTION},
    {{2561, 0, 0, 1024, 0, 0}, TLM_E_OPTION}, {{256, 0, 32769, 1024, 0, 0}, TLM_E_OPTION},
    {{256, 0, 0, 1023, 0, 0}, TLM_E_OPTION},  {{256, 0, 0, 4097, 0, 0}, TLM_E_OPTION},
    {{256, 0, 0, 1024, 65, 0}, TLM_E_OPTION},
  };
  tlm_sampler s;
  uint32_t i;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    CHECK(tlm_sampler_init(&s, &cases[i].o) == cases[i].code, "options %u", (unsigned)i);
  }
}

/* Two engines over one model, and one whose weights were copied elsewhere, in turns. */
static void side_by_side(bench *b) {
  const uint32_t bytes = tlm_memory_bytes(&b->model, TLM_KERNEL_TABLE, 0);
  uint32_t *memory = malloc(bytes), *third = malloc(bytes), i, k;
  uint8_t *copies[TLM_TENSORS_MAX];
  tlm_engine two, moved;
  tlm_model model = b->model;
  for (k = 0; k < model.tensor_count; k++) {
    const tlm_tensor *t = &model.tensors[k];
    /* All planes of every other tensor, else all but the last. */
    const uint32_t planes = k % 2u || t->planes == 1u ? t->planes : t->planes - 1u;
    const uint32_t size = planes * t->rows * t->row_bytes;
    copies[k] = malloc(size);
    memcpy(copies[k], t->data, size);
    CHECK(tlm_relocate_planes(&model, k, planes, copies[k]) == TLM_OK, "relocates");
    CHECK(tlm_relocate_planes(&model, k, t->planes + 1u, copies[k]) == TLM_E_ARGUMENT, "more planes than there are");
  }
  CHECK(tlm_relocate(&model, model.tensor_count, memory) == TLM_E_ARGUMENT, "no such tensor");
  tlm_init(&two, &b->model, memory, bytes, TLM_KERNEL_TABLE, 0);
  tlm_init(&moved, &model, third, bytes, TLM_KERNEL_TABLE, 0);
  tlm_reset(&b->engine);
  for (i = 0; i < 20u; i++) {
    const uint32_t token = i * 5u % tlm_vocab(&b->model);
    tlm_step(&b->engine, token);
    tlm_step(&two, token);
    tlm_step(&moved, token);
    CHECK(!memcmp(tlm_logits(&b->engine), tlm_logits(&two), 2u * tlm_vocab(&b->model)), "two engines");
    CHECK(!memcmp(tlm_logits(&b->engine), tlm_logits(&moved), 2u * tlm_vocab(&b->model)), "moved weights");
  }
  CHECK(tlm_step(&two, tlm_vocab(&b->model)) == TLM_E_TOKEN, "no such token");
  for (k = 0; k < model.tensor_count; k++) free(copies[k]);
  free(memory);
  free(third);
}

static void open_file(bench *b, const char *folder, const char *name) {
  uint32_t bytes;
  uint8_t *blob = read_file(folder, name, &bytes);
  bench_open(b, blob, bytes);
  bench_kernel(b, TLM_KERNEL_TABLE, 0);
}

/* What a model says it is best sampled with: nothing in version 1. */
static void own_options(const bench *b) {
  const tlm_options o = tlm_options_of(&b->model), d = tlm_options_default();
  tlm_sampler s;
  CHECK(tlm_sampler_init(&s, &o) == TLM_OK, "a model's own options are possible");
  if (b->model.version > 1) return;
  CHECK(o.temperature == d.temperature && o.top_k == d.top_k && o.penalty == d.penalty, "the default");
}

void test_state(const char *folder) {
  /* A GRU; one of 64; blocks; n-gram tables; three trits; caches. */
  static const char *const names[] = {"v1/char-tied-3.tlm", "v1/byte-64-t2.tlm",      "v2/blocks.tlm",
                                      "v2/ngrams-kept.tlm", "v2/gru-three-trits.tlm", "v2/cache.tlm",
                                      "v2/cache-blocks.tlm"};
  const uint32_t n = sizeof names / sizeof *names;
  const unsigned long before = checks_made;
  bench b, other;
  uint32_t i;
  options();
  for (i = 0; i < n; i++) {
    open_file(&b, folder, names[i]);
    open_file(&other, folder, names[(i + 1u) % n]);
    snapshots(&b, &other);
    side_by_side(&b);
    own_options(&b);
    bench_close(&b);
    bench_close(&other);
  }
  printf("state: %lu checks\n", checks_made - before);
}
