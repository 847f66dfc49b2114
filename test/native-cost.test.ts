/**
 * The engine as RISC-V and Xtensa machine code under QEMU: the same tokens as on this machine, and instructions a weight, which
 * are exact and the same on every run (engine/bench/README.md).
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { compile, inTemporaryFolder } from '../scripts/test-native.js';
import { packageRoot } from '../src/node/assets.js';
import { available, variant } from './native-support.js';
import { packagesOf } from '../scripts/debian.js';

const engine = join(packageRoot(), 'engine');

/** Most instructions a weight, whole token included. */
const CASES = [
  { shape: ['-DTYPE=1'], most: 2.3 },
  { shape: ['-DTYPE=2'], most: 2.2 },
  { shape: ['-DTYPE=1', '-DDIM=384', '-DTOKENS=4'], most: 1.5 },
  { shape: ['-DTYPE=2', '-DDIM=384', '-DTOKENS=2'], most: 1.3 },
] as const;

const MACHINES = {
  riscv: ['riscv64-unknown-elf-gcc', 'qemu-system-riscv32'],
  xtensa: ['xtensa-lx106-elf-gcc', 'qemu-system-xtensa'],
} as const;

function have(t: TestContext, machine: keyof typeof MACHINES): boolean {
  const tools = MACHINES[machine];
  const absent = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (absent.length === 0) return true;
  const message = `SKIPPED: ${absent.join(' and ')} not installed (Debian: apt-get install ${packagesOf(...tools)})`;
  if (process.env['CI'] === 'true') throw new Error(message);
  t.skip(message);
  process.stderr.write(`${t.name}: ${message}\n`);
  return false;
}

const field = (output: string, name: string): number => {
  const found = new RegExp(`\\b${name}=(\\d+)`).exec(output);
  assert.ok(found, `${name} in "${output}"`);
  return Number(found[1]);
};

const said = new Map<string, string>();

/** The program's output on this machine; the same for every target. */
function onHost(shape: readonly string[]): string {
  const known = said.get(shape.join(' '));
  if (known !== undefined) return known;
  const output = inTemporaryFolder((folder) => {
    const program = join(folder, 'count');
    const gcc = variant('gcc');
    compile(
      { ...gcc, flags: [...gcc.flags, ...shape] },
      [join(engine, 'bench/count.c'), join(engine, 'bench/host.c'), join(engine, 'test/make_blob.c')],
      program,
    );
    return execFileSync(program, { encoding: 'utf8' });
  });
  said.set(shape.join(' '), output);
  return output;
}

for (const machine of ['riscv', 'xtensa'] as const) {
  test(`${machine}: tokens equal this machine's, and instructions a weight stay within their limits`, (t) => {
    if (!available(t, variant('gcc')) || !have(t, machine)) return;
    for (const { shape, most } of CASES) {
      const output = execFileSync(join(engine, 'bench/count.sh'), [machine, ...shape], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.equal(field(output, 'checksum'), field(onHost(shape), 'checksum'), `${machine} ${shape.join(' ')}`);
      const perWeight = field(output, 'token') / field(output, 'weights');
      t.diagnostic(
        `${machine} ${shape.join(' ')}: ${perWeight.toFixed(3)} instructions a weight, ${field(output, 'memory')} bytes`,
      );
      assert.ok(
        perWeight > 0.8 && perWeight <= most,
        `${machine} ${shape.join(' ')}: ${perWeight}, expected at most ${most}`,
      );
    }
  });
}

for (const machine of ['riscv', 'xtensa'] as const) {
  test(`${machine}: the sums of plain kernels equal the engine's, which takes fewer instructions than any`, (t) => {
    if (!have(t, machine)) return;
    for (const type of [1, 2]) {
      const output = execFileSync(join(engine, 'bench/count.sh'), [machine, `-DTYPE=${type}`], {
        encoding: 'utf8',
        timeout: 60_000,
        env: { ...process.env, PROGRAM: 'compare' },
      });
      assert.equal(field(output, 'differing'), 0);
      const table = field(output, 'table');
      for (const other of ['reference', 'int8', 'branch', 'float'])
        assert.ok(
          field(output, other) > 3 * table,
          `${machine} type ${type}: ${other} ${field(output, other)}, table ${table}`,
        );
    }
  });
}
