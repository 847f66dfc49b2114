/* From logits to a token (SPEC.md 4). */
#include "tlm_internal.h"
#include "tlm_tables.h"

/* ---- generator: xoshiro128** 1.1 and splitmix32 ---- */

static uint32_t rotl(uint32_t v, uint32_t n) { return v << n | v >> (32u - n); }

uint32_t tlm_random(tlm_sampler *sampler) {
  uint32_t *s = sampler->rng;
  const uint32_t result = rotl(s[1] * TLM_SAMPLER_XOSHIRO_MULTIPLIER_A, 7) * TLM_SAMPLER_XOSHIRO_MULTIPLIER_B;
  const uint32_t t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotl(s[3], 11);
  return result;
}

static void seed_generator(uint32_t rng[4], uint32_t seed) {
  uint32_t i, a = seed;
  for (i = 0; i < 4u; i++) {
    uint32_t x;
    a += TLM_SAMPLER_SPLITMIX_INCREMENT;
    x = a;
    x = (x ^ (x >> 16)) * TLM_SAMPLER_SPLITMIX_MULTIPLIER_A;
    x = (x ^ (x >> 15)) * TLM_SAMPLER_SPLITMIX_MULTIPLIER_B;
    rng[i] = x ^ (x >> 15);
  }
}

/* ---- options ---- */

tlm_options tlm_options_default(void) {
  tlm_options o;
  o.temperature = TLM_SAMPLER_TEMPERATURE_DEFAULT;
  o.top_k = TLM_SAMPLER_TOP_K_DEFAULT;
  o.top_p = 0;
  o.penalty = TLM_SAMPLER_PENALTY_OFF;
  o.penalty_window = 0;
  o.seed = 1;
  return o;
}

int tlm_sampler_set(tlm_sampler *s, const tlm_options *o) {
  if (!s || !o) return TLM_E_ARGUMENT;
  if (o->temperature && o->temperature < TLM_SAMPLER_TEMPERATURE_MIN) return TLM_E_OPTION;
  if (o->temperature > TLM_SAMPLER_TEMPERATURE_MAX) return TLM_E_OPTION;
  if (o->top_p > TLM_SAMPLER_TOP_P_OFF) return TLM_E_OPTION;
  if (o->penalty < TLM_SAMPLER_PENALTY_OFF || o->penalty > TLM_SAMPLER_PENALTY_MAX) return TLM_E_OPTION;
  if (o->penalty_window > TLM_SAMPLER_PENALTY_WINDOW_MAX) return TLM_E_OPTION;
  /* The only divisions of section 4. */
  s->inv_t = o->temperature ? ((uint32_t)1 << TLM_SAMPLER_INVERSE_TEMPERATURE_BITS) / o->temperature : 0u;
  s->inv_pen = ((uint32_t)1 << TLM_SAMPLER_INVERSE_PENALTY_BITS) / o->penalty;
  s->top_k = o->top_k;
  s->top_p = o->top_p == TLM_SAMPLER_TOP_P_OFF ? 0u : o->top_p;
  s->penalty = o->penalty;
  s->penalty_window = o->penalty_window;
  return TLM_OK;
}

int tlm_sampler_init(tlm_sampler *s, const tlm_options *o) {
  const int code = tlm_sampler_set(s, o);
  if (code == TLM_OK) seed_generator(s->rng, o->seed);
  return code;
}

/* ---- 1: repetition penalty, in place; what it replaced is kept to be put back ---- */

typedef struct undo {
  uint32_t count;
  uint16_t token[TLM_RECENT_MAX];
  int16_t logit[TLM_RECENT_MAX];
} undo;

static void penalize(tlm_engine *e, const tlm_sampler *s, undo *u) {
  uint32_t n = s->penalty_window < e->recent_count ? s->penalty_window : e->recent_count, at = e->recent_next, i;
  u->count = 0;
  if (s->penalty == TLM_SAMPLER_PENALTY_OFF) return;
  for (; n; n--) {
    uint32_t token;
    int32_t l;
    at = (at + TLM_RECENT_MAX - 1u) % TLM_RECENT_MAX;
    token = e->recent[at];
    for (i = 0; i < u->count && u->token[i] != token; i++) {}
    if (i < u->count) continue;
    l = e->logits[token];
    u->token[i] = (uint16_t)token;
    u->logit[i] = (int16_t)l;
    u->count++;
    /* ≤ 32767 · 1024, ≥ −32768 · 4096 = −2^27 */
    l = (l * (l > 0 ? (int32_t)s->inv_pen : (int32_t)s->penalty) + TLM_SAMPLER_PENALTY_ROUNDING)
        >> TLM_SAMPLER_PENALTY_SHIFT;
    e->logits[token] = (int16_t)(l < -32768 ? -32768 : l);
  }
}

/* ---- 2: rank. A larger key is a better rank: by logit, then the lower id. ---- */

TLM_INLINE uint32_t key_of(int32_t logit, uint32_t id) { return (uint32_t)(logit + 32768) << 16 | (0xFFFFu - id); }
TLM_INLINE uint32_t key_id(uint32_t key) { return 0xFFFFu - (key & 0xFFFFu); }

/*
 * Moves to the front of keys (n, all different, between low and high) the fewest best ones that are `limit` in
 * number or, with w, in weight; returns how many and sets *sum to their number or weight. limit ≤ the sum of all.
 * Each round parts the keys that are still in question at the middle of their range of values, so
 * there are at most 32 rounds, and few in practice.
 */
static uint32_t select_best(uint32_t *keys, uint32_t n, const uint16_t *w, uint32_t limit, uint32_t low, uint32_t high,
                            uint32_t *sum) {
  uint32_t first = 0, end = n, taken = 0;
  while (end - first > 1u) {
    const uint32_t pivot = low + ((high - low) >> 1) + 1u;
    uint32_t *mid = keys + first, *p = mid, *stop = keys + end, gain = 0;
    for (; p != stop; p++) {
      const uint32_t key = *p;
      if (key >= pivot) {
        *p = *mid;
        *mid++ = key;
        gain += w ? w[key_id(key)] : 1u;
      }
    }
    if (taken + gain >= limit) {
      end = (uint32_t)(mid - keys);
      low = pivot;
    } else {
      first = (uint32_t)(mid - keys);
      high = pivot - 1u;
      taken += gain;
    }
  }
  *sum = taken + (w ? w[key_id(keys[first])] : 1u);
  return end;
}

/* 3: the weight of a logit d below the highest. d · inv_t ≤ 65535 · 20164 < 2^32. */
TLM_INLINE uint32_t weight_of(uint32_t d, uint32_t inv_t) {
  const uint32_t y = (d * inv_t) >> TLM_SAMPLER_INVERSE_TEMPERATURE_SHIFT;
  const uint16_t *entry;
  if (y >= (uint32_t)TLM_EXP_LAST << TLM_EXP_SHIFT) return 0;
  entry = tlm_exp_table + (y >> TLM_EXP_SHIFT);
  return entry[0] - ((((uint32_t)entry[0] - entry[1]) * (y & TLM_EXP_MASK) + 16u) >> TLM_EXP_SHIFT);
}

/* High word of a · b (32 bits each), of 16-bit halves. */
static uint32_t high_product(uint32_t a, uint32_t b) {
  const uint32_t al = a & 0xFFFFu, ah = a >> 16, bl = b & 0xFFFFu, bh = b >> 16;
  const uint32_t mid = ah * bl + ((al * bl) >> 16); /* ≤ 2^32 − 2^16 − 1… no overflow */
  const uint32_t low = al * bh + (mid & 0xFFFFu);
  return ah * bh + (mid >> 16) + (low >> 16);
}

/* 3 to 6 without top-k and top-p: every token may be drawn. */
static uint32_t draw_any(const int16_t *logits, uint32_t n, int32_t max, tlm_sampler *s, uint16_t *w) {
  const uint32_t inv_t = s->inv_t;
  uint32_t i, u, total = 0; /* ≤ 4096 · 32768 */
  for (i = 0; i < n; i++) {
    const uint32_t v = weight_of((uint32_t)(max - logits[i]), inv_t);
    w[i] = (uint16_t)v;
    total += v;
  }
  u = high_product(tlm_random(s), total);
  for (i = 0; u >= w[i]; i++) u -= w[i];
  return i;
}

/*
 * 3 to 6 with them. Weights fall with rank, so top-k may go first, over all tokens: those without
 * weight that it keeps can neither be drawn nor count.
 */
static uint32_t draw_best(const int16_t *logits, uint32_t n, int32_t min, int32_t max, tlm_sampler *s, uint32_t *keys,
                          uint16_t *w) {
  const uint32_t low = key_of(min, n - 1u), high = key_of(max, 0), inv_t = s->inv_t;
  uint32_t kept = n, total = 0, cut = high, i, u;
  for (i = 0; i < n; i++) keys[i] = key_of(logits[i], i);
  if (s->top_k && s->top_k < n) kept = select_best(keys, n, NULL, s->top_k, low, high, &total);
  total = 0;
  for (i = 0; i < kept; i++) {
    const uint32_t id = key_id(keys[i]), v = weight_of((uint32_t)(max - logits[id]), inv_t);
    w[id] = (uint16_t)v;
    total += v;
  }
  if (s->top_p) {
    const uint32_t limit = (total >> TLM_SAMPLER_TOP_P_SHIFT) * s->top_p +
                           (((total & TLM_SAMPLER_TOP_P_MASK) * s->top_p) >> TLM_SAMPLER_TOP_P_SHIFT);
    kept = select_best(keys, kept, w, limit, low, high, &total);
  }
  for (i = 0; i < kept; i++) {
    if (keys[i] < cut) cut = keys[i];
  }
  u = high_product(tlm_random(s), total);
  for (i = 0;; i++) {
    if (key_of(logits[i], i) < cut) continue;
    if (u < w[i]) return i;
    u -= w[i];
  }
}

int tlm_sample(tlm_engine *e, tlm_sampler *s) {
  const uint32_t V = e->model->vocab;
  uint32_t *keys = e->scratch;
  uint16_t *w = (uint16_t *)(void *)(keys + V);
  const int16_t *logits = tlm_logits(e);
  uint32_t i, best = 0;
  int32_t max, min;
  undo undone;
  penalize(e, s, &undone);
  max = min = logits[0];
  for (i = 1; i < V; i++) {
    const int32_t l = logits[i];
    if (l > max) {
      max = l;
      best = i;
    }
    if (l < min) min = l;
  }
  if (s->inv_t) {
    best = s->top_k || s->top_p ? draw_best(logits, V, min, max, s, keys, w) : draw_any(logits, V, max, s, w);
  }
  for (i = 0; i < undone.count; i++) e->logits[undone.token[i]] = undone.logit[i];
  return (int)best;
}
