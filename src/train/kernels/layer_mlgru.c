/*
 * A gated linear recurrence on the residual stream (SPEC.md 3.6): gates f, g and candidate c come from the normed stream alone;
 * h' = f·h + (1 − f)·c, and g·h' goes back into the stream. Truncated at the segment's start.
 */
#include "norm.h"
#include "phases.h"

/* What the backward pass needs of a row, one after the other: (4, Wp). */
enum { SAVED_H, SAVED_F, SAVED_G, SAVED_C, SAVED }; /* state before the step, gates, candidate */

typedef struct {
  ForwardWeights forward_in, forward_out;
  BackwardWeights backward_in, backward_out;
} MlgruWeights;

typedef struct {
  Normed input;
  float *saved; /* (N + lanes, 4Wp) */
  float *o;     /* (N, Wp), skewed: g·h', in 8 bits */
  int16_t *o_16;
  float *dcarry; /* (lanes, Wp) gradient of the state before the steps done so far, going back */
  float *stream; /* (N, INp) what comes out */
} MlgruRun;

static void lay_out(Trainer *t, Layer *layer, Arena *arena) {
  const int wp = layer->padded, k = layer->in.padded;
  const int in = tensor_of(&layer->part, MODEL_MLGRU_WEIGHT_IN), out = tensor_of(&layer->part, MODEL_MLGRU_WEIGHT_OUT);
  MlgruWeights *w = layer->weights = take_struct(arena, sizeof(MlgruWeights));
  w->forward_in = take_forward(t, arena, k, 3 * wp);
  w->backward_in = take_backward(t, arena, in, 3 * wp, k);
  w->forward_out = take_forward(t, arena, wp, k);
  w->backward_out = take_backward(t, arena, out, k, wp);
  at_least(&t->product_floats, 3 * wp);
  at_least(&t->product_floats, k);
  at_least(&t->gate_floats, SKEWED(3 * wp));
  at_least(&t->inner_floats, wp);
}

static void lay_out_shard(Trainer *t, Shard *s, const Layer *layer, Arena *arena) {
  const int wp = layer->padded, k = layer->in.padded;
  const uint64_t lanes = (uint64_t)t->shard_lanes, rows = (uint64_t)t->rows;
  LayerRun *run = &s->layer[layer->index];
  MlgruRun *a = run->own = take_struct(arena, sizeof(MlgruRun));
  lay_out_normed(t, &a->input, t->rows, layer->in.width, arena);
  a->saved = take_floats(arena, (rows + lanes) * SAVED * wp);
  a->o = take_floats(arena, rows * SKEWED(wp));
  a->o_16 = take_16(arena, t->integers ? rows * SKEWED(wp) : 0);
  a->dcarry = take_floats(arena, lanes * wp);
  a->stream = take_floats(arena, rows * k);
  run->carry = take_floats(arena, lanes * wp);
  run->out = (Rows){0, 0, 0, a->stream, k};
}

static void pack_weights(const Trainer *t, const Layer *layer, int task) {
  const int wp = layer->padded, k = layer->in.padded;
  const int in = tensor_of(&layer->part, MODEL_MLGRU_WEIGHT_IN), out = tensor_of(&layer->part, MODEL_MLGRU_WEIGHT_OUT);
  const MlgruWeights *w = layer->weights;
  switch (task) {
    case 0: pack_forward(t, in, k, 3 * wp, 1.0f / NORM_ONE, &w->forward_in); break;
    case 1: pack_backward(t, in, 3 * wp, k, 0, &w->backward_in); break;
    case 2: pack_forward(t, out, wp, k, 1.0f / STATE_ONE, &w->forward_out); break;
    case 3: pack_backward(t, out, k, wp, 0, &w->backward_out); break;
  }
}

/* A lane's step: gates (f, g, c before their functions), new state, and what goes out of it. */
INLINE void cell_forward(int wp, const float *gates, float *saved, float *h_next, float *o, int16_t *o_16,
                         const int form) {
  for (int j = 0; j < wp; j += VW) {
    const vf f = sigmoid_(load(gates + j)), g = sigmoid_(load(gates + wp + j)), c = tanh_(load(gates + 2 * wp + j));
    const vf h = fma_(f, load(saved + SAVED_H * wp + j) - c, c);
    store(saved + SAVED_F * wp + j, f);
    store(saved + SAVED_G * wp + j, g);
    store(saved + SAVED_C * wp + j, c);
    store(h_next + j, h);
    store_activation(g * h, o + j, o_16 + j, STATE_ONE, form);
  }
}

static void forward(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int wp = layer->padded, k = layer->in.padded, lanes = t->shard_lanes, rows = rows_of_block(b),
            form = activation_form(t);
  const size_t row = (size_t)b->first * lanes;
  const MlgruWeights *w = layer->weights;
  const MlgruRun *a = s->layer[layer->index].own;
  const Rows in = input_rows(b, layer);
  const float *gain = at(&t->p, t->p.effective, tensor_of(&layer->part, MODEL_MLGRU_NORM));
  const Rows u = norm_forward(b, gain, in.exact, in.exact_ld, &a->input, row);
  forward_product(&w->forward_in, rows, 3 * wp, k, u.x, u.x16, u.ld, s->products, 3 * wp,
                  at(&t->p, t->p.effective, tensor_of(&layer->part, MODEL_MLGRU_BIAS_IN)));
  mark(IN_PRODUCTS);
  const size_t o_at = row * SKEWED(wp);
  for (int i = 0; i < rows; i++) {
    const float *gates = s->products + (size_t)i * 3 * wp;
    float *saved = a->saved + (row + i) * SAVED * wp, *h_next = saved + (size_t)lanes * SAVED * wp;
    const size_t to = o_at + (size_t)i * SKEWED(wp);
    if (is_reset(t, lane_tokens(b, t->inputs, i % lanes)[b->first + i / lanes])) zero_floats(saved + SAVED_H * wp, wp);
    if (form == INTEGERS) cell_forward(wp, gates, saved, h_next, a->o + to, a->o_16 + to, INTEGERS);
    else if (form == IN_8_BITS) cell_forward(wp, gates, saved, h_next, a->o + to, a->o_16, IN_8_BITS);
    else cell_forward(wp, gates, saved, h_next, a->o + to, a->o_16, EXACT);
  }
  mark(IN_CELL);
  forward_product(&w->forward_out, rows, k, wp, a->o + o_at, form == INTEGERS ? a->o_16 + o_at : 0, SKEWED(wp),
                  s->products, k, t->zeros);
  mark(IN_PRODUCTS);
  add_to_stream(rows, k, in.exact, in.exact_ld, s->products, a->stream + row * k);
}

/*
 * A lane's step: from the gradient of what goes out to those of the gates and, in dcarry, of the state before. The state after it is made
 * again, because a reset in the next step has cleared it.
 */
INLINE void cell_backward(int wp, const float *d_out, const float *saved, float *dgates, float *dcarry) {
  for (int j = 0; j < wp; j += VW) {
    const vf f = load(saved + SAVED_F * wp + j), g = load(saved + SAVED_G * wp + j), c = load(saved + SAVED_C * wp + j);
    const vf h = load(saved + SAVED_H * wp + j), d_o = load(d_out + j), dh = fma_(d_o, g, load(dcarry + j));
    store(dgates + j, dh * (h - c) * f * (1.0f - f));
    store(dgates + wp + j, d_o * fma_(f, h - c, c) * g * (1.0f - g));
    store(dgates + 2 * wp + j, dh * (1.0f - f) * (1.0f - c * c));
    store(dcarry + j, dh * f);
  }
}

static void backward(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int wp = layer->padded, k = layer->in.padded, lanes = t->shard_lanes, rows = rows_of_block(b),
            ld = SKEWED(3 * wp);
  const size_t row = (size_t)b->first * lanes;
  const MlgruWeights *w = layer->weights;
  const MlgruRun *a = s->layer[layer->index].own;
  const Rows in = input_rows(b, layer);
  backward_product(&w->backward_out, rows, wp, k, s->dout, k, s->inner, wp, 0);
  weight_gradient(k, wp, rows, s->dout, k, a->o + row * SKEWED(wp), SKEWED(wp),
                  at(&t->p, s->grad, tensor_of(&layer->part, MODEL_MLGRU_WEIGHT_OUT)), 1);
  mark(IN_PRODUCTS);
  for (int i = rows - 1; i >= 0; i--) {
    const int lane = i % lanes;
    const float *saved = a->saved + (row + i) * SAVED * wp;
    float *dcarry = a->dcarry + lane * wp;
    cell_backward(wp, s->inner + (size_t)i * wp, saved, s->gates + (size_t)i * ld, dcarry);
    if (is_reset(t, lane_tokens(b, t->inputs, lane)[b->first + i / lanes])) zero_floats(dcarry, wp);
  }
  column_sums(rows, 3 * wp, s->gates, ld, at(&t->p, s->grad, tensor_of(&layer->part, MODEL_MLGRU_BIAS_IN)));
  mark(IN_CELL);
  weight_gradient(3 * wp, k, rows, s->gates, ld, a->input.y + row * a->input.ld, a->input.ld,
                  at(&t->p, s->grad, tensor_of(&layer->part, MODEL_MLGRU_WEIGHT_IN)), 1);
  backward_product(&w->backward_in, rows, k, 3 * wp, s->gates, ld, s->products, k, 0);
  mark(IN_PRODUCTS);
  const int gain = tensor_of(&layer->part, MODEL_MLGRU_NORM);
  norm_backward(b, at(&t->p, t->p.effective, gain), at(&t->p, s->grad, gain), in.exact, in.exact_ld, &a->input, row,
                s->products, k, s->dout, k, 1);
}

/* h of the rows behind the last step is what the segment leaves. */
static void carry(const Trainer *t, Shard *s, const Layer *layer, int in) {
  const int wp = layer->padded, lanes = t->shard_lanes;
  const LayerRun *run = &s->layer[layer->index];
  const MlgruRun *a = run->own;
  for (int lane = 0; lane < lanes; lane++) {
    float *h = a->saved + ((size_t)(in ? 0 : t->rows) + lane) * SAVED * wp + SAVED_H * wp;
    if (in) copy_floats(h, run->carry + lane * wp, wp);
    else copy_floats(run->carry + lane * wp, h, wp);
  }
  zero_floats(a->dcarry, (size_t)lanes * wp);
}

const LayerKind layer_mlgru = {lay_out, lay_out_shard, 4, pack_weights, forward, backward, carry};
