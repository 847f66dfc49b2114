/** The section of RESULTS.md on counted instructions. */
import { ISAS, type CountResults, type KernelCount, type Machine, type Packing } from './engine-count.js';
import { exponent } from './measure.js';

const MACHINES = ['riscv', 'xtensa'] as const;
const PACKINGS = ['t2', 'b3'] as const;
const number = (n: number): string => n.toLocaleString('en-US');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Most instructions a weight that a token should take, by width. */
const WANTED: Record<number, number> = { 64: 2.5, 384: 1.7 };

/** "instructions ~ weights^k" of each curve. */
export function countExponents(c: CountResults): { machine: Machine; packing: Packing; k: number }[] {
  return MACHINES.flatMap((machine) =>
    PACKINGS.map((packing) => {
      const own = c.tokens.filter((t) => t.machine === machine && t.packing === packing);
      return { machine, packing, k: exponent(own.map(({ weights, token }) => ({ x: weights, y: token }))) };
    }),
  );
}

function tokenRows(c: CountResults): string[][] {
  const sizes = [...new Set(c.tokens.map((t) => t.dim))];
  return MACHINES.flatMap((machine) =>
    sizes.map((dim) => {
      const [t2, b3] = PACKINGS.map(
        (packing) => c.tokens.find((t) => t.machine === machine && t.packing === packing && t.dim === dim)!,
      );
      const each = (t: typeof t2): string[] => [number(t.token), `**${(t.token / t.weights).toFixed(2)}**`];
      return [
        ISAS[machine],
        String(dim),
        number(t2.weights),
        ...each(t2),
        ...each(b3),
        (t2.token / b3.token).toFixed(2),
        WANTED[dim] === undefined ? '' : `≤ ${WANTED[dim]}`,
        `${number(t2.memory)} / ${number(b3.memory)}`,
      ];
    }),
  );
}

function kernelRow(k: KernelCount): string[] {
  const perWeight = (n: number): string => (n / k.weights).toFixed(2);
  const against = (n: number): string => `${perWeight(n)} (${(n / k.table).toFixed(1)} ×)`;
  return [
    ISAS[k.machine],
    `${k.dim}`,
    k.packing,
    `**${perWeight(k.table)}**`,
    ...[k.reference, k.int8, k.branch, k.float].map(against),
  ];
}

/** Headed paragraphs and tables, in Markdown. */
export function countSection(c: CountResults): string[] {
  const fits = countExponents(c).map(({ machine, packing, k }) => `${ISAS[machine]} ${packing} ${k.toFixed(2)}`);
  return [
    '## Engine, instructions counted',
    `\`${c.command}\`, ${c.date}; ${c.compilers.join('; ')}. Executed instructions under QEMU, exact and the same on ` +
      'every run; -O3. They are not cycles and say nothing of the flash.',
    'A whole token (embedding, gates, head, sampling with temperature 0.8 and top-k 40) of a model with vocabulary 256, ' +
      'dim = hidden, one layer, tied:',
    table(
      [
        'instruction set',
        'dim',
        'weights',
        't2, a token',
        'a weight',
        'b3, a token',
        'a weight',
        't2 / b3',
        'wanted',
        'engine memory, bytes',
      ],
      tokenRows(c),
    ),
    'Why t2 takes more than b3 in large models: engine/bench/README.md.',
    `Instructions a token ~ weights^k: ${fits.join(', ')}. Below one, because what a token costs beside its weights ` +
      '(sampling, tables, gates) weighs less and less.',
    '![instructions a token over weights](docs/engine-instructions.svg)',
    "The three matrix products of a token alone, instructions a weight, by the engine's table kernel (tables built for " +
      'each product) and, in brackets in multiples of it, its reference kernel and plain ones (`engine/bench/compare.c`) ' +
      "on the same weights and activations; every sum equals the engine's. The 2-bit kernel branches on each weight; " +
      'neither instruction set has floats, so the float kernel calls functions (written in C, without the special cases). ' +
      'The ESP32 and its S3 have a floating-point unit, for which this column does not hold.',
    table(
      ['instruction set', 'dim', 'packing', 'table', 'reference', 'int8', '2-bit, branches', 'float, in software'],
      c.kernels.map(kernelRow),
    ),
  ];
}
