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
#define TLM_T2_STRIDE 172u
#define TLM_B3_STRIDE 243u

/* Some columns of a matrix against their activations. */
typedef struct tlm_span {
  const uint8_t *data; /* row 0, first byte of these columns */
  uint32_t row_bytes;  /* from one row to the next */
  uint32_t bytes;      /* of each row that belong to these columns */
  const int8_t *x;     /* activations (bytes · group), |x| ≤ 127, zero past the last column */
  const int16_t *table; /* (bytes, stride) partial sums, |v| ≤ 5·127; NULL for the reference kernel */
  int32_t *acc;        /* (rows) */
  int add;             /* add to acc instead of setting it */
} tlm_span;

typedef struct tlm_packing {
  uint32_t group;  /* weights a byte */
  uint32_t stride; /* table entries a group */
  /* Fills (groups, stride) partial sums of x (groups · group). */
  void (*build)(int16_t *table, const int8_t *x, uint32_t groups);
  /* acc[r] (+)= Σ_c w_rc · x_c for from ≤ r < to. */
  void (*rows)(const tlm_span *span, uint32_t from, uint32_t to);
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

/* Writes e · w (cols) for one row of ternary weights; then TLM_X_PADDING zeros. */
void tlm_unpack_row(const tlm_tensor *tensor, uint32_t row, int32_t e, int8_t *x);

/* ---- model ---- */

/* Tensor `id` of a layer; the model has it (tlm_open saw to that). */
TLM_INLINE const tlm_tensor *tlm_layer_tensor(const tlm_model *m, uint32_t layer, uint32_t id) {
  return &m->tensors[1u + layer * TLM_TENSOR_PER_LAYER + (id - TLM_TENSOR_RNN_WEIGHT_IH)];
}
TLM_INLINE const tlm_tensor *tlm_head_tensor(const tlm_model *m) {
  return &m->tensors[m->tied ? 0u : 1u + m->layers * TLM_TENSOR_PER_LAYER];
}
TLM_INLINE const tlm_tensor *tlm_head_bias(const tlm_model *m) { return &m->tensors[m->tensor_count - 1u]; }

/* ---- products ---- */

/*
 * A product's input is named: 0 is the embedding of the token being fed, l + 1 the 8-bit hidden state
 * of layer l. Layer l's state enters two products before it changes (the layer above or the head,
 * then its own recurrence in the next step), so its table is worth keeping from one to the other.
 */
#define TLM_INPUT_EMBEDDING 0u

/* y (rows) = W · input + b in Q `q`; fx is the Q of the input (SPEC.md 3.2). */
void tlm_linear(tlm_engine *e, const tlm_tensor *weights, const tlm_tensor *bias, uint32_t input, uint32_t fx, uint32_t q,
                int16_t *y);
/* The input changed: its tables are stale. */
void tlm_forget(tlm_engine *e, uint32_t input);

/* ---- sources and layers ---- */

/* Writes the embedding of the token being fed to x, and zeros behind it (3.1). */
void tlm_source_embedding(tlm_engine *e);

/* One step of layer `layer`. */
typedef void (*tlm_layer_step)(tlm_engine *e, uint32_t layer);
#define TLM_LAYER_KINDS (TLM_CELL_GRU + 1)
extern const tlm_layer_step tlm_layer_steps[TLM_LAYER_KINDS];
void tlm_layer_gru(tlm_engine *e, uint32_t layer); /* 3.4 */

/* ---- text and state ---- */

/* Bytes (1 … 4) of the unit at p (SPEC.md 2.1), n ≥ 1 bytes are there; 0: more bytes may decide it and ended is 0. */
uint32_t tlm_unit(const uint8_t *p, uint32_t n, int ended);
/* As tlm_token_text, for a token < vocab whose length is at most 32. */
uint32_t tlm_expand(const tlm_model *model, uint32_t token, uint8_t *text);
/* h was changed from outside a step: tables and logits are stale. */
void tlm_state_changed(tlm_engine *engine);

#endif
