#include "cache.h"
#include "trainer.h"

_Static_assert(CACHE_COUNTS < 4 && CACHE_ORDERS <= 4, "counts of 2 bits, in a byte");

void lay_out_cache_shard(Trainer *t, Shard *s, Arena *arena) {
  if (t->c.cache == 0) return;
  s->head.cached.token = take(arena, (uint64_t)t->c.cache * sizeof(uint16_t));
  s->head.cached.counts = take(arena, (uint64_t)t->c.vocab);
}

void cache_look(const Trainer *t, const uint16_t *lane, int at, Cached *to) {
  const int first = at - t->c.cache + 1 > 0 ? at - t->c.cache + 1 : 0; /* the oldest token that is known */
  const int newest = lane[at];
  to->found = 0;
  for (int j = at; j > first && !is_reset(t, lane[j]); j--) {
    if (lane[j - 1] != newest) continue;
    int order = 1;
    while (order < CACHE_ORDERS && j - 1 - order >= first && lane[j - 1 - order] == lane[at - order]) order++;
    const int token = lane[j];
    int counts = to->counts[token];
    if (counts == 0) to->token[to->found++] = (uint16_t)token;
    for (int k = 0; k < order; k++)
      if ((counts >> 2 * k & 3) < CACHE_COUNTS) counts += 1 << 2 * k;
    to->counts[token] = (uint8_t)counts;
  }
}

void cache_forward(const float *bias, int stride, const Cached *cached, float *logits) {
  for (int i = 0; i < cached->found; i++) {
    const int token = cached->token[i], counts = cached->counts[token];
    for (int k = 0; k < CACHE_ORDERS; k++) {
      const int count = counts >> 2 * k & 3;
      if (count > 0) logits[token] += bias[(k * CACHE_COUNTS + count - 1) * stride];
    }
  }
}

void cache_backward(float *dbias, int stride, Cached *cached, const float *dlogits) {
  for (int i = 0; i < cached->found; i++) {
    const int token = cached->token[i], counts = cached->counts[token];
    cached->counts[token] = 0;
    for (int k = 0; k < CACHE_ORDERS && dlogits; k++) {
      const int count = counts >> 2 * k & 3;
      if (count > 0) dbias[(k * CACHE_COUNTS + count - 1) * stride] += dlogits[token];
    }
  }
}
