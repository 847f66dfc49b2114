/** The sizes that a person gives a model. */
import { spec } from '../format/index.js';
import { TinyLMError } from '../model/errors.js';
import {
  configOf,
  defaultConfig,
  LAYERS,
  MODEL_LIMITS,
  validateConfig,
  type ModelConfig,
  type ModelShorthand,
} from '../model/index.js';
import { TOKENIZER_LIMITS, type TokenizerKind } from '../tokenizer/index.js';
import { UsageError } from './errors.js';

export interface ModelOptions {
  tokenizer: TokenizerKind;
  vocab: number;
  dim?: number;
  hidden?: number;
  layers?: ModelShorthand['layers'];
  ngrams?: ModelShorthand['ngrams'];
  cache?: number;
  tied?: boolean;
  trits?: ModelShorthand['trits'];
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
  const { layers = usual.layers.length, tied = usual.tied, cache = usual.cache, ngrams, trits } = options;
  if (typeof layers !== 'number' && options.hidden !== undefined)
    throw new UsageError(
      `--hidden ${options.hidden} and a stack of --layers that has its own widths`,
      'leave --hidden out, or give --layers as a number of GRU layers',
    );
  const top = typeof layers === 'number' ? undefined : layers.findLast(({ kind }) => !LAYERS[kind].stream)?.width;
  const width = top ?? options.hidden ?? (tied ? (options.dim ?? usual.layers[0].width) : usual.layers[0].width);
  const dim = options.dim ?? (tied ? width : usual.dim);
  if (tied && typeof layers === 'number' && dim !== width)
    throw new UsageError(
      `--dim ${dim} and --hidden ${width} differ, and a tied embedding needs both equal`,
      'make them equal, or use --no-tied to give the output layer weights of its own',
    );
  const config = configOf({ vocab, dim, hidden: width, layers, ngrams, tied, cache, trits });
  validateConfig(config);
  return config;
}

/** Bytes of a tokenizer section whose vocabulary is full: a merge takes the most (SPEC.md 1.4). */
export function tokenizerBytes(
  options: Pick<ModelOptions, 'tokenizer'>,
  { vocab }: Pick<ModelConfig, 'vocab'>,
): number {
  const { byteIdsMax, indexAbove, countsBytes } = spec.TOKENIZER;
  return options.tokenizer === 'byte'
    ? 0
    : countsBytes + vocab * (vocab <= byteIdsMax ? 2 : vocab <= indexAbove ? 3 : 5);
}
