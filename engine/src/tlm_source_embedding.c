/* The token's own row (SPEC.md 3.1). */
#include "tlm_internal.h"

void tlm_source_embedding(tlm_engine *e) {
  const tlm_model *m = e->model;
  const tlm_tensor *t = &m->tensors[0];
  const uint32_t k = t->shift - (uint32_t)m->embed_frac;
  const uint32_t v = (tlm_u16(t->scale + 2u * e->token) + ((uint32_t)1 << (k - 1u))) >> k;
  tlm_unpack_row(t, e->token, v < TLM_LIMIT_ACTIVATION_MAX ? (int32_t)v : TLM_LIMIT_ACTIVATION_MAX, e->x);
}
