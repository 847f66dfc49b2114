/** Another tokenizer numbers its tokens in another order: the rows of embedding and output layer go with them. */
import type { FloatModel } from '../config.js';

/** For each of our tokens the one of the checkpoint whose row it takes; −1 for one that the checkpoint never knew. */
export interface TokenRows {
  /** Rows of the embedding: what a token means when it is read. */
  readonly input: ArrayLike<number>;
  /** Rows of the output layer and its bias: what it takes to be written. */
  readonly output: ArrayLike<number>;
}

/** So far below the smallest bias (natural logarithm) stands a token that the checkpoint never knew. */
const NEVER = -20;

/**
 * A model with our tokens. Tokens that the checkpoint never knew read as zeros and are never written. With tied weights
 * a token that is both read and written takes its row from `output`.
 */
export function renumberTokens({ config, tensors }: FloatModel, { input, output }: TokenRows): FloatModel {
  const vocab = output.length;
  const rowsOf = (name: string, from: (token: number) => number): Float32Array => {
    const values = tensors.get(name)!;
    const cols = values.length / config.vocab;
    const out = new Float32Array(vocab * cols);
    for (let i = 0; i < vocab; i++) {
      const row = from(i);
      if (row >= 0) out.set(values.subarray(row * cols, (row + 1) * cols), i * cols);
    }
    return out;
  };
  const bias = tensors.get('fc.bias')!;
  const never = Math.max(-60, bias.reduce((a, b) => Math.min(a, b), 0) + NEVER);
  const changed = new Map(tensors);
  changed.set(
    'embed.weight',
    rowsOf('embed.weight', (i) => (config.tied && output[i] >= 0 ? output[i] : input[i])),
  );
  if (!config.tied)
    changed.set(
      'fc.weight',
      rowsOf('fc.weight', (i) => output[i]),
    );
  changed.set(
    'fc.bias',
    Float32Array.from({ length: vocab }, (_, i) => (output[i] >= 0 ? bias[output[i]] : never)),
  );
  return { config: { ...config, vocab }, tensors: changed };
}
