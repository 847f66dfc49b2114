/** Oracles: the integer arithmetic and the trainer's float forward pass, in plain TypeScript. */
export { gated, gru, linear, lookUp, mlgru, norm, q8, sat16, sigmoid, tanh } from './arithmetic.js';
export { bitsPerByte, logProb, measureBits, ReferenceEngine, type Document } from './engine.js';
export { Generator, Sampler, type SamplerOptions } from './sampler.js';
export { writeSnapshot } from './snapshot.js';
export { evaluateFloat, floatForward, FloatReference, type FloatOptions, type FloatWeights } from './float.js';
