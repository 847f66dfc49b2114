/** Sampling and its generator (SPEC.md 4), from the specification alone. */
import { TinyLMError } from '../model/errors.js';
import { sat16 } from './arithmetic.js';

/** In the integers of SPEC.md 4; whatever is left out is off, and the seed 1. */
export interface SamplerOptions {
  /** Q8; 0 = greedy, else 13 … 2560. Greedy by default. */
  readonly temperature?: number;
  /** 0 = off. */
  readonly topK?: number;
  /** Q15; 0 or 32768 = off. */
  readonly topP?: number;
  /** Q10; 1024 = off … 4096. */
  readonly penalty?: number;
  /** 0 … 64. */
  readonly penaltyWindow?: number;
  /** u32. */
  readonly seed?: number;
}

/** E[i] = round(32768 · e^(−i/16)), i = 0 … 178. */
const E = Array.from({ length: 179 }, (_, i) => Math.floor(32768 * Math.exp(-i / 16) + 0.5));

const rotl = (x: number, k: number): number => ((x << k) | (x >>> (32 - k))) >>> 0;

/** xoshiro128** 1.1 (Blackman and Vigna, 2018), seeded by splitmix32. */
export class Generator {
  readonly state: Uint32Array;

  constructor(seed: number) {
    let a = seed >>> 0;
    this.state = Uint32Array.from({ length: 4 }, () => {
      a = (a + 0x9e3779b9) >>> 0;
      let x = a;
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
      return x ^ (x >>> 15);
    });
  }

  /** The next u32. */
  next(): number {
    const s = this.state;
    const result = Math.imul(rotl(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  }
}

export class Sampler {
  readonly generator: Generator;
  private readonly options: Required<SamplerOptions>;

  /** @throws TinyLMError `sampler-option` for a number out of the range of SPEC.md 4 */
  constructor(options: SamplerOptions = {}) {
    const o = { temperature: 0, topK: 0, topP: 0, penalty: 1024, penaltyWindow: 0, seed: 1, ...options };
    const check = (name: keyof SamplerOptions, min: number, max: number): void => {
      if (!Number.isInteger(o[name]) || o[name] < min || o[name] > max) {
        throw new TinyLMError('sampler-option', `${name} ${o[name]}, expected ${min} to ${max}`);
      }
    };
    if (o.temperature !== 0) check('temperature', 13, 2560);
    check('topK', 0, 65535);
    check('topP', 0, 32768);
    check('penalty', 1024, 4096);
    check('penaltyWindow', 0, 64);
    check('seed', 0, 0xffffffff);
    this.options = o;
    this.generator = new Generator(o.seed);
  }

  /**
   * Draws a token.
   * @param logits (V), Q9; not changed
   * @param recent the last tokens, newest last, eod not among them
   */
  sample(logits: Int16Array, recent: readonly number[]): number {
    const { temperature, topK, topP } = this.options;
    const scores = this.penalized(logits, recent);
    // 2. Rank: highest logit, then lowest id.
    const ranked = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
    if (temperature === 0) return ranked[0];
    // 3. Weights.
    const inverse = Math.floor(2 ** 18 / temperature);
    const weight = (token: number): number => {
      const d = scores[ranked[0]] - scores[token];
      const y = Math.floor((d * inverse) / 1024);
      const i = y >> 5;
      const f = y & 31;
      return i >= 178 ? 0 : E[i] - (((E[i] - E[i + 1]) * f + 16) >> 5);
    };
    let kept = ranked.map((token) => ({ token, w: weight(token) })).filter(({ w }) => w > 0);
    // 4. Top-k.
    if (topK > 0) kept = kept.slice(0, topK);
    const total = kept.reduce((sum, { w }) => sum + w, 0);
    // 5. Top-p.
    if (topP !== 0 && topP !== 32768) {
      const limit = (total >> 15) * topP + (((total & 32767) * topP) >> 15);
      let reached = 0;
      const end = kept.findIndex(({ w }) => (reached += w) >= limit);
      kept = kept.slice(0, end < 0 ? kept.length : end + 1);
    }
    // 6. Draw.
    const rest = kept.reduce((sum, { w }) => sum + w, 0);
    let u = Number((BigInt(this.generator.next()) * BigInt(rest)) >> 32n);
    kept.sort((a, b) => a.token - b.token);
    for (const { token, w } of kept) {
      if (u < w) return token;
      u -= w;
    }
    throw new RangeError('the draw went past the weights; u < Σ w always holds');
  }

  /** 1. Repetition penalty: each distinct token of the window once. */
  private penalized(logits: Int16Array, recent: readonly number[]): Int16Array {
    const { penalty, penaltyWindow } = this.options;
    const scores = logits.slice();
    if (penaltyWindow === 0) return scores;
    const inverse = Math.floor(2 ** 20 / penalty);
    for (const token of new Set(recent.slice(-penaltyWindow))) {
      const l = scores[token];
      scores[token] = l > 0 ? (l * inverse + 512) >> 10 : sat16((l * penalty + 512) >> 10);
    }
    return scores;
  }
}
