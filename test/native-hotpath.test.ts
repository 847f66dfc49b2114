/**
 * What runs in a token has no division, no 64-bit product and no float: by the machine code of the engine, for RISC-V
 * (rv32imc) and Xtensa (lx106, which has no division, so that any is a call).
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inTemporaryFolder } from '../scripts/test-native.js';
import { packageRoot } from '../src/node/assets.js';
import { packagesOf } from '../scripts/debian.js';

const engine = join(packageRoot(), 'engine');
/** All that a token runs through, from text to text: every file but those that open a model. */
const FILES = readdirSync(join(engine, 'src'))
  .filter((f) => f.endsWith('.c') && !f.startsWith('tlm_open'))
  .map((f) => f.slice(0, -2));

const MACHINES = {
  riscv: {
    tools: 'riscv64-unknown-elf-',
    flags: ['-march=rv32imc', '-mabi=ilp32'],
  },
  xtensa: { tools: 'xtensa-lx106-elf-', flags: ['-mlongcalls'] },
} as const;
type Machine = keyof typeof MACHINES;

/** Divisions, high words of products, float instructions; xtensa: quo*, rem*, mul*h, *.s. */
const FORBIDDEN = /^(div|rem|quo|mulh|mul[us]*h|fl[wd]$|fs[wd]$|f[a-z]+\.|[a-z]+\.[sd]$)/;

/** Functions that set something up, once, and may divide. */
const SETUP = new Set([
  'plan',
  'tlm_memory_bytes',
  'tlm_init',
  'place_inputs',
  'tlm_set_parallel', // the memory plan, shares of workers
  'tlm_sampler_set',
  'tlm_sampler_init', // SPEC.md 4: two, when options are set
]);

interface Found {
  readonly functions: Set<string>;
  /** "function: instruction or called helper" */
  readonly forbidden: { function: string; what: string }[];
}

/**
 * Compiles a C file to an object and reads its machine code, with the relocations: calls to the compiler's helpers
 * begin with "__".
 */
function scan(machine: Machine, source: string, optimize: string): Found {
  const { tools, flags } = MACHINES[machine];
  return inTemporaryFolder((folder) => {
    const object = join(folder, 'x.o');
    execFileSync(`${tools}gcc`, [
      '-std=c99',
      optimize,
      '-ffreestanding',
      ...flags,
      `-I${join(engine, 'include')}`,
      '-c',
      source,
      '-o',
      object,
    ]);
    const functions = new Set<string>();
    const forbidden: Found['forbidden'] = [];
    let name = '';
    const listing = execFileSync(`${tools}objdump`, ['-dr', '--no-show-raw-insn', object], { encoding: 'utf8' });
    for (const line of listing.split('\n')) {
      const label = /^[0-9a-f]+ <([A-Za-z]\w*)(?:\.\w+)*>:/.exec(line);
      const relocation = /R_(?:RISCV|XTENSA)_(\w+)\s+(\S+)/.exec(line);
      const instruction = /^\s+[0-9a-f]+:\s+([a-z][\w.]*)/.exec(line);
      if (label) functions.add((name = label[1]));
      else if (relocation) {
        const called = /CALL|ASM_EXPAND|SLOT/.test(relocation[1]) && relocation[2].startsWith('__');
        if (called) forbidden.push({ function: name, what: relocation[2] });
      } else if (instruction && FORBIDDEN.test(instruction[1].replace(/\.n$/, ''))) {
        forbidden.push({ function: name, what: instruction[1] });
      }
    }
    return { functions, forbidden };
  });
}

function have(t: TestContext, machine: Machine): boolean {
  const gcc = `${MACHINES[machine].tools}gcc` as const;
  if (spawnSync(gcc, ['--version']).error === undefined) return true;
  const message = `SKIPPED: ${gcc} not installed (Debian: apt-get install ${packagesOf(gcc)})`;
  if (process.env['CI'] === 'true') throw new Error(message);
  t.skip(message);
  process.stderr.write(`${t.name}: ${message}\n`);
  return false;
}

for (const machine of ['riscv', 'xtensa'] as const) {
  test(`${machine}: a token takes no division, no 64-bit product, no float`, (t) => {
    if (!have(t, machine)) return;
    for (const optimize of ['-O2', '-O3']) {
      const found = FILES.map((file) => scan(machine, join(engine, 'src', `${file}.c`), optimize));
      const functions = new Set(found.flatMap((f) => [...f.functions]));
      for (const name of [
        'tlm_step',
        'tlm_logits',
        'tlm_sample',
        'tlm_layer_gru',
        'tlm_linear',
        'run_rows',
        't2_32',
        'b3_32',
        'build_t2',
        'build_b3',
        'reference_rows_b3',
        'tlm_unpack_row',
        'tlm_stream_poll',
      ]) {
        assert.ok(functions.has(name), `${machine} ${optimize}: function ${name}`);
      }
      const all = found.flatMap((f) => f.forbidden);
      assert.deepEqual(
        all.filter((f) => !SETUP.has(f.function)),
        [],
        `${machine} ${optimize}`,
      );
      // Those of the set-up are there, so the scan sees them.
      assert.ok(
        all.some((f) => f.function === 'tlm_sampler_set'),
        'the two divisions of SPEC.md 4',
      );
    }
  });

  test(`${machine}: the scan sees each forbidden operation`, (t) => {
    if (!have(t, machine)) return;
    const operations = {
      divide: 'int divide(int a, int b) { return a / b; }',
      remainder: 'unsigned remainder(unsigned a, unsigned b) { return a % b; }',
      high: 'unsigned high(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }',
      wide: 'long long wide(long long a, long long b) { return a * b; }',
      single: 'float single(float a, float b) { return a + b * 2.0f; }',
      twice: 'double twice(double a) { return a + a; }',
      cast: 'float cast(int a) { return (float)a; }',
    };
    inTemporaryFolder((folder) => {
      const source = join(folder, 'probe.c');
      writeFileSync(source, `${Object.values(operations).join('\n')}\n`);
      const seen = new Set(scan(machine, source, '-O2').forbidden.map((f) => f.function));
      assert.deepEqual([...seen].sort(), Object.keys(operations).sort());
    });
  });
}

test("the engine's sources name no 64-bit and no floating type", () => {
  const files = readdirSync(join(engine, 'src')).filter((f) => /\.[ch]$/.test(f));
  assert.ok(files.length >= 8);
  for (const file of files) {
    const text = readFileSync(join(engine, 'src', file), 'utf8');
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/"(?:[^"\\]|\\.)*"/g, '');
    assert.doesNotMatch(code, /\b(u?int64_t|long|float|double)\b/, file);
  }
});
