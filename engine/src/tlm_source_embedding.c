/* Rows of tables of weights (SPEC.md 3.1): the token's own row. */
#include "tlm_internal.h"

void tlm_look_up(const tlm_model *m, const tlm_tensor *t, uint32_t row, uint32_t scale, int8_t *x) {
  static const uint8_t largest[3] = {1, 4, 13};
  const uint32_t mantissa = tlm_mantissa(t, scale), k = t->shift - (uint32_t)m->embed_frac;
  const int32_t L = largest[t->planes - 1u];
  int8_t level[TLM_LEVELS_MAX];
  uint32_t sum = (uint32_t)1 << (k - 1u); /* mantissa · v + 2^(k−1) ≤ 65535 · 13 + 2^29 */
  int32_t v;
  level[L] = 0;
  for (v = 1; v <= L; v++) {
    uint32_t size;
    sum += mantissa;
    size = sum >> k;
    if (size > TLM_LIMIT_ACTIVATION_MAX) size = TLM_LIMIT_ACTIVATION_MAX;
    level[L + v] = (int8_t)size;
    level[L - v] = (int8_t)-(int32_t)size;
  }
  tlm_unpack_row(m, t, row, level, x);
}

void tlm_source_embedding(tlm_engine *e, int8_t *x) {
  tlm_look_up(e->model, &e->model->tensors[0], e->context[0], e->context[0], x);
}
