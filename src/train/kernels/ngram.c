#include "ngram.h"
#include "phases.h"

int add_ngrams(Trainer *t, int width) {
  const Config *c = &t->c;
  for (int i = 0; i < c->ngrams; i++) {
    Ngram *n = &t->sources.ngram[i];
    *n = (Ngram){
      .order = c->ngram[i].order, .rows_log = c->ngram[i].rows_log, .width = c->ngram[i].width, .column = width};
    const Sizes sizes = {{[MODEL_OF_ONE] = 1, [MODEL_OF_WIDTH] = n->width, [MODEL_OF_ROWS] = 1 << n->rows_log}};
    n->part = add_part(&t->p, c, MODEL_RULES_NGRAM, MODEL_RULE_COUNT_NGRAM, &sizes, 0);
    n->levels = c->ternary ? largest_level(t->p.tensor[tensor_of(&n->part, MODEL_NGRAM_WEIGHT)].trits) : 0;
    width += n->width;
  }
  return width;
}

void lay_out_ngrams(Trainer *t, Arena *arena) {
  for (int i = 0; i < t->c.ngrams; i++) {
    Ngram *n = &t->sources.ngram[i];
    const uint64_t all = (uint64_t)1 << n->rows_log, looked = (uint64_t)t->rows * t->c.shards,
                   most = looked < all ? looked : all;
    n->rows = take(arena, most * sizeof(int32_t));
    n->grad = take_floats(arena, most * n->width);
    n->place = take(arena, all * sizeof(int32_t));
  }
}

void lay_out_ngrams_shard(Trainer *t, Shard *s, Arena *arena) {
  NgramRun *run = &s->sources.ngrams;
  if (t->c.ngrams) run->context = take(arena, (uint64_t)t->shard_lanes * NGRAM_CONTEXT * sizeof(uint16_t));
  for (int i = 0; i < t->c.ngrams; i++) {
    run->row[i] = take(arena, (uint64_t)t->rows * sizeof(int32_t));
    run->dx[i] = take_floats(arena, (uint64_t)t->rows * t->sources.ngram[i].width);
  }
}

/* The row of a table for the last tokens, the newest first (SPEC.md 3.1). */
static int row_of(const Ngram *n, const uint16_t *recent) {
  uint32_t hash = 0;
  for (int i = n->order - 1; i >= 0; i--) hash = (hash + recent[i] + 1) * 0x9e3779b1u;
  return (int)(hash >> (32 - n->rows_log));
}

/* A weight as the forward pass sees it, in units of the table's scale. */
INLINE float level(const Ngram *n, float w) {
  if (n->levels == 0) return w;
  int size = (int)((w < 0 ? -w : w) + 0.5f);
  if (size > n->levels) size = n->levels;
  return (float)(w < 0 ? -size : size);
}

/* x in 8 bits, in units of 1/one: its magnitude rounded half up, at most 127. */
INLINE float looked_up(float x, float one) {
  float size = (float)(int)((x < 0 ? -x : x) * one + 0.5f);
  if (size > 127.0f) size = 127.0f;
  return x < 0 ? -size : size;
}

void ngrams_forward(const Block *b) {
  const Trainer *t = b->t;
  SourcesRun *s = &b->s->sources;
  const int lanes = t->shard_lanes, rows = rows_of_block(b), ld = s->out.ld;
  const float one = (float)(1 << t->c.embed_frac);
  for (int i = 0; i < rows; i++) {
    const size_t row = (size_t)b->first * lanes + i;
    uint16_t *context = s->ngrams.context + i % lanes * NGRAM_CONTEXT, recent[NGRAM_CONTEXT + 1];
    recent[0] = lane_tokens(b, t->inputs, i % lanes)[b->first + i / lanes];
    for (int j = 0; j < NGRAM_CONTEXT; j++) recent[j + 1] = is_reset(t, recent[0]) ? (uint16_t)t->c.eod : context[j];
    for (int j = 0; j < NGRAM_CONTEXT; j++) context[j] = recent[j];
    for (int k = 0; k < t->c.ngrams; k++) {
      const Ngram *n = &t->sources.ngram[k];
      const int at_row = s->ngrams.row[k][row] = row_of(n, recent);
      const float *w = at(&t->p, t->p.weight, tensor_of(&n->part, MODEL_NGRAM_WEIGHT)) + (size_t)at_row * n->width;
      const float scale = at(&t->p, t->p.effective, tensor_of(&n->part, MODEL_NGRAM_SCALE))[0];
      const size_t to = row * ld + n->column;
      for (int j = 0; j < n->width; j++) {
        const float x = level(n, w[j]) * scale, units = looked_up(x, one);
        s->x[to + j] = t->c.quantize_activations ? units / one : x;
        if (t->integers) s->x16[to + j] = (int16_t)units;
      }
    }
  }
  mark(IN_SCATTER);
}

void ngrams_backward(const Block *b) {
  const Trainer *t = b->t;
  const SourcesRun *s = &b->s->sources;
  const int lanes = t->shard_lanes, rows = rows_of_block(b), ld = t->sources.out.padded;
  for (int k = 0; k < t->c.ngrams; k++) {
    const Ngram *n = &t->sources.ngram[k];
    const float *weight = at(&t->p, t->p.weight, tensor_of(&n->part, MODEL_NGRAM_WEIGHT));
    float along = 0;
    for (int i = 0; i < rows; i++) {
      const size_t row = (size_t)b->first * lanes + i;
      const float *w = weight + (size_t)s->ngrams.row[k][row] * n->width,
                  *from = b->s->dout + (size_t)i * ld + n->column;
      float *dx = s->ngrams.dx[k] + row * n->width;
      for (int j = 0; j < n->width; j++) {
        dx[j] = from[j];
        along += from[j] * level(n, w[j]);
      }
    }
    at(&t->p, b->s->grad, tensor_of(&n->part, MODEL_NGRAM_SCALE))[0] += along;
  }
  mark(IN_SCATTER);
}

/*
 * What `place` says of a row holds only if `rows` has the row there. So it need not be cleared, and a step's cost does not depend
 * on the size of the table (Briggs and Torczon, "An efficient representation for sparse sets", 1993).
 */
void gather_ngram(Trainer *t, int table) {
  Ngram *n = &t->sources.ngram[table];
  const float scale = at(&t->p, t->p.effective, tensor_of(&n->part, MODEL_NGRAM_SCALE))[0];
  n->touched = 0;
  for (int s = 0; s < t->c.shards; s++) {
    const NgramRun *run = &t->shard[s].sources.ngrams;
    for (int i = 0; i < t->rows; i++) {
      const int row = run->row[table][i];
      int place = n->place[row];
      if (place >= n->touched || n->rows[place] != row) {
        place = n->place[row] = n->touched++;
        n->rows[place] = row;
        for (int j = 0; j < n->width; j++) n->grad[(size_t)place * n->width + j] = 0;
      }
      for (int j = 0; j < n->width; j++)
        n->grad[(size_t)place * n->width + j] += scale * run->dx[table][(size_t)i * n->width + j];
    }
  }
}

float squared_norm_of_ngram(const Trainer *t, int table) {
  const Ngram *n = &t->sources.ngram[table];
  float sum = 0;
  for (size_t i = 0; i < (size_t)n->touched * n->width; i++) sum += n->grad[i] * n->grad[i];
  return sum;
}
