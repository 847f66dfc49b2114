/* Reference against table kernel: sums of awkward sizes, whole models, table budgets, rows split over workers. */
#include "../src/tlm_internal.h"
#include "check.h"
#include "make_blob.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint32_t random_state = 12345;
static uint32_t below(uint32_t n) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 16) % n;
}

/* One matrix: every kernel against weights that this file packs and multiplies by itself. */
static void one_product(uint32_t type, uint32_t rows, uint32_t cols) {
  const uint32_t group = type == TLM_TYPE_T2 ? 4u : 5u, row_bytes = (cols + group - 1u) / group;
  uint8_t *data = malloc(rows * row_bytes);
  int8_t *x = calloc(cols + TLM_X_PADDING, 1);
  int32_t *wanted = calloc(rows, sizeof *wanted), *acc = malloc(rows * sizeof *acc);
  uint32_t r, c, k, i;
  for (c = 0; c < cols; c++) x[c] = (int8_t)(below(8) ? (int32_t)below(255) - 127 : below(2) ? 127 : -127);
  for (r = 0; r < rows; r++) {
    for (c = 0; c < row_bytes; c++) {
      uint32_t byte = 0, unit = 1;
      for (i = 0; i < group; i++, unit *= type == TLM_TYPE_T2 ? 4u : 3u) {
        const uint32_t at = c * group + i, digit = at < cols ? below(3) : 1u;
        byte += digit * unit;
        if (at < cols) wanted[r] += ((int32_t)digit - 1) * x[at];
      }
      data[r * row_bytes + c] = (uint8_t)byte;
    }
  }
  for (k = 0; k < 2u; k++) {
    const struct tlm_kernel *kernel = tlm_kernel_of((int)k);
    const tlm_packing *packing = tlm_packing_of(kernel, type);
    int16_t *table = malloc(2u * (row_bytes * packing->stride + 1u));
    tlm_span span;
    span.row_bytes = row_bytes;
    span.bytes = row_bytes;
    span.x = x;
    span.table = table;
    memset(acc, 0, rows * sizeof *acc);
    if (kernel->uses_table) packing->build(table, x, row_bytes);
    if (rows > 1u) packing->rows(&span, data, rows / 2u, acc);
    packing->rows(&span, data + rows / 2u * row_bytes, rows - rows / 2u, acc + rows / 2u);
    for (r = 0; r < rows; r++) {
      CHECK(acc[r] == wanted[r], "kernel %u, type %u, %u × %u, row %u: %ld, expected %ld", (unsigned)k, (unsigned)type,
            (unsigned)rows, (unsigned)cols, (unsigned)r, (long)acc[r], (long)wanted[r]);
    }
    packing->rows(&span, data, rows, acc);
    CHECK(acc[rows - 1u] == 2 * wanted[rows - 1u], "adds up");
    free(table);
  }
  free(data);
  free(x);
  free(wanted);
  free(acc);
}

/* Runs parts in reverse: their order must not matter. */
static void reversed(void *user, tlm_job job, void *argument, uint32_t parts) {
  uint32_t p;
  ++*(uint32_t *)user;
  for (p = parts; p--;) job(argument, p, parts);
}

/* Table kernel against reference kernel; stack NULL: version 1. */
static void one_blob(const blob_shape *shape, const blob_stack *stack) {
  static const uint32_t budgets[] = {0, 512, 1000, 3000, 1u << 20};
  const uint32_t vocab = shape->vocab, bytes = stack ? make_blob_v2(shape, stack, NULL, 0) : make_blob(shape, NULL, 0);
  uint8_t *blob = malloc(bytes);
  uint32_t i, step;
  bench plain, fast;
  if (stack) make_blob_v2(shape, stack, blob, bytes);
  else make_blob(shape, blob, bytes);
  bench_open(&plain, blob, bytes);
  bench_kernel(&plain, TLM_KERNEL_REFERENCE, 0);
  fast = plain;
  fast.memory = NULL;
  fast.engine.model = &fast.model;
  for (i = 0; i < sizeof budgets / sizeof *budgets; i++) {
    uint32_t woken = 0;
    bench_kernel(&fast, TLM_KERNEL_TABLE, budgets[i]);
    tlm_set_parallel(&fast.engine, reversed, &woken, 1u + i);
    tlm_reset(&plain.engine);
    for (step = 0; step < 5u; step++) {
      const uint32_t token = step * 7u % vocab;
      const int16_t *a, *b;
      tlm_step(&plain.engine, token);
      tlm_step(&fast.engine, token);
      if (step == 2u) continue; /* no logits asked for: tables must be right all the same */
      a = tlm_logits(&plain.engine);
      b = tlm_logits(&fast.engine);
      CHECK(!memcmp(a, b, 2u * vocab), "V %u D %u H %u L %u type %d seed %u budget %u step %u", (unsigned)vocab,
            (unsigned)shape->dim, (unsigned)shape->hidden, (unsigned)shape->layers, shape->type, (unsigned)shape->seed,
            (unsigned)budgets[i], (unsigned)step);
    }
    if (!stack && shape->hidden >= 64 && i >= 3u) CHECK(woken > 0, "work was split");
  }
  free(fast.memory);
  bench_close(&plain);
}

static void one_model(uint32_t vocab, uint32_t dim, uint32_t hidden, uint32_t layers, int type) {
  const blob_shape shape = {vocab, dim, hidden, layers, dim == hidden, type, 2, vocab + dim + (uint32_t)type};
  one_blob(&shape, NULL);
}

/* Stacks of version 2 of random kinds, widths, n-gram tables and trits. */
static void any_stack(uint32_t seed, uint32_t widest) {
  blob_shape shape = {18, 1, 1, 0, 0, 0, 2, 0};
  blob_stack stack;
  uint32_t i;
  random_state = shape.seed = seed;
  shape.vocab += below(60);
  shape.dim += below(widest);
  stack.layers = 1u + below(4);
  stack.ngrams = below(3);
  for (i = 0; i < stack.layers; i++) {
    stack.layer[i].kind = 1u + below(3);
    stack.layer[i].width = 1u + below(widest);
  }
  for (i = 0; i < stack.ngrams; i++) {
    stack.ngram[i].order = 2u + below(3);
    stack.ngram[i].rows_log = 4u + below(3);
    stack.ngram[i].width = 1u + below(9);
  }
  for (i = 0; i < 7u; i++) stack.trits[i] = (uint8_t)(1u + below(3));
  stack.scale_bytes = 1u + below(2);
  stack.bias_bytes = 1u + below(2);
  stack.cache_log = seed % 3u ? 4u + seed % 7u : 0u;
  one_blob(&shape, &stack);
}

/* As many layers as there can be, every other one a GRU on a block's stream: as many tensors as there can be. */
static void deepest(void) {
  const blob_shape shape = {20, 5, 1, 0, 0, 0, 2, 4};
  blob_stack stack;
  uint32_t i;
  stack.layers = 16;
  stack.ngrams = 4;
  for (i = 0; i < 16u; i++) {
    stack.layer[i].kind = i % 2u ? 1u : 2u + i / 2u % 2u;
    stack.layer[i].width = 3u + i;
  }
  for (i = 0; i < 4u; i++) {
    stack.ngram[i].order = 2u + i % 3u;
    stack.ngram[i].rows_log = 4u + i;
    stack.ngram[i].width = 1u + i;
  }
  for (i = 0; i < 7u; i++) stack.trits[i] = (uint8_t)(1u + i % 3u);
  stack.scale_bytes = 1;
  stack.bias_bytes = 2;
  stack.cache_log = 10;
  one_blob(&shape, &stack);
}

static void print_cost(int type) {
  const blob_shape shape = {256, 64, 64, 1, 1, type, 1, 1};
  const uint32_t bytes = make_blob(&shape, NULL, 0);
  uint8_t *blob = malloc(bytes);
  bench b;
  int kernel;
  make_blob(&shape, blob, bytes);
  bench_open(&b, blob, bytes);
  for (kernel = 0; kernel < 2; kernel++) {
    const uint32_t tokens = 300;
    clock_t start;
    uint32_t i;
    bench_kernel(&b, kernel, 0);
    start = clock();
    for (i = 0; i < tokens; i++) {
      tlm_step(&b.engine, i % 256u);
      tlm_logits(&b.engine);
    }
    printf("cost: %s kernel, %s, 256 × 64: %.2f ns a weight, %u bytes\n", kernel ? "table" : "reference",
           type == 1 ? "t2" : "b3", (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC / tokens / b.model.weights,
           (unsigned)tlm_memory_bytes(&b.model, kernel, 0));
  }
  bench_close(&b);
}

void test_kernels(void) {
  static const uint32_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 33, 63, 64, 65, 79, 80, 81, 127, 128, 129, 300};
  uint32_t i, j, type;
  for (type = TLM_TYPE_T2; type <= TLM_TYPE_B3; type++) {
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      for (j = 0; j < sizeof sizes / sizeof *sizes; j += 3u) one_product(type, sizes[j], sizes[i]);
    }
  }
  one_product(TLM_TYPE_T2, 3, 2048);
  one_product(TLM_TYPE_B3, 3, 2048);
  for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    one_model(18u + i, sizes[i], sizes[i], 1, 1 + (int)(i & 1u));
    one_model(40, sizes[i], sizes[(i * 5u + 3u) % 19u], 1u + i % 3u, 0);
  }
  one_model(20, 8, 130, 8, 0);
  deepest();
  for (i = 0; i < 60u; i++) any_stack(i, 20);
  for (i = 60; i < 70u; i++) any_stack(i, 300);
  print_cost(1);
  print_cost(2);
}
