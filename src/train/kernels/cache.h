/* The cache of recent text: logits of tokens that followed the same last tokens before are raised (SPEC.md 3.9). */
#ifndef TLM_TRAIN_CACHE_H
#define TLM_TRAIN_CACHE_H

#include "layer.h"

/* What it knows at one place of the text. */
typedef struct {
  int32_t found;   /* tokens that followed before, */
  uint16_t *token; /* (window) which ones, */
  uint8_t *counts; /* (V) and how often the last 1, 2 and 3 tokens stood before them: 2 bits each; 0 for all others */
} Cached;

void lay_out_cache_shard(Trainer *t, Shard *s, Arena *arena);
/* Looks back from place `at` of a lane's tokens. */
void cache_look(const Trainer *t, const uint16_t *lane, int at, Cached *to);
/* Adds what the cache gives to a row of logits. */
void cache_forward(const float *bias, int stride, const Cached *cached, float *logits);
/* Gradients of the biases from a row of dlogits (null: none); then `counts` is zero again. */
void cache_backward(float *dbias, int stride, Cached *cached, const float *dlogits);

#endif
