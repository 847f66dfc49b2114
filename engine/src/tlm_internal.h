/* What the engine's own files share. Nothing here is for users. */
#ifndef TLM_INTERNAL_H
#define TLM_INTERNAL_H

#include "tinylm.h"
#include "tlm_spec.h"

#if defined(__GNUC__)
#define TLM_INLINE static inline __attribute__((always_inline))
#else
#define TLM_INLINE static inline
#endif

/*
 * Stands behind the includes of a file on which no token's time depends: it is made small, also where the build asks
 * for speed.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define TLM_SMALL_CODE _Pragma("GCC optimize (\"Os\", \"no-tree-loop-distribute-patterns\")") /* no call of memmove */
#else
#define TLM_SMALL_CODE
#endif

/* SPEC.md needs v >> n on a negative number to round toward minus infinity; C99 leaves it to the compiler. */
typedef char tlm_needs_arithmetic_shift[(-3 >> 1) == -2 ? 1 : -1];

/* Little-endian loads and stores a byte at a time: right on every machine, for every alignment. */
TLM_INLINE uint32_t tlm_u16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
TLM_INLINE uint32_t tlm_u32(const uint8_t *p) { return tlm_u16(p) | tlm_u16(p + 2) << 16; }
TLM_INLINE int32_t tlm_i16(const uint8_t *p) { return (int32_t)p[0] | (int32_t)(int8_t)p[1] * 256; }

/* IEEE CRC-32 of n bytes (SPEC.md 1). */
uint32_t tlm_crc32(const uint8_t *p, uint32_t n);

/* ---- kernels ---- */

/* Activations that one packed byte meets, at most; x is padded with that many zeros. */
#define TLM_GROUP_MAX 5u
#define TLM_X_PADDING 8u

/*
 * Look-up tables. The entry of a group for packed byte v is the sum over its digits of (d − 1)·x.
 * t2 bytes with a code 3 never occur (tlm_open refuses them), so the largest index is 0xAA and only
 * 81 of the entries are ever written; b3 uses all of 0 … 242.
 */
#define TLM_T2_STRIDE (TLM_PACKING_T2_STRIDE + 0u)
#define TLM_B3_STRIDE (TLM_PACKING_B3_STRIDE + 0u)

/* Some columns of a matrix of trits, and their activations. */
typedef struct tlm_span {
  uint32_t row_bytes;   /* from one row to the next */
  uint32_t bytes;       /* of each row that belong to these columns */
  const int8_t *x;      /* activations (bytes · group), |x| ≤ 127, zero past the last column */
  const int16_t *table; /* (bytes, stride) partial sums, |v| ≤ 5·127; NULL for the reference kernel */
} tlm_span;

typedef struct tlm_packing {
  uint32_t group;  /* weights a byte */
  uint32_t stride; /* table entries a group */
  /* Fills (groups, stride) partial sums of x (groups · group). */
  void (*build)(int16_t *table, const int8_t *x, uint32_t groups);
  /* acc[r] += Σ_c w_rc · x_c of n ≥ 1 rows; data: the first byte of the first one's columns. */
  void (*rows)(const tlm_span *span, const uint8_t *data, uint32_t n, int32_t *acc);
} tlm_packing;

struct tlm_kernel {
  int uses_table;
  tlm_packing packing[2]; /* by type: t2, b3 */
};

/* NULL for an unknown id. */
const struct tlm_kernel *tlm_kernel_of(int id);

TLM_INLINE const tlm_packing *tlm_packing_of(const struct tlm_kernel *kernel, uint32_t type) {
  return &kernel->packing[type == TLM_TYPE_B3];
}

/* Most values of a weight: 27, of three trits. */
#define TLM_LEVELS_MAX 27u

/* Writes one row of weights to x (cols), each by its value: level[v + L], v = −L … L; then TLM_X_PADDING zeros. */
void tlm_unpack_row(const tlm_model *m, const tlm_tensor *tensor, uint32_t row, const int8_t level[TLM_LEVELS_MAX],
                    int8_t *x);

/* ---- sampler ---- */

/* tlm_sample needs so many bytes whatever the vocabulary: sums over 2^SUM_BITS ranges of logits, u32. */
#define TLM_SAMPLE_SUM_BITS 7u
#define TLM_SAMPLE_BYTES (4u << TLM_SAMPLE_SUM_BITS)

/* ---- model ---- */

/* A layer's tensors, in the order of SPEC.md 1.2. */
TLM_INLINE const tlm_tensor *tlm_layer_tensors(const tlm_model *m, uint32_t layer) {
  return &m->tensors[m->layer[layer].tensor];
}
/* The matrix of the head, which is the embedding's where they are tied. */
TLM_INLINE const tlm_tensor *tlm_head_matrix(const tlm_model *m) {
  return &m->tensors[m->tied ? 0u : (uint32_t)m->head_tensor + m->head_stream];
}
TLM_INLINE const tlm_tensor *tlm_head_bias(const tlm_model *m) {
  return &m->tensors[(uint32_t)m->head_tensor + m->head_stream + !m->tied];
}

/* Where plane p of a tensor lies: in the copy, or in the blob. */
TLM_INLINE const uint8_t *tlm_plane(const tlm_model *m, const tlm_tensor *t, uint32_t p) {
  return (p < t->moved ? t->data : m->blob + t->offset) + p * t->rows * t->row_bytes;
}
TLM_INLINE uint32_t tlm_mantissa(const tlm_tensor *t, uint32_t row) {
  return t->scale_bytes == 1u ? t->scale[row] : tlm_u16(t->scale + 2u * row);
}

/* ---- products ---- */

/*
 * A product's input has a name: 0 is what the sources give for the tokens fed, l + 1 the 8-bit state of layer l, and
 * TLM_INPUT_OTHER what a layer just wrote to x. The state of a GRU enters two products before it changes (the layer
 * above or the head, then its own recurrence in the next step), so its table is worth keeping from one to the other.
 */
#define TLM_INPUT_SOURCES 0u
#define TLM_INPUT_OTHER (TLM_LAYERS_MAX + 1u)

/*
 * y (rows) = W · input + b in Q `q`; fx is the Q of the input (SPEC.md 3.2). bias: NULL, or that of the last rows (of
 * all, mostly).
 */
void tlm_linear(tlm_engine *e, const tlm_tensor *weights, const tlm_tensor *bias, uint32_t input, uint32_t fx,
                uint32_t q, int16_t *y);
/* Writes an input's values to x, unless they are there. */
void tlm_load_input(tlm_engine *e, uint32_t input);
/* The input changed: its tables are stale. */
void tlm_forget(tlm_engine *e, uint32_t input);
/* A layer wrote n values to x: they are TLM_INPUT_OTHER now, and zeros follow them. */
void tlm_wrote_x(tlm_engine *e, uint32_t n);

/* Rows whose accumulators a product in pieces has at a time. */
#define TLM_PIECE_ROWS 1536u

/* ---- sources, layers, the residual stream ---- */

/*
 * Parts that a build does not need can be left out: TLM_WITHOUT_GRU, TLM_WITHOUT_MLGRU, TLM_WITHOUT_GLU,
 * TLM_WITHOUT_NGRAMS, TLM_WITHOUT_CACHE, and the reader of version 1, TLM_WITHOUT_V1. tlm_open refuses the files that
 * need them (TLM_E_CELL; TLM_E_HEADER for n-gram tables and the cache; TLM_E_VERSION).
 */
#if defined(TLM_WITHOUT_MLGRU) && defined(TLM_WITHOUT_GLU)
#define TLM_WITHOUT_STREAM
#endif
/* Whether something reads the residual stream, by its flag: never, where no block gives one. */
#ifdef TLM_WITHOUT_STREAM
#define TLM_READS_STREAM(flag) 0
#else
#define TLM_READS_STREAM(flag) (flag)
#endif

/* Row `row` of a table, with mantissa `scale`, in Q embed_frac, and zeros behind it (3.1). */
void tlm_look_up(const tlm_model *m, const tlm_tensor *t, uint32_t row, uint32_t scale, int8_t *x);
/* Writes the embedding of the last token to x, and zeros behind it. */
void tlm_source_embedding(tlm_engine *e, int8_t *x);
/* The same with the rows of the n-gram tables, one after the other. */
void tlm_source_ngrams(tlm_engine *e, int8_t *x);

/* One step of layer `layer`. */
typedef void (*tlm_layer_step)(tlm_engine *e, uint32_t layer);
/* By the layer's kind in the file (1.1); NULL for one that there is not, or that this build has left out. */
tlm_layer_step tlm_layer_step_of(uint32_t kind);
void tlm_layer_gru(tlm_engine *e, uint32_t layer);   /* 3.5 */
void tlm_layer_mlgru(tlm_engine *e, uint32_t layer); /* 3.6 */
void tlm_layer_glu(tlm_engine *e, uint32_t layer);   /* 3.7 */

/* y (n) = x (n) over its root mean square, Q5 (3.4); gain: (n), or NULL. */
void tlm_norm(const int16_t *x, uint32_t n, const tlm_tensor *gain, int8_t *y);
/* Norms the stream (n), with a gain, into x. */
void tlm_norm_stream(tlm_engine *e, uint32_t n, const tlm_tensor *gain);
/* The stream that a block reads: begun, where its input has 8 bits, else there already. */
void tlm_stream_enter(tlm_engine *e, uint32_t layer);
/* stream (n) += gates (n), saturated. */
void tlm_stream_add(tlm_engine *e, uint32_t n);

/* ---- the cache of recent text (3.9), for a model that has one ---- */

/* The text so far is none. */
void tlm_cache_clear(tlm_engine *e);
/* A token was fed. */
void tlm_cache_put(tlm_engine *e, uint32_t token);
/* Raises the logits of tokens that followed the same last tokens before. */
void tlm_cache_raise(tlm_engine *e);

/* ---- text and state ---- */

/* Bytes (1 … 4) of the unit at p (SPEC.md 2.1), n ≥ 1 bytes are there; 0: more bytes may decide it and ended is 0. */
uint32_t tlm_unit(const uint8_t *p, uint32_t n, int ended);
/* A symbol's bytes (1 … 4), as a number in their order. */
TLM_INLINE uint32_t tlm_symbol_order(const uint8_t *p, uint32_t length) {
  uint32_t order = 0, i;
  for (i = 0; i < 4u; i++) order = order << 8 | (i < length ? p[i] : 0u);
  return order;
}
/* The bytes of a base token ≥ 17, and how many they are. */
const uint8_t *tlm_symbol(const tlm_model *m, uint32_t token, uint32_t *length);
/* Merge k: its left token, and its right one in the upper half. */
uint32_t tlm_merge(const tlm_model *m, uint32_t k);
/* The first merge of a pair of ids, or TLM_NONE. For a model with an index of its merges (model->merge_index). */
int tlm_find_merge(const tlm_model *model, uint32_t left, uint32_t right);
/* As tlm_token_text, for a token < vocab whose length is at most 32. */
uint32_t tlm_expand(const tlm_model *model, uint32_t token, uint8_t *text);
/* h was changed from outside a step: tables and logits are stale. */
void tlm_state_changed(tlm_engine *engine);

#endif
