/** Float → levels of one, two or three ternary digits. */
export type { FixedTensor, QuantizedModel, QuantizedTensor, TernaryTensor } from './types.js';
export { ARITHMETIC_LIMITS, Q } from './limits.js';
export { levelOf, ternarize, TRIT_STEP, type TernaryMethod } from './ternary.js';
export { fixBiases, fixScales } from './fixed.js';
export { largestMantissa, shiftOf, useFits, usesOf, type MatrixUse } from './uses.js';
export {
  DEFAULT_THRESHOLD,
  dequantize,
  effective,
  quantizeModel,
  ternaryWeights,
  type QuantizeOptions,
  type QuantizeResult,
  type TensorReport,
} from './quantize.js';
export { latentWeights } from './latent.js';
