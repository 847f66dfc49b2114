/* What the files that open a model share (SPEC.md 1). */
#ifndef TLM_READER_H
#define TLM_READER_H

#include "tlm_internal.h"
#include "tlm_layers.h"

/* The reader's place in the file. */
typedef struct tlm_reader {
  const uint8_t *blob;
  uint32_t end;     /* file_bytes − 4 */
  uint32_t cursor;  /* first byte after the last section */
  uint32_t records; /* where the tensors' records begin */
  uint8_t trits[8]; /* digits a weight, by group of tensors; 0 before its first tensor was met */
  tlm_fault *fault;
} tlm_reader;

/* A tensor that the model must have, as its rule (tlm_layers.h) and its place in the model say. */
typedef struct tlm_planned {
  const tlm_rule *rule;
  uint32_t index;
  uint32_t layer; /* or n-gram table */
  uint32_t rows;  /* stored */
  uint32_t cols;
  uint32_t from; /* Q of a product's input */
} tlm_planned;

/* Says what is wrong, and returns code. */
int tlm_refuse(const tlm_reader *r, int code, uint32_t offset, uint32_t found, uint32_t expected);
/* Bytes from the cursor to `to` are zero. */
int tlm_check_gap(const tlm_reader *r, uint32_t to);

#define IN_RANGE(code, field, value, low, high)                                   \
  do {                                                                            \
    if ((value) < (low)) return tlm_refuse(r, (code), (field), (value), (low));   \
    if ((value) > (high)) return tlm_refuse(r, (code), (field), (value), (high)); \
  } while (0)
/* The same where nothing can be too small. */
#define AT_MOST(code, field, value, high)                                         \
  do {                                                                            \
    if ((value) > (high)) return tlm_refuse(r, (code), (field), (value), (high)); \
  } while (0)
#define EQUAL(code, field, value, wanted)                                              \
  do {                                                                                 \
    if ((value) != (wanted)) return tlm_refuse(r, (code), (field), (value), (wanted)); \
  } while (0)

/* Fills in what follows from the layers' kinds and widths: inputs, states, streams, what the head reads. */
void tlm_place_layers(tlm_model *m);
/*
 * Calls visit for each tensor that the file has of the model, in the order of 1.2, until it returns an error; NULL only
 * counts them. Sets the places of the layers' and the head's first tensors, and their number.
 */
typedef int (*tlm_visit)(tlm_reader *r, tlm_model *m, const tlm_planned *p);
int tlm_walk(tlm_reader *r, tlm_model *m, tlm_visit visit);
/* Fills in what the rule says; shift, frac and scales are 0. */
void tlm_set_tensor(tlm_tensor *t, const tlm_planned *p, uint32_t type, uint32_t planes, uint32_t row_bytes);
/* Bytes of a row in a packing. */
uint32_t tlm_row_bytes(uint32_t type, uint32_t cols);
/* Every byte of all planes is one that the packing can yield, and digits past the last column are 1 (1.3). */
int tlm_check_weights(const tlm_reader *r, const tlm_tensor *t);
/* k of every use of a matrix, and that no product can overflow (3.1, 3.2). field: where its shift stands. */
int tlm_check_uses(const tlm_reader *r, const tlm_model *m, const tlm_planned *p, uint32_t field);
/* A base symbol (1 … 4 bytes at p) is a UTF-8 character, and stands behind the one before it: *last is its place. */
int tlm_check_symbol(const tlm_reader *r, const uint8_t *p, uint32_t length, uint32_t *last);
/* Merges join tokens before them, to at most 32 bytes. at: of the first one's record. */
int tlm_check_merges(const tlm_reader *r, const tlm_model *m, uint32_t at);

/* All behind the sizes and the CRC, by the version of the format. */
int tlm_open_v1(tlm_reader *r, tlm_model *m);
int tlm_open_v2(tlm_reader *r, tlm_model *m);

#endif
