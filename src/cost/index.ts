/** What a token costs on a chip: instructions, cycles, flash; modelled, with every input of the model shown. */
export {
  CHIPS,
  CHIP_LIST,
  FLASH_MODES,
  FLASH_MODE_LIST,
  INSTRUCTION_CLASSES,
  lineClocks,
  lineCycles,
  totalInstructions,
  type Cache,
  type Chip,
  type ChipName,
  type ClassNumbers,
  type FlashMode,
  type InstructionClass,
  type Isa,
} from './chips.js';
export { flashReads, type FlashReads } from './flash.js';
export { largestModel, type Largest, type Limits } from './largest.js';
export { modelledSpeed, tokenCost, type ModelledSpeed, type SpeedInput, type TokenCost } from './speed.js';
export { modelledRows, modelledSpeeds, type ChipCounts, type ModelledRow, type TableInput } from './table.js';
export { tokenWork, type Packing, type Work } from './work.js';
