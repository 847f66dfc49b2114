/** What the engine worker is asked and answers. Types only. */
import type { ModelInfo, NaturalSamplerOptions } from '../engine/index.js';

/** Sampling; what is left out has the model's own value, else the CLI's default. */
export interface SamplingFlags extends NaturalSamplerOptions {
  /** Default 256. */
  readonly maxTokens?: number;
  /** Ends before this text, at most 32 UTF-8 bytes. */
  readonly stop?: string;
}

/** A token's text: bytes of a character that is not complete yet show as U+FFFD; `end` is the end of the document. */
export interface TokenGuess {
  readonly token: number;
  readonly text: string;
  readonly end: boolean;
  /** 0 … 1, by the logits alone (temperature 1, nothing cut off). */
  readonly probability: number;
}

/** One token that was drawn. */
export interface GeneratedToken extends TokenGuess {
  /** Text that became complete with it: all of these together are the text. */
  readonly piece: string;
  /** The five likeliest at this place, the likeliest first; whether it was drawn or not. */
  readonly likeliest: readonly TokenGuess[];
}

export interface GeneratedText {
  readonly text: string;
  readonly reason: 'eod' | 'limit' | 'stop' | 'cancelled';
  readonly promptTokens: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
}

export interface LoadedModel {
  /** Names it in later calls to the same worker. */
  readonly model: string;
  readonly info: ModelInfo;
  /** RAM that the engine takes on a chip. */
  readonly memoryBytes: number;
}

export interface EngineCalls {
  'engine/load': { ask: { readonly tlm: Uint8Array }; event: never; answer: LoadedModel };
  'engine/unload': { ask: { readonly model: string }; event: never; answer: Record<string, never> };
  /** The text is the one that `tinylm generate` writes with the same options. Cancel it to stop; it then answers with `cancelled`. */
  'engine/generate': {
    ask: { readonly model: string; readonly prompt: string; readonly sampling?: SamplingFlags };
    /** Tokens since the last event: a few at a time, so that the page is not flooded. */
    event: { readonly tokens: readonly GeneratedToken[] };
    answer: GeneratedText;
  };
}
