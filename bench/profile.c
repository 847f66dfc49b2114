/* Compiled with the kernels and TLM_PROFILE: a clock for `mark`, and the products alone, for the measured peaks. */
#include "trainer.h"

#ifdef __wasm__
__attribute__((import_module("env"), import_name("clock"))) double host_clock(void); /* milliseconds */
static double seconds(void) { return host_clock() * 1e-3; }
#else
#include <time.h>
static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
#endif

static double last, part[PROFILE_PARTS];

void mark(int which) {
  const double now = seconds();
  part[which] += now - last;
  last = now;
}

EXPORT(bench_start) void bench_start(void) {
  for (int i = 0; i < PROFILE_PARTS; i++) part[i] = 0;
  last = seconds();
}

/* Seconds in a part (profile.h) since the start. */
EXPORT(bench_part) double bench_part(int which) { return part[which]; }

/* Not static: a compiler that sees all writes would not multiply zeros. */
float bench_a[48 * 96], bench_b[96 * 96], bench_c[48 * 96], bench_scale[96];
int16_t bench_a16[48 * 96], bench_b16[96 * 96];
uint16_t bench_offsets[96 * 96];

/*
 * Seconds for `times` products of 48 × 96 and 96 × 96, which lie in the first-level cache, by a kernel alone: 0 floats (gemm.h), 1 integers
 * (gemm16.h), 2 looked-up sums (lookup.h); 2 · 48 · 96 · 96 operations each. −1 where the build does not use that kernel.
 */
EXPORT(bench_products) double bench_products(int kernel, int times) {
  const double begin = seconds();
  for (int i = 0; i < times; i++) {
    switch (kernel) {
      case 0: gemm(48, 96, 96, bench_a, 96, bench_b, bench_c, 96, 0, 0); break;
#ifdef DOT16
      case 1: gemm16(48, 96, 96, bench_a16, 96, bench_b16, bench_c, 96, bench_scale, bench_scale); break;
#endif
#if LOOKUPS
      case 2: gemm_lookup(48, 96, 96, bench_a, 96, bench_scale, bench_offsets, bench_c, 96, 0); break;
#endif
      default: return -1;
    }
    __asm__ volatile("" ::: "memory"); /* or the second product would be found to be the first */
  }
  return seconds() - begin;
}
