/* The kinds of layers there are: a line for each. */
#include "layer.h"

extern const LayerKind layer_gru, layer_mlgru, layer_glu;

const LayerKind *const layer_kinds[MODEL_KINDS] = {
  [MODEL_KIND_GRU] = &layer_gru,
  [MODEL_KIND_MLGRU] = &layer_mlgru,
  [MODEL_KIND_GLU] = &layer_glu,
};
