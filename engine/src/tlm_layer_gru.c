/* PyTorch's GRU: r, z, n of the input and of the state (SPEC.md 3.4). */
#include "tlm_math.h"

#ifndef TLM_WITHOUT_GRU

/* Inputs within ±2^16 after the sums, products within 2^30. */
void tlm_layer_gru(tlm_engine *e, uint32_t layer) {
  const tlm_model *m = e->model;
  const uint32_t H = m->hidden;
  int16_t *h = e->h + layer * H, *end = h + H;
  const int16_t *xr = e->gx, *xz = xr + H, *xn = xz + H, *hr = e->gh, *hz = hr + H, *hn = hz + H;
  tlm_linear(e, tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_WEIGHT_HH), tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_BIAS_HH),
             layer + 1u, TLM_Q_HIDDEN, TLM_Q_GATE, e->gh);
  tlm_linear(e, tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_WEIGHT_IH), tlm_layer_tensor(m, layer, TLM_TENSOR_RNN_BIAS_IH),
             layer, layer ? TLM_Q_HIDDEN : m->embed_frac, TLM_Q_GATE, e->gx);
  for (; h != end; h++) {
    const int32_t r = sigmoid(*xr++ + *hr++);
    const int32_t z = sigmoid(*xz++ + *hz++);
    const int32_t n = tanh_q15(*xn++ + ((r * *hn++ + 16384) >> TLM_Q_STATE));
    *h = (int16_t)((z * *h + (TLM_SIGMOID_ONE - z) * n + 16384) >> TLM_Q_STATE);
  }
  tlm_forget(e, layer + 1u);
}

#endif
