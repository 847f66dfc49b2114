/** Measuring a float model with the trainer's own forward pass. */
import type { Tokenizer } from '../tokenizer/index.js';
import type { TrainerKernels } from './backend.js';
import { KernelPool } from './pool.js';
import { bitsPerByte, kernelConfig } from './run.js';
import { shardsOf, trainDefaults } from './schedule.js';
import type { TokenizedDocument, TrainOptions } from './types.js';

const utf8 = new TextEncoder();

/** Encodes documents for training or measuring. */
export function encodeDocuments(tokenizer: Tokenizer, documents: readonly string[]): TokenizedDocument[] {
  return documents.map((text) => ({ tokens: tokenizer.encode(text), bytes: utf8.encode(text).length }));
}

export interface EvaluateSetup {
  readonly kernels: TrainerKernels;
  readonly threads: number;
  readonly eod: number;
}

/**
 * Bits per UTF-8 byte of documents, each from a reset state, the closing end-of-document token included, under latent weights used as
 * `options` say (float, or ternary with 8-bit activations).
 */
export async function evaluateModel(
  weights: ReadonlyMap<string, Float32Array>,
  given: Pick<TrainOptions, 'model'> & Partial<TrainOptions>,
  documents: readonly TokenizedDocument[],
  setup: EvaluateSetup,
): Promise<number> {
  const options = { ...trainDefaults(given), segment: 64 };
  const longest = Math.max(...documents.map((d) => d.tokens.length + 1));
  const total = documents.reduce((sum, d) => sum + d.tokens.length + 1, 0);
  const lanes = Math.max(1, Math.min(32, documents.length >= 32 ? 32 : 1 << Math.floor(Math.log2(documents.length))));
  const stream =
    Math.ceil(Math.min(Math.max(longest, (total / lanes) * 1.2), 65536) / options.segment) * options.segment;
  const config = { ...kernelConfig({ ...options, lanes }, setup.eod, stream), shards: shardsOf(lanes) };
  const pool = await KernelPool.create(setup.kernels, config, setup.threads);
  try {
    pool.write('weight', weights);
    return await bitsPerByte(pool, documents);
  } finally {
    await pool.close();
  }
}
