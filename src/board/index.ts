/** A model on a device: whether it fits, how it gets there, what the board then tells. */
export { boardState, flashBoard, partOnBoard, type Flashed, type FlashJob } from './flash-board.js';
export {
  allParts,
  checkFlashSize,
  checkRam,
  directBootOf,
  modelPart,
  type Firmware,
  type ModelBlob,
  type NamedPart,
} from './flash-plan.js';
export { prebuiltOf, type Prebuilt, type PrebuiltImage } from './prebuilt.js';
export { gatherReport, reportText, type BoardReport } from './report.js';
export {
  arduinoProject,
  BOARDS,
  headerOf,
  platformioProject,
  type BoardChip,
  type LibraryFile,
  type SketchParts,
} from './sketch.js';
export { reachDevice, type Reached, type ReachOptions } from './reach.js';
export { boardWords, type BoardWords } from './words.js';
