/*
 * What stands before the stack: the token's embedding, rows of n-gram tables behind it, and the table of the embeddings' products with a
 * first GRU layer's weights.
 */
#ifndef TLM_TRAIN_SOURCES_H
#define TLM_TRAIN_SOURCES_H

#include "ngram.h"

#define TABLE_ROWS 16 /* rows a task of the input table */

typedef struct {
  Part embedding;
  Signal out;
  Ngram ngram[MAX_NGRAMS];
  int32_t dp;        /* floats from one embedding row to the next */
  float *embed_in;   /* (Vp, Dp) embeddings as the stack sees them */
  int16_t *embed_16; /* the same in units of 2^−embed_frac, where products are made in integers */
} Sources;

typedef struct {
  NgramRun ngrams;
  Rows out; /* (N, W0p), skewed; null where the input table stands for it */
  float *x;
  int16_t *x16;
} SourcesRun;

/* Layer 0's input products for each token, made once a step: V rows of them instead of N a shard. */
typedef struct {
  int32_t used;
  float *rows;  /* (Vp, 3Hp) embeddings · W_ihᵀ + b_ih */
  float *drows; /* (Vp, 3Hp) */
} InputTable;

Signal add_sources(Trainer *t);
void lay_out_sources(Trainer *t, Arena *arena);
void lay_out_sources_shard(Trainer *t, Shard *s, Arena *arena);
void sources_forward(const Block *b);
void sources_backward(const Block *b); /* from s->dout */

void lay_out_table(Trainer *t, Arena *arena);
void lay_out_table_shard(Trainer *t, Shard *s, Arena *arena);
void phase_table(Trainer *t);
void phase_table_gradient(Trainer *t);

#endif
