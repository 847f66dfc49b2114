/**
 * The kernels with their threads and their memory. All state lies in the memory; the caller writes data and reads results between
 * two calls.
 */
import { TinyLMError } from '../model/errors.js';
import { NGRAM_CONTEXT, parameterSpecs, stateWidths, type ModelConfig, type Trits } from '../model/index.js';
import { levelOf } from '../quantize/ternary.js';
import type { Backend, TrainerKernels, WorkerTask } from './backend.js';
import { ADDRESS, COUNT, TENSOR_WORDS } from './abi.js';
import {
  configWords,
  copyTensor,
  hasRows,
  hasTables,
  readTensor,
  rowsOf,
  tightLength,
  type KernelConfig,
  type PaddedTensor,
  type ParameterArray,
} from './layout.js';

/** Nats (natural logarithm units of loss) over a number of tokens. */
export interface Loss {
  readonly nats: number;
  readonly tokens: number;
}

interface Batched {
  readonly model: ModelConfig;
  readonly lanes: number;
}

/** Numbers of the layers' carried states. */
const statesLength = ({ model, lanes }: Batched): number => lanes * stateWidths(model).reduce((a, b) => a + b, 0);

/** Numbers of all that is carried from segment to segment; see `KernelPool.readState`. */
export const stateLength = (batched: Batched): number =>
  statesLength(batched) + (batched.model.ngrams.length > 0 ? batched.lanes * NGRAM_CONTEXT : 0);

export class KernelPool {
  readonly config: KernelConfig;
  readonly tensors: readonly PaddedTensor[];
  readonly #backend: Backend;
  #busy = false;

  private constructor(config: KernelConfig, backend: Backend) {
    this.config = config;
    this.#backend = backend;
    this.tensors = Array.from({ length: backend.count(COUNT.tensors, 0) }, (_, i) =>
      readTensor(
        new Int32Array(backend.buffer, backend.offset(ADDRESS.tensor, i), TENSOR_WORDS.length),
        config.model,
        i,
      ),
    );
  }

  /**
   * Lays out the memory and starts the threads.
   * @param kernels `sharedKernels`, `singleKernels`, or native ones (src/node/native-trainer.ts)
   * @param threads 1 … shards; more than `shards` threads would have nothing to do
   * @throws TinyLMError `train-memory` when the model and batch need more memory than can be had
   */
  static async create(kernels: TrainerKernels, config: KernelConfig, threads: number): Promise<KernelPool> {
    const workers = Math.max(1, Math.min(threads, config.shards));
    return new KernelPool(config, await kernels.create(configWords(config), workers));
  }

  get threads(): number {
    return this.#backend.threads;
  }

  #floats(what: number, index: number, length: number): Float32Array {
    return new Float32Array(this.#backend.buffer, this.#backend.offset(what, index), length);
  }

  #padded(array: ParameterArray): Float32Array {
    const count = hasRows(array) ? COUNT.rows : hasTables(array) ? COUNT.all_floats : COUNT.parameters;
    return this.#floats(ADDRESS[array], 0, this.#backend.count(count, 0));
  }

  /** A copy of an array's values by the parameters' names, without padding: one value an element, or one a row. */
  read(array: ParameterArray): Map<string, Float32Array> {
    const padded = this.#padded(array);
    return new Map(
      this.tensors
        .filter((t) => t.table === 0 || !hasRows(array))
        .map((tensor) => {
          if (tensor.table === 1 && !hasTables(array)) return [tensor.name, this.#tableRows(tensor, array)];
          const t = hasRows(array) ? rowsOf(tensor) : tensor;
          const tight = new Float32Array(tightLength(t));
          copyTensor(t, padded, tight, 'tight');
          return [t.name, tight];
        }),
    );
  }

  /** What the kernels do not keep for a whole n-gram table: gradients of the rows that the last step touched, and levels. */
  #tableRows(tensor: PaddedTensor, array: ParameterArray): Float32Array {
    const { model, ternary } = this.config;
    if (array === 'effective') {
      const latent = new Float32Array(tightLength(tensor));
      copyTensor(tensor, this.#padded('weight'), latent, 'tight');
      return ternary ? latent.map((w) => levelOf(w, 1, tensor.trits as Trits)) : latent;
    }
    const table = parameterSpecs(model).find(({ name }) => name === tensor.name)!.layer;
    const touched = this.#backend.count(COUNT.touched, table);
    const rows = new Int32Array(this.#backend.buffer, this.#backend.offset(ADDRESS.touchedRows, table), touched);
    const gradient = this.#floats(ADDRESS.touchedGradient, table, touched * tensor.cols);
    const out = new Float32Array(tightLength(tensor));
    rows.forEach((row, i) => out.set(gradient.subarray(i * tensor.cols, (i + 1) * tensor.cols), row * tensor.cols));
    return out;
  }

  /** Sets an array's values. */
  write(array: ParameterArray, values: ReadonlyMap<string, Float32Array>): void {
    const padded = this.#padded(array);
    for (const tensor of this.tensors) {
      if (tensor.table === 1 && hasRows(array)) continue;
      const t = hasRows(array) ? rowsOf(tensor) : tensor;
      const tight = values.get(t.name);
      if (tight === undefined || tight.length !== tightLength(t))
        throw new TinyLMError(
          'checkpoint-shape',
          `tensor ${t.name} has ${tight === undefined ? 'no values' : `${tight.length} values`}, expected ${tightLength(t)}`,
          'use a checkpoint of a model with the same vocab, dim, hidden, layers and tying',
        );
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
    return new Uint16Array(this.#backend.buffer, this.#backend.offset(what, 0), this.config.lanes * this.config.stream);
  }

  /** (chunk, 3): learning rate, 1 − β1^t, 1 − β2^t of each step of the next call. */
  get schedule(): Float32Array {
    return this.#floats(ADDRESS.schedule, 0, this.config.chunk * 3);
  }
  /** (chunk, 2): nats a token and gradient norm of each step of the last call. */
  get stats(): Float32Array {
    return this.#floats(ADDRESS.stats, 0, this.config.chunk * 2);
  }

  /**
   * What the next segment starts from, a copy: the states of each layer that has one (lanes, width), one after the other; with n-gram
   * tables also the tokens before the next one (lanes, NGRAM_CONTEXT), the newest first.
   */
  readState(): Float32Array {
    return this.#state();
  }
  /** Sets it; without an argument to the start of a text: zeros, and end-of-document tokens. */
  writeState(state?: Float32Array): void {
    if (state !== undefined) this.#state(state);
    else this.#state(new Float32Array(stateLength(this.config)).fill(this.config.eod, statesLength(this.config)));
  }
  #state(from?: Float32Array): Float32Array {
    const { lanes, shards, model } = this.config;
    const perShard = lanes / shards;
    const out = from ?? new Float32Array(stateLength(this.config));
    let before = 0;
    stateWidths(model).forEach((width, layer, { length }) => {
      const stride = this.#backend.count(COUNT.width_stride, layer);
      for (let shard = 0; shard < shards && width > 0; shard++) {
        const carry = this.#floats(ADDRESS.carry, shard * length + layer, perShard * stride);
        for (let lane = 0; lane < perShard; lane++) {
          const at = before + (shard * perShard + lane) * width;
          if (from) carry.set(from.subarray(at, at + width), lane * stride);
          else out.set(carry.subarray(lane * stride, lane * stride + width), at);
        }
      }
      before += lanes * width;
    });
    for (let shard = 0; shard < shards && model.ngrams.length > 0; shard++) {
      const context = new Uint16Array(
        this.#backend.buffer,
        this.#backend.offset(ADDRESS.context, shard),
        perShard * NGRAM_CONTEXT,
      );
      const at = before + shard * context.length;
      if (from) context.set(from.subarray(at, at + context.length));
      else out.set(context, at);
    }
    return out;
  }

  async #work(task: WorkerTask): Promise<void> {
    if (this.#busy) throw new Error('the pool runs one task at a time');
    this.#busy = true;
    try {
      await this.#backend.work(task);
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Runs training steps; resolves to the number done, fewer than asked after `stop()`.
   * @param position where in the data buffers the first segment starts
   * @param update false computes gradients only
   * @throws RangeError when the data buffers or the schedule do not hold that much
   */
  async run(position: number, steps: number, update = true): Promise<number> {
    const { segment, stream, chunk } = this.config;
    if (steps > chunk || position + steps * segment > stream)
      throw new RangeError(
        `${steps} steps of ${segment} tokens from ${position} do not fit ${stream} tokens and ${chunk} steps`,
      );
    this.#word(ADDRESS.stop)[0] = 0;
    await this.#work({ kind: 'run', position, steps, update });
    return this.#word(ADDRESS.done)[0];
  }

  /** Loss over the first `segments` segments of the data buffers. Changes the carried state only. */
  async evaluate(segments: number): Promise<Loss> {
    const { segment, stream } = this.config;
    if (segments * segment > stream)
      throw new RangeError(`${segments} segments of ${segment} tokens do not fit ${stream} tokens`);
    await this.#work({ kind: 'evaluate', segments });
    const [nats, tokens] = new Float64Array(this.#backend.buffer, this.#backend.offset(ADDRESS.totals, 0), 2);
    return { nats, tokens };
  }

  /** Asks a running `run` to end at the next step's border. */
  stop(): void {
    Atomics.store(this.#word(ADDRESS.stop), 0, 1);
  }

  #word(what: number): Int32Array {
    return new Int32Array(this.#backend.buffer, this.#backend.offset(what, 0), 1);
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.stop();
    await this.#backend.close();
  }
}
