import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { configOf, initModel, TinyLMError, type ModelConfig } from '../src/model/index.js';
import { dequantize, quantizeModel, ternaryWeights } from '../src/quantize/index.js';
import { expTable, sigmoidTable } from '../src/format/index.js';
import {
  bitsPerByte,
  evaluateFloat,
  floatForward,
  Generator,
  logProb,
  q8,
  ReferenceEngine,
  Sampler,
  sigmoid,
  tanh,
} from '../src/reference/index.js';
import { Tokenizer, trainTokenizer, tableVocab } from '../src/tokenizer/index.js';
import { livelyModel, tinyModels } from './helpers/tiny-models.js';

const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof TinyLMError && error.code === expected;

test('sigmoid and tanh: near the real ones, monotone, symmetric, and exact at the ends', () => {
  let last = 0;
  let worst = 0;
  for (let x = -70000; x <= 70000; x += 3) {
    const s = sigmoid(x);
    assert.ok(s >= last && s >= 0 && s <= 32768);
    if (x !== 0) assert.equal(s + sigmoid(-x), 32768);
    assert.equal(tanh(-x) + tanh(x), 0);
    worst = Math.max(
      worst,
      Math.abs(s / 32768 - 1 / (1 + Math.exp(-x / 2048))),
      Math.abs(tanh(x) / 32768 - Math.tanh(x / 2048)) / 2,
    );
    last = s;
  }
  // Straight lines between points 1/16 apart: at most h²/8 · max|σ''| = 4.7e-5, and rounding.
  assert.ok(worst < 9e-5, `${worst}`);
  assert.deepEqual(
    [sigmoid(0), sigmoid(1 << 30), sigmoid(-(1 << 30)), tanh(1 << 20), tanh(-(1 << 20))],
    [16384, 32768, 0, 32767, -32767],
  );
});

test('the tables of the engine are those of the reference', () => {
  const s = sigmoidTable();
  for (let i = 0; i <= 192; i++) assert.equal(sigmoid(i * 128), s[i]);
  const e = expTable();
  assert.deepEqual([e[0], e[16], e[177], e[178]], [32768, 12055, 1, 0]);
});

test('q8 rounds half up and stays within ±127', () => {
  assert.deepEqual([0, 127, 128, -128, -129, 32767, -32767].map(q8), [0, 0, 1, 0, -1, 127, -127]);
});

test('generator: xoshiro128** 1.1 seeded by splitmix32', () => {
  // Outputs for the state 1, 2, 3, 4, as the authors' C code gives them.
  const generator = new Generator(0);
  generator.state.set([1, 2, 3, 4]);
  assert.deepEqual(
    [0, 1, 2, 3].map(() => generator.next()),
    [11520, 0, 5927040, 70819200],
  );
  assert.notDeepEqual(new Generator(1).state, new Generator(2).state);
  const many = new Generator(7);
  let sum = 0;
  for (let i = 0; i < 20000; i++) sum += many.next() / 2 ** 32;
  assert.ok(Math.abs(sum / 20000 - 0.5) < 0.01);
});

test("sampling draws with softmax's odds", () => {
  const logits = Int16Array.of(0, 512, -700, 1000, -30000);
  for (const temperature of [256, 128, 512]) {
    const sampler = new Sampler({ temperature, seed: 5 });
    const counts = new Array<number>(5).fill(0);
    const draws = 20000;
    for (let i = 0; i < draws; i++) counts[sampler.sample(logits, [])]++;
    const weights = Array.from(logits, (l) => Math.exp((l / 512) * (256 / temperature)));
    const total = weights.reduce((a, b) => a + b);
    counts.forEach((n, token) => {
      const p = weights[token] / total;
      // Four standard deviations; the seed is fixed, so this does not flicker.
      assert.ok(
        Math.abs(n / draws - p) <= 4 * Math.sqrt((p * (1 - p)) / draws) + 2e-4,
        `token ${token}: ${n / draws}, ${p}`,
      );
    });
  }
});

test('greedy, top-k, top-p and the penalty keep what they should', () => {
  const logits = Int16Array.of(100, 900, 900, 500, -100);
  const drawn = (options: object, recent: number[] = []): Set<number> => {
    const sampler = new Sampler({ temperature: 2560, seed: 3, ...options });
    return new Set(Array.from({ length: 400 }, () => sampler.sample(logits, recent)));
  };
  assert.deepEqual(drawn({ temperature: 0 }), new Set([1]), 'of equal logits the lowest id');
  assert.deepEqual(drawn({}), new Set([0, 1, 2, 3, 4]));
  assert.deepEqual(drawn({ topK: 3 }), new Set([1, 2, 3]));
  assert.deepEqual(drawn({ topP: 1 }), new Set([1]));
  // At temperature 10 the first two hold a little over 40 % of the whole.
  assert.deepEqual(drawn({ topP: Math.round(0.42 * 32768) }), new Set([1, 2]));
  const greedy = { temperature: 0, penalty: 2048, penaltyWindow: 2 };
  assert.deepEqual(drawn(greedy, [1]), new Set([2]));
  assert.deepEqual(drawn(greedy, [1, 2]), new Set([3]));
  assert.deepEqual(drawn(greedy, [1, 3, 3]), new Set([1]), 'the window is two tokens');
  for (const bad of [
    { temperature: 12 },
    { temperature: 2561 },
    { topP: 32769 },
    { penalty: 1023 },
    { penaltyWindow: 65 },
    { seed: -1 },
    { topK: 0.5 },
  ]) {
    assert.throws(() => new Sampler(bad), code('sampler-option'), JSON.stringify(bad));
  }
});

test('integer logits follow the float model of the same weights', () => {
  fc.assert(
    fc.property(tinyModels, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), ({ float, model }, raw) => {
      // `sign` or `threshold` is not known here, so the effective weights come from the quantized model itself.
      const tokens = raw.map((t) => t % float.config.vocab);
      const weights = dequantize(model);
      const options = {
        quantizeActivations: true,
        embedFrac: model.embedFrac,
        resetOn: model.resetOnEod ? model.eod : -1,
      };
      const engine = new ReferenceEngine(model);
      const expected = floatForward(weights, tokens, options);
      tokens.forEach((token, t) => {
        engine.step(token).forEach((logit, v) => {
          // A state on the edge of two 8-bit values may fall to either: 2^-7 in one unit, and what follows from it.
          assert.ok(
            Math.abs(logit / 512 - expected[t][v]) < 0.06 * (1 + float.config.layers.length),
            `step ${t}: ${logit / 512} ${expected[t][v]}`,
          );
        });
      });
    }),
    { numRuns: 60 },
  );
});

const STORY = 'Once upon a time there was a little cat. The cat had a red ball. Anna saw it and said: hello! '.repeat(
  4,
);

test("bits a byte: the integer engine is within 0.01 of the trainer's forward pass", () => {
  for (const [kind, layers, tied] of [
    ['byte', 1, true],
    ['bpe', 2, false],
    ['char', 1, true],
  ] as const) {
    const table = trainTokenizer([STORY], { kind, vocab: 256 });
    const config: ModelConfig = configOf({ vocab: tableVocab(table), dim: 48, hidden: 48, layers, tied });
    const float = livelyModel(config, 11, 1.5);
    const tokenizer = new Tokenizer(table);
    const documents = [STORY, 'The end.'].map((text) => ({ tokens: tokenizer.encode(text), bytes: text.length }));
    const trained = evaluateFloat(ternaryWeights(float), documents, { quantizeActivations: true });
    const exported = bitsPerByte(quantizeModel(float).model, documents);
    assert.ok(Math.abs(exported - trained) <= 0.01, `${kind}: ${exported} and ${trained}`);
    const unquantized = evaluateFloat(float, documents);
    assert.notEqual(unquantized, trained, 'the float model itself is another');
  }
});

test('bits a byte count every token after the leading eod, the closing one too, over the bytes of the text', () => {
  // All weights zero: every token has the odds of its bias alone.
  const config: ModelConfig = configOf({ vocab: 256, dim: 4, hidden: 4, layers: 1, tied: true });
  const tensors = new Map([...initModel(config, 1).tensors].map(([name, values]) => [name, values.fill(0)]));
  const documents = [
    { tokens: [65, 66, 67], bytes: 3 },
    { tokens: [65], bytes: 1 },
  ];
  // Four tokens and two eods of 8 bits each, over four bytes.
  assert.ok(Math.abs(evaluateFloat({ config, tensors }, documents) - (6 * 8) / 4) < 1e-9);
  assert.ok(Math.abs(bitsPerByte(quantizeModel({ config, tensors }).model, documents) - 12) < 1e-9);
  assert.throws(() => evaluateFloat({ config, tensors }, []), code('evaluate-empty'));
  assert.ok(Math.abs(logProb(Int16Array.of(512, 0), 0) - Math.log(Math.E / (1 + Math.E))) < 1e-12);
});

test('eod resets the state only where the model says so; reset always does', () => {
  const config: ModelConfig = configOf({ vocab: 20, dim: 8, hidden: 8, layers: 2, tied: false });
  const float = livelyModel(config, 3);
  for (const resetOnEod of [true, false]) {
    const engine = new ReferenceEngine(quantizeModel(float, { resetOnEod }).model);
    const first = engine.step(0);
    engine.step(5);
    assert.deepEqual(engine.recent, [5], 'eod is not among the recent tokens');
    const second = engine.step(0);
    if (resetOnEod) assert.deepEqual(second, first);
    else assert.notDeepEqual(second, first);
    engine.reset();
    assert.deepEqual(engine.step(0), first);
    assert.throws(() => engine.step(20), code('reference-token'));
  }
});

test("floatForward without rounding is PyTorch's GRU", () => {
  // One unit, worked out by hand: r = σ(1), z = σ(0.5), n = tanh(0.2 + r · 0.4), h = (1 − z) · n.
  const config: ModelConfig = configOf({ vocab: 2, dim: 1, hidden: 1, layers: 1, tied: false });
  const tensors = new Map<string, Float64Array>(
    Object.entries({
      'embed.weight': [2, 0],
      'rnn.weight_ih_l0': [0.5, 0.25, 0.1],
      'rnn.weight_hh_l0': [9, 9, 9],
      'rnn.bias_ih_l0': [0, 0, 0],
      'rnn.bias_hh_l0': [0, 0, 0.4],
      'fc.weight': [1, -3],
      'fc.bias': [0, 0.5],
    }).map(([name, values]) => [name, Float64Array.from(values)]),
  );
  const [logits] = floatForward({ config, tensors }, [0]);
  const r = 1 / (1 + Math.exp(-1));
  const z = 1 / (1 + Math.exp(-0.5));
  const h = (1 - z) * Math.tanh(0.2 + r * 0.4);
  assert.ok(Math.abs(logits[0] - h) < 1e-12 && Math.abs(logits[1] - (0.5 - 3 * h)) < 1e-12);
});
