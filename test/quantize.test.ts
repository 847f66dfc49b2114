import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import {
  configOf,
  parameterSpecs,
  tritLevels,
  type ParameterSpec,
  initModel,
  TinyLMError,
  type FloatModel,
  type ModelConfig,
} from '../src/model/index.js';
import { levelsOf, planesOf } from '../src/format/index.js';
import {
  dequantize,
  fixBiases,
  fixScales,
  quantizeModel,
  ternarize,
  ternaryWeights,
  usesOf,
  type TernaryTensor,
} from '../src/quantize/index.js';
import { anyModels, tinyModels } from './helpers/tiny-models.js';

const CONFIG: ModelConfig = configOf({ vocab: 20, dim: 6, hidden: 6, layers: 1, tied: false });
const specOf = (name: string): ParameterSpec => parameterSpecs(CONFIG).find((spec) => spec.name === name)!;
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof TinyLMError && error.code === expected;

test('ternarize by threshold: zeros below τ · mean, the scale is the mean of what is kept', () => {
  const out = new Int8Array(4);
  // mean |w| = 1, limit 0.7.
  assert.equal(ternarize([2, -1, 0.7, 0.3], 0.7, out), 1.5);
  assert.deepEqual([...out], [1, -1, 0, 0]);
  assert.equal(ternarize([0, 0, 0, 0], 0.7, out), 0);
  assert.deepEqual([...out], [0, 0, 0, 0]);
  assert.equal(ternarize([1, 1, 1, 1], 1, out), 0, 'nothing is above its own mean');
  assert.equal(ternarize([2, -1, 0, 1], 0.7, out, 'sign'), 1);
  assert.deepEqual([...out], [1, -1, 0, 1]);
});

test('ternarize: the scale is the least-squares one for the trits chosen', () => {
  const weight = fc.double({ min: -2, max: 2, noNaN: true });
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 30 }), (row) => {
      const trits = new Int8Array(row.length);
      const scale = ternarize(row, 0.7, trits);
      const error = (s: number): number => row.reduce((sum, w, i) => sum + (w - s * trits[i]) ** 2, 0);
      assert.ok(error(scale) <= error(scale * 1.01) + 1e-12 && error(scale) <= error(scale * 0.99) + 1e-12);
    }),
  );
});

test('scales get the largest shift ≤ 30 that 16 bits and every use allow', () => {
  const state = usesOf(specOf('rnn.weight_hh_l0'), 6);
  const scales = Float64Array.of(0.1, 0.05, 0);
  const few = fixScales('w', scales, 64, state);
  // 0.1 · 2^19 = 52,429; with 2^20 it is beyond 65,535.
  assert.deepEqual([few.scaleShift, ...few.mantissas], [19, 52429, 26214, 0]);
  // 127 · 2048 · mantissa < 2^31 leaves mantissas up to 8,256.
  const wide = fixScales('w', scales, 2048, state);
  assert.deepEqual([wide.scaleShift, wide.mantissas[0]], [16, 6554]);
  assert.deepEqual(fixScales('w', Float64Array.of(0), 4, state), {
    scaleShift: 30,
    mantissas: Uint16Array.of(0),
    scaleBytes: 2,
  });
  const embed = usesOf(specOf('embed.weight'), 6);
  assert.equal(fixScales('e', Float64Array.of(300), 4, embed).scaleShift, 7);
  assert.throws(() => fixScales('e', Float64Array.of(600), 4, embed), code('quantize-scale'));
});

test('biases get the largest frac in which all fit, and are clamped beyond', () => {
  assert.deepEqual(fixBiases(Float32Array.of(1, -0.25), 11), {
    values: Int16Array.of(2048, -512),
    frac: 11,
    clamped: 0,
  });
  assert.deepEqual(fixBiases(Float32Array.of(16, -1), 11), {
    values: Int16Array.of(16384, -1024),
    frac: 10,
    clamped: 0,
  });
  assert.deepEqual(fixBiases(Float32Array.of(-16), 11), { values: Int16Array.of(-32768), frac: 11, clamped: 0 });
  assert.deepEqual(fixBiases(Float32Array.of(40000, -40000, 7), 9), {
    values: Int16Array.of(32767, -32768, 7),
    frac: 0,
    clamped: 2,
  });
});

test('a quantized model is the ternary one to the precision of its fixed point', () => {
  fc.assert(
    fc.property(tinyModels, ({ float, model }) => {
      const back = dequantize(model);
      for (const tensor of model.tensors) {
        const unit = 2 ** -(tensor.kind === 'ternary' ? tensor.scaleShift : tensor.frac);
        if (tensor.kind === 'ternary') {
          // One of 16 bits is used, unless the shift is at its end.
          const largest = tensor.mantissas.reduce((a, b) => Math.max(a, b));
          assert.ok(largest >= 32768 || tensor.scaleShift === 30 || tensor.cols > 258, `${tensor.name} ${largest}`);
          continue;
        }
        const values = float.tensors.get(tensor.name)!;
        // r and z have both biases in one (SPEC.md 1.2).
        const other = float.tensors.get(tensor.name.replace('bias_ih', 'bias_hh'))!;
        const sums = tensor.name.includes('bias_ih')
          ? values.map((v, i) => (i < (2 * values.length) / 3 ? v + other[i] : v))
          : values;
        back.tensors.get(tensor.name)!.forEach((v, i) => {
          if (v !== 0 || !tensor.name.includes('bias_hh'))
            assert.ok(Math.abs(v - sums[i]) <= unit / 2 + 1e-6, tensor.name);
        });
      }
    }),
    { numRuns: 50 },
  );
});

test('quantizing what was dequantized changes nothing', () => {
  fc.assert(
    fc.property(tinyModels, ({ model }) => {
      const { embedFrac, eod, resetOnEod } = model;
      // With threshold 0 every weight that is not zero is kept, and all of a row are equal already.
      const exact = { scaleBytes: 2, biasBytes: 2 } as const;
      const again = quantizeModel(dequantize(model), { threshold: 0, embedFrac, eod, resetOnEod, ...exact }).model;
      assert.deepEqual(again, model);
    }),
    { numRuns: 50 },
  );
});

test('a row whose scale rounds to nothing has no pattern either', () => {
  const float = initModel(CONFIG, 5);
  const name = 'fc.weight';
  const weights = float.tensors.get(name)!;
  // A millionth of the largest: below half a unit of 16 bits.
  weights.fill(2 ** -22, 0, CONFIG.layers[0].width);
  weights.fill(4, CONFIG.layers[0].width, 2 * CONFIG.layers[0].width);
  const { model } = quantizeModel(float, { scaleBytes: 2 });
  const tensor = model.tensors.find((t): t is TernaryTensor => t.name === name)!;
  assert.equal(tensor.mantissas[0], 0);
  assert.ok(tensor.levels.subarray(0, tensor.cols).every((level) => level === 0));
  assert.ok(tensor.levels.subarray(tensor.cols, 2 * tensor.cols).every((level) => level === 1));
});

test("ternaryWeights are the trainer's: within half a unit of the exported ones", () => {
  const float = initModel(CONFIG, 3);
  const trained = ternaryWeights(float);
  const { model } = quantizeModel(float, { scaleBytes: 2, biasBytes: 2 });
  const exported = dequantize(model);
  for (const tensor of model.tensors.filter(({ name }) => !name.startsWith('rnn.bias'))) {
    const half = 2 ** -(tensor.kind === 'ternary' ? tensor.scaleShift : tensor.frac) / 2;
    const other = exported.tensors.get(tensor.name)!;
    trained.tensors.get(tensor.name)!.forEach((v, i) => assert.ok(Math.abs(v - other[i]) <= half + 1e-7, tensor.name));
  }
});

test('weights of two and three trits: levels of a step, a scale a row, digits that make them again', () => {
  assert.deepEqual(
    [1, 2, 3].map((n) => tritLevels(n)),
    [1, 4, 13],
  );
  const out = new Int8Array(5);
  // mean |w| = 1, step 0.45: 2.5 / 0.45 is 5.6, beyond the largest level; 0.225 is half a step.
  assert.equal(ternarize([2.5, -1.125, 0.9, 0.225, -0.25], 0.7, out, 'threshold', 2), 0.45);
  assert.deepEqual([...out], [4, -3, 2, 1, -1]);
  for (const trits of [1, 2, 3] as const) {
    const most = tritLevels(trits);
    const all = Int8Array.from({ length: 2 * most + 1 }, (_, i) => i - most);
    const planes = planesOf(all, trits);
    assert.equal(planes.length, trits);
    assert.ok(planes.every((plane) => plane.every((digit) => Math.abs(digit) <= 1)));
    assert.deepEqual(levelsOf(planes), all);
  }
});

test('more trits are closer, and `fit` is closer than the step of training', () => {
  const row = Array.from({ length: 400 }, (_, i) => Math.sin(i * i) * (1 + Math.cos(i)));
  const error = (trits: 1 | 2 | 3, method: 'threshold' | 'fit'): number => {
    const levels = new Int8Array(row.length);
    const scale = ternarize(row, 0.7, levels, method, trits);
    return row.reduce((sum, w, i) => sum + (w - scale * levels[i]) ** 2, 0);
  };
  for (const trits of [1, 2, 3] as const) assert.ok(error(trits, 'fit') <= error(trits, 'threshold'));
  assert.ok(error(2, 'fit') < 0.2 * error(1, 'fit') && error(3, 'fit') < 0.2 * error(2, 'fit'));
});

test('any model is quantized within its limits, and what it stands for is near the floats', () => {
  fc.assert(
    fc.property(anyModels, ({ float, model }) => {
      const back = dequantize(model);
      for (const { name, rule, trits } of parameterSpecs(float.config)) {
        const found = back.tensors.get(name)!;
        assert.equal(found.length, float.tensors.get(name)!.length, name);
        if (rule.role !== 'product' || trits === 0) continue;
        const tensor = model.tensors.find((t) => t.name === name) as TernaryTensor;
        assert.ok(tensor.levels.every((v) => Math.abs(v) <= tritLevels(trits)));
        assert.ok(tensor.scaleBytes === 2 || tensor.mantissas.every((m) => m <= 255));
      }
    }),
    { numRuns: 50 },
  );
});

test('the report says what was lost', () => {
  const float = initModel(CONFIG, 3);
  const { model, report } = quantizeModel(float);
  assert.deepEqual(
    report.map((r) => r.name),
    model.tensors.map((t) => t.name),
  );
  const embed = model.tensors[0] as TernaryTensor;
  assert.equal(report[0].zeros, embed.levels.filter((w) => w === 0).length / embed.levels.length);
  const back = dequantize(model).tensors.get('embed.weight')!;
  const error = float.tensors.get('embed.weight')!.reduce((sum, v, i) => sum + (v - back[i]) ** 2, 0);
  assert.ok(Math.abs(report[0].squaredError - error) < 1e-9);
  const sign = quantizeModel(float, { method: 'sign' }).report;
  assert.ok(
    sign.every((r, i) => r.squaredError >= report[i].squaredError - 1e-9),
    'sign alone loses more',
  );
  const large = new Map(float.tensors).set('embed.weight', new Float32Array(120).fill(3));
  const huge: FloatModel = { config: CONFIG, tensors: large };
  assert.equal(quantizeModel(huge).report[0].clamped, 20, 'rows beyond ±1.98 are counted');
});

test('bad options and values are errors', () => {
  const float = initModel(CONFIG, 3);
  for (const options of [{ threshold: -1 }, { threshold: NaN }, { embedFrac: 8 }, { embedFrac: 0.5 }, { eod: 20 }]) {
    assert.throws(() => quantizeModel(float, options), code('quantize-option'));
  }
  const tensors = new Map(float.tensors).set('fc.bias', new Float32Array(20).fill(Infinity));
  assert.throws(() => quantizeModel({ config: CONFIG, tensors }), code('quantize-value'));
  assert.throws(() => quantizeModel({ config: CONFIG, tensors: new Map() }), code('quantize-value'));
});
