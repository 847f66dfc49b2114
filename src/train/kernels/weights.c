/* From latent weights to what the shards read: effective (ternary) weights, packed for the products, and the input table. */
#include "trainer.h"

/*
 * SPEC.md 5's ternarize of one row: mean magnitude, limit above which a weight is kept, and the scale of those kept. The padding behind
 * the row (cols … stride) is zero, so it neither counts nor is kept.
 */
Ternary ternary_of_row(const Trainer *t, const float *w, int cols, int stride) {
  vf sum = splat(0.0f), kept = splat(0.0f), count = splat(0.0f);
  for (int i = 0; i < stride; i += VW) sum += abs_(load(w + i));
  const float mean = hsum(sum) / (float)cols, limit = t->c.threshold * mean;
  for (int i = 0; i < stride; i += VW) {
    vf magnitude = abs_(load(w + i));
    vi keep = magnitude > limit;
    kept += (vf)((vi)magnitude & keep);
    count += (vf)((vi)splat(1.0f) & keep);
  }
  const float n = hsum(count);
  return (Ternary){mean, limit, n > 0 ? hsum(kept) / n : 0};
}

/* a value's sign times `magnitude` where |value| > limit, else 0 */
INLINE vf ternary_(vf value, float limit, float magnitude) {
  vi sign = (vi)value & (int32_t)0x80000000, keep = abs_(value) > limit;
  return (vf)(((vi)splat(magnitude) | sign) & keep);
}

/* Effective weights of one group of rows, and the embedding rows as the cell sees them. */
static void prepare_rows(Trainer *t, int tensor, int first, int count, const float *schedule) {
  (void)schedule;
  const Tensor *info = &t->tensor[tensor];
  const int ternary = t->c.ternary && info->is_weight, n = info->stride;
  if (!info->is_weight) { /* a column */
    for (int row = first; row < first + count; row++) t->effective[info->offset + row] = t->weight[info->offset + row];
    return;
  }
  for (int row = first; row < first + count; row++) {
    const size_t at_row = (size_t)info->offset + (size_t)row * n;
    const float *w = t->weight + at_row;
    float *effective = t->effective + at_row, *embed = t->embed_in + (size_t)row * t->dp;
    if (!ternary) {
      for (int i = 0; i < n; i += VW) store(effective + i, load(w + i));
      if (tensor == tensor_embed())
        for (int i = 0; i < n; i += VW) store(embed + i, load(w + i));
      continue;
    }
    const Ternary of = ternary_of_row(t, w, info->cols, n);
    row_values(t, t->row_mean, tensor)[row] = of.mean;
    row_values(t, t->row_scale, tensor)[row] = of.scale;
    for (int i = 0; i < n; i += VW) store(effective + i, ternary_(load(w + i), of.limit, of.scale));
    if (tensor != tensor_embed()) continue;
    float level = of.scale;
    if (t->c.quantize_activations) {
      const float unit = (float)(1 << t->c.embed_frac);
      int steps = (int)(of.scale * unit + 0.5f);
      if (steps > 127) steps = 127;
      level = (float)steps / unit;
      if (t->integers)
        for (int i = 0; i < n; i++) t->embed_16[(size_t)row * t->dp + i] = (int16_t)(steps * ((effective[i] > 0) - (effective[i] < 0)));
    }
    for (int i = 0; i < n; i += VW) store(embed + i, ternary_(load(w + i), of.limit, level));
  }
}

#define TASK_ROWS 32

/* Runs `work` over blocks of rows of all tensors (or of the weights alone); their tasks are numbered from first_task on. */
void for_row_tasks(Trainer *t, RowTask *work, int task, int first_task, int weights_only, const float *schedule) {
  int seen = first_task, tensor = 0;
  while (tensor < t->tensors) {
    const Tensor *info = &t->tensor[tensor];
    const int rows = info->groups * info->group_stride;
    const int tasks = weights_only && !info->is_weight ? 0 : ROUND_UP(rows, TASK_ROWS) / TASK_ROWS;
    if (task >= seen + tasks) {
      seen += tasks;
      tensor++;
      continue;
    }
    const int first = (task - seen) * TASK_ROWS;
    work(t, tensor, first, rows - first < TASK_ROWS ? rows - first : TASK_ROWS, schedule);
    task = take_task(t);
  }
}

void phase_prepare(Trainer *t) { for_row_tasks(t, prepare_rows, take_task(t), 0, 0, 0); }

/* W (N, K) of a tensor for forward products; x comes in units of `unit` where they are made in integers. */
static void pack_forward(const Trainer *t, int tensor, int k, int n, float unit, const ForwardWeights *to) {
  const float *w = at(t, t->effective, tensor);
#ifdef DOT16
  if (to->signs) {
    const float *scale = row_values(t, t->row_scale, tensor);
    for (int i = 0; i < n; i++) to->scale[i] = scale[i] * unit;
    pack16(k, n, w, to->signs);
    return;
  }
#endif
  (void)unit;
  pack_transposed(k, n, w, to->packed);
}

/* W (K, N) of a tensor for backward products; its row k is row (k + from) mod K of the tensor. */
static void pack_backward(const Trainer *t, int tensor, int k, int n, int from, const BackwardWeights *to) {
  const float *w = at(t, t->effective, tensor);
#if LOOKUPS
  if (to->offsets) {
    const float *scale = row_values(t, t->row_scale, tensor);
    for (int i = 0; i < k; i++) to->scale[i] = scale[(i + from) % k];
    pack_offsets(k, n, w, from, to->offsets);
    return;
  }
#endif
  pack(k, n, w, from, to->packed);
}

void phase_pack(Trainer *t) {
  const int hp = t->hp, dp = t->dp, vp = t->vp, layers = t->c.layers;
  const float state_unit = 1.0f / 128, embed_unit = 1.0f / (float)(1 << t->c.embed_frac);
  for (int task = take_task(t); task < 4 * layers + 3; task = take_task(t)) {
    const int l = task / 4;
    if (l < layers) {
      const int k = l ? hp : dp, w_ih = tensor_layer(l), w_hh = w_ih + 1;
      const PackedLayer *packed = &t->packed[l];
      switch (task % 4) {
        case 0: pack_forward(t, w_hh, hp, 3 * hp, state_unit, &packed->forward_hh); break;
        case 1: pack_backward(t, w_hh, 3 * hp, hp, 2 * hp, &packed->backward_hh); break;
        case 2: pack_forward(t, w_ih, k, 3 * hp, l ? state_unit : embed_unit, &packed->forward_ih); break;
        case 3: pack_backward(t, w_ih, 3 * hp, k, 0, &packed->backward_ih); break;
      }
      continue;
    }
    switch (task % 4) {
      case 0: pack_forward(t, tensor_head(t), hp, vp, state_unit, &t->forward_head); break;
      case 1: pack_backward(t, tensor_head(t), vp, hp, 0, &t->backward_head); break;
      case 2: {
        const float *bias = at(t, t->effective, tensor_head_bias(t));
        for (int i = 0; i < vp; i++) t->head_bias[i] = i < t->c.vocab ? bias[i] : -1e30f;
        break;
      }
    }
  }
}

/* table (V, 3Hp) = embeddings · W_ihᵀ + b_ih */
void phase_table(Trainer *t) {
  const int g = 3 * t->hp, dp = t->dp;
  for (int first = take_task(t) * TABLE_ROWS; first < t->vp; first = take_task(t) * TABLE_ROWS) {
    const int rows = t->vp - first < TABLE_ROWS ? t->vp - first : TABLE_ROWS;
    const size_t from = (size_t)first * dp;
    forward_product(&t->packed[0].forward_ih, rows, g, dp, t->embed_in + from, t->embed_16 + from, dp, t->table + (size_t)first * g, g,
                    at(t, t->effective, tensor_layer(0) + 2));
  }
}
