/**
 * A page's side, and its workers': calls, ports, stores, threads, and what each worker answers. The scripts of the workers
 * (`train-worker.ts` and others) stand beside it for bundlers that build from source.
 */
export type * from './protocol.js';
export { connect, errorOf, failureOf, serve, type CallOptions, type Connection, type Endpoint, type Handlers, type Telling } from './calls.js';
export { chipHandlers, type ChipTools } from './chip-calls.js';
export { engineHandlers } from './engine-calls.js';
export { pageKernels, type KernelSources, type PageKernels } from './kernels.js';
export { RemotePort, servePort, type ServedPort } from './ports.js';
export { serialName, WebSerialTransport, type SerialPortLike } from './serial.js';
export { memoryStore, openStore, opfsStore, type RunStore } from './store.js';
export { serveThread, workerThreads } from './threads.js';
export { trainerHandlers } from './trainer-calls.js';
export { virtualHandlers } from './virtual-calls.js';
