/** Defaults, the plan of a run's steps, and the learning rate. */
import { TinyLMError } from '../model/errors.js';
import type { ModelConfig } from '../model/config.js';
import { epochTokens } from './data.js';
import type { TokenizedDocument, TrainOptions } from './types.js';

/** τ of `ternarize` in the forward pass; a little below what is best after training, because the weights adapt to it. */
export const TRAIN_THRESHOLD = 0.5;

export const BETA1 = 0.9;
export const BETA2 = 0.99;

/** Highest rates of learning, of ternary weights and of floats. Of 0.006 to 0.03 for ternary ones, 0.02 was best at 16 KB and at 100 KB (bench/NOTES.md). */
export const LEARNING_RATE = { ternary: 0.02, float: 0.006 } as const;

/** Muon's momentum, and the root mean square of its step, which is about that of Adam's. */
export const MUON = { momentum: 0.95, step: 0.2 } as const;

/** Parts of a batch; a fixed number, so that results do not depend on the number of threads. */
export function shardsOf(lanes: number): number {
  for (const shards of [8, 4, 2]) if (lanes % shards === 0 && lanes / shards >= 2) return shards;
  return 1;
}

/**
 * Options of a run with defaults for all that is not given. `steps` is 0 unless given: see `planSteps`.
 */
export function trainDefaults(given: Partial<TrainOptions> & { readonly model: ModelConfig }): TrainOptions {
  const ternary = given.ternary ?? true;
  return {
    ternary,
    threshold: TRAIN_THRESHOLD,
    quantizeActivations: ternary,
    embedFrac: 6,
    lanes: 32,
    segment: 64,
    steps: 0,
    learningRate: LEARNING_RATE[ternary ? 'ternary' : 'float'],
    warmup: 0.02,
    finalRate: 0.02,
    weightDecay: 0.01,
    latentRate: 10,
    clip: 1,
    optimizer: 'adam',
    seed: 1,
    evaluateEvery: 250,
    ...given,
  };
}

/** Steps in one epoch. */
export function stepsPerEpoch(train: readonly TokenizedDocument[], lanes: number, segment: number): number {
  return Math.floor(epochTokens(train) / lanes / segment);
}

/**
 * Makes the batch fit a small corpus: halves segment and lanes until an epoch has at least eight steps.
 * @throws TinyLMError `corpus-small` when even one lane of 16 tokens does not fit
 */
export function fitBatch(
  train: readonly TokenizedDocument[],
  lanes: number,
  segment: number,
): { lanes: number; segment: number } {
  while (stepsPerEpoch(train, lanes, segment) < 8) {
    if (segment > 16) segment = Math.max(16, segment >> 1);
    else if (lanes > 1) lanes = Math.max(1, lanes >> 1);
    else
      throw new TinyLMError(
        'corpus-small',
        `the corpus has ${epochTokens(train)} tokens, expected at least 128`,
        'train on a longer text',
      );
  }
  return { lanes, segment };
}

/** Learning rate at a step (0 … steps − 1): linear warm-up, then a cosine down to finalRate · learningRate. */
export function learningRateAt(options: TrainOptions, step: number): number {
  const warm = Math.max(1, Math.round(options.warmup * options.steps));
  if (step < warm) return (options.learningRate * (step + 1)) / warm;
  const progress = (step - warm) / Math.max(1, options.steps - warm);
  const low = options.finalRate;
  return options.learningRate * (low + (1 - low) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** The row of the kernels' schedule for a step: rate, 1 − β1^t, 1 − β2^t with t = step + 1. */
export function scheduleRow(options: TrainOptions, step: number): [number, number, number] {
  return [learningRateAt(options, step), 1 - BETA1 ** (step + 1), 1 - BETA2 ** (step + 1)];
}
