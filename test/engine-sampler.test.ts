/**
 * The engine's sampler against the reference's (SPEC.md 4) on logits that no model needs to give: ties, saturation, all
 * equal, steep and flat ones, over vocabularies up to the largest. The same tokens for the same seed, draw after draw.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { Engine } from '../src/engine/index.js';
import { writeTlm } from '../src/format/index.js';
import { configOf } from '../src/model/index.js';
import { readWasm } from '../src/node/assets.js';
import { quantizeModel } from '../src/quantize/index.js';
import { Sampler, type SamplerOptions } from '../src/reference/index.js';
import { TOKENIZER_LIMITS, type TokenizerTable } from '../src/tokenizer/index.js';
import { livelyModel } from './helpers/tiny-models.js';

const wasm = new WebAssembly.Module(readWasm('engine'));
/** At the edges of what the sampler adds up at a time (32 ids), and the least and most there can be. */
const VOCABS = [18, 31, 32, 33, 64, 65, 256, 1000, 4095, 4096] as const;

/** Characters from U+0100 on: a table of any size. */
function characters(vocab: number): TokenizerTable {
  const empty = Array.from({ length: TOKENIZER_LIMITS.firstSymbol }, () => new Uint8Array());
  const symbols = Array.from({ length: vocab - empty.length }, (_, i) =>
    new TextEncoder().encode(String.fromCharCode(256 + i)),
  );
  return { kind: 'char', eod: 0, nibbleBase: 1, base: [...empty, ...symbols], merges: [] };
}

const engines = new Map(
  VOCABS.map((vocab) => {
    const model = quantizeModel(livelyModel(configOf({ vocab, dim: 2, hidden: 2 }), 3)).model;
    return [vocab, Engine.loadSync(wasm, writeTlm({ model, tokenizer: characters(vocab) }))];
  }),
);

const i16 = (v: number): number => Math.max(-32768, Math.min(32767, Math.round(v)));
/** How logits lie: of the n numbers u in 0 … 1. */
const SHAPES: Readonly<Record<string, (u: number, i: number, n: number) => number>> = {
  equal: () => -5,
  'all at the top': () => 32767,
  'all at the bottom': () => -32768,
  saturated: (u) => (u < 0.4 ? 32767 : u < 0.8 ? -32768 : 65536 * u),
  'few levels': (u) => 300 * Math.floor(4 * u),
  'neighbouring levels': (u) => Math.floor(3 * u),
  flat: (u) => 40 * u,
  'as of a model': (u) => 1500 * Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(7919 * u),
  'the whole range': (u) => 65535 * u - 32768,
  rising: (_, i, n) => (20000 * i) / n - 9000,
  falling: (_, i, n) => 9000 - (20000 * i) / n,
  'one far above': (u, i, n) => (i === n >> 1 ? 32767 : -32768 + 10 * u),
};

/** Mulberry32, for many numbers of a seed. */
function uniform(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const cases = fc.record({
  vocab: fc.constantFrom(...VOCABS),
  shape: fc.constantFrom(...Object.keys(SHAPES)),
  seed: fc.nat(0xffffffff),
  recent: fc.array(fc.nat(), { maxLength: 80 }),
  temperature: fc.oneof(fc.constantFrom(0, 13, 128, 205, 256, 2560), fc.integer({ min: 13, max: 2560 })),
  topK: fc.oneof(fc.constantFrom(0, 1, 2, 31, 32, 33, 40, 128, 129, 4095, 4096, 65535), fc.nat(300)),
  topP: fc.oneof(fc.constantFrom(0, 1, 2, 16384, 32767, 32768), fc.nat(32768)),
  penalty: fc.oneof(fc.constantFrom(1024, 1025, 4096), fc.integer({ min: 1024, max: 4096 })),
  penaltyWindow: fc.oneof(fc.constantFrom(0, 1, 64), fc.nat(64)),
});

/** Draws from both, and compares; the logits stay as they were. */
function compare(
  vocab: (typeof VOCABS)[number],
  logits: Int16Array,
  fed: readonly number[],
  options: Required<SamplerOptions>,
): void {
  const engine = engines.get(vocab)!;
  const { temperature, topK, topP, penalty, penaltyWindow, seed } = options;
  const own = engine.sampler({
    temperature: temperature / 256,
    topK,
    topP: topP / 32768,
    repetitionPenalty: penalty / 1024,
    penaltyWindow,
    seed,
  });
  const reference = new Sampler(options);
  engine.reset();
  engine.step(0);
  for (const token of fed) engine.step(token);
  engine.logits().set(logits);
  const recent = fed.filter((token) => token !== 0).slice(-64);
  for (let i = 0; i < 6; i++) {
    const expected = reference.sample(logits, recent);
    assert.equal(engine.sample(own), expected, `draw ${i}`);
  }
  assert.deepEqual(engine.logits(), logits);
}

test("tokens drawn equal the reference's, for any logits, options and vocabulary", () => {
  fc.assert(
    fc.property(cases, ({ vocab, shape, recent, ...options }) => {
      const next = uniform(options.seed);
      const logits = Int16Array.from({ length: vocab }, (_, i) => i16(SHAPES[shape](next(), i, vocab)));
      compare(
        vocab,
        logits,
        recent.map((n) => n % vocab),
        options,
      );
    }),
    { numRuns: 1500, seed: 4 },
  );
});

test('the penalty on every token, and on the best ones only', () => {
  const vocab = 64;
  const all = Array.from({ length: 64 }, (_, i) => i);
  for (const shape of Object.keys(SHAPES)) {
    const next = uniform(9);
    const logits = Int16Array.from({ length: vocab }, (_, i) => i16(SHAPES[shape](next(), i, vocab)));
    const best = [...all].sort((a, b) => logits[b] - logits[a]).slice(0, 5);
    for (const fed of [all, best]) {
      for (const penalty of [1024, 1331, 4096]) {
        for (const [topK, topP] of [
          [0, 0],
          [3, 0],
          [40, 0],
          [0, 20000],
          [40, 20000],
        ]) {
          const seed = penalty + topK;
          compare(vocab, logits, fed, { temperature: 256, topK, topP, penalty, penaltyWindow: 64, seed });
        }
      }
    }
  }
});

test('equal logits: top-k and top-p keep the lowest ids, to the last of them', () => {
  const engine = engines.get(4096)!;
  engine.reset();
  engine.step(0);
  for (const [topK, topP, kept] of [
    [1, 0, 1],
    [33, 0, 33],
    [129, 0, 129],
    [0, 1 / 32768, 1],
    [0, 0.25, 1024],
    [100, 0.5, 50],
    [4096, 1, 4096],
  ]) {
    engine.logits().fill(77);
    const sampler = engine.sampler({ temperature: 1, topK, topP, seed: 1 });
    const drawn = Array.from({ length: Math.min(20 * kept, 2000) }, () => engine.sample(sampler));
    assert.ok(
      drawn.every((token) => token < kept),
      `top-k ${topK}, top-p ${topP}`,
    );
    if (kept <= 50) assert.equal(new Set(drawn).size, kept);
    else assert.ok(Math.max(...drawn) > kept * 0.98);
  }
});
