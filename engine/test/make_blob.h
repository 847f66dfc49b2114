/* Makes a valid .tlm of random weights, for tests and measurements. Written from SPEC.md 1, apart from the reader. */
#ifndef MAKE_BLOB_H
#define MAKE_BLOB_H
#include <stdint.h>

typedef struct blob_shape {
  uint32_t vocab, dim, hidden, layers;
  int tied;
  int type;      /* 1 t2, 2 b3, 0 mixed: alternating by tensor */
  int tokenizer; /* 1 byte (needs vocab 256), 2 char of vocab − 17 symbols */
  uint32_t seed;
} blob_shape;

/* What version 2 can say besides. */
typedef struct blob_stack {
  struct {
    uint32_t kind, width;
  } layer[16]; /* kind: 1 GRU, 2 MLGRU, 3 GLU */
  struct {
    uint32_t order, rows_log, width;
  } ngram[4];
  uint32_t layers; /* 0: shape's GRUs */
  uint32_t ngrams;
  uint8_t trits[7];                 /* of embed, ngram, ih, hh, in, out, head */
  uint32_t scale_bytes, bias_bytes; /* 1 or 2 */
  uint32_t cache_log;               /* tokens of the cache, binary logarithm; 0 none */
} blob_stack;

/*
 * Writes a file of version 1, or of version 2 (tied and dim must be possible), to out (NULL: only counts); returns its
 * bytes, 0 when cap is too small.
 */
uint32_t make_blob(const blob_shape *shape, uint8_t *out, uint32_t cap);
uint32_t make_blob_v2(const blob_shape *shape, const blob_stack *stack, uint8_t *out, uint32_t cap);

#endif
