/**
 * Fits src/cost/instructions.ts: instructions a token as a few coefficients times amounts of work. Run again after a
 * change of the engine (some minutes):
 *
 *   npm run build && node dist/scripts/fit-cost.js [engine folder]
 *
 * Data: engine/bench/count.c over a grid of sizes, both packings; lx106 under QEMU by engine/bench/count.sh, rv32imc on
 * the virtual hart, whose counts are QEMU's (checked here at some sizes) and come by class. Debian:
 * gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf gcc-xtensa-lx106 qemu-system-misc
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shape } from '../src/run/shape.js';
import { INSTRUCTION_CLASSES, type Isa } from '../src/cost/chips.js';
import { WORK, tokenWork, type Packing } from '../src/cost/work.js';
import { VirtMachine } from '../src/device/chip/virt.js';
import { configOf, TRIT_GROUPS, type ModelConfig, type ModelShorthand } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import { inTemporaryFolder } from './test-native.js';

const root = packageRoot();
/** Another engine folder may be given, e.g. one of another commit. */
const engine = resolve(isMain() ? (process.argv[2] ?? join(root, 'engine')) : join(root, 'engine'));

/** Models that are counted: sizes, digits, kinds of layers and tables, each varied apart from the others. */
const GRID: readonly ModelShorthand[] = [
  { vocab: 256, dim: 32, hidden: 64 },
  { vocab: 256, dim: 64, tied: true },
  { vocab: 256, dim: 48, hidden: 96 },
  { vocab: 256, dim: 64, hidden: 128 },
  { vocab: 128, dim: 32, hidden: 64 },
  { vocab: 512, dim: 64, hidden: 160 },
  { vocab: 256, dim: 128, tied: true },
  { vocab: 256, dim: 128, hidden: 256 },
  { vocab: 1024, dim: 64, hidden: 128 },
  { vocab: 4096, dim: 24, hidden: 40 },
  { vocab: 2048, dim: 32, hidden: 72 },
  { vocab: 256, dim: 384, tied: true },
  { vocab: 512, dim: 256, hidden: 320 },
  { vocab: 256, dim: 64, layers: 2, tied: true },
  { vocab: 256, dim: 32, hidden: 48, layers: 3 },
  // Layers whose tables do not fit side by side: hidden states are made 8-bit more than once a token.
  { vocab: 256, dim: 280, layers: 2, tied: true },
  { vocab: 256, dim: 64, hidden: 180, layers: 3 },
  { vocab: 64, dim: 24, hidden: 40 },
  // Two and three digits.
  { vocab: 256, dim: 24, hidden: 54, trits: 2 },
  { vocab: 512, dim: 80, hidden: 160, trits: 2 },
  { vocab: 768, dim: 112, hidden: 272, trits: 2 },
  { vocab: 256, dim: 48, hidden: 100, trits: { embed: 2, ih: 2, hh: 1, head: 2 } },
  { vocab: 256, dim: 40, hidden: 88, trits: 3 },
  { vocab: 256, dim: 400, hidden: 200, trits: 2 },
  // Blocks.
  { vocab: 256, dim: 64, layers: [{ kind: 'mlgru', width: 64 }] },
  { vocab: 256, dim: 64, layers: [{ kind: 'mlgru', width: 160 }] },
  { vocab: 256, dim: 64, layers: [{ kind: 'glu', width: 64 }] },
  { vocab: 256, dim: 64, layers: [{ kind: 'glu', width: 192 }] },
  {
    vocab: 512,
    dim: 96,
    layers: [
      { kind: 'mlgru', width: 96 },
      { kind: 'glu', width: 192 },
      { kind: 'mlgru', width: 96 },
      { kind: 'glu', width: 192 },
    ],
  },
  {
    vocab: 256,
    dim: 160,
    trits: 2,
    layers: [
      { kind: 'mlgru', width: 160 },
      { kind: 'glu', width: 256 },
    ],
  },
  {
    vocab: 256,
    dim: 48,
    layers: [
      { kind: 'mlgru', width: 64 },
      { kind: 'glu', width: 96 },
      { kind: 'gru', width: 72 },
    ],
  },
  {
    vocab: 256,
    dim: 128,
    layers: [
      { kind: 'glu', width: 100 },
      { kind: 'gru', width: 48 },
      { kind: 'glu', width: 120 },
    ],
  },
  // N-gram tables.
  { vocab: 256, dim: 32, hidden: 64, ngrams: [{ order: 2, rows: 4096, width: 8 }] },
  {
    vocab: 256,
    dim: 32,
    hidden: 64,
    ngrams: [
      { order: 2, rows: 4096, width: 16 },
      { order: 3, rows: 8192, width: 16 },
    ],
  },
  {
    vocab: 512,
    dim: 48,
    hidden: 96,
    trits: 2,
    ngrams: [
      { order: 2, rows: 4096, width: 8 },
      { order: 3, rows: 4096, width: 8 },
      { order: 4, rows: 4096, width: 24 },
    ],
  },
  {
    vocab: 256,
    dim: 40,
    ngrams: [{ order: 3, rows: 16384, width: 24 }],
    layers: [
      { kind: 'mlgru', width: 64 },
      { kind: 'glu', width: 64 },
    ],
  },
  // Caches.
  { vocab: 256, dim: 32, hidden: 64, cache: 256 },
  { vocab: 128, dim: 24, hidden: 40, cache: 1024 },
  { vocab: 2048, dim: 32, hidden: 72, cache: 64 },
];
/** Counts are of the tokens between these two, so that the first one, which finds no tables, does not matter. */
const TOKENS = [4, 20] as const;

/** A model for count.c, whose weights are random. */
const macros = (c: ModelConfig, packing: Packing, tokens: number): string[] => [
  `-DVOCAB=${c.vocab}`,
  `-DDIM=${c.dim}`,
  `-DTIED=${Number(c.tied)}`,
  `-DSTACK="${c.layers.map(({ kind, width }) => `${kind}:${width}`).join(',')}"`,
  `-DNGRAMS="${c.ngrams.map(({ order, rows, width }) => `${order}:${Math.log2(rows)}:${width}`).join(',')}"`,
  `-DCACHE_LOG=${c.cache === 0 ? 0 : Math.log2(c.cache)}`,
  `-DTRITS="${TRIT_GROUPS.map((group) => c.trits[group]).join('')}"`,
  `-DTYPE=${packing === 't2' ? 1 : 2}`,
  `-DTOKENS=${tokens}`,
];

function field(output: string, name: string): number {
  const found = new RegExp(`\\b${name}=(\\d+)`).exec(output);
  if (!found) throw new Error(`no ${name} in "${output}"`);
  return Number(found[1]);
}

/** What count.sh prints. */
function countSh(isa: Isa, args: readonly string[]): string {
  return execFileSync(join(engine, 'bench/count.sh'), [isa === 'lx106' ? 'xtensa' : 'riscv', ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  });
}

/** Instructions a token, by QEMU. */
export function countTotal(isa: Isa, config: ModelConfig, packing: Packing): number {
  const [few, many] = TOKENS.map((n) => field(countSh(isa, macros(config, packing, n)), 'token') * n);
  return (many - few) / (TOKENS[1] - TOKENS[0]);
}

/** The same program on the virtual hart: what it prints, and its instructions by class in all. */
function runHart(args: readonly string[]): { output: string; classes: Record<string, number> } {
  return inTemporaryFolder((folder) => {
    const elf = join(folder, 'count.elf');
    const sources = readdirSync(join(engine, 'src'))
      .filter((f) => f.endsWith('.c'))
      .sort()
      .map((f) => join(engine, 'src', f));
    execFileSync('riscv64-unknown-elf-gcc', [
      '-std=c99',
      '-O3',
      '-ffreestanding',
      '-fno-tree-loop-distribute-patterns',
      '-nostdlib',
      '-nostartfiles',
      `-I${join(engine, 'include')}`,
      '-march=rv32imc_zicsr',
      '-mabi=ilp32',
      '-Wl,--no-warn-rwx-segments',
      '-T',
      join(engine, 'bench/riscv.ld'),
      ...args,
      join(engine, 'bench/riscv.c'),
      join(engine, 'bench/count.c'),
      join(engine, 'test/make_blob.c'),
      ...sources,
      '-lgcc',
      '-o',
      elf,
    ]);
    const machine = new VirtMachine();
    machine.loadElf(readFileSync(elf));
    if (machine.runToExit(4e9) !== 0) throw new Error('count.c failed on the virtual hart');
    return { output: Buffer.from(machine.takeOutput()).toString(), classes: machine.hart.counts() };
  });
}

/** Instructions a token by class, in the order of INSTRUCTION_CLASSES. */
function countClasses(config: ModelConfig, packing: Packing, checked: boolean): number[] {
  const [few, many] = TOKENS.map((n) => runHart(macros(config, packing, n)));
  if (checked && many.output !== countSh('rv32imc', macros(config, packing, TOKENS[1])))
    throw new Error(`the virtual hart printed ${many.output} for ${JSON.stringify(config)}, which QEMU does not`);
  return INSTRUCTION_CLASSES.map((name) => (many.classes[name] - few.classes[name]) / (TOKENS[1] - TOKENS[0]));
}

/** Least squares with coefficients ≥ 0: minimises Σ (w_i (a_i · x − y_i))², by coordinate descent. */
export function nonNegativeFit(
  a: readonly (readonly number[])[],
  y: readonly number[],
  w: readonly number[],
): number[] {
  const n = a[0].length;
  // Columns of one length, so that none is slow to settle.
  const size = Array.from({ length: n }, (_, j) => Math.hypot(...a.map((row, i) => w[i] * row[j])) || 1);
  const rows = a.map((row, i) => row.map((v, j) => (w[i] * v) / size[j]));
  const gram = size.map((_, j) => size.map((__, k) => rows.reduce((s, row) => s + row[j] * row[k], 0)));
  const right = size.map((_, j) => rows.reduce((s, row, i) => s + row[j] * w[i] * y[i], 0));
  const x = new Array<number>(n).fill(0);
  for (let round = 0; round < 200_000; round++) {
    let moved = 0;
    for (let j = 0; j < n; j++) {
      if (gram[j][j] === 0) continue;
      const next = Math.max(0, x[j] + (right[j] - gram[j].reduce((s, g, k) => s + g * x[k], 0)) / gram[j][j]);
      moved = Math.max(moved, Math.abs(next - x[j]));
      x[j] = next;
    }
    if (moved < 1e-12) break;
  }
  return x.map((v, j) => v / size[j]);
}

interface Fit {
  /** by work, then by class (rv32imc) or one (lx106) */
  readonly coefficients: number[][];
  /** largest relative error of the total over the grid */
  readonly worst: number;
}

function fit(isa: Isa, packing: Packing): Fit {
  const configs = GRID.map(configOf);
  const work = configs.map((config) => WORK.map((name) => tokenWork(config, packing)[name]));
  const counts = configs.map((config, i) => {
    console.error(`${isa} ${packing} ${shape(config)} (${i + 1} of ${GRID.length})`);
    return isa === 'lx106' ? [countTotal(isa, config, packing)] : countClasses(config, packing, i % 6 === 0);
  });
  const totals = counts.map((c) => c.reduce((s, v) => s + v, 0));
  const weights = totals.map((t) => 1 / t);
  const columns = counts[0].map((_, c) =>
    nonNegativeFit(
      work,
      counts.map((row) => row[c]),
      weights,
    ),
  );
  const predicted = work.map((row) =>
    columns.reduce((s, column) => s + row.reduce((t, v, j) => t + v * column[j], 0), 0),
  );
  return {
    coefficients: WORK.map((_, j) => columns.map((column) => column[j])),
    worst: Math.max(...predicted.map((p, i) => Math.abs(p / totals[i] - 1))),
  };
}

const digits = (n: number): string => String(Number(n.toPrecision(5)));

function main(): void {
  const version = (tool: string): string => spawnSync(tool, ['-dumpfullversion'], { encoding: 'utf8' }).stdout.trim();
  const compilers = { rv32imc: 'riscv64-unknown-elf-gcc', lx106: 'xtensa-lx106-elf-gcc' } as const;
  const lines: string[] = [];
  for (const isa of ['rv32imc', 'lx106'] as const) {
    lines.push(`  ${isa}: {`, `    compiler: '${compilers[isa]} ${version(compilers[isa])} -O3',`);
    for (const packing of ['t2', 'b3'] as const) {
      const { coefficients, worst } = fit(isa, packing);
      console.error(`${isa} ${packing}: largest error ${(100 * worst).toFixed(2)} %`);
      lines.push(`    ${packing}: {`, `      worst: ${digits(worst)},`, '      perWork: {');
      WORK.forEach((name, j) => lines.push(`        ${name}: [${coefficients[j].map(digits).join(', ')}],`));
      lines.push('      },', '    },');
    }
    lines.push('  },');
  }
  const file = `/**
 * Written by scripts/fit-cost.ts; do not edit. Instructions for one of each work (work.ts), by class (rv32imc, in the
 * order of INSTRUCTION_CLASSES) or in all (lx106), fitted to exact counts of engine/bench/count.c of
 * ${GRID.length} models.
 */
import type { Isa } from './chips.js';
import type { Packing, WorkName } from './work.js';

export interface Fitted {
  /** largest relative error of a token's instructions over the sizes that were fitted */
  readonly worst: number;
  readonly perWork: Readonly<Record<WorkName, readonly number[]>>;
}

export const INSTRUCTIONS: Readonly<Record<Isa, Readonly<Record<Packing, Fitted>> & { readonly compiler: string }>> = {
${lines.join('\n')}
};
`;
  writeFileSync(join(root, 'src/cost/instructions.ts'), file);
}

function isMain(): boolean {
  return process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url);
}

if (isMain()) main();
