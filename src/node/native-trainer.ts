/**
 * The trainer's kernels built by the machine's own compiler, once, into a cache folder, and called through koffi. Never required:
 * without a compiler or koffi the trainer runs as WebAssembly.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { arch, homedir, platform } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { TinyLMError } from '../model/errors.js';
import type { Backend, NativeKernels, TrainerKernels } from '../train/index.js';
import { packageRoot, readWasm } from './assets.js';
import { featuresMissing, featuresUsed, readCpuinfo } from './cpu-features.js';

const run = promisify(execFile);

/** How the trainer is to run: `auto` takes native kernels where they can be had. */
export const BACKENDS = ['auto', 'native', 'wasm', 'wasm-relaxed'] as const;
export type BackendName = (typeof BACKENDS)[number];

/**
 * What the last bits of a result depend on. Sums run over the floats of a vector first, so its width decides their order; which
 * products and sums are fused is the compiler's choice, made by its version and the processor that it builds for.
 */
export interface BackendIdentity {
  readonly name: Exclude<BackendName, 'auto'>;
  /** Floats in a vector. */
  readonly vector: number;
  /** Native: the first line of the compiler's --version. */
  readonly compiler?: string;
  /** Native: digest of all macros that the compiler defines under the flags of the build, which tell of the processor. */
  readonly target?: string;
}

/** The portable build: the same bits on every machine. */
export const WASM_IDENTITY: BackendIdentity = { name: 'wasm', vector: 4 };

/** Whether two builds give the same bits. Relaxed SIMD may differ between machines that look alike; no run is made by it unasked. */
export function sameBackend(a: BackendIdentity, b: BackendIdentity): boolean {
  return a.name === b.name && a.vector === b.vector && a.compiler === b.compiler && a.target === b.target;
}

/** A build in words. */
export function identityName({ name, vector, compiler }: BackendIdentity): string {
  if (name === 'native') return `native kernels (${compiler}, ${vector} floats a vector)`;
  return name === 'wasm' ? 'WebAssembly' : 'WebAssembly with relaxed SIMD';
}

export interface LoadedTrainer {
  readonly kernels: TrainerKernels;
  /** For people, e.g. "WebAssembly" or "native (cc 12.2.0, AVX-512, 16 floats a vector)". */
  readonly name: string;
  readonly identity: BackendIdentity;
  /** Why `auto` did not take native kernels. */
  readonly note?: string;
}

const FLAGS = [
  '-std=gnu11', '-O3', arch() === 'arm64' ? '-mcpu=native' : '-march=native', '-ffp-contract=fast', '-fno-math-errno',
  '-fvisibility=hidden', '-fPIC', '-shared', '-pthread',
];

/** The parts of koffi that are used; it is an optional dependency. */
interface Koffi {
  load(path: string): KoffiLibrary;
  address(buffer: ArrayBuffer): bigint;
}
interface KoffiLibrary {
  func(name: string, result: string, args: string[]): KoffiFunction;
}
interface KoffiFunction {
  (...args: unknown[]): unknown;
  async(...args: unknown[]): void;
}

/** A reason for having no native kernels; becomes a note or an error. */
class Unavailable extends Error {}

/**
 * The trainer's kernels for this machine.
 * @param wanted default: the environment's TINYLM_BACKEND, else `auto`
 * @param onBuild called before the compiler is, which takes some seconds the first time
 * @throws TinyLMError `train-backend` when it was asked for by name and cannot be had
 */
export async function loadTrainer(wanted?: BackendName, onBuild?: () => void): Promise<LoadedTrainer> {
  const name = wanted ?? backendName(process.env.TINYLM_BACKEND ?? 'auto');
  if (name === 'wasm') return { kernels: readWasm('trainer'), name: 'WebAssembly', identity: WASM_IDENTITY };
  if (name === 'wasm-relaxed') {
    const identity = { ...WASM_IDENTITY, name } as const;
    return { kernels: await relaxed(), name: identityName(identity), identity };
  }
  try {
    const { kernels, identity } = await loadNative(onBuild);
    return { kernels, name: kernels.name, identity };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    if (name === 'native')
      throw new TinyLMError('train-backend', `native kernels were asked for: ${error.message}`,
        'install gcc or clang and the npm package koffi, or train with --backend auto (and TINYLM_BACKEND unset)');
    return { kernels: readWasm('trainer'), name: 'WebAssembly', identity: WASM_IDENTITY, note: error.message };
  }
}

function backendName(text: string): BackendName {
  const name = BACKENDS.find((b) => b === text);
  if (name === undefined)
    throw new TinyLMError('train-backend', `TINYLM_BACKEND is "${text}", expected one of ${BACKENDS.join(', ')}`, 'unset it');
  return name;
}

/** Relaxed SIMD: fused multiply-adds where the processor has them, so results differ between machines. */
async function relaxed(): Promise<Uint8Array<ArrayBuffer>> {
  const wasm = readWasm('trainer-relaxed');
  if (!WebAssembly.validate(wasm)) {
    const { setFlagsFromString } = await import('node:v8');
    setFlagsFromString('--experimental-wasm-relaxed-simd'); // Node 20 has it behind a flag
  }
  if (!WebAssembly.validate(wasm))
    throw new TinyLMError('train-backend', `Node ${process.version} has no relaxed SIMD`, 'set TINYLM_BACKEND=wasm');
  return wasm;
}

interface Loaded {
  readonly kernels: NativeKernels;
  readonly library: KoffiLibrary;
  readonly identity: BackendIdentity;
}

let loaded: Promise<Loaded> | undefined;

/** Native kernels, built when the cache has none; loaded once a process. */
function loadNative(onBuild?: () => void): Promise<Loaded> {
  loaded ??= buildNative({ onBuild });
  return loaded;
}

interface BuildOptions {
  /** C files to compile with the kernels, and flags beside the usual ones (benchmarks). */
  readonly sources?: readonly string[];
  readonly flags?: readonly string[];
  readonly onBuild?: () => void;
}

async function buildNative(options: BuildOptions): Promise<Loaded> {
  if (platform() === 'win32') throw new Unavailable('native kernels are for Linux and macOS');
  const koffi = await loadKoffi();
  const compiler = await findCompiler();
  const path = await build(compiler, options);
  try {
    return open(koffi, koffi.load(path), compiler);
  } catch {
    rmSync(path, { force: true }); // a file that a crash of the machine has left half-written: once more
  }
  try {
    return open(koffi, koffi.load(await build(compiler, options)), compiler);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    rmSync(path, { force: true });
    throw new Unavailable(`what ${compiler.words.join(' ')} builds cannot be loaded (${firstLine((error as Error).message)})`);
  }
}

const firstLine = (text: string): string => text.split('\n')[0].trim();

/** Kernels built with more files or flags, and their library, for benchmarks; undefined when there is no compiler or koffi. */
export async function nativeForBench(sources: readonly string[], flags: readonly string[]):
Promise<{ kernels: NativeKernels; library: KoffiLibrary } | undefined> {
  try {
    return await buildNative({ sources, flags });
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}

async function loadKoffi(): Promise<Koffi> {
  const name: string = 'koffi'; // not a literal: it may be missing when this is compiled
  try {
    return ((await import(name)) as { default: Koffi }).default;
  } catch (error) {
    throw new Unavailable(`the npm package koffi cannot be loaded (${firstLine((error as Error).message)})`);
  }
}

interface Compiler {
  /** The command, and what the environment's CC says after it. */
  readonly words: readonly string[];
  /** First line of --version. */
  readonly version: string;
  /** Digest of the macros that it defines with our flags: its own version, the processor and what that can do. */
  readonly target: string;
  /** The vector instructions that it uses, for people. */
  readonly vectors: string;
  /** All sets of instructions that it may use, by the names of /proc/cpuinfo. */
  readonly features: readonly string[];
}

async function findCompiler(): Promise<Compiler> {
  const asked = process.env.TINYLM_CC || process.env.CC;
  const commands = asked ? [asked] : ['cc', 'gcc', 'clang'];
  for (const text of commands) {
    const words = text.trim().split(/\s+/);
    try {
      const { stdout } = await run(words[0], [...words.slice(1), '--version'], { timeout: 10_000 });
      return { words, version: firstLine(stdout), ...(await findTarget(words)) };
    } catch (error) {
      if (error instanceof Unavailable) throw error; // else the next one
    }
  }
  throw new Unavailable(asked ? `the C compiler ${asked} does not answer` : `no C compiler found (${commands.join(', ')})`);
}

async function findTarget([command, ...more]: readonly string[]): Promise<Pick<Compiler, 'target' | 'vectors' | 'features'>> {
  const macros = await run(command, [...more, ...FLAGS, '-dM', '-E', '-x', 'c', '/dev/null'], { timeout: 10_000, maxBuffer: 2 ** 24 })
    .then(({ stdout }) => stdout.split('\n').sort().join('\n'))
    .catch((error: Error) => {
      throw new Unavailable(`${command} cannot build for this processor: ${said(error)}`);
    });
  const has = (macro: string): boolean => macros.includes(`#define ${macro} `);
  const vectors = has('__AVX512F__') ? 'AVX-512' : has('__AVX2__') ? 'AVX2' : has('__AVX__') ? 'AVX'
    : has('__ARM_NEON') ? 'NEON' : has('__SSE2__') ? 'SSE2' : arch();
  // Before anything of it is called: a virtual machine may lack what its processor's name promises.
  const missing = featuresMissing(macros, readCpuinfo());
  if (missing.length > 0)
    throw new Unavailable(`${command} builds for instructions that this processor does not offer (${missing.join(', ')})`);
  return { target: createHash('sha256').update(macros).digest('hex').slice(0, 16), vectors, features: featuresUsed(macros) };
}

/** The first lines of what a compiler that failed has said. */
function said(error: Error): string {
  return ((error as { stderr?: string }).stderr || error.message).trim().split('\n').slice(0, 3).join(' | ');
}

/** Where built kernels are kept: TINYLM_CACHE, else the system's folder for caches. */
export function cacheFolder(): string {
  if (process.env.TINYLM_CACHE) return process.env.TINYLM_CACHE;
  const caches = process.env.XDG_CACHE_HOME
    ?? (platform() === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(caches, 'tinylm');
}

/** Compiles the kernels unless the cache has them; the name holds all that the result depends on, the instructions used included. */
async function build(compiler: Compiler, { sources: more = [], flags: extra = [], onBuild }: BuildOptions): Promise<string> {
  const flags = [...FLAGS, ...extra];
  const sources = join(packageRoot(), 'src', 'train', 'kernels');
  const files = [...readdirSync(sources).filter((name) => /\.[ch]$/.test(name)).sort().map((name) => join(sources, name)), ...more];
  const hash = createHash('sha256').update(JSON.stringify([compiler, flags, arch()]));
  for (const name of files) hash.update(`\n${basename(name)}\n`).update(readFileSync(name));
  const folder = cacheFolder();
  const path = join(folder, `trainer-${hash.digest('hex').slice(0, 24)}.so`);
  if (existsSync(path)) return path;
  onBuild?.();
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`; // process ids repeat between containers
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const units = files.filter((name) => name.endsWith('.c'));
    const [command, ...words] = compiler.words;
    await run(command, [...words, ...flags, `-I${sources}`, '-o', temporary, ...units, '-lm'], { timeout: 120_000 });
    renameSync(temporary, path); // whole or not there, also with several processes at once
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Unavailable(`${compiler.words.join(' ')} cannot build the kernels: ${said(error as Error)}`);
  }
  return path;
}

function open(koffi: Koffi, library: KoffiLibrary, compiler: Compiler): Loaded {
  const pointer = 'void *';
  const bytesOf = library.func('trainer_bytes', 'size_t', [pointer]);
  const init = library.func('trainer_init', pointer, [pointer, pointer, 'int']);
  const address = library.func('trainer_address', pointer, [pointer, 'int', 'int']);
  const count = (name: string) => library.func(name, 'int', [pointer]);
  const tensors = count('trainer_tensors');
  const parameters = count('trainer_parameters');
  const rows = count('trainer_rows');
  const hiddenStride = count('trainer_hidden_stride');
  const steps = library.func('native_run', 'void', [pointer, 'int', 'int', 'int']);
  const evaluate = library.func('native_evaluate', 'void', [pointer, 'int']);
  const floats = library.func('native_vector_floats', 'int', [])() as number;
  const { version, target, vectors } = compiler;
  const identity = { name: 'native', vector: floats, compiler: version, target } as const;
  const short = `${basename(compiler.words[0])} ${/\d+(\.\d+)+/.exec(version)?.[0] ?? version}`;
  const kernels: NativeKernels = {
    name: `native (${short}, ${vectors}, ${floats} floats a vector)`,
    async create(config, workers): Promise<Backend> {
      const bytes = Number(bytesOf(config));
      let buffer: ArrayBuffer;
      try {
        buffer = new ArrayBuffer(bytes + 64); // zeros; outside the collected heap, so it never moves
      } catch {
        throw new TinyLMError('train-memory', `training needs ${Math.ceil(bytes / 2 ** 20)} MiB, which cannot be had`,
          'choose a smaller model, fewer lanes (--batch) or a shorter segment (--segment)');
      }
      const start = koffi.address(buffer);
      const trainer = init((start + 63n) & ~63n, config, workers) as bigint;
      let working: Promise<void> = Promise.resolve();
      return {
        threads: workers,
        buffer,
        tensors: tensors(trainer) as number,
        parameters: parameters(trainer) as number,
        rows: rows(trainer) as number,
        hiddenStride: hiddenStride(trainer) as number,
        offset: (what, index) => Number((address(trainer, what, index) as bigint) - start),
        work(task) {
          working = new Promise((resolve, reject) => {
            // holds `buffer` until the call is back
            const done = (error: Error | null) => (error || buffer.byteLength === 0 ? reject(error) : resolve());
            switch (task.kind) {
              case 'run':
                steps.async(trainer, task.position, task.steps, Number(task.update), done);
                break;
              case 'evaluate':
                evaluate.async(trainer, task.segments, done);
                break;
              default:
                task satisfies never;
            }
          });
          return working;
        },
        close: () => working.catch(() => {}), // the threads end with each call
      };
    },
  };
  return { kernels, library, identity };
}
