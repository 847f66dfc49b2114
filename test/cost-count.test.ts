/** Predicted instructions against exact counts under QEMU, at sizes that the fit has not seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countTotal, nonNegativeFit } from '../scripts/fit-cost.js';
import { tokenCost, type Packing } from '../src/cost/index.js';
import { configOf, type ModelShorthand } from '../src/model/index.js';
import { toolsFor } from './firmware-support.js';
import { toolsOf } from '../scripts/debian.js';

/** Largest relative error of a token's instructions. */
const TOLERANCE = 0.03;
const CASES: readonly (readonly [Packing, ModelShorthand])[] = [
  ['b3', { vocab: 256, dim: 40, hidden: 80 }],
  ['t2', { vocab: 320, dim: 72, hidden: 200, layers: 2 }],
  ['b3', { vocab: 640, dim: 88, hidden: 180, trits: 2 }],
  ['b3', { vocab: 4096, dim: 32, hidden: 64 }],
  ['b3', { vocab: 1500, dim: 40, hidden: 60, trits: { embed: 3, ih: 3, hh: 1, head: 2 } }],
  [
    'b3',
    {
      vocab: 256,
      dim: 80,
      layers: [
        { kind: 'mlgru', width: 100 },
        { kind: 'glu', width: 150 },
        { kind: 'gru', width: 60 },
      ],
    },
  ],
  [
    't2',
    {
      vocab: 384,
      dim: 72,
      layers: [
        { kind: 'mlgru', width: 80 },
        { kind: 'glu', width: 128 },
      ],
      trits: 2,
    },
  ],
  [
    'b3',
    {
      vocab: 256,
      dim: 36,
      hidden: 72,
      ngrams: [
        { order: 2, rows: 8192, width: 12 },
        { order: 3, rows: 8192, width: 12 },
      ],
    },
  ],
  ['b3', { vocab: 320, dim: 36, hidden: 56, cache: 512 }],
];
const MACHINES = {
  rv32imc: toolsOf('riscv64-unknown-elf-gcc', 'qemu-system-riscv32'),
  lx106: toolsOf('xtensa-lx106-elf-gcc', 'qemu-system-xtensa'),
} as const;

for (const isa of ['rv32imc', 'lx106'] as const) {
  test(`${isa}: predicted instructions within ${100 * TOLERANCE} % of those counted`, (t) => {
    if (!toolsFor(t, MACHINES[isa])) return;
    for (const [packing, model] of CASES) {
      const config = configOf(model);
      const counted = countTotal(isa, config, packing);
      const error = tokenCost(config, packing, isa).instructions / counted - 1;
      const off = (100 * error).toFixed(2);
      const shown = `${isa} ${packing} ${JSON.stringify(model)}: ${counted} counted, predicted ${off} % off`;
      t.diagnostic(shown);
      assert.ok(
        Math.abs(error) <= TOLERANCE,
        `${shown}; after a change of the engine run node dist/scripts/fit-cost.js`,
      );
    }
  });
}

test('the fit finds coefficients that made the data, and keeps others at zero', () => {
  const a = [
    [1, 2, 0],
    [3, 1, 1],
    [2, 5, 4],
    [7, 1, 3],
    [1, 1, 9],
  ];
  const made = a.map(([x, y]) => 4 * x + 0.5 * y);
  const found = nonNegativeFit(
    a,
    made,
    made.map((v) => 1 / v),
  );
  [4, 0.5, 0].forEach((v, i) => assert.ok(Math.abs(found[i] - v) < 1e-6, `${found}`));
  // Best without bounds would be −1.
  assert.deepEqual(nonNegativeFit([[1], [2]], [-1, -2], [1, 1]), [0]);
});
