/** The shape of a TinyLM: sources → a stack of layers → head. */

/** Kinds of layers. What each consists of stands in `layers/`. */
export type LayerKind = 'gru' | 'mlgru' | 'glu';

/** One layer of the stack. */
export interface LayerConfig {
  readonly kind: LayerKind;
  /** gru: hidden state (H) · mlgru: recurrent state (R) · glu: inner width (F). 1 … 2048. */
  readonly width: number;
}

/** A hashed table of rows for the last `order` tokens, put beside the token's embedding. */
export interface NgramConfig {
  /** Tokens that choose a row, the one being fed included: 2 … 4. */
  readonly order: number;
  /** A power of two, 16 … 1,048,576. */
  readonly rows: number;
  /** Numbers a row, 1 … 64. */
  readonly width: number;
}

/** Ternary digits a weight: its levels are −(3ⁿ−1)/2 … (3ⁿ−1)/2. */
export type Trits = 1 | 2 | 3;
export const TRITS: readonly Trits[] = [1, 2, 3];

/** Largest magnitude of a weight of n trits, in units of its row's scale: 1, 4, 13. */
export const tritLevels = (trits: number): number => (3 ** trits - 1) / 2;

/** Groups of tensors whose trits are chosen together. */
export const TRIT_GROUPS = ['embed', 'ngram', 'ih', 'hh', 'in', 'out', 'head'] as const;
export type TritGroup = (typeof TRIT_GROUPS)[number];

/** Shape of a model. All sizes are counts of elements. */
export interface ModelConfig {
  /** Tokens in the vocabulary (V), 2 … 4096. */
  readonly vocab: number;
  /** Width of an embedding row (D), 1 … 2048. */
  readonly dim: number;
  /** Up to 4. Their rows stand behind the embedding in the first layer's input. */
  readonly ngrams: readonly NgramConfig[];
  /** 1 … 16, the one that reads the sources first. */
  readonly layers: readonly LayerConfig[];
  /** Share `embed.weight` with the output layer (needs the last layer's output as wide as the embedding). */
  readonly tied: boolean;
  /** Tokens that the cache of recent text looks back on (cache.ts): 0 for none, or a power of two, 16 … 1024. */
  readonly cache: number;
  /** Digits a weight. */
  readonly trits: Readonly<Record<TritGroup, Trits>>;
}

/** What is enough to say of a model; a stack of GRU layers is said by `hidden` and their number. */
export interface ModelShorthand {
  readonly vocab: number;
  readonly dim: number;
  /** Width of the GRU layers where `layers` is a number or left out; `dim` by default. */
  readonly hidden?: number;
  /** One GRU by default. */
  readonly layers?: number | readonly LayerConfig[];
  readonly ngrams?: readonly NgramConfig[];
  /** False by default. */
  readonly tied?: boolean;
  /** None by default. */
  readonly cache?: number;
  /** Of all weights, or by group; 1 by default. */
  readonly trits?: Trits | Readonly<Partial<Record<TritGroup, Trits>>>;
}

/**
 * The whole configuration of a shorthand; records of runs and checkpoints from before there were other kinds of layers
 * (`cell`, `hidden`, a number of `layers`) are such shorthands too. Nothing is checked: see `validateConfig`.
 */
export function configOf({
  vocab,
  dim,
  hidden = dim,
  layers = 1,
  ngrams = [],
  tied = false,
  cache = 0,
  trits = 1,
}: ModelShorthand): ModelConfig {
  const of = (group: TritGroup): Trits => (typeof trits === 'number' ? trits : (trits[group] ?? 1));
  return {
    vocab,
    dim,
    ngrams,
    layers:
      typeof layers === 'number'
        ? Array.from({ length: Number.isInteger(layers) && layers > 0 ? Math.min(layers, 256) : 0 }, () => ({
            kind: 'gru' as const,
            width: hidden,
          }))
        : layers,
    tied,
    cache,
    trits: Object.fromEntries(TRIT_GROUPS.map((group) => [group, of(group)])) as Record<TritGroup, Trits>,
  };
}

/** A float model: parameters under PyTorch's names, row-major. */
export interface FloatModel {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}
