/** The float model: its parts and their tensors, initial values, budget. */
export {
  configOf,
  tritLevels,
  TRIT_GROUPS,
  TRITS,
  type FloatModel,
  type LayerConfig,
  type LayerKind,
  type ModelConfig,
  type ModelShorthand,
  type NgramConfig,
  type TritGroup,
  type Trits,
} from './config.js';
export { TinyLMError } from './errors.js';
export { MODEL_LIMITS } from './limits.js';
export {
  CONDITIONS,
  EMBEDDING,
  HEAD,
  LAYER_KINDS,
  layerKindOf,
  LAYERS,
  NGRAM,
  ROLES,
  SIZES,
  type Condition,
  type LayerRule,
  type QName,
  type Role,
  type Signal,
  type Size,
  type TensorRule,
} from './layers/index.js';
export {
  defaultConfig,
  describeLayers,
  describeTrits,
  elementCount,
  inputWidth,
  parameterCount,
  parameterSpecs,
  stackOf,
  stateWidths,
  validateConfig,
  weightCount,
  type ParameterSpec,
  type PlacedLayer,
  type Stack,
} from './parameters.js';
export { initModel } from './init.js';
export {
  cacheAfter,
  cacheBonus,
  cacheCounts,
  CACHE_BIAS_MAX,
  CACHE_BIASES,
  CACHE_COUNTS,
  CACHE_ORDERS,
  type CacheCounts,
} from './cache.js';
export { NGRAM_CONTEXT, ngramContext, ngramRow } from './ngram.js';
export { uniformFrom } from './random.js';
export {
  budget,
  TABLE_BUDGET_DEFAULT,
  PIECE_ROWS,
  TABLE_SLOTS_MAX,
  tableSlots,
  type Budget,
  type BudgetOptions,
} from './budget.js';
export {
  alignUp,
  FILE_LAYOUT,
  fileLayout,
  matrixAlign,
  PACKINGS,
  rowBytes,
  type FileLayout,
  type LayoutOptions,
  type Packing,
  type Place,
} from './layout.js';
export { configOfTensors, modelFromTensors, tensorsOfModel, type ShapedTensor } from './tensors.js';
export { importTensors, type Imported, type ImportOptions } from './import/import.js';
export { GATE_ORDERS, gateOrder, gateWords, OWN_GATES, reorderGates, type GateOrder } from './import/gates.js';
export { renumberTokens, type TokenRows } from './import/tokens.js';
export { shownName } from './import/words.js';
