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

/* Writes the file to out (NULL: only counts); returns its bytes, 0 when cap is too small. */
uint32_t make_blob(const blob_shape *shape, uint8_t *out, uint32_t cap);

#endif
