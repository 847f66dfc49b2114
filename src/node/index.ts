/** Files, and what comes with the package. The only room beside cli that touches the disk. */
export { packageRoot, readWasm, wasmPath } from './assets.js';
export * from './checkpoints.js';
export * from './corpus-files.js';
export * from './files.js';
export { releaseLocks } from './lock.js';
export { loadTrainer, type LoadedTrainer } from './native-trainer.js';
export { threadedKernels } from './threads.js';
export * from './run-folder.js';
