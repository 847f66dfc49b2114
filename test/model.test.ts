import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  budget,
  configOf,
  configOfTensors,
  defaultConfig,
  elementCount,
  initModel,
  modelFromTensors,
  parameterCount,
  parameterSpecs,
  tensorsOfModel,
  TinyLMError,
  validateConfig,
  type ModelConfig,
  type ModelShorthand,
} from '../src/model/index.js';

const SIZES = { vocab: 256, dim: 64, hidden: 64, layers: 1, tied: false };
const UNTIED = configOf(SIZES);
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof TinyLMError && error.code === expected;

test('tensors are those of PyTorch, in the order of SPEC.md 1.2', () => {
  const config: ModelConfig = configOf({ vocab: 19, dim: 5, hidden: 7, layers: 2, tied: false });
  assert.deepEqual(
    parameterSpecs(config).map(({ name, shape }) => `${name} ${shape.join('x')}`),
    [
      'embed.weight 19x5',
      'rnn.weight_ih_l0 21x5',
      'rnn.weight_hh_l0 21x7',
      'rnn.bias_ih_l0 21',
      'rnn.bias_hh_l0 21',
      'rnn.weight_ih_l1 21x7',
      'rnn.weight_hh_l1 21x7',
      'rnn.bias_ih_l1 21',
      'rnn.bias_hh_l1 21',
      'fc.weight 19x7',
      'fc.bias 19',
    ],
  );
  const tied = parameterSpecs(configOf({ ...SIZES, tied: true })).map((s) => s.name);
  assert.ok(!tied.includes('fc.weight') && tied.includes('fc.bias'));
});

test('parameters and float bytes: 57,984 for the plain 256 × 64, and the default fits 200,000 bytes', () => {
  assert.equal(parameterCount(UNTIED), 57_984);
  const plain = budget(UNTIED);
  assert.equal(plain.floatBytes, 231_936);
  assert.equal(plain.fits(200_000), false);
  const usual = budget(defaultConfig());
  assert.equal(usual.parameters, 43_648);
  assert.equal(usual.floatBytes, 174_592);
  assert.ok(usual.fits(200_000));
  assert.ok(usual.t2Bytes <= 16_384 && usual.b3Bytes < usual.t2Bytes);
  assert.ok(usual.ramReference < usual.ramB3 && usual.ramT2 <= 32_768 && usual.ramB3 <= 32_768);
});

test('a configuration that cannot be is an error', () => {
  const bad: Partial<ModelShorthand>[] = [
    { vocab: 1 },
    { vocab: 4097 },
    { dim: 0 },
    { dim: 2049 },
    { hidden: 1.5 },
    { hidden: NaN },
    { layers: 0 },
    { layers: 17 },
    { tied: true, dim: 32 },
    { layers: [{ kind: 'lstm' as 'gru', width: 3 }] },
    { trits: 4 as 3 },
    { ngrams: [{ order: 5, rows: 64, width: 4 }] },
    { ngrams: [{ order: 2, rows: 65, width: 4 }] },
    { ngrams: [{ order: 2, rows: 64, width: 65 }] },
    { tied: true, ngrams: [{ order: 2, rows: 64, width: 4 }], layers: [{ kind: 'glu', width: 4 }] },
  ];
  for (const change of bad)
    assert.throws(() => validateConfig(configOf({ ...SIZES, ...change })), code('model-config'));
  validateConfig(configOf({ vocab: 4096, dim: 2048, hidden: 2048, layers: 16, tied: true }));
});

test("initial weights: the same for a seed, in PyTorch's range, with the embedding's deviation", () => {
  const model = initModel(UNTIED, 1);
  assert.deepEqual(initModel(UNTIED, 1), model);
  assert.notDeepEqual(initModel(UNTIED, 2).tensors.get('fc.weight'), model.tensors.get('fc.weight'));
  for (const { name, shape } of parameterSpecs(UNTIED)) {
    const values = model.tensors.get(name)!;
    assert.equal(values.length, elementCount(shape));
    const largest = values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    if (name === 'fc.bias') assert.equal(largest, 0);
    else if (name.startsWith('rnn.bias_ih')) {
      // the update gate starts with memories of different lengths, the other gates as in PyTorch
      const z = [...values.subarray(64, 128)];
      assert.ok(
        z[0] === 0 && z.every((v, i) => i === 0 || v > z[i - 1]) && Math.abs(z[63] - Math.log(99)) < 1e-6,
        `${z}`,
      );
      for (const gate of [values.subarray(0, 64), values.subarray(128)]) {
        assert.ok(gate.every((v) => v !== 0 && Math.abs(v) <= 1 / 8));
      }
    } else if (name !== 'embed.weight') assert.ok(largest <= 1 / 8 && largest > 0.95 / 8, `${name} ${largest}`);
  }
  const deviation = (config: ModelConfig): number => {
    const values = initModel(config, 3).tensors.get('embed.weight')!;
    return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  };
  assert.ok(Math.abs(deviation(UNTIED) - 0.5) < 0.02);
  assert.ok(Math.abs(deviation(configOf({ ...SIZES, tied: true })) - 0.125) < 0.005);
});

test('a checkpoint becomes a model: shapes read or checked, a repeated tied embedding taken', () => {
  for (const tied of [false, true]) {
    const model = initModel(configOf({ ...SIZES, vocab: 20, layers: 2, tied }), 4);
    const tensors = tensorsOfModel(model);
    assert.deepEqual(configOfTensors(tensors), model.config);
    assert.deepEqual(modelFromTensors(tensors), model);
  }
  const tied = initModel(configOf({ ...SIZES, tied: true }), 4);
  const repeated = tensorsOfModel(tied).set('fc.weight', {
    shape: [256, 64],
    data: tied.tensors.get('embed.weight')!.slice(),
  });
  assert.deepEqual(modelFromTensors(repeated, tied.config), tied);
  assert.throws(() => modelFromTensors(tensorsOfModel(initModel(UNTIED, 1)), tied.config), code('checkpoint-shape'));
});

test('a checkpoint of another shape, or diverged, is refused in words', () => {
  const tensors = tensorsOfModel(initModel(UNTIED, 4));
  assert.throws(
    () => modelFromTensors(tensors, configOf({ ...SIZES, hidden: 32 })),
    /another shape: rnn.weight_ih_l0 is \(192, 64\), expected \(96, 64\)/,
  );
  assert.throws(
    () => modelFromTensors(tensors, configOf({ ...SIZES, layers: 2 })),
    /rnn.weight_ih_l1 is nothing, expected \(192, 64\)/,
  );
  assert.throws(
    () => modelFromTensors(new Map(tensors).set('lstm.weight', { shape: [1], data: new Float32Array(1) })),
    /it has lstm.weight \(1\)/,
  );
  assert.throws(() => configOfTensors(new Map()), code('checkpoint-shape'));
  const { shape, data } = tensors.get('fc.weight')!;
  const diverged = data.slice();
  diverged[5] = NaN;
  assert.throws(
    () => modelFromTensors(new Map(tensors).set('fc.weight', { shape, data: diverged })),
    code('checkpoint-value'),
  );
});
