/** The kernels against the float64 reference: losses, and gradients of every kind of parameter. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  configOf,
  ngramContext,
  ngramRow,
  parameterSpecs,
  type LayerConfig,
  type ModelConfig,
} from '../src/model/index.js';
import { KernelPool, type Optimizer, type TrainerKernels } from '../src/train/index.js';
import { oracleGradients, oracleLoss } from './helpers/float64.js';
import { backends, EOD, makeBatch, native, wasm, widen, withPool } from './helpers/kernel-pool.js';

const SIZES = {
  small: { vocab: 19, dim: 5, hidden: 7, layers: 2, tied: false },
  tied: { vocab: 11, dim: 9, hidden: 9, layers: 1, tied: true },
  tiny: { vocab: 5, dim: 2, hidden: 3, layers: 1, tied: false },
};
const small = configOf(SIZES.small);
const tied = configOf(SIZES.tied);

const meanMagnitude = (row: ArrayLike<number>): number =>
  Array.from(row).reduce((sum, w) => sum + Math.abs(w), 0) / row.length;
const clamp = (x: number, most: number): number => Math.max(-most, Math.min(most, x));

/** Muon's Newton–Schulz iteration in float64, turned the other way than in the kernels; its root mean square is about 1. */
function orthogonal(matrix: Float32Array, cols: number): number[] {
  const rows = matrix.length / cols;
  const norm = Math.hypot(...matrix);
  const product = (a: number[], b: (k: number, j: number) => number, inner: number, width: number): number[] =>
    Array.from({ length: (a.length / inner) * width }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[Math.floor(at / width) * inner + k] * b(k, at % width);
      return sum;
    });
  let x = Array.from(matrix, (value) => value / norm);
  for (let step = 0; step < 3; step++) {
    const now = x;
    const gram = product(now, (k, j) => now[j * cols + k], cols, rows);
    const squared = product(gram, (k, j) => gram[k * rows + j], rows, rows);
    const factor = gram.map((g, i) => -4.775 * g + 2.0315 * squared[i] + (i % (rows + 1) === 0 ? 3.4445 : 0));
    x = product(factor, (k, j) => now[k * cols + j], rows, cols);
  }
  return x.map((value) => value * Math.sqrt(Math.max(rows, cols)));
}

async function checkGradients(
  kernels: TrainerKernels,
  model: ModelConfig,
  ternary: boolean,
  lanes: number,
  segment: number,
  tolerance = 2e-5,
): Promise<void> {
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
        assert.ok(
          Math.abs(value - wanted[i]) < tolerance * scale + tolerance / 100,
          `${tensor}[${i}]: found ${value}, expected ${wanted[i]}`,
        ),
      );
    }
  });
}

for (const { name: backend, kernels, skip } of backends)
  describe(`gradients by differences in float64, ${backend}`, { skip }, () => {
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
      for (const ternary of segment > 64 ? [true] : [false, true]) {
        // the long ones take the oracle some time
        it(`${name}, ${ternary ? 'ternary' : 'float'}`, async () => {
          await checkGradients(kernels, model, ternary, lanes, segment);
        });
      }
    }

    const stacks: readonly (readonly [string, readonly LayerConfig[], object, number, number])[] = [
      [
        'a recurrence and a feed-forward block',
        [
          { kind: 'mlgru', width: 7 },
          { kind: 'glu', width: 9 },
        ],
        {},
        8,
        6,
      ],
      [
        'a GRU on a stream',
        [
          { kind: 'mlgru', width: 5 },
          { kind: 'gru', width: 7 },
        ],
        {},
        5,
        6,
      ],
      [
        'a block on a GRU, a GRU on it',
        [
          { kind: 'gru', width: 6 },
          { kind: 'glu', width: 5 },
          { kind: 'gru', width: 3 },
        ],
        {},
        4,
        5,
      ],
      [
        'blocks under a tied head',
        [
          { kind: 'glu', width: 6 },
          { kind: 'mlgru', width: 4 },
        ],
        { tied: true },
        4,
        6,
      ],
      [
        'n-gram tables under a GRU',
        [{ kind: 'gru', width: 7 }],
        {
          ngrams: [
            { order: 2, rows: 16, width: 3 },
            { order: 4, rows: 32, width: 6 },
          ],
        },
        5,
        7,
      ],
      [
        'an n-gram table under a block',
        [{ kind: 'glu', width: 6 }],
        { dim: 9, ngrams: [{ order: 3, rows: 16, width: 2 }] },
        4,
        6,
      ],
      ['a cache of recent text over a GRU', [{ kind: 'gru', width: 5 }], { vocab: 4, cache: 16 }, 4, 40],
      ['a cache of recent text over a block', [{ kind: 'glu', width: 6 }], { vocab: 6, cache: 16, tied: true }, 5, 12],
      ['a recurrence over two blocks of steps', [{ kind: 'mlgru', width: 3 }], { vocab: 5, dim: 2 }, 2, 70],
    ];
    for (const [name, layers, over, lanes, segment] of stacks) {
      for (const trits of segment > 64 ? ([1] as const) : ([0, 1, 2, 3] as const)) {
        it(`${name}, ${trits === 0 ? 'float' : `${trits} trits`}`, async () => {
          const model = configOf({ vocab: 13, dim: 5, layers, ...over, trits: trits || 1 });
          await checkGradients(kernels, model, trits > 0, lanes, segment, 4e-5);
        });
      }
    }

    it('refuses a token outside the vocabulary and a configuration that cannot be, and goes on after it', async () => {
      const batch = makeBatch(small, 4, 6);
      await withPool(kernels, { model: small }, 2, batch, async (pool) => {
        pool.inputs[7] = small.vocab;
        await assert.rejects(pool.run(0, 1), { code: 'train-data' });
        await assert.rejects(pool.evaluate(1), { code: 'train-data' });
        pool.inputs[7] = 1;
        assert.equal(await pool.run(0, 1), 1);
        const create = (over: object): Promise<KernelPool> =>
          KernelPool.create(kernels, { ...pool.config, ...over }, 1);
        await assert.rejects(create({ lanes: 0 }), { code: 'train-config', message: /lanes = 0/ });
        await assert.rejects(create({ lanes: 5, shards: 2 }), { code: 'train-config', message: /shards = 2/ });
        await assert.rejects(create({ segment: 0 }), { code: 'train-config', message: /segment = 0/ });
        await assert.rejects(create({ model: { ...small, layers: [{ kind: 'lstm', width: 4 }] } }), {
          message: /kind of layer 0 = -1/,
        });
      });
    });

    it('a step changes the rows of an n-gram table that it touched, and no others', async () => {
      const model = configOf({ vocab: 11, dim: 4, hidden: 6, ngrams: [{ order: 2, rows: 1024, width: 3 }] });
      const batch = makeBatch(model, 4, 6);
      await withPool(kernels, { model }, 2, batch, async (pool) => {
        pool.schedule.set([1e-2, 0.1, 0.01]);
        const rows = (array: 'weight' | 'moment1' | 'gradient') => pool.read(array).get('ngram.weight_0')!;
        const before = rows('weight');
        await pool.run(0, 1);
        const [after, moment, gradient] = [rows('weight'), rows('moment1'), rows('gradient')];
        const touched = new Set<number>();
        batch.inputs.forEach((tokens) => {
          let context: number[] | undefined;
          for (const token of tokens) {
            context = ngramContext(context, token, EOD, token === EOD);
            touched.add(ngramRow(context, 2, 1024));
          }
        });
        let changed = 0;
        for (let i = 0; i < 1024 * 3; i++) {
          const other = after[i] !== before[i] && moment[i] !== 0 && gradient[i] !== 0;
          const same = after[i] === before[i] && moment[i] === 0 && gradient[i] === 0;
          assert.ok(
            touched.has(Math.floor(i / 3)) ? true : same,
            `row ${Math.floor(i / 3)}, which no step looked up, changed`,
          );
          if (other && i % 3 === 0) changed++;
        }
        // a lane's last tokens may have no gradient, where their targets do not count
        assert.ok(touched.size > 10 && changed >= touched.size - 4, `${changed} of ${touched.size} rows changed`);
      });
    });

    it("Muon's step of ternary matrices is their gates' momentum made orthogonal; all else moves as with Adam", async () => {
      // wider than high, square, higher than wide; more than one block of rows
      for (const model of [
        configOf({ vocab: 50, dim: 70, hidden: 40, trits: 2 }),
        configOf({
          vocab: 9,
          dim: 6,
          layers: [
            { kind: 'mlgru', width: 5 },
            { kind: 'glu', width: 45 },
          ],
        }),
      ]) {
        const batch = makeBatch(model, 4, 8);
        const step = (optimizer: Optimizer) =>
          withPool(kernels, { model, optimizer }, 2, batch, async (pool) => {
            const before = pool.read('weight');
            pool.schedule.set([0.02, 0.1, 0.01]);
            assert.equal(await pool.run(0, 1), 1);
            const arrays = ['weight', 'gradient', 'moment1', 'moment2', 'scaleMoment1'] as const;
            const [after, gradient, moment1, moment2, scales] = arrays.map((array) => pool.read(array));
            return { before, after, gradient, moment1, moment2, scales };
          });
        const [adam, muon] = [await step('adam'), await step('muon')];
        assert.deepEqual(muon.gradient, adam.gradient);
        assert.deepEqual(muon.scales, adam.scales);
        let matrices = 0;
        for (const { name, cols, rule } of parameterSpecs(model)) {
          const [before, after] = [muon.before.get(name)!, muon.after.get(name)!];
          if (rule.role !== 'product') {
            assert.deepEqual(after, adam.after.get(name), name);
            continue;
          }
          assert.ok(muon.moment2.get(name)!.every((value) => value === 0));
          const size = before.length / rule.rows[0];
          for (let at = 0; at < before.length; at += size) {
            matrices++;
            const direction = orthogonal(muon.gradient.get(name)!.subarray(at, at + size), cols);
            for (let row = at; row < at + size; row += cols) {
              const mean = meanMagnitude(before.subarray(row, row + cols));
              const wanted = Array.from(before.subarray(row, row + cols), (w, i) =>
                clamp(w - 0.02 * 10 * mean * 0.2 * direction[row - at + i], 3 * mean),
              );
              // the row's own size is its scale's
              const found = after.subarray(row, row + cols);
              const [unit, wantedUnit] = [meanMagnitude(found), meanMagnitude(wanted)];
              found.forEach((w, i) =>
                assert.ok(
                  Math.abs(w / unit - wanted[i] / wantedUnit) < 3e-4,
                  `${name}[${row + i}]: found ${w / unit}, expected ${wanted[i] / wantedUnit}`,
                ),
              );
            }
          }
        }
        assert.equal(matrices, model.layers[0].kind === 'gru' ? 7 : 4 + 3 + 1);
      }
    });

    it('weights of two and three trits', async () => {
      for (const trits of [2, 3] as const) {
        await checkGradients(kernels, configOf({ ...SIZES.small, trits }), true, 8, 6);
        await checkGradients(kernels, configOf({ ...SIZES.tied, trits }), true, 4, 9);
      }
    });

    it('the quantized forward pass of every kind, of one to three trits', async () => {
      for (const [, layers, over] of stacks) {
        for (const trits of [1, 2, 3] as const) {
          const model = configOf({ vocab: 13, dim: 5, layers, ...over, trits });
          const batch = makeBatch(model, 8, 12);
          await withPool(
            kernels,
            { model, ternary: true, quantizeActivations: true, embedFrac: 4 },
            1,
            batch,
            async (pool) => {
              await pool.run(0, 1, false);
              const counted = batch.targets.flat().filter((t) => t >= 0).length / (8 * 12);
              const expected = oracleLoss(model, widen(pool.read('effective')), {
                ...batch,
                quantize: { embedFrac: 4 },
              });
              // a number that lies between two of 8 bits may be rounded to the other by a float's last bit
              assert.ok(
                Math.abs(pool.stats[0] * counted - expected) < 2e-4,
                `found ${pool.stats[0] * counted}, expected ${expected}`,
              );
            },
          );
        }
      }
    });

    it('the quantized forward pass is SPEC.md 5', async () => {
      const batch = makeBatch(small, 8, 12);
      await withPool(
        kernels,
        { model: small, ternary: true, quantizeActivations: true, embedFrac: 4 },
        1,
        batch,
        async (pool) => {
          await pool.run(0, 1, false);
          const counted = batch.targets.flat().filter((t) => t >= 0).length / (8 * 12);
          const expected = oracleLoss(small, widen(pool.read('effective')), { ...batch, quantize: { embedFrac: 4 } });
          const unquantized = oracleLoss(small, widen(pool.read('effective')), batch);
          assert.ok(
            Math.abs(pool.stats[0] * counted - expected) < 1e-5,
            `found ${pool.stats[0] * counted}, expected ${expected}`,
          );
          assert.ok(Math.abs(unquantized - expected) > 1e-4, 'the quantization is visible');
        },
      );
    });
  });

describe('both builds compute the same', { skip: native.skip }, () => {
  // larger than the oracle has time for: several chunks of tables and panels of weights, strips of 512 columns, lanes left over
  for (const [name, model, lanes, segment] of [
    ['two layers, without the table', configOf({ vocab: 151, dim: 40, hidden: 72, layers: 2, tied: false }), 5, 12],
    [
      'one wide layer, tied, with the table',
      configOf({ vocab: 70, dim: 530, hidden: 530, layers: 1, tied: true }),
      24,
      6,
    ],
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
