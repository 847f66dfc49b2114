/* The residual stream between gated blocks, and its normalisation (SPEC.md 3.4). */
#include "tlm_math.h"

#ifndef TLM_WITHOUT_STREAM

/* ⌊√(n · 4^q)⌋ for the largest q with n · 4^q < 2^30: 2^14 … 2^15. n = 1 … 2048. */
static uint32_t root(uint32_t n, uint32_t *q) {
  uint32_t bit = (uint32_t)1 << 28, rest, c = 0;
  for (*q = 0; n < (uint32_t)1 << 28; n <<= 2) ++*q;
  rest = n;
  for (; bit; bit >>= 2) {
    if (rest >= c + bit) {
      rest -= c + bit;
      c = (c >> 1) + bit;
    } else {
      c >>= 1;
    }
  }
  return c;
}

/*
 * The factor M of the mean square of x (n) and its shift k: x_i / rms(x) = x_i · M · 2^−k, in Q5 (m, S, j … are those
 * of SPEC.md). 0 where x is zero.
 */
static int32_t reciprocal_root(const int16_t *x, uint32_t n, uint32_t *k) {
  const int16_t *p, *end = x + n;
  int32_t high = 0, low = 0, r;
  uint32_t m, squares = 0, s = 0, j = 0, q, c, i;
  for (p = x; p != end; p++) {
    const int32_t v = *p;
    if (v > high) high = v;
    if (v < low) low = v;
  }
  m = (uint32_t)(high > -low ? high : -low); /* ≤ 2^15 */
  if (m == 0) return 0;
  while (m >> s >= TLM_ROOT_MAGNITUDE_MAX) s++;
  for (p = x; p != end; p++) {
    const uint32_t a = (uint32_t)magnitude(*p) >> s;
    squares += a * a; /* ≤ 2048 · 2^20 */
  }
  for (; squares < (uint32_t)1 << 30; squares <<= 2) j++;
  i = (squares >> 24) - TLM_ROOT_FIRST;
  r = tlm_root_table[i];
  r -= ((r - tlm_root_table[i + 1u]) * (int32_t)(squares >> 17 & TLM_ROOT_MASK) + 64) >> TLM_ROOT_SHIFT;
  c = root(n, &q);
  *k = TLM_ROOT_SHIFT_BASE + q + s - j;               /* 4 … 25 */
  return (int32_t)(((uint32_t)r * c + 16384u) >> 15); /* r ≤ 2^15, c ≤ 2^15 */
}

/* Gains of so many bytes each, 0 for none. Products within 2^30. */
TLM_INLINE void scale_by(const int16_t *x, uint32_t n, const tlm_tensor *gain, const uint32_t bytes, int32_t factor,
                         uint32_t k, int8_t *y) {
  const int16_t *end = x + n;
  const int32_t half = (int32_t)1 << (k - 1u);
  const uint32_t frac = bytes ? gain->frac : 1u;
  const int32_t half_gain = (int32_t)1 << (frac - 1u);
  const uint8_t *g = bytes ? gain->data : NULL;
  for (; x != end; x++) {
    int32_t v = *x;
    if (bytes) {
      v = sat16((v * (bytes == 1u ? (int32_t)(int8_t)*g : tlm_i16(g)) + half_gain) >> frac);
      g += bytes;
    }
    v = (v * factor + half) >> k;
    *y++ = (int8_t)(v > 127 ? 127 : v < -127 ? -127 : v);
  }
}

void tlm_norm(const int16_t *x, uint32_t n, const tlm_tensor *gain, int8_t *y) {
  uint32_t k = 1; /* of no meaning where the factor is 0 */
  const int32_t factor = reciprocal_root(x, n, &k);
  if (!gain) scale_by(x, n, gain, 0, factor, k, y);
  else if (gain->row_bytes == 1u) scale_by(x, n, gain, 1, factor, k, y);
  else scale_by(x, n, gain, 2, factor, k, y);
}

void tlm_norm_stream(tlm_engine *e, uint32_t n, const tlm_tensor *gain) {
  tlm_norm(e->stream, n, gain, e->x);
  tlm_wrote_x(e, n);
}

void tlm_stream_enter(tlm_engine *e, uint32_t layer) {
  const tlm_model *m = e->model;
  const uint32_t n = m->layer[layer].in;
  uint32_t i;
  if (m->layer[layer].stream) return;
  if (layer == 0) { /* the sources' 8 bits, Q embed_frac → Q11; a coarse Q can leave 16 bits */
    const int32_t up = (int32_t)1 << (TLM_Q_STREAM - m->embed_frac);
    tlm_load_input(e, TLM_INPUT_SOURCES);
    for (i = 0; i < n; i++) e->stream[i] = (int16_t)sat16(e->x[i] * up);
  } else { /* a GRU's state, Q15 → Q11 */
    const int16_t *h = e->h + m->layer[layer - 1u].state;
    for (i = 0; i < n; i++) e->stream[i] = (int16_t)(h[i] >> (TLM_Q_STATE - TLM_Q_STREAM));
  }
}

void tlm_stream_add(tlm_engine *e, uint32_t n) {
  uint32_t i;
  for (i = 0; i < n; i++) e->stream[i] = (int16_t)sat16(e->stream[i] + e->gates[i]);
}

#endif
