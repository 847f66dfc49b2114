/*
 * What a layer is to the rest of the trainer. A kind of layer is a file `layer_{kind}.c` with one LayerKind, and a line in layers.c;
 * a kind without a file does not link.
 */
#ifndef TLM_TRAIN_LAYER_H
#define TLM_TRAIN_LAYER_H

#include "parameters.h"

typedef struct Trainer Trainer;
typedef struct Shard Shard;
typedef struct Layer Layer;
typedef struct Block Block;

/* Rows of activations, a row for each step and lane: as they enter products, and exactly, where a residual stream begins with them. */
typedef struct {
  const float *x;     /* in 8 bits where the trainer works so */
  const int16_t *x16; /* the same in units of the signal's `unit`, where products are made in integers */
  int32_t ld;
  const float *exact;
  int32_t exact_ld;
} Rows;

/* What goes from one part to the next. */
typedef struct {
  int32_t stream; /* a residual stream, which has no x and x16 */
  int32_t width, padded;
  float unit;
} Signal;

/* Normed rows of a residual stream (norm.h). */
typedef struct {
  int32_t width, padded, ld;
  float *y;       /* (rows, padded), skewed; in 8 bits where the trainer works so */
  int16_t *y16;   /* the same in units of 1/32, where products are made in integers */
  float *inverse; /* (rows) 1 / root of the mean square */
} Normed;

typedef struct {
  void (*lay_out)(Trainer *t, Layer *layer, Arena *arena);                       /* packed weights, once */
  void (*lay_out_shard)(Trainer *t, Shard *s, const Layer *layer, Arena *arena); /* activations of a shard */
  int pack_tasks;
  void (*pack)(const Trainer *t, const Layer *layer, int task); /* weights for the products, once a step */
  void (*forward)(const Block *b, const Layer *layer);          /* the steps of a block */
  void (*backward)(const Block *b, const Layer *layer); /* in s->dout: from the gradient of its output to its input's */
  void (*carry)(const Trainer *t, Shard *s, const Layer *layer, int in); /* null without a state; see carry_states */
} LayerKind;

extern const LayerKind *const layer_kinds[MODEL_KINDS];

INLINE void at_least(int32_t *most, int n) {
  if (*most < n) *most = n;
}

struct Layer {
  const LayerKind *kind;
  int32_t index, width, padded;
  Signal in, out;
  int32_t begins_stream; /* the layer above takes its exact output */
  Part part;
  void *weights; /* the kind's own */
};

/* A layer's activations in a shard; N = segment · lanes a shard, time-major. */
typedef struct {
  void *own;    /* the kind's own */
  Rows out;     /* (N, out.width) */
  float *carry; /* (lanes, padded) state after the last segment; null without one */
} LayerRun;

#endif
