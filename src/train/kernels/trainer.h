/*
 * The trainer's state: everything lives in one arena that the caller provides (WebAssembly's shared
 * memory, or a native allocation), so that any number of workers may run on it.
 *
 * Padding: the hidden width H, the embedding width D and the vocabulary V are rounded up to NR floats
 * (Hp, Dp, Vp); the gates of a (3H, K) matrix start at rows 0, Hp and 2Hp. Padding is zero in the
 * parameters and stays zero, because its gradients are zero.
 */
#ifndef TLM_TRAIN_TRAINER_H
#define TLM_TRAIN_TRAINER_H

#include "gemm.h"

#define MAX_LAYERS 8
#define MAX_SHARDS 16
#define MAX_TENSORS (3 + 4 * MAX_LAYERS)
#define HEAD_ROWS 64   /* rows of logits held at a time */
#define GRAD_ROWS 128  /* rows of activations packed at a time for a weight gradient */
#define BLOCK 2048     /* floats a task of the optimizer */
#define IGNORE 0xffff  /* a target that does not count */

/* Configuration, written by the caller as 32-bit words in this order (src/train/layout.ts). */
typedef struct {
  int32_t vocab, dim, hidden, layers, tied;
  int32_t lanes;   /* sequences in parallel; a multiple of shards */
  int32_t segment; /* steps of truncated back-propagation */
  int32_t shards;  /* parts of a batch with a gradient of their own; fixes the order of every sum */
  int32_t ternary, quantize_activations, embed_frac, reset_on_eod, eod;
  int32_t stream;  /* tokens a lane that the data buffers hold */
  int32_t chunk;   /* steps that one call may run at most */
  float threshold, clip, beta1, beta2, epsilon, weight_decay;
  float latent_rate; /* step of a latent weight, relative to the learning rate and its row's mean magnitude */
} Config;

/* A parameter: rows = groups × group_rows, stored with group_stride rows a group and `stride` floats a row. */
typedef struct {
  int32_t groups, group_rows, group_stride, cols, stride;
  int32_t is_weight;
  int32_t offset;     /* floats from the start of the parameter arrays */
  int32_t row_offset; /* rows from the start of the arrays with a value a row */
} Tensor;

typedef struct {
  float *forward_hh, *backward_hh; /* packed W_hhᵀ (Hp, 3Hp) and W_hh (3Hp, Hp) */
  float *forward_ih, *backward_ih; /* packed W_ihᵀ (Kp, 3Hp) and W_ih (3Hp, Kp) */
} PackedLayer;

/* Activations of one layer of one shard; N = segment · lanes a shard, time-major. */
typedef struct {
  float *h_in;      /* (N, Hp) state before the step, after a reset */
  float *h_in_q;    /* (N, Hp) the same in 8 bits */
  float *h_q;       /* (N, Hp) state after the step in 8 bits */
  float *r, *z, *n; /* (N, Hp) gates */
  float *gh_n;      /* (N, Hp) hidden product of the candidate */
  float *carry;     /* (lanes a shard, Hp) state after the last segment */
} LayerActivations;

typedef struct {
  LayerActivations layer[MAX_LAYERS];
  float *x;      /* (N, Dp) embeddings, when layer 0 has no table */
  float *gx;     /* (N, 3Hp) input products; in the backward pass their gradients */
  float *gh;     /* (lanes a shard, 3Hp) hidden products of one step */
  float *dgh;    /* (N, 3Hp) */
  float *dh;     /* (N, max(Hp, Dp)) gradient of the layer's output */
  float *dcarry; /* (lanes a shard, Hp) */
  float *dback;  /* (lanes a shard, Hp) */
  float *logits; /* (HEAD_ROWS, Vp) */
  float *packed; /* scratch for packed activations */
  float *grad;   /* all parameters */
  float *dtable; /* (V, 3Hp) */
  double nats;
  int64_t count;
} Shard;

typedef struct {
  Config c;
  int32_t hp, dp, vp;
  int32_t shard_lanes, rows; /* lanes a shard, N */
  int32_t use_table;         /* layer 0's input products come from a (V, 3H) table made once a step */
  int32_t tensors, parameters, all_rows;
  Tensor tensor[MAX_TENSORS];
  float *weight, *moment1, *moment2, *grad, *effective; /* (parameters) */
  float *scale_moment1, *scale_moment2;                 /* (all_rows) AdamW's averages of the rows' scales */
  float *embed_in;                                      /* (Vp, Dp) embeddings as the cell sees them */
  float *head_bias;                                     /* (Vp), −1e30 beyond the vocabulary */
  PackedLayer packed[MAX_LAYERS];
  float *forward_head, *backward_head, *packed_embed;
  float *table, *dtable; /* (V, 3Hp) */
  float *partial;        /* (blocks) squared norms */
  Shard shard[MAX_SHARDS];
  uint16_t *inputs, *targets; /* (lanes, stream) */
  float *schedule;            /* (chunk, 3): learning rate, 1 − β1^t, 1 − β2^t */
  float *stats;               /* (chunk, 2): nats a token, gradient norm */
  double *totals;             /* nats, tokens of the last evaluation */
  int32_t workers, stop, done;
  /* the barrier */
  int32_t arrived, generation, next_task;
} Trainer;

/* Indices into Trainer.tensor. */
INLINE int tensor_embed(void) { return 0; }
INLINE int tensor_layer(int layer) { return 1 + 4 * layer; } /* w_ih, w_hh, b_ih, b_hh */
INLINE int tensor_head(const Trainer *t) { return t->c.tied ? 0 : 1 + 4 * t->c.layers; }
INLINE int tensor_head_bias(const Trainer *t) { return t->tensors - 1; }

INLINE float *at(const Trainer *t, float *array, int tensor) { return array + t->tensor[tensor].offset; }

/* gru.c: forward and backward of one shard; returns nothing, leaves nats, count and gradients in the shard. */
void shard_forward_backward(Trainer *t, Shard *s, int shard_index, int position, int train);

#endif
