/** Files, and what comes with the package. The only room beside cli that touches the disk. */
export { packageRoot, readWasm, wasmPath } from './assets.js';
export * from '../run/checkpoint-file.js';
export * from './corpus-files.js';
export * from './files.js';
export { releaseLocks } from './lock.js';
export {
  BACKENDS,
  identityName,
  loadTrainer,
  sameBackend,
  WASM_IDENTITY,
  type BackendIdentity,
  type BackendName,
  type LoadedTrainer,
} from './native-trainer.js';
export * from './run-folder.js';
