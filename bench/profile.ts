/** Where a step's time goes, and how far the products are from what the kernels reach alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modules } from '../scripts/build-wasm.js';
import { packageRoot } from '../src/node/assets.js';
import { nativeForBench, type NativeKernels } from '../src/node/native-trainer.js';
import type { Backend } from '../src/train/index.js';
import { openPool, operations, type Case } from './contestant.js';

/** As in kernels/profile.h. */
export const PARTS = [
  'products',
  'cell',
  'softmax',
  'scatter',
  'weights',
  'reduction',
  'optimizer',
  'barrier',
] as const;
export type Part = (typeof PARTS)[number];

/** Kernels with a clock in them, one thread. */
export interface Profiler {
  readonly name: string;
  readonly kernels: NativeKernels;
  start(): void;
  part(index: number): number;
  products(kernel: number, times: number): number;
}

const SOURCE = join(packageRoot(), 'bench', 'profile.c');

interface ProfileExports {
  readonly __heap_base: WebAssembly.Global;
  trainer_bytes(config: number): number;
  trainer_init(base: number, config: number, workers: number): number;
  trainer_address(trainer: number, what: number, index: number): number;
  trainer_count(trainer: number, what: number, index: number): number;
  trainer_run(trainer: number, worker: number, position: number, steps: number, update: number): void;
  trainer_evaluate(trainer: number, worker: number, segments: number): void;
  bench_start(): void;
  bench_part(index: number): number;
  bench_products(kernel: number, times: number): number;
}

/** Compiles the kernels with a clock, with the clang that the build uses; `flags` beside the trainer's own. */
async function compileWasm(flags: readonly string[]): Promise<WebAssembly.Module> {
  const { commands } = (await import('@yowasp/clang')) as unknown as {
    commands: {
      clang(args: string[], files: Record<string, unknown>, options: object): Promise<Record<string, unknown>>;
    };
  };
  const folder = join(packageRoot(), 'src', 'train', 'kernels');
  const files: Record<string, string> = { 'profile.c': readFileSync(SOURCE, 'utf8') };
  for (const name of readdirSync(folder)) files[name] = readFileSync(join(folder, name), 'utf8');
  const trainer = modules.find((m) => m.name === 'trainer')!;
  const quiet = { stdout: () => {}, stderr: () => {}, fetchProgress: () => {} };
  const built = await commands.clang(
    [
      '--target=wasm32',
      '-std=c99',
      '-O3',
      '-ffreestanding',
      '-nostdlib',
      '-mbulk-memory',
      '-I.',
      '-DTLM_PROFILE',
      '-Wl,--no-entry',
      '-Wl,--stack-first',
      '-Wl,-z,stack-size=65536',
      ...trainer.flags,
      ...flags,
      ...trainer.exports.map((e) => `-Wl,--export=${e}`),
      '-o',
      'profile.wasm',
      ...Object.keys(files).filter((name) => name.endsWith('.c')),
    ],
    files,
    quiet,
  );
  return WebAssembly.compile(built['profile.wasm'] as Uint8Array<ArrayBuffer>);
}

async function wasmProfiler(): Promise<Profiler> {
  const module = await compileWasm([]);
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 32768, shared: true });
  const clock = () => performance.now();
  const kernels = new WebAssembly.Instance(module, { env: { memory, clock } }).exports as unknown as ProfileExports;
  let end = Number(kernels.__heap_base.value);
  const take = (bytes: number): number => {
    const at = Math.ceil(end / 64) * 64;
    end = at + bytes;
    const missing = Math.ceil((end - memory.buffer.byteLength) / 65536);
    if (missing > 0) memory.grow(missing);
    return at;
  };
  return {
    name: 'Wasm',
    start: kernels.bench_start,
    part: kernels.bench_part,
    products: kernels.bench_products,
    kernels: {
      name: 'WebAssembly with a clock',
      async create(config): Promise<Backend> {
        // in this thread; the memory of earlier ones is not given back
        const configAt = take(config.length);
        new Uint8Array(memory.buffer).set(config, configAt);
        const trainer = kernels.trainer_init(take(kernels.trainer_bytes(configAt) >>> 0), configAt, 1);
        return {
          threads: 1,
          buffer: memory.buffer,
          count: (what, index) => kernels.trainer_count(trainer, what, index),
          offset: (what, index) => kernels.trainer_address(trainer, what, index) >>> 0,
          async work(task) {
            if (task.kind === 'run') kernels.trainer_run(trainer, 0, task.position, task.steps, Number(task.update));
            else kernels.trainer_evaluate(trainer, 0, task.segments);
          },
          close: async () => {},
        };
      },
    },
  };
}

async function nativeProfiler(): Promise<Profiler | undefined> {
  const native = await nativeForBench([SOURCE], ['-DTLM_PROFILE']);
  if (!native) return undefined;
  const { library, kernels } = native;
  return {
    name: 'native',
    kernels,
    start: library.func('bench_start', 'void', []) as () => void,
    part: library.func('bench_part', 'double', ['int']) as (index: number) => number,
    products: library.func('bench_products', 'double', ['int', 'int']) as (kernel: number, times: number) => number,
  };
}

/** Wasm, and native where there is a compiler. */
export async function profilers(): Promise<Profiler[]> {
  return [await wasmProfiler(), await nativeProfiler()].filter((p) => p !== undefined);
}

/** Operations a second of a kernel alone. A build without one of the last two uses the first in its place. */
export interface Peaks {
  /** Multiply-adds of floats: gradients of weights, and all products of models that are not ternary. */
  readonly float: number;
  /** 16-bit integers: products forward. */
  readonly integers?: number;
  /** Looked-up sums: products back. */
  readonly lookup?: number;
}

/** The best of `tries` runs of about a twentieth of a second for each kernel. */
export function measurePeaks(profiler: Profiler, tries: number): Peaks {
  const one = 2 * 48 * 96 * 96;
  const [float, integers, lookup] = [0, 1, 2].map((kernel) => {
    if (profiler.products(kernel, 1) < 0) return undefined;
    profiler.products(kernel, 2000); // V8 compiles it for speed meanwhile
    const times = Math.max(1, Math.round(0.05 / (profiler.products(kernel, 2000) / 2000)));
    let best = 0;
    for (let i = 0; i < tries; i++) best = Math.max(best, (one * times) / profiler.products(kernel, times));
    return best;
  });
  return { float: float!, ...(integers !== undefined && { integers }), ...(lookup !== undefined && { lookup }) };
}

/** Seconds that a step's products take at the kernels' peaks: a third of the operations each go forward, back and to gradients. */
export function boundOf(operations: number, { float, integers = float, lookup = float }: Peaks): number {
  return (operations / 3) * (1 / integers + 1 / lookup + 1 / float);
}

/** One thread's step: operations, time, and its parts. */
export interface Profile {
  readonly build: string;
  readonly size: Case;
  /** The better of those measured before and after. */
  readonly peaks: Peaks;
  readonly operations: number;
  /** Of the fastest of the steps. */
  readonly seconds: number;
  /** Seconds of that step. */
  readonly parts: Record<Part, number>;
}

const better = (a: Peaks, b: Peaks): Peaks => ({
  float: Math.max(a.float, b.float),
  ...(a.integers !== undefined && b.integers !== undefined && { integers: Math.max(a.integers, b.integers) }),
  ...(a.lookup !== undefined && b.lookup !== undefined && { lookup: Math.max(a.lookup, b.lookup) }),
});

/** The fastest of `tries` steps, and the peaks from before and after them. */
export async function profileStep(profiler: Profiler, size: Case, tries: number): Promise<Profile> {
  const before = measurePeaks(profiler, 6);
  const pool = await openPool(profiler.kernels, size, 1);
  await pool.run(0, 2);
  let seconds = Infinity;
  let parts = {} as Record<Part, number>;
  for (let i = 0; i < tries; i++) {
    profiler.start();
    const begin = performance.now();
    await pool.run(0, 1);
    const took = (performance.now() - begin) / 1000;
    if (took >= seconds) continue;
    seconds = took;
    parts = Object.fromEntries(PARTS.map((part, index) => [part, profiler.part(index)])) as Record<Part, number>;
  }
  await pool.close();
  return {
    build: profiler.name,
    size,
    peaks: better(before, measurePeaks(profiler, 6)),
    operations: operations(size),
    seconds,
    parts,
  };
}
