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

#include "products.h"

#define MAX_LAYERS 8
#define MAX_SHARDS 16
#define MAX_TENSORS (3 + 4 * MAX_LAYERS)
#define BLOCK_ROWS 128 /* rows of activations (steps × lanes of a shard) that go forward or back together */
#define BLOCK 2048     /* floats a task of the optimizer */
#define TABLE_ROWS 16  /* rows a task of the input table */
#define IGNORE 0xffff  /* a target that does not count */
/* Floats from one row of activations to the next: not a multiple of 1 KiB, whose rows would share a few cache sets. */
#define SKEWED(n) ((n) + 16)

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
  ForwardWeights forward_hh, forward_ih;
  BackwardWeights backward_hh, backward_ih; /* W_hh with its gates in the order n, r, z */
} PackedLayer;

/* What the backward pass needs of a row and layer, one after the other: (5, Hp). */
enum { SAVED_H, SAVED_R, SAVED_Z, SAVED_N, SAVED_GH, SAVED }; /* state before the step, gates, hidden product of n */

/* Activations of one layer of one shard; N = segment · lanes a shard, time-major. */
typedef struct {
  float *saved;  /* (N + lanes, 5Hp) */
  float *h_q;    /* (N + lanes, Hp), skewed: 8-bit state before the step of the row; row + lanes is the state after it */
  int16_t *h_16; /* the same times 128, where weights are signs */
  float *carry;  /* (lanes, Hp) state after the last segment */
  float *dcarry; /* (lanes, Hp) gradient of the state before the steps done so far, going back */
} LayerActivations;

typedef struct {
  LayerActivations layer[MAX_LAYERS];
  float *x;      /* (N, Dp), skewed: embeddings, when layer 0 has no table */
  int16_t *x_16; /* the same in units of 2^−embed_frac, where weights are signs */
  float *gx;     /* (block, 3Hp) input products */
  float *h_now;  /* (lanes, Hp), skewed: 8-bit state of a step in which some lanes are reset */
  int16_t *h_now_16;
  float *gh;     /* (lanes, 3Hp) hidden products of one step */
  float *dgates; /* (block, 4Hp), skewed: gradients of gh_n, r, z, n; the first three are the hidden side, the last three the input's */
  float *dh;     /* (block, max(Hp, Dp)) gradient of the layer's output */
  float *logits; /* (block, Vp), skewed */
  float *grad;   /* all parameters */
  float *dtable; /* (V, 3Hp) */
  double nats;
  int64_t count;
} Shard;

typedef struct {
  Config c;
  int32_t hp, dp, vp;
  int32_t shard_lanes, rows;      /* lanes a shard, N */
  int32_t block_steps, block_rows; /* steps of a block, and its rows */
  int32_t integers, lookups;      /* forward by gemm16.h, back by lookup.h */
  int32_t use_table;              /* layer 0's input products come from a (V, 3H) table made once a step */
  int32_t tensors, parameters, all_rows;
  Tensor tensor[MAX_TENSORS];
  float *weight, *moment1, *moment2, *grad, *effective; /* (parameters) */
  float *scale_moment1, *scale_moment2;                 /* (all_rows) AdamW's averages of the rows' scales */
  float *row_mean, *row_scale;                          /* (all_rows) mean magnitude and ternary scale */
  float *embed_in;                                      /* (Vp, Dp) embeddings as the cell sees them */
  int16_t *embed_16;                                    /* the same in units of 2^−embed_frac, where weights are signs */
  float *head_bias;                                     /* (Vp), −1e30 beyond the vocabulary */
  PackedLayer packed[MAX_LAYERS];
  ForwardWeights forward_head;
  BackwardWeights backward_head;
  float *table, *dtable; /* (Vp, 3Hp) */
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

INLINE float *row_values(const Trainer *t, float *array, int tensor) { return array + t->tensor[tensor].row_offset; }

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name) __attribute__((visibility("default")))
#endif

/* trainer.c: called by every worker with the same arguments. */
void trainer_run(Trainer *t, int worker, int position, int steps, int update);
void trainer_evaluate(Trainer *t, int worker, int segments);

/* Work of a phase is a list of numbered tasks; whoever is free takes the next one. */
INLINE int take_task(Trainer *t) { return __atomic_fetch_add(&t->next_task, 1, __ATOMIC_RELAXED); }

/* Work on `count` rows of a tensor. */
typedef void RowTask(Trainer *t, int tensor, int first, int count, const float *schedule);

/* weights.c: from latent weights to what the shards read. */
typedef struct { float mean, limit, scale; } Ternary;
Ternary ternary_of_row(const Trainer *t, const float *w, int cols, int stride);
void for_row_tasks(Trainer *t, RowTask *work, int task, int first_task, int weights_only, const float *schedule);
void phase_prepare(Trainer *t);
void phase_pack(Trainer *t);
void phase_table(Trainer *t);

/* shard.c: forward pass, and with `train` the backward pass, of one shard; leaves nats, count and gradients in it. */
void shard_forward_backward(Trainer *t, Shard *s, int shard_index, int position, int train);
void column_sums(int rows, int n, const float *y, int y_row, float *sums);

/* optimizer.c */
void phase_reduce(Trainer *t);
void phase_table_gradient(Trainer *t);
void phase_norm(Trainer *t);
void phase_update(Trainer *t, const float *schedule);
float gradient_norm(const Trainer *t);

/*
 * Where the time goes, in a build with TLM_PROFILE (bench/): mark(x) adds what has passed since the last mark to x. One worker only.
 */
enum { IN_PRODUCTS, IN_CELL, IN_SOFTMAX, IN_SCATTER, IN_WEIGHTS, IN_REDUCTION, IN_OPTIMIZER, IN_BARRIER, PROFILE_PARTS };
#ifdef TLM_PROFILE
void mark(int part);
#else
INLINE void mark(int part) { (void)part; }
#endif

#endif
