/* One block of memory, handed out piece by piece. The caller provides it, so that any number of workers may share it. */
#ifndef TLM_TRAIN_ARENA_H
#define TLM_TRAIN_ARENA_H

#include "gemm.h"

#ifdef TLM_ARENA_GAP /* bytes between two pieces that a sanitizer watches (test/kernels) */
#include <sanitizer/asan_interface.h>
#else
#define TLM_ARENA_GAP 0
#endif

typedef struct {
  char *base; /* null while it is only measured */
  uint64_t used;
  _Alignas(16) char scratch[1024]; /* where structures are written while it is measured */
} Arena;

/* Null while the arena is measured. */
INLINE void *take(Arena *arena, uint64_t bytes) {
  char *p = arena->base ? arena->base + arena->used : 0;
  const uint64_t whole = ROUND_UP(bytes, 64);
  arena->used += whole + TLM_ARENA_GAP;
#if TLM_ARENA_GAP
  if (p) __asan_poison_memory_region(p + bytes, whole - bytes + TLM_ARENA_GAP);
#endif
  return p;
}
INLINE float *take_floats(Arena *arena, uint64_t n) { return take(arena, n * sizeof(float)); }
INLINE int16_t *take_16(Arena *arena, uint64_t n) { return take(arena, n * sizeof(int16_t)); }

/* A structure to be filled in: never null. At most 1024 bytes. */
INLINE void *take_struct(Arena *arena, uint64_t bytes) {
  void *p = take(arena, bytes);
  return p ? p : arena->scratch;
}

/* Floats from one row of activations to the next: not a multiple of 1 KiB, whose rows would share a few cache sets. */
#define SKEWED(n) ((n) + 16)

INLINE void copy_floats(float *to, const float *from, int n) {
  for (int i = 0; i < n; i += VW) store(to + i, load(from + i));
}
INLINE void copy_16(int16_t *to, const int16_t *from, int n) {
  for (int i = 0; i < n; i++) to[i] = from[i];
}
INLINE void zero_floats(float *to, size_t n) {
  for (size_t i = 0; i < n; i += VW) store(to + i, splat(0.0f));
}
INLINE void zero_16(int16_t *to, int n) {
  for (int i = 0; i < n; i++) to[i] = 0;
}

#endif
