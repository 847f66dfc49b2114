/**
 * Who runs the kernels: WebAssembly (backend-wasm.ts, to which threads are handed in), or the same C source built by the machine's
 * compiler (src/node/native-trainer.ts).
 */

/** What all workers are asked at once. */
export type WorkerTask =
  | { readonly kind: 'run'; readonly position: number; readonly steps: number; readonly update: boolean }
  | { readonly kind: 'evaluate'; readonly segments: number };

/** A trainer laid out in memory, with its threads. */
export interface Backend {
  readonly threads: number;
  /** The memory that the offsets point into; it may grow no more. */
  readonly buffer: ArrayBufferLike;
  /** How many there are of what `COUNT` (abi.ts) names. */
  count(what: number, index: number): number;
  /** Bytes from the start of the memory to what `ADDRESS` (abi.ts) names. */
  offset(what: number, index: number): number;
  /**
   * Resolves when all workers are done; one task at a time.
   * @throws TinyLMError `train-data` when the kernels refuse it
   */
  work(task: WorkerTask): Promise<void>;
  /** Ends the threads; a task that still runs may be given up. */
  close(): Promise<void>;
}

/** Kernels that can be laid out in memory: WebAssembly, or built by the machine's compiler. The last bits of a result depend on which. */
export interface TrainerKernels {
  /**
   * @param config the words of `Config` (layout.ts)
   * @param workers 1 … shards; kernels that run in one thread take one, whatever is asked
   * @throws TinyLMError `train-config` for one that cannot be, `train-memory` for one that needs too much
   */
  create(config: Uint8Array, workers: number): Promise<Backend>;
}
