/** What a training run is, without the disk that it is kept on: prepare, plan, train, measure, export; its record and checkpoints. */
export { identityName, sameBackend, WASM_IDENTITY, type BackendIdentity } from './backend.js';
export { decodeCheckpoint, decodeWeights, encodeCheckpoint, type WeightsFile } from './checkpoint-file.js';
export { EngineModel, samplingWords, type Generated, type OpenEngine, type Sampling } from './engine-model.js';
export { UsageError } from './errors.js';
export { exportModel, usualMethod, type Exported, type ExportOptions } from './export-model.js';
export { exportRun, figuresOf, type Figures, type Finish, type Quality } from './finish.js';
export { bitsOfFloat, bitsOfTlm, type FloatMeasure } from './measure.js';
export { aboutBytes, begin, checkWanted, type Begun, type Origin, type Wanted } from './begin.js';
export { modelConfig, tokenizerBytes, wantedVocab, type ModelOptions } from './model-options.js';
export {
  measureSpeed,
  planEpochs,
  planMinutes,
  planOptions,
  planSteps,
  planUsual,
  USUAL_LENGTH,
  type TrainFlags,
} from './plan.js';
export { measured, prepareData, SPLIT, SPLIT_SEED, STORY_SEED, type Prepared, type SplitRecord } from './prepare.js';
export { RUN_FILES, type RunFile, type RunFiles } from './run-files.js';
export {
  checkUnchanged,
  digestOf,
  readRunRecord,
  shortName,
  type CorpusOptions,
  type CorpusRecord,
  type RunRecord,
} from './run-record.js';
export { SAMPLE, sampleOf } from './sample.js';
export { shape } from './shape.js';
export {
  characterCounts,
  fittingBytes,
  NAMED_SIZES,
  nextSize,
  shapeFor,
  SIZES,
  sizeStops,
  USUAL_SIZE,
  vocabFor,
  type SizeRow,
} from './sizes.js';
export {
  DEMO_MODEL,
  EXAMPLE_MODEL,
  listed,
  parseRegistry,
  SHIPPED_FILES,
  shippedFigures,
  slowest,
  type ListedModel,
  type Registry,
  type ShippedFigures,
  type ShippedModel,
} from './shipped.js';
export { checkBelongs, newRecord, planRun, prepareRun, secondsLeft, type RunPlan } from './start.js';
export { bestRow, sweepModel, type SweepRow } from './sweep.js';
export { train, type Outcome, type ProgressDisplay, type TrainControls, type Training } from './training.js';
export { VERSION } from './version.js';
