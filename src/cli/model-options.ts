/** The sizes that the command line gives a model. */
import { TinyLMError } from '../model/errors.js';
import { defaultConfig, MODEL_LIMITS, validateConfig, type ModelConfig } from '../model/index.js';
import { TOKENIZER_LIMITS, type TokenizerKind } from '../tokenizer/index.js';
import { UsageError } from './errors.js';

export interface ModelOptions {
  tokenizer: TokenizerKind;
  vocab: number;
  dim?: number;
  hidden?: number;
  layers?: number;
  tied?: boolean;
}

/** The vocabulary asked for, once it is known to be possible. */
export function wantedVocab({ tokenizer, vocab }: Pick<ModelOptions, 'tokenizer' | 'vocab'>): number {
  if (vocab > MODEL_LIMITS.vocabMax)
    throw new TinyLMError(
      'tokenizer-vocab',
      `a vocabulary of ${vocab} tokens, expected at most ${MODEL_LIMITS.vocabMax}`,
      `choose --vocab ${MODEL_LIMITS.vocabMax} or less; 256 does well for a tiny model`,
    );
  if (tokenizer === 'byte' && vocab !== TOKENIZER_LIMITS.byteTokens)
    throw new UsageError(
      `the byte tokenizer has ${TOKENIZER_LIMITS.byteTokens} tokens, and --vocab is ${vocab}`,
      'leave --vocab out, or choose --tokenizer bpe',
    );
  return vocab;
}

/**
 * @param vocab tokens that the trained tokenizer really has; default the number asked for
 * @throws TinyLMError for sizes that cannot be, with the option to change
 */
export function modelConfig(options: ModelOptions, vocab = wantedVocab(options)): ModelConfig {
  const usual = defaultConfig();
  const { layers = usual.layers, tied = usual.tied } = options;
  const dim = options.dim ?? (tied ? (options.hidden ?? usual.hidden) : usual.dim);
  const hidden = options.hidden ?? (tied ? dim : usual.hidden);
  if (tied && dim !== hidden)
    throw new UsageError(
      `--dim ${dim} and --hidden ${hidden} differ, and a tied embedding needs both equal`,
      'make them equal, or use --no-tied to give the output layer weights of its own',
    );
  const config: ModelConfig = { cell: 'gru', vocab, dim, hidden, layers, tied };
  validateConfig(config);
  return config;
}
