/*
 * A gated feed-forward block on the residual stream (SPEC.md 3.7): silu(a)·b of the normed stream, normed again, goes back into the
 * stream. It has no state.
 */
#include "norm.h"
#include "phases.h"

typedef struct {
  ForwardWeights forward_in, forward_out;
  BackwardWeights backward_in, backward_out;
} GluWeights;

typedef struct {
  Normed input, inner;
  float *ab;     /* (N, 2Wp) */
  float *stream; /* (N, INp) what comes out */
} GluRun;

static void lay_out(Trainer *t, Layer *layer, Arena *arena) {
  const int wp = layer->padded, k = layer->in.padded;
  const int in = tensor_of(&layer->part, MODEL_GLU_WEIGHT_IN), out = tensor_of(&layer->part, MODEL_GLU_WEIGHT_OUT);
  GluWeights *w = layer->weights = take_struct(arena, sizeof(GluWeights));
  w->forward_in = take_forward(t, arena, k, 2 * wp);
  w->backward_in = take_backward(t, arena, in, 2 * wp, k);
  w->forward_out = take_forward(t, arena, wp, k);
  w->backward_out = take_backward(t, arena, out, k, wp);
  at_least(&t->product_floats, 2 * wp);
  at_least(&t->product_floats, k);
  at_least(&t->gate_floats, SKEWED(2 * wp));
  at_least(&t->inner_floats, wp);
}

static void lay_out_shard(Trainer *t, Shard *s, const Layer *layer, Arena *arena) {
  const int wp = layer->padded, k = layer->in.padded;
  const uint64_t rows = (uint64_t)t->rows;
  LayerRun *run = &s->layer[layer->index];
  GluRun *a = run->own = take_struct(arena, sizeof(GluRun));
  lay_out_normed(t, &a->input, t->rows, layer->in.width, arena);
  lay_out_normed(t, &a->inner, t->rows, layer->width, arena);
  a->ab = take_floats(arena, rows * 2 * wp);
  a->stream = take_floats(arena, rows * k);
  run->carry = 0;
  run->out = (Rows){0, 0, 0, a->stream, k};
}

static void pack_weights(const Trainer *t, const Layer *layer, int task) {
  const int wp = layer->padded, k = layer->in.padded;
  const int in = tensor_of(&layer->part, MODEL_GLU_WEIGHT_IN), out = tensor_of(&layer->part, MODEL_GLU_WEIGHT_OUT);
  const GluWeights *w = layer->weights;
  switch (task) {
    case 0: pack_forward(t, in, k, 2 * wp, 1.0f / NORM_ONE, &w->forward_in); break;
    case 1: pack_backward(t, in, 2 * wp, k, 0, &w->backward_in); break;
    case 2: pack_forward(t, out, wp, k, 1.0f / NORM_ONE, &w->forward_out); break;
    case 3: pack_backward(t, out, k, wp, 0, &w->backward_out); break;
  }
}

/* p (rows, Wp) = silu(a) · b */
static void gated(int rows, int wp, const float *ab, float *p) {
  for (int i = 0; i < rows; i++, ab += 2 * wp, p += wp)
    for (int j = 0; j < wp; j += VW) {
      const vf a = load(ab + j);
      store(p + j, a * sigmoid_(a) * load(ab + wp + j));
    }
}

static void forward(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int wp = layer->padded, k = layer->in.padded, rows = rows_of_block(b);
  const size_t row = (size_t)b->first * t->shard_lanes;
  const GluWeights *w = layer->weights;
  const GluRun *a = s->layer[layer->index].own;
  const Rows in = input_rows(b, layer);
  const float *gain = at(&t->p, t->p.effective, tensor_of(&layer->part, MODEL_GLU_NORM));
  const Rows u = norm_forward(b, gain, in.exact, in.exact_ld, &a->input, row);
  forward_product(&w->forward_in, rows, 2 * wp, k, u.x, u.x16, u.ld, a->ab + row * 2 * wp, 2 * wp, t->zeros);
  mark(IN_PRODUCTS);
  gated(rows, wp, a->ab + row * 2 * wp, s->inner);
  const Rows v = norm_forward(b, 0, s->inner, wp, &a->inner, row);
  forward_product(&w->forward_out, rows, k, wp, v.x, v.x16, v.ld, s->products, k, t->zeros);
  mark(IN_PRODUCTS);
  add_to_stream(rows, k, in.exact, in.exact_ld, s->products, a->stream + row * k);
}

static void backward(const Block *b, const Layer *layer) {
  const Trainer *t = b->t;
  Shard *s = b->s;
  const int wp = layer->padded, k = layer->in.padded, rows = rows_of_block(b), ld = SKEWED(2 * wp);
  const size_t row = (size_t)b->first * t->shard_lanes;
  const GluWeights *w = layer->weights;
  const GluRun *a = s->layer[layer->index].own;
  const Rows in = input_rows(b, layer);
  backward_product(&w->backward_out, rows, wp, k, s->dout, k, s->inner, wp, 0);
  weight_gradient(k, wp, rows, s->dout, k, a->inner.y + row * a->inner.ld, a->inner.ld,
                  at(&t->p, s->grad, tensor_of(&layer->part, MODEL_GLU_WEIGHT_OUT)), 1);
  mark(IN_PRODUCTS);
  gated(rows, wp, a->ab + row * 2 * wp, s->products);
  norm_backward(b, 0, 0, s->products, wp, &a->inner, row, s->inner, wp, s->inner, wp, 0);
  for (int i = 0; i < rows; i++) {
    const float *ab = a->ab + (row + i) * 2 * wp, *dp = s->inner + (size_t)i * wp;
    float *dgates = s->gates + (size_t)i * ld;
    for (int j = 0; j < wp; j += VW) {
      const vf x = load(ab + j), sig = sigmoid_(x), d = load(dp + j);
      store(dgates + j, d * load(ab + wp + j) * sig * (1.0f + x * (1.0f - sig)));
      store(dgates + wp + j, d * x * sig);
    }
  }
  mark(IN_CELL);
  weight_gradient(2 * wp, k, rows, s->gates, ld, a->input.y + row * a->input.ld, a->input.ld,
                  at(&t->p, s->grad, tensor_of(&layer->part, MODEL_GLU_WEIGHT_IN)), 1);
  backward_product(&w->backward_in, rows, k, 2 * wp, s->gates, ld, s->products, k, 0);
  mark(IN_PRODUCTS);
  const int gain = tensor_of(&layer->part, MODEL_GLU_NORM);
  norm_backward(b, at(&t->p, t->p.effective, gain), at(&t->p, s->grad, gain), in.exact, in.exact_ld, &a->input, row,
                s->products, k, s->dout, k, 1);
}

const LayerKind layer_glu = {lay_out, lay_out_shard, 4, pack_weights, forward, backward, 0};
