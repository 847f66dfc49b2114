/** The trainer's forward pass (SPEC.md 5) in float64: an oracle for its kernels, and for what quantizing costs. */
import type { ModelConfig } from '../model/config.js';
import {
  cacheAfter,
  cacheBonus,
  cacheCounts,
  ngramContext,
  ngramRow,
  parameterSpecs,
  stackOf,
  stateWidths,
  TinyLMError,
  type Stack,
} from '../model/index.js';
import { measureBits, type Document } from './engine.js';

/** A float model; float64 too, so that a difference quotient has digits to work with. */
export interface FloatWeights {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, Float32Array | Float64Array>;
}

export interface FloatOptions {
  /**
   * 8-bit activations where they enter a product; states and the residual stream stay in full precision.
   * False by default: PyTorch's Embedding, GRU and Linear.
   */
  readonly quantizeActivations?: boolean;
  /** Q of the embedding activations; 6 by default. */
  readonly embedFrac?: number;
  /** Token that sets the state to zero before its step; none by default. */
  readonly resetOn?: number;
  /** The end-of-document token, which stands before the first one; 0 by default. */
  readonly eod?: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Half up, at most ±127, in units of 1/one. */
const in8Bits = (v: number, one: number): number => Math.max(-127, Math.min(127, Math.floor(v * one + 0.5))) / one;

/** What a layer gives: numbers that enter products, and those that a residual stream begins with. */
interface Carried {
  readonly x: Float64Array;
  readonly exact: Float64Array;
}

/** A float model at work, one token at a time. */
export class FloatReference {
  readonly weights: FloatWeights;
  /** The state: an array for each layer, empty for one without. */
  h: Float64Array[] = [];
  /** The last tokens that n-gram tables look at, newest first. */
  private context: number[] | undefined;
  /** The tokens that the cache knows, newest last. */
  private recent: number[] = [];
  private readonly options: Required<FloatOptions>;
  private readonly stack: Stack;

  constructor(weights: FloatWeights, options: FloatOptions = {}) {
    for (const { name, shape } of parameterSpecs(weights.config)) {
      const wanted = shape.reduce((a, b) => a * b, 1);
      const found = weights.tensors.get(name)?.length ?? 0;
      if (found !== wanted)
        throw new TinyLMError('reference-tensor', `${name} has ${found} numbers, expected ${wanted}`);
    }
    this.weights = weights;
    this.stack = stackOf(weights.config);
    this.options = { quantizeActivations: false, embedFrac: 6, resetOn: -1, eod: 0, ...options };
    this.reset();
  }

  reset(): void {
    this.h = stateWidths(this.weights.config).map((width) => new Float64Array(width));
    this.context = undefined;
    this.recent = [];
  }

  /** Feeds a token; the logits (V) after it. */
  step(token: number): Float64Array {
    const { dim, tied, ngrams, cache } = this.weights.config;
    const resets = token === this.options.resetOn;
    if (resets) this.reset();
    const context = (this.context = ngramContext(this.context, token, this.options.eod, resets));
    const table = this.tensor('embed.weight');
    const source: number[] = Array.from(table.subarray(token * dim, (token + 1) * dim), (v) => this.lookedUp(v));
    ngrams.forEach(({ order, rows, width }, i) => {
      const at = ngramRow(context, order, rows) * width;
      const [scale] = this.tensor(`ngram.scale_${i}`);
      for (const v of this.tensor(`ngram.weight_${i}`).subarray(at, at + width)) source.push(this.lookedUp(v * scale));
    });
    let carried: Carried = { x: Float64Array.from(source), exact: Float64Array.from(source) };
    this.stack.layers.forEach(({ kind, input }, l) => {
      carried = this[kind](carried, l, input.form === 'stream');
    });
    const {
      head: { input },
    } = this.stack;
    const x = input.form === 'stream' ? this.norm(carried.exact, 'fc.norm') : carried.x;
    const logits = this.linear(tied ? 'embed.weight' : 'fc.weight', 'fc.bias', x);
    if (cache > 0) {
      this.recent = cacheAfter(this.recent, token, cache, resets);
      for (const [t, counts] of cacheCounts(this.recent)) logits[t] += cacheBonus(counts, this.tensor('cache.bias'));
    }
    return logits;
  }

  private gru({ x, exact }: Carried, l: number, fromStream: boolean): Carried {
    const H = this.h[l].length;
    const gx = this.linear(
      `rnn.weight_ih_l${l}`,
      `rnn.bias_ih_l${l}`,
      fromStream ? this.norm(exact, `rnn.norm_l${l}`) : x,
    );
    const gh = this.linear(`rnn.weight_hh_l${l}`, `rnn.bias_hh_l${l}`, this.rounded(this.h[l], 128));
    this.h[l] = this.h[l].map((old, i) => {
      const r = sigmoid(gx[i] + gh[i]);
      const z = sigmoid(gx[H + i] + gh[H + i]);
      const n = Math.tanh(gx[2 * H + i] + r * gh[2 * H + i]);
      return (1 - z) * n + z * old;
    });
    return { x: this.rounded(this.h[l], 128), exact: this.h[l] };
  }

  private mlgru({ exact }: Carried, l: number): Carried {
    const W = this.h[l].length;
    const y = this.linear(`mlgru.weight_in_l${l}`, `mlgru.bias_in_l${l}`, this.norm(exact, `mlgru.norm_l${l}`));
    this.h[l] = this.h[l].map((old, i) => {
      const f = sigmoid(y[i]);
      return f * old + (1 - f) * Math.tanh(y[2 * W + i]);
    });
    const o = this.rounded(
      this.h[l].map((h, i) => h * sigmoid(y[W + i])),
      128,
    );
    return this.added(exact, this.linear(`mlgru.weight_out_l${l}`, undefined, o));
  }

  private glu({ exact }: Carried, l: number): Carried {
    const y = this.linear(`glu.weight_in_l${l}`, undefined, this.norm(exact, `glu.norm_l${l}`));
    const W = y.length / 2;
    const p = y.subarray(0, W).map((a, i) => a * sigmoid(a) * y[W + i]);
    return this.added(exact, this.linear(`glu.weight_out_l${l}`, undefined, this.norm(p)));
  }

  private added(stream: Float64Array, change: Float64Array): Carried {
    const exact = stream.map((v, i) => v + change[i]);
    return { x: exact, exact };
  }

  /** Root mean square normalisation, with a gain where it has a name. */
  private norm(x: Float64Array, gain?: string): Float64Array {
    const root = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + 1e-12);
    const gains = gain === undefined ? undefined : this.tensor(gain);
    return this.rounded(
      x.map((v, i) => (v / root) * (gains?.[i] ?? 1)),
      32,
    );
  }

  /** A looked-up weight as it enters a product: its magnitude rounded half up. */
  private lookedUp(v: number): number {
    if (!this.options.quantizeActivations) return v;
    return Math.sign(v) * in8Bits(Math.abs(v), 2 ** this.options.embedFrac);
  }

  private rounded(x: Float64Array, one: number): Float64Array {
    return this.options.quantizeActivations ? x.map((v) => in8Bits(v, one)) : x;
  }

  private linear(weight: string, bias: string | undefined, x: Float64Array): Float64Array {
    const W = this.tensor(weight);
    const b = bias === undefined ? undefined : this.tensor(bias);
    const y = new Float64Array(W.length / x.length);
    for (let r = 0; r < y.length; r++) {
      let sum = b?.[r] ?? 0;
      for (let c = 0; c < x.length; c++) sum += W[r * x.length + c] * x[c];
      y[r] = sum;
    }
    return y;
  }

  private tensor(name: string): Float64Array | Float32Array {
    return this.weights.tensors.get(name)!;
  }
}

/** The logits (V) after each of the tokens, from a reset state. */
export function floatForward(
  weights: FloatWeights,
  tokens: ArrayLike<number>,
  options: FloatOptions = {},
): Float64Array[] {
  const reference = new FloatReference(weights, options);
  return Array.from(tokens, (token) => reference.step(token));
}

/** Bits per byte of a float model; see `measureBits`. `eod` is 0 for every tokenizer. */
export function evaluateFloat(
  weights: FloatWeights,
  documents: readonly Document[],
  options: FloatOptions = {},
  eod = 0,
): number {
  const reference = new FloatReference(weights, options);
  return measureBits(documents, eod, () => {
    reference.reset();
    return (token) => ({ logits: reference.step(token), one: 1 });
  });
}
