/* The kinds of layers there are: a line for each. */
#include "layer.h"

extern const LayerKind layer_gru;

const LayerKind *const layer_kinds[MODEL_KINDS] = {
  [MODEL_KIND_GRU] = &layer_gru,
};
