/** The C engine, loaded as WebAssembly: the same code that runs on the chip. */
export { Engine, Sampler, type EngineOptions, type ModelInfo } from './engine.js';
export {
  naturalOptions,
  SAMPLER_DEFAULTS,
  samplerOptions,
  type IntegerSamplerOptions,
  type NaturalSamplerOptions,
} from './options.js';
export {
  STOP_MAX,
  TextStream,
  type EndReason,
  type GenerateOptions,
  type StreamOptions,
  type StreamState,
} from './stream.js';
