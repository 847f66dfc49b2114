/** The kernels as WebAssembly: on shared memory with an instance in each thread, or in the calling thread alone. */
import { TinyLMError } from '../model/errors.js';
import { nextTask } from '../model/next-task.js';
import type { Backend, TrainerKernels, WorkerTask } from './backend.js';
import { runTask, type StartThread } from './kernel-thread.js';
import { refuseAnswer, refuseConfig } from './layout.js';

const STACK_BYTES = 256 * 1024;
const PAGE = 65536;
/** The largest memory that the kernels are linked for. */
const MAX_PAGES = 32768;

interface HostKernels {
  readonly __heap_base: WebAssembly.Global;
  readonly __stack_pointer: WebAssembly.Global;
  trainer_check(config: number): number;
  trainer_bytes(config: number): number;
  trainer_init(base: number, config: number, workers: number): number;
  trainer_address(trainer: number, what: number, index: number): number;
  trainer_count(trainer: number, what: number, index: number): number;
}

/**
 * Kernels on shared memory.
 * @param wasm the module `trainer`
 */
export function sharedKernels(wasm: BufferSource, start: StartThread): TrainerKernels {
  let compiled: Promise<WebAssembly.Module> | undefined;
  return {
    async create(config, workers) {
      const module = await (compiled ??= WebAssembly.compile(wasm));
      const { kernels, memory, trainer, stackTops } = layOut(module, true, config, workers);
      const threads = await Promise.all(stackTops.map((stackTop, index) => start({ module, memory, stackTop, index })));
      return {
        ...looks(kernels, memory, trainer, workers),
        async work(task: WorkerTask) {
          const answers = await Promise.all(threads.map((thread) => thread.run({ ...task, trainer })));
          answers.forEach(refuseAnswer);
        },
        async close() {
          await Promise.all(threads.map((thread) => thread.end()));
        },
      };
    },
  };
}

/**
 * Kernels that run in the calling thread, which hears messages between two tasks only: for pages without shared memory. The
 * same bits as any number of threads gives.
 * @param wasm the module `trainer-single`
 */
export function singleKernels(wasm: BufferSource): TrainerKernels {
  let compiled: Promise<WebAssembly.Module> | undefined;
  return {
    async create(config) {
      const module = await (compiled ??= WebAssembly.compile(wasm));
      const { instance, kernels, memory, trainer, stackTops } = layOut(module, false, config, 1);
      kernels.__stack_pointer.value = stackTops[0];
      return {
        ...looks(kernels, memory, trainer, 1),
        async work(task: WorkerTask) {
          await nextTask();
          refuseAnswer(runTask(instance, 0, { ...task, trainer }));
        },
        close: async () => {},
      };
    },
  };
}

/** @throws TinyLMError as `TrainerKernels.create` */
function layOut(module: WebAssembly.Module, shared: boolean, config: Uint8Array, workers: number) {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: MAX_PAGES, shared });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = instance.exports as unknown as HostKernels;
  const configAt = align(Number(kernels.__heap_base.value));
  const stacksAt = align(configAt + config.length);
  const base = align(stacksAt + workers * STACK_BYTES);
  new Uint8Array(memory.buffer).set(config, configAt);
  refuseConfig(kernels.trainer_check(configAt), config);
  const bytes = kernels.trainer_bytes(configAt) >>> 0;
  const pages = Math.ceil((base + bytes) / PAGE);
  if (pages > MAX_PAGES)
    throw new TinyLMError(
      'train-memory',
      `training needs ${Math.ceil((base + bytes) / 2 ** 20)} MiB, and at most ${(MAX_PAGES * PAGE) / 2 ** 20} MiB can be had`,
      'choose a smaller model, fewer lanes (--batch) or a shorter segment (--segment)',
    );
  const have = memory.buffer.byteLength / PAGE;
  if (pages > have) memory.grow(pages - have);
  return {
    instance,
    kernels,
    memory,
    trainer: kernels.trainer_init(base, configAt, workers),
    stackTops: Array.from({ length: workers }, (_, index) => stacksAt + (index + 1) * STACK_BYTES),
  };
}

/** What lies where, as the kernels say. */
function looks(
  kernels: HostKernels,
  memory: WebAssembly.Memory,
  trainer: number,
  threads: number,
): Pick<Backend, 'threads' | 'buffer' | 'count' | 'offset'> {
  return {
    threads,
    buffer: memory.buffer,
    count: (what, index) => kernels.trainer_count(trainer, what, index),
    offset: (what, index) => kernels.trainer_address(trainer, what, index) >>> 0,
  };
}

function align(address: number): number {
  return Math.ceil(address / 64) * 64;
}
