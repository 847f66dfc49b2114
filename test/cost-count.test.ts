/** Predicted instructions against exact counts under QEMU, at sizes that the fit has not seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countTotal, countedConfig, nonNegativeFit } from '../scripts/fit-cost.js';
import { tokenCost, type Packing } from '../src/cost/index.js';
import { toolsFor } from './firmware-support.js';

/** Largest relative error of a token's instructions. */
const TOLERANCE = 0.03;
const CASES: readonly (readonly [Packing, readonly [number, number, number, number]])[] = [
  ['b3', [256, 40, 80, 1]],
  ['t2', [320, 72, 200, 2]],
];
const MACHINES = {
  rv32imc: {
    'riscv64-unknown-elf-gcc': 'gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf',
    'qemu-system-riscv32': 'qemu-system-misc',
  },
  lx106: { 'xtensa-lx106-elf-gcc': 'gcc-xtensa-lx106', 'qemu-system-xtensa': 'qemu-system-misc' },
} as const;

for (const isa of ['rv32imc', 'lx106'] as const) {
  test(`${isa}: predicted instructions within ${100 * TOLERANCE} % of those counted`, (t) => {
    if (!toolsFor(t, MACHINES[isa])) return;
    for (const [packing, size] of CASES) {
      const config = countedConfig(size);
      const counted = countTotal(isa, config, packing);
      const error = tokenCost(config, packing, isa).instructions / counted - 1;
      const off = (100 * error).toFixed(2);
      const shown = `${isa} ${packing} ${size.join(' × ')}: ${counted} counted, predicted ${off} % off`;
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
