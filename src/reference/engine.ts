/** A quantized model at work, one token at a time (SPEC.md 3), as the oracle for the C engine. */
import { TinyLMError } from '../model/errors.js';
import type { Int16Tensor, QuantizedModel, TernaryTensor } from '../quantize/types.js';
import { embed, gru, linear, q8 } from './arithmetic.js';
import { Sampler, type SamplerOptions } from './sampler.js';

/** Tokens that the repetition penalty can look back on. */
const RECENT = 64;

/** A document as tokens, without end-of-document tokens. */
export interface Document {
  readonly tokens: ArrayLike<number>;
  /** UTF-8 bytes of its text. */
  readonly bytes: number;
}

export class ReferenceEngine {
  readonly model: QuantizedModel;
  /** The state: L arrays (H), Q15. */
  h: Int16Array[] = [];
  /** The last tokens given to `step`, newest last, eod not counted; at most 64. */
  recent: number[] = [];
  private readonly tensors: ReadonlyMap<string, TernaryTensor | Int16Tensor>;

  constructor(model: QuantizedModel) {
    this.model = model;
    this.tensors = new Map(model.tensors.map((t) => [t.name, t]));
    this.reset();
  }

  /** Zero state, no recent tokens. */
  reset(): void {
    this.zero();
    this.recent = [];
  }

  /**
   * Feeds a token.
   * @returns the logits (V) after it, Q9
   * @throws TinyLMError `reference-token` for a token ≥ vocab
   */
  step(token: number): Int16Array {
    const { config, embedFrac, eod, resetOnEod } = this.model;
    if (!Number.isInteger(token) || token < 0 || token >= config.vocab) {
      throw new TinyLMError('reference-token', `token ${token}, expected 0 to ${config.vocab - 1}`);
    }
    if (token === eod && resetOnEod) this.zero();
    if (token !== eod) this.recent = [...this.recent, token].slice(-RECENT);
    const table = this.matrix('embed.weight');
    let x = embed(table, embedFrac, token);
    let fx = embedFrac;
    for (let l = 0; l < config.layers; l++) {
      const gx = linear(this.matrix(`rnn.weight_ih_l${l}`), this.bias(`rnn.bias_ih_l${l}`), x, fx, 11);
      const state = Int8Array.from(this.h[l], q8);
      const gh = linear(this.matrix(`rnn.weight_hh_l${l}`), this.bias(`rnn.bias_hh_l${l}`), state, 7, 11);
      this.h[l] = gru(gx, gh, this.h[l]);
      x = Int8Array.from(this.h[l], q8);
      fx = 7;
    }
    return linear(config.tied ? table : this.matrix('fc.weight'), this.bias('fc.bias'), x, 7, 9);
  }

  /**
   * Generates after a prompt: a reset, eod, the prompt, then tokens until eod or `count` of them.
   * @returns the tokens drawn, the final eod left out
   */
  generate(prompt: ArrayLike<number>, count: number, options: SamplerOptions = {}): number[] {
    const sampler = new Sampler(options);
    this.reset();
    let logits = this.step(this.model.eod);
    for (let i = 0; i < prompt.length; i++) logits = this.step(prompt[i]);
    const tokens: number[] = [];
    while (tokens.length < count) {
      const token = sampler.sample(logits, this.recent);
      if (token === this.model.eod) break;
      tokens.push(token);
      logits = this.step(token);
    }
    return tokens;
  }

  private zero(): void {
    const { layers, hidden } = this.model.config;
    this.h = Array.from({ length: layers }, () => new Int16Array(hidden));
  }

  private matrix(name: string): TernaryTensor {
    const tensor = this.tensors.get(name);
    if (tensor?.kind !== 'ternary') throw new TinyLMError('reference-tensor', `the model has no matrix ${name}`);
    return tensor;
  }

  private bias(name: string): Int16Tensor {
    const tensor = this.tensors.get(name);
    if (tensor?.kind !== 'int16') throw new TinyLMError('reference-tensor', `the model has no bias ${name}`);
    return tensor;
  }
}

/** Natural logarithm of a token's probability under logits, which are in units of 1/`one` (Q9: 512). */
export function logProb(logits: ArrayLike<number>, token: number, one = 512): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] - max) / one);
  return (logits[token] - max) / one - Math.log(sum);
}

/**
 * Bits per UTF-8 byte: −log2 of the probability of every token after the leading eod, the closing
 * eod included, over the bytes of the text (eod counts none). Each document begins with a reset and eod.
 */
export function measureBits(documents: readonly Document[], eod: number,
  start: () => (token: number) => { logits: ArrayLike<number>; one: number }): number {
  let nats = 0;
  let bytes = 0;
  for (const document of documents) {
    const step = start();
    let { logits, one } = step(eod);
    for (let i = 0; i < document.tokens.length; i++) {
      nats -= logProb(logits, document.tokens[i], one);
      ({ logits, one } = step(document.tokens[i]));
    }
    nats -= logProb(logits, eod, one);
    bytes += document.bytes;
  }
  if (bytes === 0) throw new TinyLMError('evaluate-empty', 'documents without a byte of text',
    'give a text to measure on');
  return nats / Math.LN2 / bytes;
}

/** Bits per byte of a quantized model under the integer arithmetic; see `measureBits`. */
export function bitsPerByte(model: QuantizedModel, documents: readonly Document[]): number {
  const engine = new ReferenceEngine(model);
  return measureBits(documents, model.eod, () => {
    engine.reset();
    return (token) => ({ logits: engine.step(token), one: 512 });
  });
}
