/* The trainer's state: everything lives in one arena that the caller provides (arena.h). */
#ifndef TLM_TRAIN_TRAINER_H
#define TLM_TRAIN_TRAINER_H

#include "head.h"
#include "layer.h"
#include "profile.h"
#include "sources.h"

#define BLOCK_ROWS 128 /* rows of activations (steps × lanes of a shard) that go forward or back together */
#define IGNORE 0xffff  /* a target that does not count */

/* One part of the batch: some lanes. What follows `head` is for one layer and block at a time. */
struct Shard {
  SourcesRun sources;
  LayerRun layer[MAX_LAYERS];
  HeadRun head;
  float *products; /* (block, widest) */
  float *gates;    /* (block, widest), skewed: gradients of gates */
  float *inner;    /* (block, widest) gradient of what a block's layer works on inside */
  float *dout;     /* (block, widest) gradient of the layer's output, then of its input */
  float *grad;     /* all parameters but n-gram tables */
  float *dtable;   /* (V, 3Hp) of the input table */
  double nats;
  int64_t count;
};

/* A matrix that Muon moves, upright and with its padding; rows ≥ cols. */
typedef struct {
  int32_t offset;     /* in the parameters */
  int32_t rows, cols; /* multiples of NR */
  int32_t flipped;    /* whether it lies there turned */
  float scale;        /* of an orthogonal matrix, so that it has the root mean square of a step */
  float *x, *next; /* (rows, cols) before and after a step of the iteration, and the other way round after the next */
  float *gram, *factor; /* (cols, cols) */
} MuonMatrix;

#define MAX_MATRICES (6 * MAX_LAYERS + 1) /* of a layer six at most, and the head's */
typedef struct {
  int32_t matrices;
  MuonMatrix matrix[MAX_MATRICES];
  float *direction; /* (floats) */
} Muon;

struct Trainer {
  Config c;
  int32_t shard_lanes, rows;       /* lanes a shard, N */
  int32_t block_steps, block_rows; /* steps of a block, and its rows */
  int32_t integers, lookups;       /* forward by gemm16.h, back by lookup.h */
  int32_t product_floats, gate_floats, inner_floats,
      dout_floats; /* of a row in a shard's arrays for one layer at a time */
  Parameters p;
  Sources sources;
  Layer layer[MAX_LAYERS];
  Head head;
  InputTable table;
  Muon muon;
  float *zeros;   /* the bias of a product without one */
  float *partial; /* squared norms, by task */
  Shard shard[MAX_SHARDS];
  uint16_t *inputs, *targets; /* (lanes, stream) */
  float *schedule;            /* (chunk, 3): learning rate, 1 − β1^t, 1 − β2^t */
  float *stats;               /* (chunk, 2): nats a token, gradient norm */
  double *totals;             /* nats, tokens of the last evaluation */
  int32_t workers, stop, done;
  /* the barrier */
  int32_t arrived, generation, next_task;
};

/* Some steps of a segment in one shard. */
struct Block {
  Trainer *t;
  Shard *s;
  int shard;        /* number of the shard */
  int position;     /* of the segment in the data */
  int first, count; /* steps of the segment */
};

INLINE int rows_of_block(const Block *b) { return b->count * b->t->shard_lanes; }

/* Tokens of a lane, from the segment's first on. */
INLINE const uint16_t *lane_tokens(const Block *b, const uint16_t *data, int lane) {
  return data + (size_t)(b->shard * b->t->shard_lanes + lane) * b->t->c.stream + b->position;
}

/* Its tokens from the start of the data on: what stands before the segment too. */
INLINE const uint16_t *lane_inputs_from_start(const Block *b, int lane) {
  return lane_tokens(b, b->t->inputs, lane) - b->position;
}

INLINE int is_reset(const Trainer *t, int token) { return t->c.reset_on_eod && token == t->c.eod; }

INLINE Rows rows_at(Rows r, size_t row) {
  const size_t at_x = row * r.ld, at_exact = row * r.exact_ld;
  return (Rows){r.x ? r.x + at_x : 0, r.x16 ? r.x16 + at_x : 0, r.ld, r.exact ? r.exact + at_exact : 0, r.exact_ld};
}

/* What a layer reads: rows of the block. */
INLINE Rows input_rows(const Block *b, const Layer *layer) {
  const Rows all = layer->index ? b->s->layer[layer->index - 1].out : b->s->sources.out;
  return rows_at(all, (size_t)b->first * b->t->shard_lanes);
}

/* How activations go into products: as they are; in 8 bits; in 8 bits and as integers too. */
enum { EXACT, IN_8_BITS, INTEGERS };
INLINE int activation_form(const Trainer *t) {
  return t->integers ? INTEGERS : t->c.quantize_activations ? IN_8_BITS : EXACT;
}

/* x in 8 bits as in SPEC.md 5, in units of 1/one: clamp(⌊one · x + ½⌋, −127, 127). */
INLINE vf in_8_bits(vf x, const float one) {
  vf q = floor_(fma_(x, splat(one), splat(0.5f)));
  return min_(max_(q, splat(-127.0f)), splat(127.0f));
}

INLINE void store_activation(vf h, float *h_q, int16_t *h_16, const float one, const int form) {
  if (form == EXACT) {
    store(h_q, h);
    return;
  }
  const vf q = in_8_bits(h, one);
  store(h_q, q * (1.0f / one));
  if (form == INTEGERS) store_16(h_16, q);
}

#define STATE_ONE 128.0f /* a state in 8 bits is in units of 1/128, */
#define NORM_ONE 32.0f   /* a normed stream in units of 1/32 (SPEC.md 3) */

/* The stream (rows, n) after a block: what came in and what the block adds. */
INLINE void add_to_stream(int rows, int n, const float *x, int x_ld, const float *change, float *to) {
  for (int i = 0; i < rows; i++, x += x_ld, change += n, to += n)
    for (int j = 0; j < n; j += VW) store(to + j, load(x + j) + load(change + j));
}

/* Work of a phase is a list of numbered tasks; whoever is free takes the next one. */
INLINE int take_task(Trainer *t) { return __atomic_fetch_add(&t->next_task, 1, __ATOMIC_RELAXED); }

/* config.c: 0, or 1 + the number of a word that cannot be. */
int check_config(const Config *c);

/* shard.c: forward pass, and with `train` the backward pass, of one shard; leaves nats, count and gradients in it. */
void shard_forward_backward(Trainer *t, Shard *s, int shard, int position, int train);

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name) __attribute__((visibility("default")))
#endif

#endif
