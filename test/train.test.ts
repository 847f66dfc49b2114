import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSafetensors, writeSafetensors } from '../src/format/index.js';
import { configOf } from '../src/model/index.js';
import { decodeCheckpoint, encodeCheckpoint } from '../src/run/checkpoint-file.js';
import { readWasm } from '../src/node/assets.js';
import { Tokenizer, trainTokenizer } from '../src/tokenizer/index.js';
import {
  encodeDocuments,
  evaluateModel,
  fitBatch,
  learningRateAt,
  OPTIMIZERS,
  singleKernels,
  stepsPerEpoch,
  trainDefaults,
  TrainingRun,
  type Checkpoint,
  type TrainData,
  type TrainOptions,
} from '../src/train/index.js';
import { backends, EOD } from './helpers/kernel-pool.js';

// A little language with something to learn: a letter is followed by its upper case twin.
const documents = Array.from({ length: 60 }, (_, d) =>
  Array.from({ length: 40 }, (_, i) => 'aAbBcCdDeEfFgG'.substr(((d * 7 + i * i * 3) % 7) * 2, 2)).join(''),
);

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
    lanes: 8,
    segment: 16,
    steps: 150,
    evaluateEvery: 50,
    ...over,
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

for (const { name: backend, kernels, skip } of backends)
  describe(`training runs, ${backend}`, { skip }, () => {
    const data = makeData();

    for (const optimizer of OPTIMIZERS) {
      it(`learn by ${optimizer}, and give the same weights for any number of threads`, async () => {
        const results = [];
        for (const threads of [1, 2, 4]) {
          results.push(
            await finish(await TrainingRun.create(data, makeOptions(data, { optimizer }), { kernels, threads })),
          );
        }
        const [one, ...others] = results;
        for (const other of others) {
          assert.deepEqual(other.last.weights, one.last.weights);
          assert.deepEqual(other.last.history, one.last.history);
        }
        const [first, ...later] = one.last.history;
        assert.ok(
          later.at(-1)!.valid < first.valid * 0.9,
          `bits per byte fall: ${one.last.history.map((p) => p.valid.toFixed(3))}`,
        );
      });

      it(`a stopped and resumed run equals the uninterrupted one, by ${optimizer}`, async () => {
        const options = makeOptions(data, { optimizer });
        const whole = await finish(await TrainingRun.create(data, options, { kernels, threads: 2 }));
        const half = await finish(await TrainingRun.create(data, options, { kernels, threads: 2 }), 50);
        assert.equal(half.kinds.at(-1), 'stopped');
        assert.equal(half.last.step, 50);
        const rest = await finish(await TrainingRun.create(data, options, { kernels, threads: 1, resume: half.last }));
        assert.equal(rest.kinds.at(-1), 'end');
        assert.deepEqual(rest.last.weights, whole.last.weights);
        assert.deepEqual(rest.last.moment1, whole.last.moment1);
        assert.deepEqual(rest.last.moment2, whole.last.moment2);
        assert.deepEqual(rest.last.history, whole.last.history);
      });
    }

    it('another seed gives other weights', async () => {
      const [a, b] = await Promise.all(
        [1, 2].map(async (seed) =>
          finish(await TrainingRun.create(data, makeOptions(data, { seed, steps: 3 }), { kernels, threads: 1 })),
        ),
      );
      assert.notDeepEqual(a.last.weights, b.last.weights);
    });

    it('resumes a checkpoint from before there were other kinds of layers than GRU', async () => {
      const options = makeOptions(data, {
        steps: 6,
        evaluateEvery: 3,
        model: configOf({ ...makeOptions(data).model, layers: 2, hidden: 7 }),
      });
      const whole = await finish(await TrainingRun.create(data, options, { kernels, threads: 1 }));
      const half = await finish(await TrainingRun.create(data, options, { kernels, threads: 1 }), 3);
      const { tensors: found, metadata } = readSafetensors(encodeCheckpoint(half.last));
      const tensors = new Map(found);
      const own = JSON.parse(metadata.tinylm) as { options: { model: object; optimizer?: string } };
      const { vocab, dim, tied } = options.model;
      own.options.model = { cell: 'gru', vocab, dim, hidden: 7, layers: 2, tied };
      delete own.options.optimizer;
      const state = tensors.get('state.h')!;
      tensors.set('state.h', { ...state, shape: [2, options.lanes, 7] });
      const old = decodeCheckpoint(writeSafetensors(tensors, { tinylm: JSON.stringify(own) }), 'old');
      const rest = await finish(await TrainingRun.create(data, options, { kernels, threads: 1, resume: old }));
      assert.deepEqual(rest.last.weights, whole.last.weights);
      assert.deepEqual(rest.last.state, whole.last.state);
    });

    it('refuses to resume on another corpus or a model of another shape', async () => {
      const { last } = await finish(
        await TrainingRun.create(data, makeOptions(data, { steps: 2 }), { kernels, threads: 1 }),
      );
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

    it('blocks, n-gram tables and a cache learn, resume and are measured alike on any number of lanes', async () => {
      const { vocab } = makeOptions(data).model;
      const model = configOf({
        vocab,
        dim: 8,
        trits: 2,
        cache: 64,
        ngrams: [{ order: 3, rows: 64, width: 4 }],
        layers: [
          { kind: 'mlgru', width: 12 },
          { kind: 'glu', width: 16 },
          { kind: 'gru', width: 10 },
        ],
      });
      const options = makeOptions(data, { model, steps: 60, evaluateEvery: 20 });
      const whole = await finish(await TrainingRun.create(data, options, { kernels, threads: 2 }));
      const half = await finish(await TrainingRun.create(data, options, { kernels, threads: 1 }), 20);
      assert.equal(half.last.step, 20);
      const rest = await finish(await TrainingRun.create(data, options, { kernels, threads: 4, resume: half.last }));
      assert.deepEqual(rest.last.weights, whole.last.weights);
      assert.deepEqual(rest.last.state, whole.last.state);
      const [first, ...later] = whole.last.history;
      assert.ok(
        later.at(-1)!.valid < first.valid * 0.9,
        `bits per byte fall: ${whole.last.history.map((p) => p.valid.toFixed(3))}`,
      );
      const setup = { kernels, threads: 1, eod: EOD };
      const bits = (docs: TrainData['train']) => evaluateModel(whole.last.weights, options, docs, setup);
      const together = await bits(data.train);
      const each = await Promise.all(data.train.map((d) => bits([d])));
      const bytes = data.train.map((d) => d.bytes);
      const mean = each.reduce((sum, b, i) => sum + b * bytes[i], 0) / bytes.reduce((a, b) => a + b);
      assert.ok(Math.abs(together - mean) < 1e-5 * mean, `together ${together}, one by one ${mean}`);
    });

    it('leaves the numbers of a cache alone that it was given, over a stop, too', async () => {
      const cacheBias = [0.5, 1, 1.5, 0.25, 0.5, 0.75, 0.125, -2, -4];
      const { vocab } = makeOptions(data).model;
      const model = configOf({ vocab, dim: 8, hidden: 10, cache: 64 });
      const after = async (over: Partial<TrainOptions>) => {
        const options = makeOptions(data, { model, steps: 20, evaluateEvery: 10, ...over });
        const { last } = await finish(await TrainingRun.create(data, options, { kernels, threads: 1 }), 10);
        const resume = decodeCheckpoint(encodeCheckpoint(last), 'checkpoint');
        const { last: end } = await finish(await TrainingRun.create(data, options, { kernels, threads: 1, resume }));
        return [...end.weights.get('cache.bias')!];
      };
      assert.deepEqual(await after({ cacheBias }), cacheBias);
      assert.notDeepEqual(await after({}), await after({ steps: 10 }), 'others are learned');
    });

    it('bits per byte do not depend on how documents are dealt to lanes', async () => {
      const { last } = await finish(
        await TrainingRun.create(data, makeOptions(data, { steps: 20 }), { kernels, threads: 1 }),
      );
      const setup = { kernels, threads: 1, eod: EOD };
      const bits = (docs: TrainData['train']) => evaluateModel(last.weights, last.options, docs, setup);
      const together = await bits(data.train);
      const each = await Promise.all(data.train.map((d) => bits([d])));
      const bytes = data.train.map((d) => d.bytes);
      const mean = each.reduce((sum, b, i) => sum + b * bytes[i], 0) / bytes.reduce((a, b) => a + b);
      assert.ok(Math.abs(together - mean) < 1e-5 * mean, `together ${together}, one by one ${mean}`);
    });
  });

describe('one thread without shared memory', () => {
  it('gives the same bits, and is left alone while it stands still', async () => {
    const data = makeData();
    const shape = { dim: 12, hidden: 20, layers: 1, tied: false } as const;
    const vocab = new Tokenizer(data.tokenizer).vocab;
    const kinds = [
      configOf({ vocab, ...shape }),
      configOf({
        ...configOf({ vocab, ...shape }),
        layers: [
          { kind: 'mlgru', width: 16 },
          { kind: 'glu', width: 24 },
        ],
        ngrams: [{ order: 2, rows: 64, width: 4 }],
      }),
    ];
    for (const model of kinds) {
      const options = makeOptions(data, { model, steps: 40, evaluateEvery: 20 });
      const many = await finish(await TrainingRun.create(data, options, { kernels: backends[0].kernels, threads: 2 }));
      const run = await TrainingRun.create(data, options, {
        kernels: singleKernels(readWasm('trainer-single')),
        threads: 4,
      });
      let stood: Checkpoint | undefined;
      run.pause((checkpoint) => {
        stood = checkpoint;
        setTimeout(() => run.resume(), 20);
      });
      const one = await finish(run);
      assert.equal(stood?.step, 0);
      assert.deepEqual(one.last, many.last);
    }
  });

  it('hears while it trains', async () => {
    const data = makeData();
    const run = await TrainingRun.create(data, makeOptions(data, { steps: 1e6, evaluateEvery: 1e6 }), {
      kernels: singleKernels(readWasm('trainer-single')),
      threads: 1,
    });
    // Turns of the event loop that come while steps are made; without them it would train its million steps.
    let turns = 0;
    const timer = setInterval(() => ++turns === 3 && run.stop(), 10);
    const { kinds } = await finish(run);
    clearInterval(timer);
    assert.equal(kinds.at(-1), 'stopped');
    assert.ok(turns >= 3);
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
