/* A gated feed-forward block: silu(a) · b of the normed stream (SPEC.md 3.7). */
#include "tlm_math.h"

#ifndef TLM_WITHOUT_GLU

enum { NORM, WEIGHT_IN, WEIGHT_OUT };

/* Products within 2^30. */
void tlm_layer_glu(tlm_engine *e, uint32_t layer) {
  const tlm_layer *l = &e->model->layer[layer];
  const tlm_tensor *t = tlm_layer_tensors(e->model, layer);
  const uint32_t F = l->width;
  int16_t *a = e->gates, *end = a + F;
  const int16_t *b = end;
  tlm_stream_enter(e, layer);
  tlm_norm_stream(e, l->in, t + NORM);
  tlm_linear(e, t + WEIGHT_IN, NULL, TLM_INPUT_OTHER, TLM_Q_NORM, TLM_Q_GATE, e->gates);
  for (; a != end; a++) {
    const int32_t silu = (*a * sigmoid(*a) + 16384) >> TLM_Q_STATE;
    *a = (int16_t)sat16((silu * *b++ + 1024) >> TLM_Q_STREAM);
  }
  tlm_norm(e->gates, F, NULL, e->x);
  tlm_wrote_x(e, F);
  tlm_linear(e, t + WEIGHT_OUT, NULL, TLM_INPUT_OTHER, TLM_Q_NORM, TLM_Q_STREAM, e->gates);
  tlm_stream_add(e, l->in);
}

#endif
