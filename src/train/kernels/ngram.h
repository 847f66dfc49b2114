/* Hashed n-gram tables: a row for the last tokens, beside the embedding. Only rows that a step touched cost anything in it. */
#ifndef TLM_TRAIN_NGRAM_H
#define TLM_TRAIN_NGRAM_H

#include "layer.h"

#define NGRAM_CONTEXT (NGRAM_ORDER_MAX - 1) /* tokens before the current one that a model looks back on */
#define TOUCHED_ROWS 64                     /* rows a task of the update */

typedef struct {
  Part part;
  int32_t order, rows_log, width;
  int32_t column;  /* of the sources' vector, where its numbers begin */
  int32_t levels;  /* largest magnitude of a weight in units of the scale; 0 where weights are floats */
  int32_t touched; /* rows of the table that the last step touched, */
  int32_t *rows;   /* (touched) their numbers, */
  float *grad;     /* (touched, width) and gradients */
  int32_t *place;  /* (rows of the table) where a row stands in `rows`, if it does: never cleared, see gather_ngram */
} Ngram;

typedef struct {
  uint16_t *context;        /* (lanes, NGRAM_CONTEXT) tokens before the next one, the newest first */
  int32_t *row[MAX_NGRAMS]; /* (N) rows that the steps looked up */
  float *dx[MAX_NGRAMS];    /* (N, width) gradients of what they gave */
} NgramRun;

/* Adds the tables' parameters; their numbers stand from column `width` on. Returns the width with them. */
int add_ngrams(Trainer *t, int width);
void lay_out_ngrams(Trainer *t, Arena *arena);
void lay_out_ngrams_shard(Trainer *t, Shard *s, Arena *arena);

/* Rows of the block into the sources' vectors, which hold the embeddings. */
void ngrams_forward(const Block *b);
void ngrams_backward(const Block *b); /* from s->dout */

/* One table: sums of the shards' gradients by row, in the shards' order. */
void gather_ngram(Trainer *t, int table);
float squared_norm_of_ngram(const Trainer *t, int table);

#endif
