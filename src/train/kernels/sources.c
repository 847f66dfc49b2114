/* The vectors that enter the stack for a block's tokens, and their gradients. */
#include "sources.h"
#include "phases.h"

Signal add_sources(Trainer *t) {
  const Config *c = &t->c;
  const Sizes sizes = {{[MODEL_OF_ONE] = 1, [MODEL_OF_VOCAB] = c->vocab, [MODEL_OF_DIM] = c->dim}};
  t->sources.embedding = add_part(&t->p, c, MODEL_RULES_EMBEDDING, MODEL_RULE_COUNT_EMBEDDING, &sizes, 0);
  t->sources.dp = PADDED(c->dim);
  const int width = add_ngrams(t, c->dim);
  t->sources.out = (Signal){0, width, PADDED(width), 1.0f / (float)(1 << c->embed_frac)};
  return t->sources.out;
}

void lay_out_sources(Trainer *t, Arena *arena) {
  const uint64_t floats = (uint64_t)PADDED(t->c.vocab) * t->sources.dp;
  lay_out_ngrams(t, arena);
  t->sources.embed_in = take_floats(arena, floats);
  t->sources.embed_16 = take_16(arena, t->integers ? floats : 0);
}

void lay_out_sources_shard(Trainer *t, Shard *s, Arena *arena) {
  lay_out_ngrams_shard(t, s, arena);
  if (t->table.used) return;
  const int ld = SKEWED(t->sources.out.padded);
  const uint64_t floats = (uint64_t)t->rows * ld;
  SourcesRun *run = &s->sources;
  run->x = take_floats(arena, floats);
  run->x16 = take_16(arena, t->integers ? floats : 0);
  run->out = (Rows){run->x, run->x16, ld, run->x, ld};
}

void sources_forward(const Block *b) {
  const Trainer *t = b->t;
  const int dp = t->sources.dp, lanes = t->shard_lanes, rows = rows_of_block(b), ld = SKEWED(t->sources.out.padded);
  for (int i = 0; i < rows; i++) {
    const int token = lane_tokens(b, t->inputs, i % lanes)[b->first + i / lanes];
    const size_t from = (size_t)token * dp, to = ((size_t)b->first * lanes + i) * ld;
    copy_floats(b->s->sources.x + to, t->sources.embed_in + from, dp);
    if (t->integers) copy_16(b->s->sources.x16 + to, t->sources.embed_16 + from, dp);
  }
  mark(IN_SCATTER);
  if (t->c.ngrams) ngrams_forward(b); /* behind an embedding: over its padding */
}

void sources_backward(const Block *b) {
  const Trainer *t = b->t;
  const Shard *s = b->s;
  const int dp = t->sources.dp, lanes = t->shard_lanes, rows = rows_of_block(b), ld = t->sources.out.padded;
  const int whole = t->c.ngrams ? t->c.dim / VW * VW : dp; /* behind it stands a table's row, or padding */
  float *grad = at(&t->p, s->grad, tensor_of(&t->sources.embedding, MODEL_EMBED_WEIGHT));
  for (int i = 0; i < rows; i++) {
    const int token = lane_tokens(b, t->inputs, i % lanes)[b->first + i / lanes];
    float *to = grad + (size_t)token * dp;
    const float *from = s->dout + (size_t)i * ld;
    for (int j = 0; j < whole; j += VW) store(to + j, load(to + j) + load(from + j));
    for (int j = whole; j < t->c.dim; j++) to[j] += from[j];
  }
  mark(IN_SCATTER);
  if (t->c.ngrams) ngrams_backward(b);
}
