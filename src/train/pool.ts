/**
 * The kernels on shared memory with their worker threads. All state lies in the memory; the pool's own thread writes data
 * and reads results between two calls.
 */
import { Worker } from 'node:worker_threads';
import { TinyLMError } from '../model/errors.js';
import {
  ADDRESS, CONFIG_BYTES, copyTensor, hasRows, readTensor, rowsOf, tightLength, writeConfig,
  type KernelConfig, type PaddedTensor, type ParameterArray,
} from './layout.js';
import type { WorkerStart, WorkerTask } from './worker.js';

const STACK_BYTES = 256 * 1024;
const PAGE = 65536;
/** The largest memory that the kernels are linked for. */
const MAX_PAGES = 32768;

interface HostKernels {
  readonly __stack_pointer: WebAssembly.Global;
  readonly __heap_base: WebAssembly.Global;
  trainer_bytes(config: number): number;
  trainer_init(base: number, config: number, workers: number): number;
  trainer_address(trainer: number, what: number, index: number): number;
  trainer_tensors(trainer: number): number;
  trainer_parameters(trainer: number): number;
  trainer_rows(trainer: number): number;
  trainer_hidden_stride(trainer: number): number;
}

/** Nats (natural logarithm units of loss) over a number of tokens. */
export interface Loss {
  readonly nats: number;
  readonly tokens: number;
}

export class KernelPool {
  readonly config: KernelConfig;
  readonly threads: number;
  readonly tensors: readonly PaddedTensor[];
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: HostKernels;
  readonly #trainer: number;
  readonly #workers: Worker[] = [];
  #busy = false;

  private constructor(config: KernelConfig, threads: number, memory: WebAssembly.Memory, kernels: HostKernels, trainer: number) {
    this.config = config;
    this.threads = threads;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#trainer = trainer;
    const count = kernels.trainer_tensors(trainer);
    this.tensors = Array.from({ length: count }, (_, i) =>
      readTensor(new Int32Array(memory.buffer, kernels.trainer_address(trainer, ADDRESS.tensor, i), 8), config.model, i));
  }

  /**
   * Compiles the kernels, lays out the memory and starts the threads.
   * @param wasm the module built from src/train/kernels (shared memory)
   * @param threads 1 … shards; more than `shards` threads would have nothing to do
   * @throws TinyLMError `train-memory` when the model and batch need more than 2 GiB
   */
  static async create(wasm: BufferSource, config: KernelConfig, threads: number): Promise<KernelPool> {
    const module = await WebAssembly.compile(wasm);
    const memory = new WebAssembly.Memory({ initial: 4, maximum: MAX_PAGES, shared: true });
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as HostKernels;
    const workers = Math.max(1, Math.min(threads, config.shards));
    const configAt = align(Number(kernels.__heap_base.value));
    const stacksAt = align(configAt + CONFIG_BYTES);
    const base = align(stacksAt + workers * STACK_BYTES);
    writeConfig(new DataView(memory.buffer), configAt, config);
    const bytes = kernels.trainer_bytes(configAt) >>> 0;
    const pages = Math.ceil((base + bytes) / PAGE);
    if (pages > MAX_PAGES)
      throw new TinyLMError('train-memory',
        `training needs ${Math.ceil((base + bytes) / 2 ** 20)} MiB, and at most ${(MAX_PAGES * PAGE) / 2 ** 20} MiB can be had`,
        'choose a smaller model, fewer lanes (--batch) or a shorter segment (--segment)');
    const have = memory.buffer.byteLength / PAGE;
    if (pages > have) memory.grow(pages - have);
    const pool = new KernelPool(config, workers, memory, kernels, kernels.trainer_init(base, configAt, workers));
    const file = new URL('./worker.js', import.meta.url); // threads run the compiled file
    await Promise.all(Array.from({ length: workers }, (_, index) => {
      const workerData: WorkerStart = { module, memory, stackTop: stacksAt + (index + 1) * STACK_BYTES, index };
      const worker = new Worker(file, { workerData });
      pool.#workers.push(worker);
      return once(worker);
    }));
    return pool;
  }

  #floats(what: number, index: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, this.#kernels.trainer_address(this.#trainer, what, index), length);
  }

  #padded(array: ParameterArray): Float32Array {
    const length = hasRows(array) ? this.#kernels.trainer_rows(this.#trainer) : this.#kernels.trainer_parameters(this.#trainer);
    return this.#floats(ADDRESS[array], 0, length);
  }

  /** A copy of an array's values by the parameters' names, without padding: one value an element, or one a row. */
  read(array: ParameterArray): Map<string, Float32Array> {
    const padded = this.#padded(array);
    return new Map(this.tensors.map((tensor) => {
      const t = hasRows(array) ? rowsOf(tensor) : tensor;
      const tight = new Float32Array(tightLength(t));
      copyTensor(t, padded, tight, 'tight');
      return [t.name, tight];
    }));
  }

  /** Sets an array's values. */
  write(array: ParameterArray, values: ReadonlyMap<string, Float32Array>): void {
    const padded = this.#padded(array);
    for (const tensor of this.tensors) {
      const t = hasRows(array) ? rowsOf(tensor) : tensor;
      const tight = values.get(t.name);
      if (tight === undefined || tight.length !== tightLength(t))
        throw new TinyLMError('checkpoint-shape',
          `tensor ${t.name} has ${tight === undefined ? 'no values' : `${tight.length} values`}, expected ${tightLength(t)}`,
          'use a checkpoint of a model with the same vocab, dim, hidden, layers and tying');
      copyTensor(t, padded, tight, 'padded');
    }
  }

  /** Input and target tokens, (lanes, stream) each; a target of 0xffff does not count. */
  get inputs(): Uint16Array {
    return this.#tokens(ADDRESS.inputs);
  }
  get targets(): Uint16Array {
    return this.#tokens(ADDRESS.targets);
  }
  #tokens(what: number): Uint16Array {
    const at = this.#kernels.trainer_address(this.#trainer, what, 0);
    return new Uint16Array(this.#memory.buffer, at, this.config.lanes * this.config.stream);
  }

  /** (chunk, 3): learning rate, 1 − β1^t, 1 − β2^t of each step of the next call. */
  get schedule(): Float32Array {
    return this.#floats(ADDRESS.schedule, 0, this.config.chunk * 3);
  }
  /** (chunk, 2): nats a token and gradient norm of each step of the last call. */
  get stats(): Float32Array {
    return this.#floats(ADDRESS.stats, 0, this.config.chunk * 2);
  }

  /** The hidden state that the next segment starts from, (layers, lanes, hidden), a copy. */
  readState(): Float32Array {
    return this.#state();
  }
  /** Sets that state; without an argument to zero. */
  writeState(state?: Float32Array): void {
    this.#state(state ?? new Float32Array(this.config.model.layers * this.config.lanes * this.config.model.hidden));
  }
  #state(from?: Float32Array): Float32Array {
    const { lanes, shards, model } = this.config;
    const stride = this.#kernels.trainer_hidden_stride(this.#trainer);
    const perShard = lanes / shards;
    const out = from ?? new Float32Array(model.layers * lanes * model.hidden);
    for (let shard = 0; shard < shards; shard++) {
      for (let layer = 0; layer < model.layers; layer++) {
        const carry = this.#floats(ADDRESS.carry, shard * model.layers + layer, perShard * stride);
        for (let lane = 0; lane < perShard; lane++) {
          const at = (layer * lanes + shard * perShard + lane) * model.hidden;
          if (from) carry.set(from.subarray(at, at + model.hidden), lane * stride);
          else out.set(carry.subarray(lane * stride, lane * stride + model.hidden), at);
        }
      }
    }
    return out;
  }

  async #all_workers(task: WorkerTask): Promise<void> {
    if (this.#busy) throw new Error('the pool runs one task at a time');
    this.#busy = true;
    try {
      await Promise.all(this.#workers.map((worker) => {
        const done = once(worker);
        worker.postMessage(task);
        return done;
      }));
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Runs training steps; resolves to the number done, fewer than asked after `stop()`.
   * @param position where in the data buffers the first segment starts
   * @param update false computes gradients only
   */
  async run(position: number, steps: number, update = true): Promise<number> {
    this.#word(ADDRESS.stop)[0] = 0;
    await this.#all_workers({ kind: 'run', trainer: this.#trainer, position, steps, update });
    return this.#word(ADDRESS.done)[0];
  }

  /** Loss over the first `segments` segments of the data buffers. Changes the carried state only. */
  async evaluate(segments: number): Promise<Loss> {
    await this.#all_workers({ kind: 'evaluate', trainer: this.#trainer, segments });
    const at = this.#kernels.trainer_address(this.#trainer, ADDRESS.totals, 0);
    const [nats, tokens] = new Float64Array(this.#memory.buffer, at, 2);
    return { nats, tokens };
  }

  /** Asks a running `run` to end at the next step's border. */
  stop(): void {
    Atomics.store(this.#word(ADDRESS.stop), 0, 1);
  }

  #word(what: number): Int32Array {
    return new Int32Array(this.#memory.buffer, this.#kernels.trainer_address(this.#trainer, what, 0), 1);
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function align(address: number): number {
  return Math.ceil(address / 64) * 64;
}

/** The next message of a worker; rejects when it fails. */
function once(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (action: () => void) => () => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      action();
    };
    const onMessage = done(resolve);
    const onExit = done(() => reject(new Error('a training thread ended unexpectedly')));
    const onError = (error: Error) => done(() => reject(error))();
    worker.once('message', onMessage).once('error', onError).once('exit', onExit);
  });
}
