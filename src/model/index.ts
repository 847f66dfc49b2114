/** The float model: sizes, parameters, initial values, budget. */
export type { CellKind, FloatModel, ModelConfig, ParameterSpec } from './config.js';
export { TinyLMError } from './errors.js';
export { MODEL_LIMITS } from './limits.js';
export { defaultConfig, elementCount, parameterCount, parameterSpecs, validateConfig } from './parameters.js';
export { initModel } from './init.js';
export { uniformFrom } from './random.js';
export { budget, dataAlign, TABLE_BUDGET_DEFAULT, type Budget, type BudgetOptions } from './budget.js';
export { configOfTensors, modelFromTensors, tensorsOfModel, type ShapedTensor } from './tensors.js';
