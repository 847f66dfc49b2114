/* PyTorch's GRU (SPEC.md 3.5). Back-propagation through time is truncated at the segment's start. */
#include "layer_gru.h"
#include "norm.h"
#include "phases.h"

/* What the backward pass needs of a row, one after the other: (5, Hp). */
enum { SAVED_H, SAVED_R, SAVED_Z, SAVED_N, SAVED_GH, SAVED }; /* state before the step, gates, hidden product of n */

typedef struct {
  Normed input; /* of a stream */
  float *saved; /* (N + lanes, 5Hp) */
  float *h_q;   /* (N + lanes, Hp), skewed: 8-bit state before the step of the row; row + lanes is the state after it */
  int16_t *h_16; /* the same times 128, where products are made in integers */
  float *
      exact; /* (N, Hp) state after a step, where a stream begins with it: in `saved` the reset of the next step clears it */
  float *dcarry; /* (lanes, Hp) gradient of the state before the steps done so far, going back */
  float *h_now;  /* (lanes, Hp), skewed: 8-bit state of a step in which some lanes are reset */
  int16_t *h_now_16;
  float *gh; /* (lanes, 3Hp) hidden products of one step */
} GruRun;

static void lay_out(Trainer *t, Layer *layer, Arena *arena) {
  const int hp = layer->padded, k = layer->in.padded;
  GruWeights *w = layer->weights = take_struct(arena, sizeof(GruWeights));
  const int w_ih = tensor_of(&layer->part, MODEL_RNN_WEIGHT_IH), w_hh = tensor_of(&layer->part, MODEL_RNN_WEIGHT_HH);
  w->forward_hh = take_forward(t, arena, hp, 3 * hp);
  w->backward_hh = take_backward(t, arena, w_hh, 3 * hp, hp);
  w->forward_ih = take_forward(t, arena, k, 3 * hp);
  w->backward_ih = take_backward(t, arena, w_ih, 3 * hp, k);
  if (!(layer->index == 0 && t->table.used)) at_least(&t->product_floats, 3 * hp);
  if (layer->in.stream) at_least(&t->product_floats, k);
  at_least(&t->gate_floats, SKEWED(4 * hp));
}

static void lay_out_shard(Trainer *t, Shard *s, const Layer *layer, Arena *arena) {
  const int hp = layer->padded;
  const size_t lanes = (size_t)t->shard_lanes, rows = (size_t)t->rows + lanes;
  LayerRun *run = &s->layer[layer->index];
  GruRun *a = run->own = take_struct(arena, sizeof(GruRun));
  if (layer->in.stream) lay_out_normed(t, &a->input, t->rows, layer->in.width, arena);
  a->saved = take_floats(arena, rows * SAVED * hp);
  a->h_q = take_floats(arena, rows * SKEWED(hp));
  a->h_16 = take_16(arena, t->integers ? rows * SKEWED(hp) : 0);
  a->exact = take_floats(arena, layer->begins_stream ? (rows - lanes) * hp : 0);
  run->carry = take_floats(arena, lanes * hp);
  a->dcarry = take_floats(arena, lanes * hp);
  a->h_now = take_floats(arena, lanes * SKEWED(hp));
  a->h_now_16 = take_16(arena, t->integers ? lanes * SKEWED(hp) : 0);
  a->gh = take_floats(arena, lanes * 3 * hp);
  run->out = rows_at((Rows){a->h_q, a->h_16, SKEWED(hp), 0, 0}, lanes);
  run->out.exact = a->exact;
  run->out.exact_ld = hp;
}

static void pack_weights(const Trainer *t, const Layer *layer, int task) {
  const int hp = layer->padded, k = layer->in.padded;
  const int w_ih = tensor_of(&layer->part, MODEL_RNN_WEIGHT_IH), w_hh = tensor_of(&layer->part, MODEL_RNN_WEIGHT_HH);
  const GruWeights *w = layer->weights;
  switch (task) {
    case 0: pack_forward(t, w_hh, hp, 3 * hp, 1.0f / STATE_ONE, &w->forward_hh); break;
    case 1: pack_backward(t, w_hh, 3 * hp, hp, 2 * hp, &w->backward_hh); break;
    case 2: pack_forward(t, w_ih, k, 3 * hp, layer->in.unit, &w->forward_ih); break;
    case 3: pack_backward(t, w_ih, 3 * hp, k, 0, &w->backward_ih); break;
  }
}

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
    store_activation(h, h_q + j, h_16 + j, STATE_ONE, form);
  }
}

/*
 * a->h_now: the states before a step, but zero in the lanes that it resets. Returns whether there are any; if not, nothing is copied.
 */
static int reset_states(const Block *b, const GruRun *a, int hp, int step) {
  const Trainer *t = b->t;
  const int lanes = t->shard_lanes, ld = SKEWED(hp);
  int any = 0;
  for (int lane = 0; lane < lanes; lane++) {
    if (!is_reset(t, lane_tokens(b, t->inputs, lane)[step])) continue;
    for (int i = 0; i < lanes && !any; i++) { /* a->h_q is still needed as the output of the step before */
      const size_t from = ((size_t)step * lanes + i) * ld;
      if (t->integers) copy_16(a->h_now_16 + i * ld, a->h_16 + from, hp);
      else copy_floats(a->h_now + i * ld, a->h_q + from, hp);
    }
    any = 1;
    if (t->integers) zero_16(a->h_now_16 + lane * ld, hp);
    else zero_floats(a->h_now + lane * ld, hp);
    zero_floats(a->saved + (((size_t)step * lanes + lane) * SAVED + SAVED_H) * hp, hp);
  }
  return any;
}

/* Input products are in s->products, or in the input table by token. */
static void forward(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int hp = layer->padded, lanes = t->shard_lanes, table = layer->index == 0 && t->table.used, ld = SKEWED(hp);
  const int form = activation_form(t), first = b->first;
  const GruWeights *w = layer->weights;
  GruRun *a = s->layer[layer->index].own;
  if (!table) {
    Rows in = input_rows(b, layer);
    if (layer->in.stream)
      in = norm_forward(b, at(&t->p, t->p.effective, tensor_of(&layer->part, MODEL_RNN_NORM)), in.exact, in.exact_ld,
                        &a->input, (size_t)first * lanes);
    forward_product(&w->forward_ih, rows_of_block(b), 3 * hp, layer->in.padded, in.x, in.x16, in.ld, s->products,
                    3 * hp, at(&t->p, t->p.effective, tensor_of(&layer->part, MODEL_RNN_BIAS_IH)));
    mark(IN_PRODUCTS);
  }
  const float *b_hh = at(&t->p, t->p.effective, tensor_of(&layer->part, MODEL_RNN_BIAS_HH));
  for (int step = first; step < first + b->count; step++) {
    const size_t now = (size_t)step * lanes * ld;
    const int reset = reset_states(b, a, hp, step);
    forward_product(&w->forward_hh, lanes, 3 * hp, hp, reset ? a->h_now : a->h_q + now,
                    reset ? a->h_now_16 : a->h_16 + now, ld, a->gh, 3 * hp, b_hh);
    mark(IN_PRODUCTS);
    for (int lane = 0; lane < lanes; lane++) {
      const float *gx = table ? t->table.rows + (size_t)lane_tokens(b, t->inputs, lane)[step] * 3 * hp
                              : s->products + (size_t)((step - first) * lanes + lane) * 3 * hp;
      const float *gh = a->gh + lane * 3 * hp;
      float *saved = a->saved + ((size_t)step * lanes + lane) * SAVED * hp,
            *h_next = saved + (size_t)lanes * SAVED * hp;
      const size_t next = now + (size_t)(lanes + lane) * ld;
      if (form == INTEGERS) cell_forward(hp, gx, gh, saved, h_next, a->h_q + next, a->h_16 + next, INTEGERS);
      else if (form == IN_8_BITS) cell_forward(hp, gx, gh, saved, h_next, a->h_q + next, a->h_16, IN_8_BITS);
      else cell_forward(hp, gx, gh, saved, h_next, a->h_q + next, a->h_16, EXACT);
      if (layer->begins_stream) copy_floats(a->exact + ((size_t)step * lanes + lane) * hp, h_next, hp);
    }
    mark(IN_CELL);
  }
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
    } else store(dgates + 3 * hp + j, dn);
  }
}

/*
 * Gradients of the gates, from s->dout to s->gates (block, 4Hp): gh_n, r, z, n; the first three are the hidden side, the last
 * three the input's. Going back, dcarry takes the state's.
 */
static void gates_backward(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int hp = layer->padded, lanes = t->shard_lanes, g = 3 * hp, ld = SKEWED(4 * hp),
            table = layer->index == 0 && t->table.used;
  const int first = b->first;
  const GruWeights *w = layer->weights;
  GruRun *a = s->layer[layer->index].own;
  for (int step = first + b->count - 1; step >= first; step--) {
    float *dgates = s->gates + (size_t)(step - first) * lanes * ld;
    for (int lane = 0; lane < lanes; lane++) {
      const size_t row = (size_t)step * lanes + lane;
      const float *dh = s->dout + ((size_t)(step - first) * lanes + lane) * hp, *saved = a->saved + row * SAVED * hp;
      float *dcarry = a->dcarry + lane * hp;
      if (table)
        cell_backward(hp, dh, saved, dgates + lane * ld, dcarry,
                      s->dtable + (size_t)lane_tokens(b, t->inputs, lane)[step] * g);
      else cell_backward(hp, dh, saved, dgates + lane * ld, dcarry, 0);
    }
    mark(IN_CELL);
    backward_product(&w->backward_hh, lanes, hp, g, dgates, ld, a->dcarry, hp, 1);
    for (int lane = 0; lane < lanes; lane++)
      if (is_reset(t, lane_tokens(b, t->inputs, lane)[step])) zero_floats(a->dcarry + lane * hp, hp);
    mark(IN_PRODUCTS);
  }
}

/* From s->gates: gradients of W_ih, b_ih and, in s->dout, of the layer's input. */
static void input_gradients(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int hp = layer->padded, k = layer->in.padded, rows = rows_of_block(b), ld = SKEWED(4 * hp);
  const GruWeights *w = layer->weights;
  const float *dgx = s->gates + hp;
  const GruRun *a = s->layer[layer->index].own;
  const Rows in = input_rows(b, layer);
  const size_t row = (size_t)b->first * t->shard_lanes;
  const int stream = layer->in.stream, x_ld = stream ? a->input.ld : in.ld;
  const float *x = stream ? a->input.y + row * x_ld : in.x;
  float *dx = stream ? s->products : s->dout;
  column_sums(rows, 3 * hp, dgx, ld, at(&t->p, s->grad, tensor_of(&layer->part, MODEL_RNN_BIAS_IH)));
  mark(IN_CELL);
  weight_gradient(3 * hp, k, rows, dgx, ld, x, x_ld, at(&t->p, s->grad, tensor_of(&layer->part, MODEL_RNN_WEIGHT_IH)),
                  1);
  backward_product(&w->backward_ih, rows, k, 3 * hp, dgx, ld, dx, k, 0);
  mark(IN_PRODUCTS);
  if (!stream) return;
  const int gain = tensor_of(&layer->part, MODEL_RNN_NORM);
  norm_backward(b, at(&t->p, t->p.effective, gain), at(&t->p, s->grad, gain), in.exact, in.exact_ld, &a->input, row, dx,
                k, s->dout, k, 0);
}

/* From s->gates, which is changed: gradients of W_hh and b_hh. */
static void hidden_gradients(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int hp = layer->padded, lanes = t->shard_lanes, rows = rows_of_block(b), ld = SKEWED(4 * hp);
  const GruRun *a = s->layer[layer->index].own;
  float *dw = at(&t->p, s->grad, tensor_of(&layer->part, MODEL_RNN_WEIGHT_HH)), *dgh = s->gates;
  float *db = at(&t->p, s->grad, tensor_of(&layer->part, MODEL_RNN_BIAS_HH));
  const float *h_q = a->h_q + (size_t)b->first * lanes * SKEWED(hp);
  column_sums(rows, hp, dgh, ld, db + 2 * hp);
  column_sums(rows, 2 * hp, dgh + hp, ld, db);
  for (int lane = 0; lane < lanes; lane++) {
    const uint16_t *tokens = lane_tokens(b, t->inputs, lane) + b->first;
    for (int step = 0; step < b->count; step++) /* the state was zero there; h_q has the one before the reset */
      if (is_reset(t, tokens[step])) zero_floats(dgh + (size_t)(step * lanes + lane) * ld, 3 * (size_t)hp);
  }
  mark(IN_CELL);
  weight_gradient(hp, hp, rows, dgh, ld, h_q, SKEWED(hp), dw + (size_t)2 * hp * hp, 1);
  weight_gradient(2 * hp, hp, rows, dgh + hp, ld, h_q, SKEWED(hp), dw, 1);
  mark(IN_PRODUCTS);
}

static void backward(const Block *b, const Layer *layer) {
  gates_backward(b, layer);
  if (layer->index > 0 || !b->t->table.used) input_gradients(b, layer);
  hidden_gradients(b, layer);
}

static void carry(const Trainer *t, Shard *s, const Layer *layer, int in) {
  const int hp = layer->padded, lanes = t->shard_lanes;
  const LayerRun *run = &s->layer[layer->index];
  GruRun *a = run->own;
  for (int lane = 0; lane < lanes; lane++) {
    float *carry = run->carry + lane * hp, *saved = a->saved + ((size_t)(in ? 0 : t->rows) + lane) * SAVED * hp;
    if (!in) {
      copy_floats(carry, saved + SAVED_H * hp, hp);
      continue;
    }
    copy_floats(saved + SAVED_H * hp, carry, hp);
    const int at_lane = lane * SKEWED(hp);
    for (int j = 0; j < hp; j += VW)
      store_activation(load(carry + j), a->h_q + at_lane + j, a->h_16 + at_lane + j, STATE_ONE, activation_form(t));
  }
  zero_floats(a->dcarry, (size_t)lanes * hp);
}

const LayerKind layer_gru = {lay_out, lay_out_shard, 4, pack_weights, forward, backward, carry};
