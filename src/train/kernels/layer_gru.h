/* What the input table needs of a GRU's weights. */
#ifndef TLM_TRAIN_LAYER_GRU_H
#define TLM_TRAIN_LAYER_GRU_H

#include "products.h"

typedef struct {
  ForwardWeights forward_hh, forward_ih;
  BackwardWeights backward_hh, backward_ih; /* W_hh with its gates in the order n, r, z */
} GruWeights;

#endif
