/*
 * Forward and backward pass of one shard (some lanes of the batch) over one segment.
 * The cell is PyTorch's GRU; back-propagation through time is truncated at the segment's start.
 */
#include "trainer.h"

/* x in 8 bits as in SPEC.md 5: clamp(⌊128x + ½⌋, −127, 127) / 128. */
INLINE vf q8(vf x) {
  vf q = floor_(x * 128.0f + 0.5f);
  return min_(max_(q, splat(-127.0f)), splat(127.0f)) * (1.0f / 128.0f);
}

static void copy_floats(float *to, const float *from, int n) {
  for (int i = 0; i < n; i += VW) store(to + i, load(from + i));
}
static void zero_floats(float *to, int n) {
  for (int i = 0; i < n; i += VW) store(to + i, splat(0.0f));
}

/*
 * dW (m, n) += dYᵀ · X over all N rows: dY (N, m) with row stride dy_row, X (N, n) contiguous with stride n.
 */
static void weight_gradient(Shard *s, int rows, int m, int n, const float *dy, int dy_row, const float *x, float *dw) {
  for (int first = 0; first < rows; first += GRAD_ROWS) {
    int k = rows - first < GRAD_ROWS ? rows - first : GRAD_ROWS;
    pack_b(k, n, x + (size_t)first * n, n, 1, s->packed, 0, ROUND_UP(n, NR) / NR);
    gemm_add(m, n, k, dy + (size_t)first * dy_row, 1, dy_row, s->packed, dw, n);
  }
}

static void column_sums(int rows, int n, const float *y, float *sums) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < n; j += VW) store(sums + j, load(sums + j) + load(y + (size_t)i * n + j));
}

INLINE uint16_t token_at(const Trainer *t, const uint16_t *data, int shard_index, int row, int position) {
  int lane = shard_index * t->shard_lanes + row % t->shard_lanes;
  return data[(size_t)lane * t->c.stream + position + row / t->shard_lanes];
}

INLINE int is_reset(const Trainer *t, int token) { return t->c.reset_on_eod && token == t->c.eod; }

/* One layer over the segment. Input products (N, 3Hp) in s->gx, or in the table by token. */
static void layer_forward(Trainer *t, Shard *s, int l, int shard_index, int position) {
  const int hp = t->hp, lanes = t->shard_lanes, table = l == 0 && t->use_table;
  LayerActivations *a = &s->layer[l];
  const float *b_hh = at(t, t->effective, tensor_layer(l) + 3);
  for (int step = 0; step < t->c.segment; step++) {
    const int first = step * lanes;
    for (int b = 0; b < lanes; b++) {
      const int row = first + b;
      float *h_in = a->h_in + (size_t)row * hp, *h_in_q = a->h_in_q + (size_t)row * hp;
      if (is_reset(t, token_at(t, t->inputs, shard_index, row, position))) {
        zero_floats(h_in, hp);
        zero_floats(h_in_q, hp);
        continue;
      }
      copy_floats(h_in, a->carry + (size_t)b * hp, hp);
      if (t->c.quantize_activations)
        for (int j = 0; j < hp; j += VW) store(h_in_q + j, q8(load(h_in + j)));
      else
        copy_floats(h_in_q, h_in, hp);
    }
    gemm(lanes, 3 * hp, hp, a->h_in_q + (size_t)first * hp, hp, 1, t->packed[l].forward_hh, s->gh, 3 * hp, b_hh);
    for (int b = 0; b < lanes; b++) {
      const int row = first + b;
      const float *gx = table ? t->table + (size_t)token_at(t, t->inputs, shard_index, row, position) * 3 * hp
                              : s->gx + (size_t)row * 3 * hp;
      const float *gh = s->gh + (size_t)b * 3 * hp;
      const size_t at_row = (size_t)row * hp;
      float *carry = a->carry + (size_t)b * hp;
      for (int j = 0; j < hp; j += VW) {
        vf r = sigmoid_(load(gx + j) + load(gh + j));
        vf z = sigmoid_(load(gx + hp + j) + load(gh + hp + j));
        vf gh_n = load(gh + 2 * hp + j);
        vf n = tanh_(load(gx + 2 * hp + j) + r * gh_n);
        vf h = n + z * (load(a->h_in + at_row + j) - n);
        store(a->r + at_row + j, r);
        store(a->z + at_row + j, z);
        store(a->n + at_row + j, n);
        store(a->gh_n + at_row + j, gh_n);
        store(carry + j, h);
        store(a->h_q + at_row + j, t->c.quantize_activations ? q8(h) : h);
      }
    }
  }
}

/*
 * Logits, cross-entropy and its gradient for rows [first, first + count): nats are added to the shard; with
 * `train` the logits become dlogits = (softmax − onehot) · scale, which give s->dh, dW and db of the head.
 */
static void head(Trainer *t, Shard *s, int shard_index, int position, int first, int count, int train, float scale) {
  const int hp = t->hp, vp = t->vp, v = t->c.vocab;
  const float *h = s->layer[t->c.layers - 1].h_q + (size_t)first * hp;
  gemm(count, vp, hp, h, hp, 1, t->forward_head, s->logits, vp, t->head_bias);
  for (int i = 0; i < count; i++) {
    float *row = s->logits + (size_t)i * vp;
    const int target = token_at(t, t->targets, shard_index, first + i, position);
    if (target == IGNORE) {
      zero_floats(row, vp);
      continue;
    }
    vf best = load(row);
    for (int j = VW; j < vp; j += VW) best = max_(best, load(row + j));
    const float top = hmax(best), at_target = row[target];
    vf sum = splat(0.0f);
    for (int j = 0; j < vp; j += VW) {
      vf e = exp_(load(row + j) - top);
      store(row + j, e);
      sum += e;
    }
    float total = hsum(sum);
    if (vp > v) /* e^−87 of each padding column; far below a float's resolution, but exactly zero is better */
      for (int j = v; j < vp; j++) row[j] = 0;
    s->nats += log_(total) + (double)top - (double)at_target;
    s->count++;
    const float factor = scale / total;
    if (train) {
      for (int j = 0; j < vp; j += VW) store(row + j, load(row + j) * factor);
      row[target] -= scale;
    }
  }
  if (!train) return;
  const int w = tensor_head(t);
  gemm(count, hp, vp, s->logits, vp, 1, t->backward_head, s->dh + (size_t)first * hp, hp, 0);
  weight_gradient(s, count, v, hp, s->logits, vp, h, at(t, s->grad, w));
  column_sums(count, vp, s->logits, at(t, s->grad, tensor_head_bias(t)));
}

/* Gradients of layer l: from s->dh (N, Hp) to s->gx (N, 3Hp, input side), s->dgh (N, 3Hp, hidden side). */
static void layer_backward(Trainer *t, Shard *s, int l, int shard_index, int position) {
  const int hp = t->hp, lanes = t->shard_lanes;
  LayerActivations *a = &s->layer[l];
  zero_floats(s->dcarry, lanes * hp);
  for (int step = t->c.segment - 1; step >= 0; step--) {
    const int first = step * lanes;
    for (int b = 0; b < lanes; b++) {
      const size_t at_row = (size_t)(first + b) * hp;
      float *dgx = s->gx + (size_t)(first + b) * 3 * hp, *dgh = s->dgh + (size_t)(first + b) * 3 * hp;
      float *dcarry = s->dcarry + (size_t)b * hp;
      for (int j = 0; j < hp; j += VW) {
        vf dh = load(s->dh + at_row + j) + load(dcarry + j);
        vf r = load(a->r + at_row + j), z = load(a->z + at_row + j), n = load(a->n + at_row + j);
        vf da_n = dh * (1.0f - z) * (1.0f - n * n);
        vf da_z = dh * (load(a->h_in + at_row + j) - n) * z * (1.0f - z);
        vf da_r = da_n * load(a->gh_n + at_row + j) * r * (1.0f - r);
        store(dgx + j, da_r);
        store(dgx + hp + j, da_z);
        store(dgx + 2 * hp + j, da_n);
        store(dgh + j, da_r);
        store(dgh + hp + j, da_z);
        store(dgh + 2 * hp + j, da_n * r);
        store(dcarry + j, dh * z);
      }
    }
    gemm(lanes, hp, 3 * hp, s->dgh + (size_t)first * 3 * hp, 3 * hp, 1, t->packed[l].backward_hh, s->dback, hp, 0);
    for (int b = 0; b < lanes; b++) {
      float *dcarry = s->dcarry + (size_t)b * hp;
      const float *dback = s->dback + (size_t)b * hp;
      if (is_reset(t, token_at(t, t->inputs, shard_index, first + b, position)))
        zero_floats(dcarry, hp);
      else
        for (int j = 0; j < hp; j += VW) store(dcarry + j, load(dcarry + j) + load(dback + j));
    }
  }
  weight_gradient(s, t->rows, 3 * hp, hp, s->dgh, 3 * hp, a->h_in_q, at(t, s->grad, tensor_layer(l) + 1));
  column_sums(t->rows, 3 * hp, s->dgh, at(t, s->grad, tensor_layer(l) + 3));
}

void shard_forward_backward(Trainer *t, Shard *s, int shard_index, int position, int train) {
  const int hp = t->hp, dp = t->dp, rows = t->rows, layers = t->c.layers;
  s->nats = 0;
  s->count = 0;
  for (int l = 0; l < layers; l++) {
    if (l == 0 && !t->use_table)
      for (int i = 0; i < rows; i++)
        copy_floats(s->x + (size_t)i * dp,
                    t->embed_in + (size_t)token_at(t, t->inputs, shard_index, i, position) * dp, dp);
    if (l > 0 || !t->use_table) {
      const int k = l ? hp : dp;
      gemm(rows, 3 * hp, k, l ? s->layer[l - 1].h_q : s->x, k, 1, t->packed[l].forward_ih, s->gx, 3 * hp,
           at(t, t->effective, tensor_layer(l) + 2));
    }
    layer_forward(t, s, l, shard_index, position);
  }

  if (train) {
    zero_floats(s->grad, t->parameters);
    if (t->use_table) zero_floats(s->dtable, t->c.vocab * 3 * hp);
  }
  const float scale = 1.0f / ((float)t->c.lanes * (float)t->c.segment);
  for (int first = 0; first < rows; first += HEAD_ROWS)
    head(t, s, shard_index, position, first, rows - first < HEAD_ROWS ? rows - first : HEAD_ROWS, train, scale);
  if (!train) return;

  for (int l = layers - 1; l >= 0; l--) {
    layer_backward(t, s, l, shard_index, position);
    if (l == 0 && t->use_table) { /* the table's gradient; W_ih, b_ih and the embedding follow from it once a step */
      for (int i = 0; i < rows; i++) {
        float *to = s->dtable + (size_t)token_at(t, t->inputs, shard_index, i, position) * 3 * hp;
        const float *from = s->gx + (size_t)i * 3 * hp;
        for (int j = 0; j < 3 * hp; j += VW) store(to + j, load(to + j) + load(from + j));
      }
      continue;
    }
    const int k = l ? hp : dp;
    const float *x = l ? s->layer[l - 1].h_q : s->x;
    weight_gradient(s, rows, 3 * hp, k, s->gx, 3 * hp, x, at(t, s->grad, tensor_layer(l)));
    column_sums(rows, 3 * hp, s->gx, at(t, s->grad, tensor_layer(l) + 2));
    gemm(rows, k, 3 * hp, s->gx, 3 * hp, 1, t->packed[l].backward_ih, s->dh, k, 0);
    if (l == 0)
      for (int i = 0; i < rows; i++) {
        float *to = at(t, s->grad, 0) + (size_t)token_at(t, t->inputs, shard_index, i, position) * dp;
        for (int j = 0; j < dp; j += VW) store(to + j, load(to + j) + load(s->dh + (size_t)i * dp + j));
      }
  }
}
