/** A quantized model at work, one token at a time (SPEC.md 3), as the oracle for the C engine. */
import { TinyLMError } from '../model/errors.js';
import { cacheAfter, cacheBonus, cacheCounts, ngramContext, ngramRow, stackOf, stateWidths } from '../model/index.js';
import type { FixedTensor, QuantizedModel, TernaryTensor } from '../quantize/types.js';
import { gated, gru, linear, lookUp, mlgru, norm, q8, sat16 } from './arithmetic.js';
import { Sampler, type SamplerOptions } from './sampler.js';

/** Tokens that the repetition penalty can look back on. */
const RECENT = 64;

/** A document as tokens, without end-of-document tokens. */
export interface Document {
  readonly tokens: ArrayLike<number>;
  /** UTF-8 bytes of its text. */
  readonly bytes: number;
}

/** What goes from one layer to the next. */
interface Carried {
  /** 8-bit values, in Q `q`. */
  readonly x: Int8Array;
  readonly q: number;
  /** Or the residual stream, Q11. */
  readonly stream?: Int16Array;
}

export class ReferenceEngine {
  readonly model: QuantizedModel;
  /** The state, Q15: an array for each layer, empty for one without. */
  h: Int16Array[] = [];
  /** The last tokens given to `step`, newest last, eod not counted; at most 64. */
  recent: number[] = [];
  /** The last tokens that n-gram tables look at, newest first, eod counted. */
  context: number[] | undefined;
  /** The tokens of the text so far that the cache looks at, newest last, eod counted. */
  cached: number[] = [];
  /** The residual stream that enters the head, Q11; empty where it reads 8-bit values. */
  stream: Int16Array = new Int16Array();
  private readonly tensors: ReadonlyMap<string, TernaryTensor | FixedTensor>;

  constructor(model: QuantizedModel) {
    this.model = model;
    this.tensors = new Map(model.tensors.map((t) => [t.name, t]));
    this.reset();
  }

  /** Zero state, no recent tokens. */
  reset(): void {
    this.zero();
    this.recent = [];
    this.context = undefined;
    this.cached = [];
    const {
      head: { input },
    } = stackOf(this.model.config);
    this.stream = new Int16Array(input.form === 'stream' ? input.width : 0);
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
    const resets = token === eod && resetOnEod;
    if (resets) this.zero();
    if (token !== eod) this.recent = [...this.recent, token].slice(-RECENT);
    const context = (this.context = ngramContext(this.context, token, eod, resets));
    const rows = config.ngrams.map(({ order, rows: count }, i) =>
      lookUp(this.matrix(`ngram.weight_${i}`), embedFrac, ngramRow(context, order, count)),
    );
    const x = [lookUp(this.matrix('embed.weight'), embedFrac, token), ...rows].flatMap((row) => [...row]);
    let carried: Carried = { x: Int8Array.from(x), q: embedFrac };
    config.layers.forEach(({ kind }, l) => {
      carried = this[kind](carried, l);
    });
    if (carried.stream !== undefined) this.stream = carried.stream;
    const { x: top, q } = this.normed(carried, 'fc.norm');
    const logits = linear(this.matrix(config.tied ? 'embed.weight' : 'fc.weight'), this.numbers('fc.bias'), top, q, 9);
    if (config.cache > 0) {
      this.cached = cacheAfter(this.cached, token, config.cache, resets);
      this.raise(logits);
    }
    return logits;
  }

  /** 3.9 */
  private raise(logits: Int16Array): void {
    const { values, frac } = this.numbers('cache.bias');
    const bias = Array.from(values, (v) => v * 2 ** (9 - frac));
    for (const [t, counts] of cacheCounts(this.cached)) logits[t] = sat16(logits[t] + cacheBonus(counts, bias));
  }

  /** 3.5 */
  private gru(input: Carried, l: number): Carried {
    const { x, q } = this.normed(input, `rnn.norm_l${l}`);
    const gx = linear(this.matrix(`rnn.weight_ih_l${l}`), this.numbers(`rnn.bias_ih_l${l}`), x, q, 11);
    const state = Int8Array.from(this.h[l], q8);
    const gh = linear(this.matrix(`rnn.weight_hh_l${l}`), this.numbers(`rnn.bias_hh_l${l}`), state, 7, 11);
    this.h[l] = gru(gx, gh, this.h[l]);
    return { x: Int8Array.from(this.h[l], q8), q: 7, stream: undefined };
  }

  /** 3.6 */
  private mlgru(input: Carried, l: number): Carried {
    const stream = this.streamOf(input, l);
    const u = norm(stream, this.numbers(`mlgru.norm_l${l}`));
    const gates = linear(this.matrix(`mlgru.weight_in_l${l}`), this.numbers(`mlgru.bias_in_l${l}`), u, 5, 11);
    const { h, out } = mlgru(gates, this.h[l]);
    this.h[l] = h;
    return added(stream, linear(this.matrix(`mlgru.weight_out_l${l}`), undefined, out, 7, 11));
  }

  /** 3.7 */
  private glu(input: Carried, l: number): Carried {
    const stream = this.streamOf(input, l);
    const u = norm(stream, this.numbers(`glu.norm_l${l}`));
    const inner = norm(gated(linear(this.matrix(`glu.weight_in_l${l}`), undefined, u, 5, 11)));
    return added(stream, linear(this.matrix(`glu.weight_out_l${l}`), undefined, inner, 5, 11));
  }

  /** 8-bit values of what a layer or the head reads: as they are, or the stream normed. */
  private normed({ x, q, stream }: Carried, gain: string): { x: Int8Array; q: number } {
    return stream === undefined ? { x, q } : { x: norm(stream, this.numbers(gain)), q: 5 };
  }

  /** The residual stream that enters a block: what the last block gave, or begun from the sources or a GRU's state. */
  private streamOf({ x, q, stream }: Carried, l: number): Int16Array {
    if (stream !== undefined) return stream;
    return l === 0 ? Int16Array.from(x, (v) => sat16(v * 2 ** (11 - q))) : this.h[l - 1].map((v) => v >> 4);
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
    this.h = stateWidths(this.model.config).map((width) => new Int16Array(width));
  }

  private matrix(name: string): TernaryTensor {
    const tensor = this.tensors.get(name);
    if (tensor?.kind !== 'ternary') throw new TinyLMError('reference-tensor', `the model has no matrix ${name}`);
    return tensor;
  }

  private numbers(name: string): FixedTensor {
    const tensor = this.tensors.get(name);
    if (tensor?.kind !== 'fixed') throw new TinyLMError('reference-tensor', `the model has no bias or gain ${name}`);
    return tensor;
  }
}

const added = (stream: Int16Array, change: Int16Array): Carried => ({
  x: new Int8Array(),
  q: 5,
  stream: stream.map((v, i) => sat16(v + change[i])),
});

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
export function measureBits(
  documents: readonly Document[],
  eod: number,
  start: () => (token: number) => { logits: ArrayLike<number>; one: number },
): number {
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
  if (bytes === 0)
    throw new TinyLMError('evaluate-empty', 'documents without a byte of text', 'give a text to measure on');
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
