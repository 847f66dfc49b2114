/** Float → ternary. */
export type { Int16Tensor, QuantizedModel, QuantizedTensor, TernaryTensor } from './types.js';
export { ARITHMETIC_LIMITS, Q } from './limits.js';
export { ternarize, type TernaryMethod } from './ternary.js';
export { fixBiases, fixScales, useFits, usesOf, type MatrixUse } from './fixed.js';
export {
  DEFAULT_THRESHOLD, dequantize, effective, quantizeModel, ternaryWeights,
  type QuantizeOptions, type QuantizeResult, type TensorReport,
} from './quantize.js';
