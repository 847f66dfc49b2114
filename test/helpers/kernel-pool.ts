/** The trainer's kernels with a small batch in them, in both builds. */
import { initModel, type ModelConfig } from '../../src/model/index.js';
import { loadTrainer } from '../../src/node/native-trainer.js';
import { threadedKernels } from '../../src/node/threads.js';
import {
  kernelConfig,
  KernelPool,
  trainDefaults,
  type TrainerKernels,
  type TrainOptions,
} from '../../src/train/index.js';
import type { OracleBatch, Parameters } from './float64.js';

export const wasm = threadedKernels();
/** Without a compiler the native build is skipped, and says so. */
export const native = await loadTrainer('native').then(
  ({ kernels }) => ({ kernels, skip: false as const }),
  (error: Error) => ({ kernels: undefined, skip: `no native kernels here: ${error.message}` }),
);
export const backends: { name: string; kernels: TrainerKernels; skip: string | false }[] = [
  { name: 'WebAssembly', kernels: wasm, skip: false },
  { name: 'native', kernels: native.kernels ?? wasm, skip: native.skip },
];
export const EOD = 0;
export const IGNORE = 0xffff;

export const widen = (tensors: ReadonlyMap<string, Float32Array>): Parameters =>
  new Map([...tensors].map(([name, values]) => [name, Float64Array.from(values)]));

/** Deterministic tokens with resets and targets that do not count. */
export function makeBatch(config: ModelConfig, lanes: number, segment: number): OracleBatch {
  let a = 12345;
  const random = (n: number): number => {
    a = (Math.imul(a, 1664525) + 1013904223) >>> 0;
    return Math.floor((a / 2 ** 32) * n);
  };
  const rows = (make: () => number) => Array.from({ length: lanes }, () => Array.from({ length: segment }, make));
  return {
    inputs: rows(() => random(config.vocab)),
    targets: rows(() => (random(6) === 0 ? -1 : random(config.vocab))),
    eod: EOD,
  };
}

export async function withPool<T>(
  kernels: TrainerKernels,
  options: Partial<TrainOptions> & { model: ModelConfig },
  threads: number,
  batch: OracleBatch,
  use: (pool: KernelPool) => Promise<T>,
): Promise<T> {
  const lanes = batch.inputs.length;
  const segment = batch.inputs[0].length;
  const full = trainDefaults({ ...options, lanes, segment });
  const pool = await KernelPool.create(kernels, kernelConfig(full, EOD, segment), threads);
  try {
    const model = initModel(options.model, 3);
    // larger than the usual start, so that every gate works away from its centre
    for (const [name, values] of model.tensors) {
      // n-gram tables start at zero, and have one scale
      if (name.startsWith('ngram.weight')) values.forEach((_, i) => (values[i] = 1.7 * Math.sin(i * i)));
      else values.forEach((_, i) => (values[i] = values[i] * 1.5 + 0.02 * Math.sin(i)));
    }
    pool.write('weight', model.tensors);
    batch.inputs.forEach((row, lane) => pool.inputs.set(row, lane * segment));
    batch.targets.forEach((row, lane) =>
      pool.targets.set(
        row.map((t) => (t < 0 ? IGNORE : t)),
        lane * segment,
      ),
    );
    return await use(pool);
  } finally {
    await pool.close();
  }
}
