/** What a model writes while it is being trained. */
import { SAMPLER_DEFAULTS } from '../engine/index.js';
import { TinyLMError } from '../model/errors.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import type { Checkpoint } from '../train/index.js';
import type { OpenEngine, Sampling } from './engine-model.js';
import { exportModel } from './export-model.js';

/** Text shown at each evaluation. */
export const SAMPLE: Sampling = { ...SAMPLER_DEFAULTS, topP: 1, repetitionPenalty: 1, seed: 1, maxTokens: 120 };

/** What the model writes by now, by the engine. A float run has no ternary weights yet, so there is none. */
export async function sampleOf(
  { options, weights }: Checkpoint,
  tokenizer: TokenizerTable,
  open: OpenEngine,
): Promise<string | undefined> {
  if (!options.ternary) return undefined;
  try {
    const { bytes } = exportModel({ config: options.model, tensors: weights }, tokenizer, {
      threshold: options.threshold,
      embedFrac: options.embedFrac,
    });
    return (await open(bytes)).generate('', SAMPLE).text;
  } catch (error) {
    // Weights that fit no file now may do so later: no reason to end the training.
    if (error instanceof TinyLMError) return `(no text: ${error.message})`;
    throw error;
  }
}
