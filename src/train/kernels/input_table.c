/*
 * The first layer's input products by token. They depend on the token alone where that layer is a GRU that reads embeddings, so they
 * are made once a step for the whole vocabulary, and their gradients are gathered by token.
 */
#include "layer_gru.h"
#include "phases.h"

void lay_out_table(Trainer *t, Arena *arena) {
  const uint64_t floats = t->table.used ? (uint64_t)PADDED(t->c.vocab) * 3 * t->layer[0].padded : 0;
  t->table.rows = take_floats(arena, floats);
  t->table.drows = take_floats(arena, floats ? floats + PRODUCT_SLACK : 0);
}

void lay_out_table_shard(Trainer *t, Shard *s, Arena *arena) {
  s->dtable = take_floats(arena, t->table.used ? (uint64_t)PADDED(t->c.vocab) * 3 * t->layer[0].padded : 0);
}

/* table (V, 3Hp) = embeddings · W_ihᵀ + b_ih */
void phase_table(Trainer *t) {
  const Layer *layer = &t->layer[0];
  const GruWeights *w = layer->weights;
  const int g = 3 * layer->padded, dp = t->sources.dp, vp = PADDED(t->c.vocab);
  for (int first = take_task(t) * TABLE_ROWS; first < vp; first = take_task(t) * TABLE_ROWS) {
    const int rows = vp - first < TABLE_ROWS ? vp - first : TABLE_ROWS;
    const size_t from = (size_t)first * dp;
    forward_product(&w->forward_ih, rows, g, dp, t->sources.embed_in + from,
                    t->integers ? t->sources.embed_16 + from : 0, dp, t->table.rows + (size_t)first * g, g,
                    at(&t->p, t->p.effective, tensor_of(&layer->part, MODEL_RNN_BIAS_IH)));
  }
}

/* What follows from the table's gradient: embedding (V rows), W_ih (3Hp rows) and b_ih. */
void phase_table_gradient(Trainer *t) {
  const Layer *layer = &t->layer[0];
  const GruWeights *w = layer->weights;
  const int g = 3 * layer->padded, dp = t->sources.dp, v = t->c.vocab;
  const int embed_tasks = ROUND_UP(v, TABLE_ROWS) / TABLE_ROWS, weight_tasks = ROUND_UP(g, TABLE_ROWS) / TABLE_ROWS;
  float *embedding = at(&t->p, t->p.grad, tensor_of(&t->sources.embedding, MODEL_EMBED_WEIGHT));
  float *weight = at(&t->p, t->p.grad, tensor_of(&layer->part, MODEL_RNN_WEIGHT_IH));
  for (int task = take_task(t); task < embed_tasks + weight_tasks + 1; task = take_task(t)) {
    if (task < embed_tasks) {
      const int first = task * TABLE_ROWS, rows = v - first < TABLE_ROWS ? v - first : TABLE_ROWS;
      backward_product(&w->backward_ih, rows, dp, g, t->table.drows + (size_t)first * g, g,
                       embedding + (size_t)first * dp, dp, 1);
    } else if (task < embed_tasks + weight_tasks) {
      const int first = (task - embed_tasks) * TABLE_ROWS, rows = g - first < TABLE_ROWS ? g - first : TABLE_ROWS;
      weight_gradient(rows, dp, v, t->table.drows + first, g, t->sources.embed_in, dp, weight + (size_t)first * dp, 0);
    } else {
      float *sums = at(&t->p, t->p.grad, tensor_of(&layer->part, MODEL_RNN_BIAS_IH));
      for (int j = 0; j < g; j++) sums[j] = 0;
      column_sums(v, g, t->table.drows, g, sums);
    }
  }
}
