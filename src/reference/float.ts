/** The trainer's forward pass (SPEC.md 5) in float64: an oracle for its kernels, and for what quantizing costs. */
import type { ModelConfig } from '../model/config.js';
import { parameterSpecs, stateWidths, TinyLMError } from '../model/index.js';
import { measureBits, type Document } from './engine.js';

/** A float model; float64 too, so that a difference quotient has digits to work with. */
export interface FloatWeights {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, Float32Array | Float64Array>;
}

export interface FloatOptions {
  /**
   * 8-bit embedding and hidden state where they enter a product; the state itself stays in full precision.
   * False by default: PyTorch's Embedding, GRU and Linear.
   */
  readonly quantizeActivations?: boolean;
  /** Q of the embedding activations; 6 by default. */
  readonly embedFrac?: number;
  /** Token that sets the state to zero before its step; none by default. */
  readonly resetOn?: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** A float model at work, one token at a time. */
export class FloatReference {
  readonly weights: FloatWeights;
  /** The state: L arrays (H). */
  h: Float64Array[] = [];
  private readonly options: Required<FloatOptions>;

  constructor(weights: FloatWeights, options: FloatOptions = {}) {
    for (const { name, shape } of parameterSpecs(weights.config)) {
      const wanted = shape.reduce((a, b) => a * b, 1);
      const found = weights.tensors.get(name)?.length ?? 0;
      if (found !== wanted) throw new TinyLMError('reference-tensor',
        `${name} has ${found} numbers, expected ${wanted}`);
    }
    this.weights = weights;
    this.options = { quantizeActivations: false, embedFrac: 6, resetOn: -1, ...options };
    this.reset();
  }

  reset(): void {
    this.h = stateWidths(this.weights.config).map((width) => new Float64Array(width));
  }

  /** Feeds a token; the logits (V) after it. */
  step(token: number): Float64Array {
    const { layers: { length: layers }, dim, tied } = this.weights.config;
    const H = this.weights.config.layers[0].width;
    if (token === this.options.resetOn) this.reset();
    const table = this.tensor('embed.weight');
    let x: Float64Array = Float64Array.from(table.subarray(token * dim, (token + 1) * dim), (v) => this.embedded(v));
    for (let l = 0; l < layers; l++) {
      const h = this.h[l];
      const gx = this.linear(`rnn.weight_ih_l${l}`, `rnn.bias_ih_l${l}`, x);
      const gh = this.linear(`rnn.weight_hh_l${l}`, `rnn.bias_hh_l${l}`, this.rounded(h));
      this.h[l] = h.map((old, i) => {
        const r = sigmoid(gx[i] + gh[i]);
        const z = sigmoid(gx[H + i] + gh[H + i]);
        const n = Math.tanh(gx[2 * H + i] + r * gh[2 * H + i]);
        return (1 - z) * n + z * old;
      });
      x = this.rounded(this.h[l]);
    }
    return this.linear(tied ? 'embed.weight' : 'fc.weight', 'fc.bias', x);
  }

  /** An embedding weight as it enters a product. A ternary row has one magnitude: rounding it is rounding the scale. */
  private embedded(v: number): number {
    if (!this.options.quantizeActivations) return v;
    const one = 2 ** this.options.embedFrac;
    return (Math.sign(v) * Math.min(127, Math.floor(Math.abs(v) * one + 0.5))) / one;
  }

  private rounded(h: Float64Array): Float64Array {
    if (!this.options.quantizeActivations) return h;
    return h.map((v) => Math.max(-127, Math.min(127, Math.floor(v * 128 + 0.5))) / 128);
  }

  private linear(weight: string, bias: string, x: Float64Array): Float64Array {
    const W = this.tensor(weight);
    return Float64Array.from(this.tensor(bias), (b, r) => {
      let sum = b;
      for (let c = 0; c < x.length; c++) sum += W[r * x.length + c] * x[c];
      return sum;
    });
  }

  private tensor(name: string): Float64Array | Float32Array {
    return this.weights.tensors.get(name)!;
  }
}

/** The logits (V) after each of the tokens, from a reset state. */
export function floatForward(weights: FloatWeights, tokens: ArrayLike<number>,
  options: FloatOptions = {}): Float64Array[] {
  const reference = new FloatReference(weights, options);
  return Array.from(tokens, (token) => reference.step(token));
}

/** Bits per byte of a float model; see `measureBits`. `eod` is 0 for every tokenizer. */
export function evaluateFloat(weights: FloatWeights, documents: readonly Document[], options: FloatOptions = {},
  eod = 0): number {
  const reference = new FloatReference(weights, options);
  return measureBits(documents, eod, () => {
    reference.reset();
    return (token) => ({ logits: reference.step(token), one: 1 });
  });
}
