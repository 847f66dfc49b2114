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
    l = (l * (l > 0 ? (int32_t)s->inv_pen : (int32_t)s->penalty) + TLM_SAMPLER_PENALTY_ROUNDING) >>
        TLM_SAMPLER_PENALTY_SHIFT;
    e->logits[token] = (int16_t)(l < -32768 ? -32768 : l);
  }
}

/* ---- 3: weights ---- */

/* The weight of a logit d below the highest; it falls with d. d · inv_t ≤ 65535 · 20164 < 2^32. */
TLM_INLINE uint32_t weight_of(uint32_t d, uint32_t inv_t) {
  const uint32_t y = (d * inv_t) >> TLM_SAMPLER_INVERSE_TEMPERATURE_SHIFT;
  const uint16_t *entry;
  if (y >= (uint32_t)TLM_EXP_LAST << TLM_EXP_SHIFT) return 0;
  entry = tlm_exp_table + (y >> TLM_EXP_SHIFT);
  return entry[0] - ((((uint32_t)entry[0] - entry[1]) * (y & TLM_EXP_MASK) + 16u) >> TLM_EXP_SHIFT);
}

/* ---- 2, 4 and 5: who may be drawn ---- */

/*
 * Nothing is sorted. Those who may be drawn are told by a cut in rank, which is by logit and then by id: each logit
 * less than `cut` below the highest, and of those just so far below the first `ties`.
 */
typedef struct field {
  const int16_t *logits; /* (V) */
  uint32_t n;
  int32_t max;
  uint32_t inv_t;
  uint32_t cut;
  uint32_t ties;
  uint32_t last;  /* the id of the last one at the cut, by weigh_field */
  uint32_t *sums; /* TLM_SAMPLE_BYTES */
} field;

/* To all who have a weight, and some who have none. */
static void open_field(field *f) {
  uint32_t bits = 0;
  while (bits < 16u && weight_of((uint32_t)1 << bits, f->inv_t)) bits++;
  f->cut = ((uint32_t)1 << bits) - 1u;
  f->ties = f->n;
}

/* What a token counts: 1, or its weight. */
TLM_INLINE uint32_t amount_of(uint32_t d, uint32_t inv_t, int weigh) { return weigh ? weight_of(d, inv_t) : 1u; }

/* Sums of what lies low … low + 2^bits − 1 below the highest logit, by ranges of 2^shift. */
TLM_INLINE void add_up(const field *f, uint32_t low, uint32_t bits, uint32_t shift, int weigh) {
  const int32_t top = f->max - (int32_t)low;
  const uint32_t size = (uint32_t)1 << bits, inv_t = f->inv_t;
  const int16_t *l = f->logits, *end = l + f->n;
  uint32_t *sums = f->sums, i;
  for (i = 0; i < size >> shift; i++) sums[i] = 0;
  for (; l != end; l++) {
    const uint32_t d = (uint32_t)(top - *l);                            /* huge for one that is higher */
    if (d < size) sums[d >> shift] += amount_of(low + d, inv_t, weigh); /* ≤ 4096 · 32768 in all */
  }
}

/*
 * Narrows the field to the fewest first ranks that are `limit` (≥ 1) in number or, with weigh, in weight; all stay
 * when there are fewer. Each pass over the logits parts the range in question into 2^SUM_BITS, so three at most find
 * the logit of the cut.
 */
static void keep_best(field *f, uint32_t limit, int weigh) {
  const uint32_t *sums = f->sums;
  uint32_t low = 0, bits = 0, sum = 0, i;
  while (f->cut >> bits) bits++;
  do {
    const uint32_t shift = bits > TLM_SAMPLE_SUM_BITS ? bits - TLM_SAMPLE_SUM_BITS : 0u;
    if (weigh) add_up(f, low, bits, shift, 1);
    else add_up(f, low, bits, shift, 0);
    for (i = 0; sum + sums[i] < limit; i++) {
      if (i + 1u == (uint32_t)1 << (bits - shift)) return; /* in the first pass only */
      sum += sums[i];
    }
    low += i << shift;
    bits = shift;
  } while (bits);
  f->cut = low;
  /* A division would do, but it is seldom more than one. */
  for (f->ties = 0; sum < limit; f->ties++) sum += amount_of(low, f->inv_t, weigh);
}

/* ---- 6: draw ---- */

/* Tokens to a block of sums. */
#define BLOCK ((TLM_LIMIT_VOCAB_MAX * 4u + TLM_SAMPLE_BYTES - 1u) / TLM_SAMPLE_BYTES)

/* The weight of the field, ≤ 4096 · 32768; leaves that of each block of ids in sums, and the last tie. */
static uint32_t weigh_field(field *f) {
  const uint32_t cut = f->cut, inv_t = f->inv_t;
  const int16_t *l = f->logits, *end = l + f->n;
  uint32_t *block = f->sums, ties = f->ties, total = 0;
  f->last = f->n;
  while (l != end) {
    const int16_t *stop = end - l < (int)BLOCK ? end : l + BLOCK;
    uint32_t sum = 0;
    for (; l != stop; l++) {
      const uint32_t d = (uint32_t)(f->max - *l);
      if (d >= cut) {
        if (d > cut || !ties) continue;
        if (!--ties) f->last = (uint32_t)(l - f->logits);
      }
      sum += weight_of(d, inv_t);
    }
    *block++ = sum;
    total += sum;
  }
  return total;
}

/* The token at which the weights of the field, added up by id, pass u, which is less than all of them. */
static uint32_t token_at(const field *f, uint32_t u) {
  const uint32_t *block = f->sums;
  uint32_t i = 0;
  while (u >= *block) {
    u -= *block++;
    i += BLOCK;
  }
  for (;; i++) {
    const uint32_t d = (uint32_t)(f->max - f->logits[i]);
    uint32_t w;
    if (d > f->cut || (d == f->cut && i > f->last)) continue;
    w = weight_of(d, f->inv_t);
    if (u < w) return i;
    u -= w;
  }
}

/* High word of a · b (32 bits each), of 16-bit halves. */
static uint32_t high_product(uint32_t a, uint32_t b) {
  const uint32_t al = a & 0xFFFFu, ah = a >> 16, bl = b & 0xFFFFu, bh = b >> 16;
  const uint32_t mid = ah * bl + ((al * bl) >> 16); /* ≤ 2^32 − 2^16 − 1… no overflow */
  const uint32_t low = al * bh + (mid & 0xFFFFu);
  return ah * bh + (mid >> 16) + (low >> 16);
}

static uint32_t draw(field *f, tlm_sampler *s) {
  uint32_t total;
  open_field(f);
  if (s->top_k) keep_best(f, s->top_k, 0);
  total = weigh_field(f);
  if (s->top_p) {
    const uint32_t limit = (total >> TLM_SAMPLER_TOP_P_SHIFT) * s->top_p +
                           (((total & TLM_SAMPLER_TOP_P_MASK) * s->top_p) >> TLM_SAMPLER_TOP_P_SHIFT);
    keep_best(f, limit ? limit : 1u, 1);
    total = weigh_field(f);
  }
  return token_at(f, high_product(tlm_random(s), total));
}

int tlm_sample(tlm_engine *e, tlm_sampler *s) {
  const int16_t *logits = tlm_logits(e), *end = logits + e->model->vocab, *best = logits, *l;
  undo undone;
  uint32_t i, token;
  int32_t max;
  penalize(e, s, &undone);
  max = *logits;
  for (l = logits; l != end; l++) {
    if (*l > max) {
      max = *l;
      best = l;
    }
  }
  token = (uint32_t)(best - logits);
  if (s->inv_t) {
    field f;
    f.logits = logits;
    f.n = e->model->vocab;
    f.max = max;
    f.inv_t = s->inv_t;
    f.sums = (uint32_t *)(void *)e->gates;
    token = draw(&f, s);
  }
  for (i = 0; i < undone.count; i++) e->logits[undone.token[i]] = undone.logit[i];
  return (int)token;
}
