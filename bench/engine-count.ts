/** Instructions of a token and of the matrix kernels, counted exactly under QEMU by engine/bench/count.sh. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../src/node/assets.js';

export const ISAS = { riscv: 'rv32imc', xtensa: 'lx106' } as const;
export type Machine = keyof typeof ISAS;
export type Packing = 't2' | 'b3';

/** A whole token of a model with vocabulary 256 and dim = hidden, tied; instructions. */
export interface TokenCount {
  readonly machine: Machine;
  readonly packing: Packing;
  readonly dim: number;
  readonly weights: number;
  readonly step: number;
  readonly head: number;
  readonly sample: number;
  readonly token: number;
  /** the engine's memory, bytes */
  readonly memory: number;
}

/** The three matrix products of a token by each kernel, instructions; engine/bench/compare.c. */
export interface KernelCount {
  readonly machine: Machine;
  readonly packing: Packing;
  readonly dim: number;
  readonly weights: number;
  readonly table: number;
  readonly reference: number;
  readonly int8: number;
  readonly branch: number;
  readonly float: number;
}

export interface CountResults {
  readonly command: string;
  readonly date: string;
  readonly compilers: readonly string[];
  readonly tokens: readonly TokenCount[];
  readonly kernels: readonly KernelCount[];
}

/** Widths of the curve; 64 is the default model, 384 has about a million weights. */
export const DIMS = [32, 64, 96, 128, 192, 256, 384, 512] as const;
const COMPARED = [64, 384] as const;

/**
 * Runs one program of engine/bench.
 * @returns its fields; every one is a number
 * @throws Error when a tool is missing or the program fails (its sums differ, say)
 */
export function count(
  program: 'count' | 'compare',
  machine: Machine,
  packing: Packing,
  dim: number,
  more: readonly string[] = [],
): Record<string, number> {
  const script = join(packageRoot(), 'engine', 'bench', 'count.sh');
  const output = execFileSync(script, [machine, `-DTYPE=${packing === 't2' ? 1 : 2}`, `-DDIM=${dim}`, ...more], {
    encoding: 'utf8',
    env: { ...process.env, PROGRAM: program },
    timeout: 120_000,
  });
  const fields = Object.fromEntries(
    [...output.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name, Number(value)]),
  );
  if (fields['weights'] === undefined) throw new Error(`${program} for ${machine} printed "${output}"`);
  return fields;
}

const firstLine = (tool: string): string => execFileSync(tool, ['--version'], { encoding: 'utf8' }).split('\n')[0];

/** Needs Debian's gcc-riscv64-unknown-elf, gcc-xtensa-lx106 and qemu-system-misc. */
export function benchEngineCount(say: (line: string) => void): CountResults {
  const tokens: TokenCount[] = [];
  const kernels: KernelCount[] = [];
  for (const machine of ['riscv', 'xtensa'] as const) {
    for (const packing of ['t2', 'b3'] as const) {
      for (const dim of DIMS) {
        const tokensCounted = `-DTOKENS=${dim < 256 ? 16 : 8}`;
        const { weights, step, head, sample, token, memory } = count('count', machine, packing, dim, [tokensCounted]);
        tokens.push({ machine, packing, dim, weights, step, head, sample, token, memory });
        say(
          `${ISAS[machine]} ${packing} dim ${dim}: ${token} instructions a token, ` +
            `${(token / weights).toFixed(3)} a weight`,
        );
      }
      for (const dim of COMPARED) {
        const { weights, table, reference, int8, branch, float, differing } = count('compare', machine, packing, dim);
        const shown = `${ISAS[machine]} ${packing} dim ${dim}`;
        if (differing !== 0) throw new Error(`${differing} sums of ${shown} differ from the engine's`);
        kernels.push({ machine, packing, dim, weights, table, reference, int8, branch, float });
      }
    }
  }
  const compilers = ['riscv64-unknown-elf-gcc', 'xtensa-lx106-elf-gcc', 'qemu-system-riscv32'].map(firstLine);
  const date = new Date().toISOString().slice(0, 10);
  return { command: 'npm run bench -- engine-count', date, compilers, tokens, kernels };
}
