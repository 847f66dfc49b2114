/* The output layer: logits, cross-entropy, and its gradient. */
#ifndef TLM_TRAIN_HEAD_H
#define TLM_TRAIN_HEAD_H

#include "cache.h"
#include "layer.h"

typedef struct {
  Part part;
  Signal in;
  int32_t vp;
  int32_t weight; /* its tensor; the embedding where that is tied */
  ForwardWeights forward;
  BackwardWeights backward;
  float *bias; /* (Vp), −1e30 beyond the vocabulary */
} Head;

typedef struct {
  Normed input;  /* (block, INp) of a stream */
  float *logits; /* (block, Vp), skewed */
  Cached cached;
} HeadRun;

#define HEAD_PACK_TASKS 3

void add_head(Trainer *t, Signal in);
void lay_out_head(Trainer *t, Arena *arena);
void lay_out_head_shard(Trainer *t, Shard *s, Arena *arena);
void pack_head(const Trainer *t, int task);
/* The loss of a block; with `train` its gradients too, that of the last layer's output in s->dout. */
void head_loss(const Block *b, int train);

#endif
