/* PyTorch's GRU: r, z, n of the input and of the state (SPEC.md 3.5). */
#include "tlm_math.h"

#ifndef TLM_WITHOUT_GRU

/* Its tensors, behind the gain that a stream brings. */
enum { WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH };

/* Inputs within ±2^16 after the sums, products within 2^30. */
void tlm_layer_gru(tlm_engine *e, uint32_t layer) {
  const tlm_model *m = e->model;
  const tlm_layer *l = &m->layer[layer];
  const tlm_tensor *t = tlm_layer_tensors(m, layer);
  const uint32_t H = l->width;
  int16_t *h = e->h + l->state, *end = h + H;
  const int16_t *xr = e->gates, *xz = xr + H, *xn = xz + H, *hr = xn + H, *hz = hr + H, *hn = hz + H;
  uint32_t input = layer, fx = layer ? TLM_Q_HIDDEN : m->embed_frac;
  if (TLM_READS_STREAM(l->stream)) t++;
  tlm_linear(e, t + WEIGHT_HH, t + BIAS_HH, layer + 1u, TLM_Q_HIDDEN, TLM_Q_GATE, e->gates + 3u * H);
  if (TLM_READS_STREAM(l->stream)) {
    tlm_norm_stream(e, l->in, t - 1);
    input = TLM_INPUT_OTHER;
    fx = TLM_Q_NORM;
  }
  tlm_linear(e, t + WEIGHT_IH, t + BIAS_IH, input, fx, TLM_Q_GATE, e->gates);
  for (; h != end; h++) {
    const int32_t r = sigmoid(*xr++ + *hr++);
    const int32_t z = sigmoid(*xz++ + *hz++);
    const int32_t n = tanh_q15(*xn++ + ((r * *hn++ + 16384) >> TLM_Q_STATE));
    *h = (int16_t)((z * *h + (TLM_SIGMOID_ONE - z) * n + 16384) >> TLM_Q_STATE);
  }
  tlm_forget(e, layer + 1u);
}

#endif
