/** The `.tlm` file and its relatives: values ↔ bytes. */
export * as spec from './constants.js';
export { crc32, type TlmErrorCode } from './bytes.js';
export { sigmoidTable, expTable } from './tables.js';
export { specHeader, tablesHeader } from './header.js';
export { pack, rowBytes, unpack, weightsPerByte, type BadByte, type Packing } from './pack.js';
export { writeTlm, type WriteOptions } from './write.js';
export { readTlm, type TensorInfo, type TlmFile, type TlmInfo } from './read.js';
export {
  compare, comparisonText, dump, showTensor, type DumpOptions, type FileComparison, type TensorComparison,
} from './inspect.js';
export { cHeader, exportBins, type ExportedFile } from './export.js';
export { readSafetensors, writeSafetensors, type Safetensors } from './safetensors.js';
