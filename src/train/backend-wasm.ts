/** The kernels as WebAssembly on shared memory, one instance in each worker thread. */
import { Worker } from 'node:worker_threads';
import { TinyLMError } from '../model/errors.js';
import type { Backend, WorkerTask } from './backend.js';
import { refuseAnswer, refuseConfig } from './layout.js';
import type { WorkerMessage, WorkerStart } from './worker.js';

const STACK_BYTES = 256 * 1024;
const PAGE = 65536;
/** The largest memory that the kernels are linked for. */
const MAX_PAGES = 32768;

interface HostKernels {
  readonly __heap_base: WebAssembly.Global;
  trainer_check(config: number): number;
  trainer_bytes(config: number): number;
  trainer_init(base: number, config: number, workers: number): number;
  trainer_address(trainer: number, what: number, index: number): number;
  trainer_count(trainer: number, what: number, index: number): number;
}

/**
 * Compiles the kernels, lays out the memory and starts the threads.
 * @throws TinyLMError `train-config` for a configuration that cannot be, `train-memory` when the model and batch need more than 2 GiB
 */
export async function createWasmBackend(wasm: BufferSource, config: Uint8Array, workers: number): Promise<Backend> {
  const module = await WebAssembly.compile(wasm);
  const memory = new WebAssembly.Memory({ initial: 4, maximum: MAX_PAGES, shared: true });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as HostKernels;
  const configAt = align(Number(kernels.__heap_base.value));
  const stacksAt = align(configAt + config.length);
  const base = align(stacksAt + workers * STACK_BYTES);
  new Uint8Array(memory.buffer).set(config, configAt);
  refuseConfig(kernels.trainer_check(configAt), config);
  const bytes = kernels.trainer_bytes(configAt) >>> 0;
  const pages = Math.ceil((base + bytes) / PAGE);
  if (pages > MAX_PAGES)
    throw new TinyLMError('train-memory',
      `training needs ${Math.ceil((base + bytes) / 2 ** 20)} MiB, and at most ${(MAX_PAGES * PAGE) / 2 ** 20} MiB can be had`,
      'choose a smaller model, fewer lanes (--batch) or a shorter segment (--segment)');
  const have = memory.buffer.byteLength / PAGE;
  if (pages > have) memory.grow(pages - have);
  const trainer = kernels.trainer_init(base, configAt, workers);
  const file = new URL('./worker.js', import.meta.url); // threads run the compiled file
  const threads = await Promise.all(Array.from({ length: workers }, async (_, index) => {
    const workerData: WorkerStart = { module, memory, stackTop: stacksAt + (index + 1) * STACK_BYTES, index };
    const worker = new Worker(file, { workerData });
    await once(worker);
    return worker;
  }));
  return {
    threads: workers,
    buffer: memory.buffer,
    count: (what, index) => kernels.trainer_count(trainer, what, index),
    offset: (what, index) => kernels.trainer_address(trainer, what, index) >>> 0,
    async work(task: WorkerTask) {
      const message: WorkerMessage = { ...task, trainer };
      const answers = await Promise.all(threads.map((worker) => {
        const done = once(worker);
        worker.postMessage(message);
        return done;
      }));
      answers.forEach(refuseAnswer);
    },
    async close() {
      await Promise.all(threads.map((worker) => worker.terminate()));
    },
  };
}

function align(address: number): number {
  return Math.ceil(address / 64) * 64;
}

/** The next message of a worker; rejects when it fails. */
function once(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (action: () => void) => () => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      action();
    };
    const onMessage = (answer: number) => done(() => resolve(answer))();
    const onExit = done(() => reject(new Error('a training thread ended unexpectedly')));
    const onError = (error: Error) => done(() => reject(error))();
    worker.once('message', onMessage).once('error', onError).once('exit', onExit);
  });
}
