/* A gated linear recurrence: f, g, c of the normed stream alone (SPEC.md 3.6). */
#include "tlm_math.h"

#ifndef TLM_WITHOUT_MLGRU

enum { NORM, WEIGHT_IN, BIAS_IN, WEIGHT_OUT };

/* Products within 2^30. */
void tlm_layer_mlgru(tlm_engine *e, uint32_t layer) {
  const tlm_layer *l = &e->model->layer[layer];
  const tlm_tensor *t = tlm_layer_tensors(e->model, layer);
  const uint32_t R = l->width;
  const int16_t *yf = e->gates, *yg = yf + R, *yc = yg + R;
  int16_t *h = e->h + l->state, *end = h + R;
  int8_t *x = e->x;
  tlm_stream_enter(e, layer);
  tlm_norm_stream(e, l->in, t + NORM);
  tlm_linear(e, t + WEIGHT_IN, t + BIAS_IN, TLM_INPUT_OTHER, TLM_Q_NORM, TLM_Q_GATE, e->gates);
  for (; h != end; h++) {
    const int32_t f = sigmoid(*yf++), g = sigmoid(*yg++), c = tanh_q15(*yc++);
    const int32_t v = (f * *h + (TLM_SIGMOID_ONE - f) * c + 16384) >> TLM_Q_STATE;
    *h = (int16_t)v;
    *x++ = q8((g * v + 16384) >> TLM_Q_STATE);
  }
  tlm_wrote_x(e, R);
  tlm_linear(e, t + WEIGHT_OUT, NULL, TLM_INPUT_OTHER, TLM_Q_HIDDEN, TLM_Q_STREAM, e->gates);
  tlm_stream_add(e, l->in);
}

#endif
