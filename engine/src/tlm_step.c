/* A step of the model: sources, layers, head (SPEC.md 3). */
#include "tlm_internal.h"

/* By the header's cell. A kind that a build leaves out (TLM_WITHOUT_…) has no step: tlm_open refuses its models. */
const tlm_layer_step tlm_layer_steps[TLM_LAYER_KINDS] = {
  NULL,
#ifndef TLM_WITHOUT_GRU
  tlm_layer_gru,
#else
  NULL,
#endif
};

static void zero_state(tlm_engine *e) {
  const uint32_t n = (uint32_t)e->model->layers * e->model->hidden;
  uint32_t i;
  for (i = 0; i < n; i++) e->h[i] = 0;
  tlm_state_changed(e);
}

void tlm_state_changed(tlm_engine *e) {
  uint32_t i;
  for (i = 0; i < TLM_TABLE_SLOTS_MAX; i++) e->slot_tag[i] = 0;
  e->x_input = 0;
  e->logits_ready = 0;
}

void tlm_reset(tlm_engine *e) {
  zero_state(e);
  e->token = 0;
  e->recent_next = 0;
  e->recent_count = 0;
}

int tlm_step(tlm_engine *e, uint32_t token) {
  const tlm_model *m = e->model;
  uint32_t layer;
  if (token >= m->vocab) return TLM_E_TOKEN;
  if (token != m->eod) {
    e->recent[e->recent_next] = (uint16_t)token;
    e->recent_next = (uint8_t)((e->recent_next + 1u) % TLM_RECENT_MAX);
    if (e->recent_count < TLM_RECENT_MAX) e->recent_count++;
  } else if (m->reset_on_eod) {
    zero_state(e);
  }
  if (e->token != token) {
    e->token = (uint16_t)token;
    tlm_forget(e, TLM_INPUT_EMBEDDING);
  }
  e->logits_ready = 0;
  for (layer = 0; layer < m->layers; layer++) tlm_layer_steps[m->cell](e, layer);
  return TLM_OK;
}

const int16_t *tlm_logits(tlm_engine *e) {
  if (!e->logits_ready) {
    const tlm_model *m = e->model;
    tlm_linear(e, tlm_head_tensor(m), tlm_head_bias(m), m->layers, TLM_Q_HIDDEN, TLM_Q_LOGIT, e->logits);
    e->logits_ready = 1;
  }
  return e->logits;
}
