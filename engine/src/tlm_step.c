/* A step of the model: sources, layers, head (SPEC.md 3). */
#include "tlm_internal.h"
#include "tlm_layers.h"

/* By number of the kind (1.1). A kind that a build leaves out has no step: tlm_open refuses its models. */
static const tlm_layer_step steps[] = {
  NULL,
#ifndef TLM_WITHOUT_GRU
  tlm_layer_gru,
#else
  NULL,
#endif
#ifndef TLM_WITHOUT_MLGRU
  tlm_layer_mlgru,
#else
  NULL,
#endif
#ifndef TLM_WITHOUT_GLU
  tlm_layer_glu,
#else
  NULL,
#endif
};
typedef char tlm_step_for_every_kind[sizeof steps / sizeof *steps == TLM_KINDS + 1 ? 1 : -1];

tlm_layer_step tlm_layer_step_of(uint32_t kind) { return kind <= TLM_KINDS ? steps[kind] : NULL; }

static void zero_state(tlm_engine *e) {
  const tlm_model *m = e->model;
  uint32_t i;
  for (i = 0; i < m->states; i++) e->h[i] = 0;
  for (i = 0; i < m->stream; i++) e->stream[i] = 0;
  for (i = 0; i < sizeof e->context / sizeof *e->context; i++) e->context[i] = m->eod;
#ifndef TLM_WITHOUT_CACHE
  if (m->cache) tlm_cache_clear(e);
#endif
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
#ifndef TLM_WITHOUT_CACHE
  if (m->cache) tlm_cache_put(e, token);
#endif
  if (e->context[0] != token || m->ngrams) tlm_forget(e, TLM_INPUT_SOURCES);
  e->context[3] = e->context[2];
  e->context[2] = e->context[1];
  e->context[1] = e->context[0];
  e->context[0] = (uint16_t)token;
  e->logits_ready = 0;
  for (layer = 0; layer < m->layers; layer++) steps[m->layer[layer].kind](e, layer);
  return TLM_OK;
}

const int16_t *tlm_logits(tlm_engine *e) {
  const tlm_model *m = e->model;
  uint32_t input = m->layers, fx = TLM_Q_HIDDEN;
  if (e->logits_ready) return e->logits;
  if (TLM_READS_STREAM(m->head_stream)) {
    tlm_norm_stream(e, m->hidden, &m->tensors[m->head_tensor]);
    input = TLM_INPUT_OTHER;
    fx = TLM_Q_NORM;
  }
  tlm_linear(e, tlm_head_matrix(m), tlm_head_bias(m), input, fx, TLM_Q_LOGIT, e->logits);
#ifndef TLM_WITHOUT_CACHE
  if (m->cache) tlm_cache_raise(e);
#endif
  e->logits_ready = 1;
  return e->logits;
}
