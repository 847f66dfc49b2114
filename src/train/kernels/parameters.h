/*
 * The parameters: one padded array of all, laid out from the rules of model_rules.h.
 *
 * Padding: rows of a group and numbers of a row are rounded up to NR floats; the gates of a (3H, K) matrix start at rows 0, Hp and
 * 2Hp. Padding is zero and stays zero, because its gradients are zero.
 */
#ifndef TLM_TRAIN_PARAMETERS_H
#define TLM_TRAIN_PARAMETERS_H

#include "abi.h"
#include "arena.h"
#include "model_rules.h"
#include "products.h"

#define PADDED(n) ROUND_UP(n, NR)
#define MAX_RULES 8 /* of a part */
#define MAX_TENSORS (MAX_RULES * (2 + MAX_NGRAMS + MAX_LAYERS))

/* Which tensor is which rule's, for a part of the model; −1 for a rule that does not apply there. */
typedef struct {
  int32_t first_rule;
  int32_t tensor[MAX_RULES];
} Part;
INLINE int tensor_of(const Part *part, int rule) { return part->tensor[rule - part->first_rule]; }

typedef struct {
  int32_t tensors;
  int32_t floats;     /* of all but the rows of n-gram tables */
  int32_t all_floats; /* with them: they lie behind */
  int32_t rows;       /* of all but those tables */
  Tensor tensor[MAX_TENSORS];
  float *weight, *moment1, *moment2;    /* (all_floats) */
  float *grad, *effective;              /* (floats) */
  float *scale_moment1, *scale_moment2; /* (rows) AdamW's averages of the rows' scales */
  float *row_mean, *row_scale;          /* (rows) mean magnitude and ternary scale */
} Parameters;

INLINE int is_weight(const Tensor *tensor) { return tensor->trits > 0; }
INLINE float *at(const Parameters *p, float *array, int tensor) { return array + p->tensor[tensor].offset; }
INLINE float *row_values(const Parameters *p, float *array, int tensor) { return array + p->tensor[tensor].row_offset; }

/* What the sizes of a rule mean for a part: by MODEL_OF_…. */
typedef struct {
  int32_t of[MODEL_OF_ROWS + 1];
} Sizes;

/* Adds the tensors of `count` rules from `first` on; `from_stream` and `tied` say which of them apply. */
Part add_part(Parameters *p, const Config *c, int first, int count, const Sizes *sizes, int from_stream);
/* Once all parts are added. */
void lay_out_parameters(Parameters *p, Arena *arena);

#endif
