/* Compiled with the kernels and TLM_PROFILE: a clock for `mark`, and the micro-kernel alone, for the measured peak. */
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

/* Seconds in a part (trainer.h) since the start. */
EXPORT(bench_part) double bench_part(int which) { return part[which]; }

float bench_a[48 * 96], bench_b[96 * 96], bench_c[48 * 96]; /* not static: a compiler that sees all writes would not multiply zeros */

/* Seconds for `times` products of 48 × 96 and 96 × 96, which lie in the first-level cache; 2 · 48 · 96 · 96 operations each. */
EXPORT(bench_products) double bench_products(int times) {
  const double begin = seconds();
  for (int i = 0; i < times; i++) {
    gemm(48, 96, 96, bench_a, 96, bench_b, bench_c, 96, 0, 0);
    __asm__ volatile("" ::: "memory"); /* or the second product would be found to be the first */
  }
  return seconds() - begin;
}
