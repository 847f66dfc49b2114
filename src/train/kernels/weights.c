/* From latent weights to what the shards read: effective (ternary) weights, packed for the products, and the input table. */
#include "phases.h"

/* Sum of magnitudes of a row. The padding behind it (cols … stride) is zero. */
INLINE float mean_magnitude(const float *w, int cols, int stride) {
  vf sum = splat(0.0f);
  for (int i = 0; i < stride; i += VW) sum += abs_(load(w + i));
  return hsum(sum) / (float)cols;
}

/*
 * SPEC.md 5's ternarize of one row. Of one trit: the limit above which a weight is kept, and the mean magnitude of those kept. Of more:
 * the step between two levels.
 */
Ternary ternary_of_row(const Trainer *t, const Tensor *info, const float *w) {
  const int stride = info->stride;
  const float mean = mean_magnitude(w, info->cols, stride);
  if (info->trits > 1) {
    const float step = mean * (info->trits == 2 ? t->c.step2 : t->c.step3);
    return (Ternary){mean, step, step};
  }
  vf kept = splat(0.0f), count = splat(0.0f);
  const float limit = t->c.threshold * mean;
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

/* Levels of a row: the sign where |w| > limit, or w / step rounded to the nearest, half away from zero. */
INLINE vf levels_(vf w, const Ternary *of, int trits) {
  if (trits == 1) return ternary_(w, of->limit, 1.0f);
  const float most = (float)largest_level(trits);
  const vf size = of->scale > 0 ? min_(floor_(abs_(w) / of->scale + 0.5f), splat(most)) : splat(0.0f);
  return (vf)((vi)size | ((vi)w & (int32_t)0x80000000));
}

/* Looked-up weights in 8 bits, in units of 1/one (SPEC.md 3.1): the magnitude rounded half up, at most 127. */
INLINE vf looked_up(vf x, float one) {
  const vf size = min_(floor_(fma_(abs_(x), splat(one), splat(0.5f))), splat(127.0f));
  return (vf)((vi)size | ((vi)x & (int32_t)0x80000000));
}

/* Effective weights of one group of rows, and the embedding rows as the cell sees them. */
static void prepare_rows(Trainer *t, int tensor, int first, int count, const float *schedule) {
  (void)schedule;
  const Tensor *info = &t->p.tensor[tensor];
  const int embedding = tensor_of(&t->sources.embedding, MODEL_EMBED_WEIGHT);
  const int ternary = t->c.ternary && is_weight(info), n = info->stride;
  if (!is_weight(info)) { /* a column */
    for (int row = first; row < first + count; row++)
      t->p.effective[info->offset + row] = t->p.weight[info->offset + row];
    return;
  }
  for (int row = first; row < first + count; row++) {
    const size_t at_row = (size_t)info->offset + (size_t)row * n;
    const float *w = t->p.weight + at_row;
    float *effective = t->p.effective + at_row, *embed = t->sources.embed_in + (size_t)row * n;
    if (!ternary) {
      for (int i = 0; i < n; i += VW) store(effective + i, load(w + i));
      if (tensor == embedding)
        for (int i = 0; i < n; i += VW) store(embed + i, load(w + i));
      continue;
    }
    const Ternary of = ternary_of_row(t, info, w);
    row_values(&t->p, t->p.row_mean, tensor)[row] = of.mean;
    row_values(&t->p, t->p.row_scale, tensor)[row] = of.scale;
    for (int i = 0; i < n; i += VW) store(effective + i, levels_(load(w + i), &of, info->trits) * of.scale);
    if (tensor != embedding) continue;
    const float one = (float)(1 << t->c.embed_frac);
    for (int i = 0; i < n; i += VW) {
      vf x = load(effective + i);
      if (t->c.quantize_activations) {
        x = looked_up(x, one);
        if (t->integers) store_16(t->sources.embed_16 + (size_t)row * n + i, x);
        x = x * (1.0f / one);
      }
      store(embed + i, x);
    }
  }
}

/* Largest level: (3ⁿ − 1) / 2. */
int largest_level(int trits) { return trits == 1 ? 1 : trits == 2 ? 4 : 13; }

#define TASK_ROWS 32

/* Runs `work` over blocks of rows of all tensors (or of the weights alone); their tasks are numbered from first_task on. */
void for_row_tasks(Trainer *t, RowTask *work, int task, int first_task, int weights_only, const float *schedule) {
  int seen = first_task, tensor = 0;
  while (tensor < t->p.tensors) {
    const Tensor *info = &t->p.tensor[tensor];
    const int rows = info->groups * info->group_stride;
    const int tasks = info->table || (weights_only && !is_weight(info)) ? 0 : ROUND_UP(rows, TASK_ROWS) / TASK_ROWS;
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

ForwardWeights take_forward(const Trainer *t, Arena *arena, int k, int n) {
  if (!t->integers) return (ForwardWeights){take_floats(arena, (uint64_t)packed_floats(k, n)), 0, 0};
  int16_t *levels = take_16(arena, (uint64_t)k * n);
  return (ForwardWeights){0, levels, take_floats(arena, (uint64_t)n)};
}

BackwardWeights take_backward(const Trainer *t, Arena *arena, int tensor, int k, int n) {
  /* Two look-ups a number, for two digits, are slower than a multiplication and an addition (by a seventh of a step). */
  if (!t->lookups || t->p.tensor[tensor].trits > 1)
    return (BackwardWeights){take_floats(arena, (uint64_t)packed_floats(k, n)), 0, 0};
  uint16_t *offsets = take(arena, (uint64_t)packed_offsets(k, n) * sizeof(uint16_t));
  return (BackwardWeights){0, offsets, take_floats(arena, (uint64_t)lookup_groups(k) * 3)};
}

/* W (N, K) of a tensor for forward products; x comes in units of `unit` where they are made in integers. */
void pack_forward(const Trainer *t, int tensor, int k, int n, float unit, const ForwardWeights *to) {
  const float *w = at(&t->p, t->p.effective, tensor);
#ifdef DOT16
  if (to->levels) {
    const float *scale = row_values(&t->p, t->p.row_scale, tensor);
    for (int i = 0; i < n; i++) to->scale[i] = scale[i] * unit;
    pack16(k, n, w, scale, to->levels);
    return;
  }
#endif
  (void)unit;
  pack_transposed(k, n, w, to->packed);
}

/* W (K, N) of a tensor for backward products; its row k is row (k + from) mod K of the tensor. */
void pack_backward(const Trainer *t, int tensor, int k, int n, int from, const BackwardWeights *to) {
  const float *w = at(&t->p, t->p.effective, tensor);
#if LOOKUPS
  if (to->offsets) {
    const float *scale = row_values(&t->p, t->p.row_scale, tensor);
    for (int i = 0; i < k; i++) to->scale[i] = scale[(i + from) % k];
    pack_offsets(k, n, w, from, to->offsets);
    return;
  }
#endif
  pack(k, n, w, from, to->packed);
}

void phase_pack(Trainer *t) {
  int task = take_task(t), seen = 0;
  for (int l = 0; l < t->c.layers; l++) {
    const Layer *layer = &t->layer[l];
    for (; task < seen + layer->kind->pack_tasks; task = take_task(t)) layer->kind->pack(t, layer, task - seen);
    seen += layer->kind->pack_tasks;
  }
  for (; task < seen + HEAD_PACK_TASKS; task = take_task(t)) pack_head(t, task - seen);
}
