import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelConfig } from '../src/model/index.js';
import { configOf, initModel } from '../src/model/index.js';
import { readWasm } from '../src/node/assets.js';
import { loadTrainer } from '../src/node/native-trainer.js';
import { Tokenizer, trainTokenizer } from '../src/tokenizer/index.js';
import {
  encodeDocuments, evaluateModel, fitBatch, kernelConfig, KernelPool, learningRateAt, stepsPerEpoch, trainDefaults, TrainingRun,
  type Checkpoint, type TrainData, type TrainerKernels, type TrainOptions,
} from '../src/train/index.js';
import { oracleGradients, oracleLoss, type OracleBatch, type Parameters } from './helpers/float64-gru.js';

const wasm = readWasm('trainer');
/** Everything below is asked of both builds of the kernels; without a compiler the second is skipped, and says so. */
const native = await loadTrainer('native').then(
  ({ kernels }) => ({ kernels, skip: false as const }),
  (error: Error) => ({ kernels: undefined, skip: `no native kernels here: ${error.message}` }),
);
const backends: { name: string; kernels: TrainerKernels; skip: string | false }[] = [
  { name: 'WebAssembly', kernels: wasm, skip: false },
  { name: 'native', kernels: native.kernels ?? wasm, skip: native.skip },
];
const EOD = 0;
const IGNORE = 0xffff;

const SIZES = {
  small: { vocab: 19, dim: 5, hidden: 7, layers: 2, tied: false },
  tied: { vocab: 11, dim: 9, hidden: 9, layers: 1, tied: true },
  tiny: { vocab: 5, dim: 2, hidden: 3, layers: 1, tied: false },
};
const small = configOf(SIZES.small);
const tied = configOf(SIZES.tied);


const widen = (tensors: ReadonlyMap<string, Float32Array>): Parameters =>
  new Map([...tensors].map(([name, values]) => [name, Float64Array.from(values)]));

/** Deterministic tokens with resets and targets that do not count. */
function makeBatch(config: ModelConfig, lanes: number, segment: number): OracleBatch {
  let a = 12345;
  const random = (n: number): number => {
    a = (Math.imul(a, 1664525) + 1013904223) >>> 0;
    return Math.floor((a / 2 ** 32) * n);
  };
  const rows = (make: () => number) => Array.from({ length: lanes }, () => Array.from({ length: segment }, make));
  return {
    inputs: rows(() => random(config.vocab)),
    targets: rows(() => (random(6) === 0 ? -1 : random(config.vocab))),
    eod: EOD,
  };
}

async function withPool<T>(
  kernels: TrainerKernels, options: Partial<TrainOptions> & { model: ModelConfig }, threads: number, batch: OracleBatch,
  use: (pool: KernelPool) => Promise<T>,
): Promise<T> {
  const lanes = batch.inputs.length;
  const segment = batch.inputs[0].length;
  const full = trainDefaults({ ...options, lanes, segment });
  const pool = await KernelPool.create(kernels, kernelConfig(full, EOD, segment), threads);
  try {
    const model = initModel(options.model, 3);
    // larger than the usual start, so that every gate works away from its centre
    for (const values of model.tensors.values()) values.forEach((_, i) => (values[i] = values[i] * 1.5 + 0.02 * Math.sin(i)));
    pool.write('weight', model.tensors);
    batch.inputs.forEach((row, lane) => pool.inputs.set(row, lane * segment));
    batch.targets.forEach((row, lane) => pool.targets.set(row.map((t) => (t < 0 ? IGNORE : t)), lane * segment));
    return await use(pool);
  } finally {
    await pool.close();
  }
}

for (const { name: backend, kernels, skip } of backends) describe(`gradients against central differences in float64, ${backend}`, { skip }, () => {
  // a vocabulary above half of the batch's tokens takes the path without the table of input products
  for (const [name, model, lanes, segment] of [
    ['two layers, untied, with the input table', small, 8, 6],
    ['two layers, untied, without the table', small, 4, 6],
    ['one layer, tied, with the table', tied, 4, 9],
    ['one layer, tied, without the table', tied, 2, 9],
    // a shard has two lanes and a block 128 rows: two blocks, the second of 6 steps
    ['two layers over two blocks', configOf({ ...SIZES.tiny, layers: 2 }), 2, 70],
    ['one layer over two blocks', configOf({ ...SIZES.tiny, vocab: 71 }), 2, 70],
    // sums from tables go four lanes at a time, from three lanes a shard on: here five
    ['two layers, lanes that do not fill a vector', configOf({ ...SIZES.small, dim: 4, hidden: 5 }), 5, 6],
  ] as const) {
    for (const ternary of segment > 64 ? [true] : [false, true]) { // the long ones take the oracle some time
      it(`${name}, ${ternary ? 'ternary' : 'float'}`, async () => {
        const batch = makeBatch(model, lanes, segment);
        await withPool(kernels, { model, ternary, quantizeActivations: false }, 2, batch, async (pool) => {
          await pool.run(0, 1, false);
          // the straight-through estimator gives the latent weights the gradient of the effective ones
          const expected = oracleGradients(model, widen(pool.read('effective')), batch);
          for (const [tensor, found] of pool.read('gradient')) {
            const wanted = expected.get(tensor)!;
            const scale = Math.max(...wanted.map(Math.abs));
            assert.ok(scale > 1e-4, `${tensor} has a gradient to compare`);
            found.forEach((value, i) =>
              assert.ok(Math.abs(value - wanted[i]) < 2e-5 * scale + 2e-7, `${tensor}[${i}]: found ${value}, expected ${wanted[i]}`));
          }
        });
      });
    }
  }

  it('the quantized forward pass is SPEC.md 5', async () => {
    const batch = makeBatch(small, 8, 12);
    await withPool(kernels, { model: small, ternary: true, quantizeActivations: true, embedFrac: 4 }, 1, batch, async (pool) => {
      await pool.run(0, 1, false);
      const counted = batch.targets.flat().filter((t) => t >= 0).length / (8 * 12);
      const expected = oracleLoss(small, widen(pool.read('effective')), { ...batch, quantize: { embedFrac: 4 } });
      const unquantized = oracleLoss(small, widen(pool.read('effective')), batch);
      assert.ok(Math.abs(pool.stats[0] * counted - expected) < 1e-5, `found ${pool.stats[0] * counted}, expected ${expected}`);
      assert.ok(Math.abs(unquantized - expected) > 1e-4, 'the quantization is visible');
    });
  });
});

describe('both builds compute the same', { skip: native.skip }, () => {
  // larger than the oracle has time for: several chunks of tables and panels of weights, strips of 512 columns, lanes left over
  for (const [name, model, lanes, segment] of [
    ['two layers, without the table', configOf({ vocab: 151, dim: 40, hidden: 72, layers: 2, tied: false }), 5, 12],
    ['one wide layer, tied, with the table', configOf({ vocab: 70, dim: 530, hidden: 530, layers: 1, tied: true }), 24, 6],
  ] as const) {
    for (const quantizeActivations of [false, true]) {
      it(`${name}, ${quantizeActivations ? '8-bit' : 'float'} activations`, async () => {
        const batch = makeBatch(model, lanes, segment);
        const step = (kernels: TrainerKernels) =>
          withPool(kernels, { model, ternary: true, quantizeActivations, embedFrac: 4 }, 2, batch, async (pool) => {
            await pool.run(0, 1, false);
            return { nats: pool.stats[0], gradient: pool.read('gradient') };
          });
        const [ours, other] = [await step(wasm), await step(native.kernels!)];
        assert.ok(Math.abs(ours.nats - other.nats) < 1e-5 * other.nats, `nats: ${ours.nats} and ${other.nats}`);
        for (const [tensor, found] of ours.gradient) {
          const wanted = other.gradient.get(tensor)!;
          const scale = wanted.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
          const worst = found.reduce((most, g, i) => Math.max(most, Math.abs(g - wanted[i])), 0);
          assert.ok(worst < 2e-5 * scale, `${tensor}: gradients up to ${scale} differ by ${worst}`);
        }
      });
    }
  }
});

// A little language with something to learn: a letter is followed by its upper case twin.
const documents = Array.from({ length: 60 }, (_, d) =>
  Array.from({ length: 40 }, (_, i) => 'aAbBcCdDeEfFgG'.substr(((d * 7 + i * i * 3) % 7) * 2, 2)).join(''));

function makeData(): TrainData {
  const table = trainTokenizer(documents, { kind: 'char', vocab: 64 });
  const tokenizer = new Tokenizer(table);
  return {
    tokenizer: table,
    train: encodeDocuments(tokenizer, documents.slice(6)),
    valid: encodeDocuments(tokenizer, documents.slice(0, 6)),
  };
}

function makeOptions(data: TrainData, over: Partial<TrainOptions> = {}): TrainOptions {
  const vocab = new Tokenizer(data.tokenizer).vocab;
  return trainDefaults({
    model: configOf({ vocab, dim: 12, hidden: 20, layers: 1, tied: false }),
    lanes: 8, segment: 16, steps: 150, evaluateEvery: 50, ...over,
  });
}

async function finish(run: TrainingRun, stopAt = Infinity): Promise<{ last: Checkpoint; kinds: string[] }> {
  const kinds: string[] = [];
  let last: Checkpoint | undefined;
  for await (const event of run.events()) {
    kinds.push(event.kind);
    if (event.kind !== 'progress') last = event.checkpoint;
    if (event.kind === 'evaluation' && event.point.step >= stopAt) run.stop();
  }
  await run.close();
  return { last: last!, kinds };
}

for (const { name: backend, kernels, skip } of backends) describe(`training runs, ${backend}`, { skip }, () => {
  const data = makeData();

  it('learn, and give the same weights for any number of threads', async () => {
    const results = [];
    for (const threads of [1, 2, 4]) {
      results.push(await finish(await TrainingRun.create(data, makeOptions(data), { kernels, threads })));
    }
    const [one, ...others] = results;
    for (const other of others) {
      assert.deepEqual(other.last.weights, one.last.weights);
      assert.deepEqual(other.last.history, one.last.history);
    }
    const [first, ...later] = one.last.history;
    assert.ok(later.at(-1)!.valid < first.valid * 0.9, `bits per byte fall: ${one.last.history.map((p) => p.valid.toFixed(3))}`);
  });

  it('another seed gives other weights', async () => {
    const [a, b] = await Promise.all([1, 2].map(async (seed) =>
      finish(await TrainingRun.create(data, makeOptions(data, { seed, steps: 3 }), { kernels, threads: 1 }))));
    assert.notDeepEqual(a.last.weights, b.last.weights);
  });

  it('a stopped and resumed run equals the uninterrupted one', async () => {
    const options = makeOptions(data);
    const whole = await finish(await TrainingRun.create(data, options, { kernels, threads: 2 }));
    const half = await finish(await TrainingRun.create(data, options, { kernels, threads: 2 }), 50);
    assert.equal(half.kinds.at(-1), 'stopped');
    assert.equal(half.last.step, 50);
    const rest = await finish(await TrainingRun.create(data, options, { kernels, threads: 1, resume: half.last }));
    assert.equal(rest.kinds.at(-1), 'end');
    assert.deepEqual(rest.last.weights, whole.last.weights);
    assert.deepEqual(rest.last.moment2, whole.last.moment2);
    assert.deepEqual(rest.last.history, whole.last.history);
  });

  it('refuses to resume on another corpus or a model of another shape', async () => {
    const { last } = await finish(await TrainingRun.create(data, makeOptions(data, { steps: 2 }), { kernels, threads: 1 }));
    const other = { ...data, train: data.train.slice(1) };
    const create = async (d: TrainData, options: TrainOptions) =>
      TrainingRun.create(d, options, { kernels, threads: 1, resume: last });
    await assert.rejects(create(other, makeOptions(data)), { code: 'checkpoint-corpus' });
    const wider = configOf({ ...makeOptions(data).model, layers: 1, hidden: 24 });
    await assert.rejects(create(data, makeOptions(data, { model: wider })), { code: 'checkpoint-shape' });
  });

  it('reports a loss that diverges instead of going on', async () => {
    const wild = { ternary: false, quantizeActivations: false, learningRate: 1e30, clip: 1e30, weightDecay: 0 };
    const run = await TrainingRun.create(data, makeOptions(data, wild), { kernels, threads: 1 });
    await assert.rejects(finish(run), { code: 'train-diverged' });
    await run.close();
  });

  it('bits per byte do not depend on how documents are dealt to lanes', async () => {
    const { last } = await finish(await TrainingRun.create(data, makeOptions(data, { steps: 20 }), { kernels, threads: 1 }));
    const setup = { kernels, threads: 1, eod: EOD };
    const bits = (docs: TrainData['train']) => evaluateModel(last.weights, last.options, docs, setup);
    const together = await bits(data.train);
    const each = await Promise.all(data.train.map((d) => bits([d])));
    const bytes = data.train.map((d) => d.bytes);
    const mean = each.reduce((sum, b, i) => sum + b * bytes[i], 0) / bytes.reduce((a, b) => a + b);
    assert.ok(Math.abs(together - mean) < 1e-5 * mean, `together ${together}, one by one ${mean}`);
  });
});

describe('the plan of a run', () => {
  it('fits the batch to a small corpus and refuses one that is too small', () => {
    const doc = (tokens: number) => [{ tokens: new Uint16Array(tokens), bytes: tokens }];
    assert.deepEqual(fitBatch(doc(1_000_000), 32, 64), { lanes: 32, segment: 64 });
    const { lanes, segment } = fitBatch(doc(1000), 32, 64);
    assert.ok(stepsPerEpoch(doc(1000), lanes, segment) >= 8);
    assert.throws(() => fitBatch(doc(100), 32, 64), { code: 'corpus-small' });
  });

  it('warms the learning rate up and lets it fall along a cosine', () => {
    const options = makeOptions(makeData(), { steps: 1000, learningRate: 1, warmup: 0.1, finalRate: 0.1 });
    const rates = [0, 99, 100, 550, 999].map((step) => learningRateAt(options, step));
    const expected = [0.01, 1, 1, 0.55, 0.1];
    rates.forEach((rate, i) => assert.ok(Math.abs(rate - expected[i]) < 1e-3, `${rates}`));
  });
});
