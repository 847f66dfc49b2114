/** The `.tlm` file and its relatives: values ↔ bytes. */
export * as spec from './constants.js';
export { crc32 } from './bytes.js';
export { ENGINE_ERRORS, ERRORS, FILE_ERRORS, type TlmErrorCode } from './errors.js';
export { expTable, rootTable, sigmoidTable } from './tables.js';
export { GENERATED_HEADERS, rulesHeader, specHeader, tablesHeader } from './header.js';
export { levelsOf, pack, planesOf, rowBytes, unpack, weightsPerByte, type BadByte, type Packing } from './pack.js';
export { encodeTokenizer } from './write-tokenizer.js';
export { writeTlm, type SamplingDefaults, type WriteOptions } from './write.js';
export { readTlm } from './read.js';
export type { TensorInfo, TlmFile, TlmInfo } from './types.js';
export {
  compare,
  comparisonText,
  dump,
  showTensor,
  type DumpOptions,
  type FileComparison,
  type TensorComparison,
} from './inspect.js';
export { cHeader, exportBins, type ExportedFile } from './export.js';
export { readSafetensors, writeSafetensors, type OtherTensor, type Safetensors } from './safetensors.js';
export { foreignKind, type ForeignKind } from './foreign.js';
