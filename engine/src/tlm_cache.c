/* The cache of recent text: tokens that followed the same last tokens before get higher logits (SPEC.md 3.9). */
#include "tlm_math.h"

#ifndef TLM_WITHOUT_CACHE

/* Bits of a count; those of the matches of the last one, two and three tokens stand in a byte. */
#define COUNT_BITS 2u
#define COUNT_MASK 3u
typedef char tlm_counts_fit_a_byte[TLM_CACHE_ORDERS * COUNT_BITS <= 8u && TLM_CACHE_COUNTS <= COUNT_MASK ? 1 : -1];

void tlm_cache_clear(tlm_engine *e) {
  uint32_t i;
  for (i = 0; i < e->model->cache; i++) e->cache[i] = 0;
  e->cache_next = 0;
  e->cache_count = 0;
}

void tlm_cache_put(tlm_engine *e, uint32_t token) {
  const uint32_t window = e->model->cache;
  e->cache[e->cache_next] = (uint16_t)token;
  e->cache_next = (uint16_t)((e->cache_next + 1u) & (window - 1u));
  if (e->cache_count < window) e->cache_count++;
}

/* The token at place `at` of the ring is the last one too: what followed it is counted, by how many tokens before match. */
static void count_follower(const tlm_engine *e, uint32_t at, uint8_t *counts) {
  const uint16_t *ring = e->cache;
  const uint32_t mask = e->model->cache - 1u, known = e->cache_count;
  uint32_t last = e->cache_next - 1u, age = (last - at) & mask, order, seen; /* age: tokens that came after it */
  uint8_t *to;
  if (age == 0 || age >= known) return; /* itself, or a place without a token */
  to = counts + ring[(at + 1u) & mask];
  seen = *to;
  for (order = 0;;) {
    if ((seen >> COUNT_BITS * order & COUNT_MASK) < TLM_CACHE_COUNTS) seen += (uint32_t)1 << COUNT_BITS * order;
    if (++order == TLM_CACHE_ORDERS || ++age == known || ring[--at & mask] != ring[--last & mask]) break;
  }
  *to = (uint8_t)seen;
}

/* What each count is worth, Q9, ≤ 2^24. */
static void load_bias(const tlm_engine *e, int32_t worth[TLM_CACHE_ORDERS][COUNT_MASK + 1u]) {
  const tlm_tensor *t = &e->model->tensors[e->model->tensor_count - 1u];
  const int32_t up = (int32_t)1 << (TLM_Q_LOGIT - t->frac);
  const uint8_t *p = t->data;
  uint32_t order, count;
  for (order = 0; order < TLM_CACHE_ORDERS; order++) {
    worth[order][0] = 0;
    for (count = 1; count <= TLM_CACHE_COUNTS; count++) {
      worth[order][count] = (t->row_bytes == 1u ? (int8_t)*p : tlm_i16(p)) * up;
      p += t->row_bytes;
    }
  }
}

void tlm_cache_raise(tlm_engine *e) {
  const uint32_t words = (e->model->vocab + 3u) / 4u;
  const uint16_t *ring = e->cache, *end = ring + e->cache_count, *p;
  const uint16_t last = ring[(e->cache_next - 1u) & (e->model->cache - 1u)];
  uint32_t *word = (uint32_t *)(void *)e->gates, i, token, order;
  uint8_t *counts = (uint8_t *)(void *)e->gates; /* (V), filled up with zeros to a whole word */
  int32_t worth[TLM_CACHE_ORDERS][COUNT_MASK + 1u];
  for (i = 0; i < words; i++) word[i] = 0;
  /* Four at a time: a window is a multiple of 16, and places without a token are zero. */
  for (p = ring; p < end; p += 4) {
    if (p[0] != last && p[1] != last && p[2] != last && p[3] != last) continue;
    for (i = 0; i < 4u; i++) {
      if (p[i] == last) count_follower(e, (uint32_t)(p - ring) + i, counts);
    }
  }
  load_bias(e, worth);
  for (i = 0; i < words; i++) {
    if (!word[i]) continue; /* four tokens that did not follow */
    for (token = 4u * i; token < 4u * i + 4u; token++) {
      const uint32_t seen = counts[token];
      int32_t sum;
      if (!seen) continue;
      sum = e->logits[token]; /* then ≤ 2^15 + 3 · 2^24 */
      for (order = 0; order < TLM_CACHE_ORDERS; order++) sum += worth[order][seen >> COUNT_BITS * order & COUNT_MASK];
      e->logits[token] = (int16_t)sat16(sum);
    }
  }
}

#endif
