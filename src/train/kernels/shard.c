/*
 * Forward and backward pass of one shard (some lanes of the batch) over one segment. The cell is PyTorch's GRU;
 * back-propagation through time is truncated at the segment's start.
 *
 * Both directions go block by block (some steps of all lanes) through all layers, so that what one layer hands to the next, logits and
 * the gradients of gates among it, stays in the second-level cache.
 */
#include "trainer.h"

/* x in 8 bits as in SPEC.md 5, in units of 1/128: clamp(⌊128x + ½⌋, −127, 127). */
INLINE vf q8(vf x) {
  vf q = floor_(fma_(x, splat(128.0f), splat(0.5f)));
  return min_(max_(q, splat(-127.0f)), splat(127.0f));
}

/* How a state goes into products: as it is; in 8 bits; in 8 bits and, in units of 1/128, as integers too. */
enum { EXACT, IN_8_BITS, INTEGERS };
INLINE int state_form(const Trainer *t) { return t->integers ? INTEGERS : t->c.quantize_activations ? IN_8_BITS : EXACT; }

INLINE void store_state(vf h, float *h_q, int16_t *h_16, const int form) {
  if (form == EXACT) {
    store(h_q, h);
    return;
  }
  const vf q = q8(h);
  store(h_q, q * (1.0f / 128.0f));
  if (form == INTEGERS) store_16(h_16, q);
}

static void copy_floats(float *to, const float *from, int n) {
  for (int i = 0; i < n; i += VW) store(to + i, load(from + i));
}
static void copy_16(int16_t *to, const int16_t *from, int n) {
  for (int i = 0; i < n; i++) to[i] = from[i];
}
static void zero_floats(float *to, size_t n) {
  for (size_t i = 0; i < n; i += VW) store(to + i, splat(0.0f));
}
static void zero_16(int16_t *to, int n) {
  for (int i = 0; i < n; i++) to[i] = 0;
}

/* sums (n) += the columns of y (rows, n); n is a multiple of NR. */
void column_sums(int rows, int n, const float *y, int y_row, float *sums) {
  for (int j = 0; j < n; j += NR) {
    vf sum[NV];
    UNROLL for (int v = 0; v < NV; v++) sum[v] = load(sums + j + v * VW);
    for (int i = 0; i < rows; i++)
      UNROLL for (int v = 0; v < NV; v++) sum[v] += load(y + (size_t)i * y_row + j + v * VW);
    UNROLL for (int v = 0; v < NV; v++) store(sums + j + v * VW, sum[v]);
  }
}

/* Tokens of a lane from a position on. */
INLINE const uint16_t *lane_tokens(const Trainer *t, const uint16_t *data, int shard_index, int lane, int position) {
  return data + (size_t)(shard_index * t->shard_lanes + lane) * t->c.stream + position;
}

INLINE int is_reset(const Trainer *t, int token) { return t->c.reset_on_eod && token == t->c.eod; }

/* Lane b of a step: gates, new state, and what the backward pass needs. */
INLINE void cell_forward(int hp, const float *gx, const float *gh, float *saved, float *h_next, float *h_q,
                         int16_t *h_16, const int form) {
  for (int j = 0; j < hp; j += VW) {
    vf r = sigmoid_(load(gx + j) + load(gh + j));
    vf z = sigmoid_(load(gx + hp + j) + load(gh + hp + j));
    vf gh_n = load(gh + 2 * hp + j);
    vf n = tanh_(fma_(r, gh_n, load(gx + 2 * hp + j)));
    vf h = fma_(z, load(saved + SAVED_H * hp + j) - n, n);
    store(saved + SAVED_R * hp + j, r);
    store(saved + SAVED_Z * hp + j, z);
    store(saved + SAVED_N * hp + j, n);
    store(saved + SAVED_GH * hp + j, gh_n);
    store(h_next + j, h);
    store_state(h, h_q + j, h_16 + j, form);
  }
}

/* s->h_now: the states before a step, but zero in the lanes that it resets. Returns whether there are any; if not, nothing is copied. */
static int reset_states(Trainer *t, Shard *s, const LayerActivations *a, int shard_index, int position, int step) {
  const int hp = t->hp, lanes = t->shard_lanes, ld = SKEWED(hp);
  int any = 0;
  for (int b = 0; b < lanes; b++) {
    if (!is_reset(t, lane_tokens(t, t->inputs, shard_index, b, position)[step])) continue;
    for (int i = 0; i < lanes && !any; i++) { /* a->h_q is still needed as the output of the step before */
      const size_t from = ((size_t)step * lanes + i) * ld;
      if (t->integers) copy_16(s->h_now_16 + i * ld, a->h_16 + from, hp);
      else copy_floats(s->h_now + i * ld, a->h_q + from, hp);
    }
    any = 1;
    if (t->integers) zero_16(s->h_now_16 + b * ld, hp);
    else zero_floats(s->h_now + b * ld, hp);
    zero_floats(a->saved + (((size_t)step * lanes + b) * SAVED + SAVED_H) * hp, hp);
  }
  return any;
}

/* Steps [first, first + count) of layer l. Its input products are in s->gx, or in the table by token. */
static void layer_forward(Trainer *t, Shard *s, int l, int shard_index, int position, int first, int count) {
  const int hp = t->hp, lanes = t->shard_lanes, table = l == 0 && t->use_table, ld = SKEWED(hp), form = state_form(t);
  LayerActivations *a = &s->layer[l];
  const float *b_hh = at(t, t->effective, tensor_layer(l) + 3);
  for (int step = first; step < first + count; step++) {
    const size_t now = (size_t)step * lanes * ld;
    const int reset = reset_states(t, s, a, shard_index, position, step);
    forward_product(&t->packed[l].forward_hh, lanes, 3 * hp, hp, reset ? s->h_now : a->h_q + now, reset ? s->h_now_16 : a->h_16 + now, ld,
                    s->gh, 3 * hp, b_hh);
    mark(IN_PRODUCTS);
    for (int b = 0; b < lanes; b++) {
      const float *gx = table ? t->table + (size_t)lane_tokens(t, t->inputs, shard_index, b, position)[step] * 3 * hp
                              : s->gx + (size_t)((step - first) * lanes + b) * 3 * hp;
      const float *gh = s->gh + b * 3 * hp;
      float *saved = a->saved + ((size_t)step * lanes + b) * SAVED * hp, *h_next = saved + (size_t)lanes * SAVED * hp;
      const size_t next = now + (size_t)(lanes + b) * ld;
      if (form == INTEGERS) cell_forward(hp, gx, gh, saved, h_next, a->h_q + next, a->h_16 + next, INTEGERS);
      else if (form == IN_8_BITS) cell_forward(hp, gx, gh, saved, h_next, a->h_q + next, a->h_16, IN_8_BITS);
      else cell_forward(hp, gx, gh, saved, h_next, a->h_q + next, a->h_16, EXACT);
    }
    mark(IN_CELL);
  }
}

/*
 * Logits, cross-entropy and its gradient for the steps of a block: nats are added to the shard; with `train` the logits become
 * dlogits = (softmax − onehot) · scale, which give s->dh, dW and db of the head.
 */
static void head(Trainer *t, Shard *s, int shard_index, int position, int first, int count, int train) {
  const int hp = t->hp, vp = t->vp, v = t->c.vocab, lanes = t->shard_lanes, rows = count * lanes, ld = SKEWED(vp);
  const float scale = 1.0f / ((float)t->c.lanes * (float)t->c.segment);
  const LayerActivations *last = &s->layer[t->c.layers - 1];
  const size_t from = (size_t)(first + 1) * lanes * SKEWED(hp);
  const float *h = last->h_q + from;
  forward_product(&t->forward_head, rows, vp, hp, h, last->h_16 + from, SKEWED(hp), s->logits, ld, t->head_bias);
  mark(IN_PRODUCTS);
  double product = 1; /* of the sums of exponentials, each 1 … 4096: one logarithm serves up to 64 of them */
  for (int i = 0; i < rows; i++) {
    float *row = s->logits + (size_t)i * ld;
    const int target = lane_tokens(t, t->targets, shard_index, i % lanes, position)[first + i / lanes];
    if (target == IGNORE) {
      zero_floats(row, vp);
    } else {
      vf best = load(row);
      for (int j = VW; j < vp; j += VW) best = max_(load(row + j), best);
      const float top = hmax(best), at_target = row[target];
      vf sum = splat(0.0f);
      for (int j = 0; j < vp; j += VW) {
        vf e = exp_(load(row + j) - top);
        store(row + j, e);
        sum += e;
      }
      const float total = hsum(sum);
      s->nats += (double)top - (double)at_target;
      s->count++;
      product *= (double)total;
      if (train) {
        const vf factor = splat(scale / total);
        for (int j = 0; j < vp; j += VW) store(row + j, load(row + j) * factor);
        row[target] -= scale;
        for (int j = v; j < vp; j++) row[j] = 0; /* e^−87 in the padding would be far below a float's resolution; zero is better */
      }
    }
    if (i % 64 == 63 || i == rows - 1) {
      s->nats += log_(product);
      product = 1;
    }
  }
  mark(IN_SOFTMAX);
  if (!train) return;
  column_sums(rows, vp, s->logits, ld, at(t, s->grad, tensor_head_bias(t)));
  mark(IN_SOFTMAX);
  backward_product(&t->backward_head, rows, hp, vp, s->logits, ld, s->dh, hp, 0);
  gemm_transposed(vp, hp, rows, s->logits, ld, h, SKEWED(hp), at(t, s->grad, tensor_head(t)), hp, 1);
  mark(IN_PRODUCTS);
}

/* Lane b of a step: from the gradient of the new state to those of the gates and, in dcarry, of what the state goes round them. */
INLINE void cell_backward(int hp, const float *dh, const float *saved, float *dgates, float *dcarry, float *dtable) {
  for (int j = 0; j < hp; j += VW) {
    vf d = load(dh + j) + load(dcarry + j);
    vf r = load(saved + SAVED_R * hp + j), z = load(saved + SAVED_Z * hp + j), n = load(saved + SAVED_N * hp + j);
    vf dz = d * z;
    vf dn = (d - dz) * (1.0f - n * n);
    vf da_z = dz * (1.0f - z) * (load(saved + SAVED_H * hp + j) - n);
    vf dn_r = dn * r;
    vf da_r = dn_r * (1.0f - r) * load(saved + SAVED_GH * hp + j);
    store(dgates + j, dn_r);
    store(dgates + hp + j, da_r);
    store(dgates + 2 * hp + j, da_z);
    store(dcarry + j, dz);
    if (dtable) {
      store(dtable + j, load(dtable + j) + da_r);
      store(dtable + hp + j, load(dtable + hp + j) + da_z);
      store(dtable + 2 * hp + j, load(dtable + 2 * hp + j) + dn);
    } else
      store(dgates + 3 * hp + j, dn);
  }
}

/* Gradients of layer l over the steps of a block, from s->dh to s->dgates; going back, dcarry takes the state's. */
static void layer_backward(Trainer *t, Shard *s, int l, int shard_index, int position, int first, int count) {
  const int hp = t->hp, lanes = t->shard_lanes, g = 3 * hp, ld = SKEWED(4 * hp), table = l == 0 && t->use_table;
  LayerActivations *a = &s->layer[l];
  for (int step = first + count - 1; step >= first; step--) {
    float *dgates = s->dgates + (size_t)(step - first) * lanes * ld;
    for (int b = 0; b < lanes; b++) {
      const size_t row = (size_t)step * lanes + b;
      const float *dh = s->dh + ((size_t)(step - first) * lanes + b) * hp, *saved = a->saved + row * SAVED * hp;
      float *dcarry = a->dcarry + b * hp;
      if (table)
        cell_backward(hp, dh, saved, dgates + b * ld, dcarry,
                      s->dtable + (size_t)lane_tokens(t, t->inputs, shard_index, b, position)[step] * g);
      else
        cell_backward(hp, dh, saved, dgates + b * ld, dcarry, 0);
    }
    mark(IN_CELL);
    backward_product(&t->packed[l].backward_hh, lanes, hp, g, dgates, ld, a->dcarry, hp, 1);
    for (int b = 0; b < lanes; b++)
      if (is_reset(t, lane_tokens(t, t->inputs, shard_index, b, position)[step])) zero_floats(a->dcarry + b * hp, hp);
    mark(IN_PRODUCTS);
  }
}

/* From s->dgates: gradients of W_ih, b_ih and, in s->dh, of the layer's input. */
static void input_gradients(Trainer *t, Shard *s, int l, int shard_index, int position, int first, int count) {
  const int hp = t->hp, dp = t->dp, lanes = t->shard_lanes, rows = count * lanes, ld = SKEWED(4 * hp), k = l ? hp : dp;
  const float *dgx = s->dgates + hp;
  const float *x = l ? s->layer[l - 1].h_q + (size_t)(first + 1) * lanes * SKEWED(hp) : s->x + (size_t)first * lanes * SKEWED(dp);
  column_sums(rows, 3 * hp, dgx, ld, at(t, s->grad, tensor_layer(l) + 2));
  mark(IN_CELL);
  gemm_transposed(3 * hp, k, rows, dgx, ld, x, SKEWED(k), at(t, s->grad, tensor_layer(l)), k, 1);
  backward_product(&t->packed[l].backward_ih, rows, k, 3 * hp, dgx, ld, s->dh, k, 0);
  mark(IN_PRODUCTS);
  if (l > 0) return;
  for (int i = 0; i < rows; i++) {
    const int token = lane_tokens(t, t->inputs, shard_index, i % lanes, position)[first + i / lanes];
    float *to = at(t, s->grad, tensor_embed()) + (size_t)token * dp;
    for (int j = 0; j < dp; j += VW) store(to + j, load(to + j) + load(s->dh + (size_t)i * dp + j));
  }
  mark(IN_SCATTER);
}

/* From s->dgates, which is changed: gradients of W_hh and b_hh. */
static void hidden_gradients(Trainer *t, Shard *s, int l, int shard_index, int position, int first, int count) {
  const int hp = t->hp, lanes = t->shard_lanes, rows = count * lanes, ld = SKEWED(4 * hp);
  float *dw = at(t, s->grad, tensor_layer(l) + 1), *db = at(t, s->grad, tensor_layer(l) + 3), *dgh = s->dgates;
  const float *h_q = s->layer[l].h_q + (size_t)first * lanes * SKEWED(hp);
  column_sums(rows, hp, dgh, ld, db + 2 * hp);
  column_sums(rows, 2 * hp, dgh + hp, ld, db);
  for (int b = 0; b < lanes; b++) {
    const uint16_t *tokens = lane_tokens(t, t->inputs, shard_index, b, position) + first;
    for (int step = 0; step < count; step++) /* the state was zero there; h_q has the one before the reset */
      if (is_reset(t, tokens[step])) zero_floats(dgh + (size_t)(step * lanes + b) * ld, 3 * (size_t)hp);
  }
  mark(IN_CELL);
  gemm_transposed(hp, hp, rows, dgh, ld, h_q, SKEWED(hp), dw + (size_t)2 * hp * hp, hp, 1);
  gemm_transposed(2 * hp, hp, rows, dgh + hp, ld, h_q, SKEWED(hp), dw, hp, 1);
  mark(IN_PRODUCTS);
}

/* The state of the first step is the one carried over; without `in`, what the segment leaves is carried on. */
static void carry_state(Trainer *t, Shard *s, int in) {
  const int hp = t->hp, lanes = t->shard_lanes;
  for (int l = 0; l < t->c.layers; l++) {
    LayerActivations *a = &s->layer[l];
    for (int b = 0; b < lanes; b++) {
      float *carry = a->carry + b * hp, *saved = a->saved + ((size_t)(in ? 0 : t->rows) + b) * SAVED * hp;
      if (!in) {
        copy_floats(carry, saved + SAVED_H * hp, hp);
        continue;
      }
      copy_floats(saved + SAVED_H * hp, carry, hp);
      const int at_lane = b * SKEWED(hp);
      for (int j = 0; j < hp; j += VW) store_state(load(carry + j), a->h_q + at_lane + j, a->h_16 + at_lane + j, state_form(t));
    }
    zero_floats(a->dcarry, (size_t)lanes * hp);
  }
}

/* The embeddings of a block's tokens, as they go into products. */
static void embed(Trainer *t, Shard *s, int shard_index, int position, int first, int rows) {
  const int dp = t->dp, lanes = t->shard_lanes;
  for (int i = 0; i < rows; i++) {
    const int token = lane_tokens(t, t->inputs, shard_index, i % lanes, position)[first + i / lanes];
    const size_t from = (size_t)token * dp, to = ((size_t)first * lanes + i) * SKEWED(dp);
    copy_floats(s->x + to, t->embed_in + from, dp);
    if (t->integers) copy_16(s->x_16 + to, t->embed_16 + from, dp);
  }
}

static void block_forward(Trainer *t, Shard *s, int shard_index, int position, int first, int count) {
  const int hp = t->hp, dp = t->dp, lanes = t->shard_lanes, rows = count * lanes;
  for (int l = 0; l < t->c.layers; l++) {
    if (l > 0 || !t->use_table) {
      if (l == 0) embed(t, s, shard_index, position, first, rows);
      mark(IN_SCATTER);
      const LayerActivations *below = l ? &s->layer[l - 1] : 0;
      const int k = l ? hp : dp;
      const size_t from = (size_t)(l ? first + 1 : first) * lanes * SKEWED(k);
      forward_product(&t->packed[l].forward_ih, rows, 3 * hp, k, (l ? below->h_q : s->x) + from, (l ? below->h_16 : s->x_16) + from,
                      SKEWED(k), s->gx, 3 * hp, at(t, t->effective, tensor_layer(l) + 2));
      mark(IN_PRODUCTS);
    }
    layer_forward(t, s, l, shard_index, position, first, count);
  }
}

static void block_backward(Trainer *t, Shard *s, int shard_index, int position, int first, int count) {
  for (int l = t->c.layers - 1; l >= 0; l--) {
    layer_backward(t, s, l, shard_index, position, first, count);
    if (l > 0 || !t->use_table) input_gradients(t, s, l, shard_index, position, first, count);
    hidden_gradients(t, s, l, shard_index, position, first, count);
  }
}

void shard_forward_backward(Trainer *t, Shard *s, int shard_index, int position, int train) {
  const int steps = t->block_steps, segment = t->c.segment;
  s->nats = 0;
  s->count = 0;
  if (train) {
    zero_floats(s->grad, (size_t)t->parameters);
    if (t->use_table) zero_floats(s->dtable, (size_t)t->c.vocab * 3 * t->hp);
  }
  mark(IN_REDUCTION);
  carry_state(t, s, 1);
  for (int first = 0; first < segment; first += steps) {
    const int count = segment - first < steps ? segment - first : steps;
    block_forward(t, s, shard_index, position, first, count);
    if (!train) head(t, s, shard_index, position, first, count, 0);
  }
  carry_state(t, s, 0);
  if (!train) return;
  for (int first = (segment - 1) / steps * steps; first >= 0; first -= steps) {
    const int count = segment - first < steps ? segment - first : steps;
    head(t, s, shard_index, position, first, count, 1);
    block_backward(t, s, shard_index, position, first, count);
  }
}
