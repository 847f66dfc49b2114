/** What a training run is told, what it reports, and what it saves. */
import type { ModelConfig } from '../model/config.js';
import type { TokenizerTable } from '../tokenizer/table.js';

/**
 * What moves the weights. `muon` (Keller Jordan 2024, https://kellerjordan.github.io/posts/muon) moves ternary matrices of products
 * by their momentum made orthogonal; embeddings, n-gram tables, biases and scales stay with Adam, and so do all weights that are
 * not ternary.
 */
export const OPTIMIZERS = ['adam', 'muon'] as const;
export type Optimizer = (typeof OPTIMIZERS)[number];

/** Options of a run that decide its result; saved in every checkpoint. */
export interface TrainOptions {
  readonly model: ModelConfig;
  /** Ternary weights in the forward pass (straight-through estimator); default true. */
  readonly ternary: boolean;
  /** τ of `ternarize` (SPEC.md 5). */
  readonly threshold: number;
  /** 8-bit hidden state and embedding in the forward pass; default as `ternary`. */
  readonly quantizeActivations: boolean;
  /** Q of the embedding activations. */
  readonly embedFrac: number;
  /** Sequences trained in parallel. */
  readonly lanes: number;
  /** Tokens of truncated back-propagation through time. */
  readonly segment: number;
  /** Optimizer steps in all; see `planSteps`. */
  readonly steps: number;
  /** Highest learning rate. */
  readonly learningRate: number;
  /** Share of the steps in which the rate rises. */
  readonly warmup: number;
  /** Numbers of the cache of recent text, (CACHE_ORDERS, CACHE_COUNTS), that stay as they are; learned where absent. */
  readonly cacheBias?: readonly number[];
  /** Lowest rate at the end of the cosine, as a share of the highest. */
  readonly finalRate: number;
  /** AdamW's weight decay of weights that are not ternary. */
  readonly weightDecay: number;
  /** Step of the latent weight of a ternary row, relative to the learning rate and the row's mean magnitude. */
  readonly latentRate: number;
  /** Largest norm of the gradient. */
  readonly clip: number;
  readonly optimizer: Optimizer;
  readonly seed: number;
  /** Steps between two evaluations (and checkpoints). */
  readonly evaluateEvery: number;
}

/** A document as tokens, without end-of-document tokens. */
export interface TokenizedDocument {
  readonly tokens: Uint16Array;
  /** UTF-8 bytes of its text. */
  readonly bytes: number;
  /**
   * Of running text: tokens at which a paragraph or line begins, and how many of them each epoch draws. At these the training
   * begins anew, after an end-of-document token that is read and never expected.
   */
  readonly begins?: { readonly at: Uint32Array; readonly used: number };
}

/** Encoded corpus: what is trained on and what is measured on. */
export interface TrainData {
  readonly tokenizer: TokenizerTable;
  readonly train: readonly TokenizedDocument[];
  readonly valid: readonly TokenizedDocument[];
}

/** One point of the learning curve. */
export interface HistoryPoint {
  readonly step: number;
  readonly epoch: number;
  /** Bits per byte on the training text since the last point. */
  readonly train: number;
  /** Bits per byte on the validation text. */
  readonly valid: number;
  readonly learningRate: number;
}

/** Everything needed to go on exactly where the run stood. */
export interface Checkpoint {
  readonly options: TrainOptions;
  readonly tokenizer: TokenizerTable;
  readonly step: number;
  /** Lowest bits per byte on the validation text so far, and the step it was reached at. */
  readonly best: { readonly step: number; readonly valid: number };
  readonly history: readonly HistoryPoint[];
  /** A digest of the training documents, so that a run is not resumed on another corpus. */
  readonly dataDigest: string;
  /** Nats and tokens since the last history point. */
  readonly running: { readonly nats: number; readonly tokens: number };
  /** Parameters under PyTorch's names, latent (float) values. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly moment1: ReadonlyMap<string, Float32Array>;
  readonly moment2: ReadonlyMap<string, Float32Array>;
  /** Adam's averages of the ternary rows' scales, one value a row. */
  readonly scaleMoment1: ReadonlyMap<string, Float32Array>;
  readonly scaleMoment2: ReadonlyMap<string, Float32Array>;
  /** What is carried from segment to segment; see `KernelPool.readState`. */
  readonly state: Float32Array;
}

/** What a run tells while it goes. */
export type TrainEvent =
  | {
      readonly kind: 'progress';
      readonly step: number;
      readonly steps: number;
      readonly epoch: number;
      readonly epochs: number;
      /** Bits per byte on the training text, over the last second or so. */
      readonly trainBits: number;
      readonly gradientNorm: number;
      readonly learningRate: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly kind: 'evaluation';
      readonly point: HistoryPoint;
      readonly best: boolean;
      readonly checkpoint: Checkpoint;
    }
  | { readonly kind: 'stopped'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'end'; readonly checkpoint: Checkpoint; readonly seconds: number; readonly tokens: number };
