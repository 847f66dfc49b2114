/** Training: back-propagation through time with ternary weights in the forward pass. */
export { encodeDocuments, evaluateModel, type EvaluateSetup } from './evaluate.js';
export { epochTokens, someDocuments } from './data.js';
export { KernelPool, stateLength, type Loss } from './pool.js';
export type { Backend, TrainerKernels } from './backend.js';
export { sharedKernels, singleKernels } from './backend-wasm.js';
export { kernelThread, type StartThread, type Thread, type ThreadStart, type ThreadTask } from './kernel-thread.js';
export { refuseAnswer, refuseConfig, type KernelConfig, type ParameterArray } from './layout.js';
export { kernelConfig, TrainingRun, type RunSetup } from './run.js';
export {
  fitBatch,
  LEARNING_RATE,
  learningRateAt,
  shardsOf,
  stepsPerEpoch,
  TRAIN_THRESHOLD,
  trainDefaults,
} from './schedule.js';
export { OPTIMIZERS } from './types.js';
export type {
  Checkpoint,
  HistoryPoint,
  Optimizer,
  TokenizedDocument,
  TrainData,
  TrainEvent,
  TrainOptions,
} from './types.js';
