/**
 * The trainer's kernels built by the machine's own compiler, once, into a cache folder, and called through koffi.
 * Never required: without a compiler or koffi the trainer runs as WebAssembly.
 */
import { rmSync } from 'node:fs';
import { platform } from 'node:os';
import { basename } from 'node:path';
import { TinyLMError } from '../model/errors.js';
import { BACKENDS, identityName, WASM_IDENTITY, type BackendIdentity, type BackendName } from '../run/backend.js';
import { refuseAnswer, refuseConfig, type Backend, type TrainerKernels } from '../train/index.js';
import { readWasm } from './assets.js';
import { build, findCompiler, firstLine, Unavailable, type BuildOptions, type Compiler } from './native-build.js';
import { threadedKernels } from './threads.js';

export { cacheFolder } from './native-build.js';

export interface LoadedTrainer {
  readonly kernels: TrainerKernels;
  /** For people, e.g. "WebAssembly" or "native (cc 12.2.0, AVX-512, 16 floats a vector)". */
  readonly name: string;
  readonly identity: BackendIdentity;
  /** Why `auto` did not take native kernels. */
  readonly note?: string;
}

/** Kernels built by the machine's compiler. */
export interface NativeKernels extends TrainerKernels {
  /** For people, e.g. "native (gcc 12.2.0, 16 floats a vector)". */
  readonly name: string;
}

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

/**
 * The trainer's kernels for this machine.
 * @param wanted default: the environment's TINYLM_BACKEND, else `auto`
 * @param onBuild called before the compiler is, which takes some seconds the first time
 * @throws TinyLMError `train-backend` when it was asked for by name and cannot be had
 */
export async function loadTrainer(wanted?: BackendName, onBuild?: () => void): Promise<LoadedTrainer> {
  const name = wanted ?? backendName(process.env.TINYLM_BACKEND ?? 'auto');
  if (name === 'wasm') return { kernels: threadedKernels(), name: 'WebAssembly', identity: WASM_IDENTITY };
  if (name === 'wasm-relaxed') {
    const identity = { ...WASM_IDENTITY, name } as const;
    return { kernels: threadedKernels(await relaxed()), name: identityName(identity), identity };
  }
  try {
    const { kernels, identity } = await loadNative(onBuild);
    return { kernels, name: kernels.name, identity };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    if (name === 'native')
      throw new TinyLMError(
        'train-backend',
        `native kernels were asked for: ${error.message}`,
        'install gcc or clang and the npm package koffi, or train with --backend auto (and TINYLM_BACKEND unset)',
      );
    return { kernels: threadedKernels(), name: 'WebAssembly', identity: WASM_IDENTITY, note: error.message };
  }
}

function backendName(text: string): BackendName {
  const name = BACKENDS.find((b) => b === text);
  if (name === undefined)
    throw new TinyLMError(
      'train-backend',
      `TINYLM_BACKEND is "${text}", expected one of ${BACKENDS.join(', ')}`,
      'unset it',
    );
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
    throw new Unavailable(
      `what ${compiler.words.join(' ')} builds cannot be loaded (${firstLine((error as Error).message)})`,
    );
  }
}

/** Kernels built with more files or flags, and their library, for benchmarks; undefined without compiler or koffi. */
export async function nativeForBench(
  sources: readonly string[],
  flags: readonly string[],
): Promise<{ kernels: NativeKernels; library: KoffiLibrary } | undefined> {
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

function open(koffi: Koffi, library: KoffiLibrary, compiler: Compiler): Loaded {
  const pointer = 'void *';
  const bytesOf = library.func('trainer_bytes', 'size_t', [pointer]);
  const init = library.func('trainer_init', pointer, [pointer, pointer, 'int']);
  const address = library.func('trainer_address', pointer, [pointer, 'int', 'int']);
  const check = library.func('trainer_check', 'int', [pointer]);
  const count = library.func('trainer_count', 'int', [pointer, 'int', 'int']);
  const steps = library.func('native_run', 'int', [pointer, 'int', 'int', 'int']);
  const evaluate = library.func('native_evaluate', 'int', [pointer, 'int']);
  const floats = library.func('native_vector_floats', 'int', [])() as number;
  const { version, target, vectors } = compiler;
  const identity = { name: 'native', vector: floats, compiler: version, target } as const;
  const short = `${basename(compiler.words[0])} ${/\d+(\.\d+)+/.exec(version)?.[0] ?? version}`;
  const kernels: NativeKernels = {
    name: `native (${short}, ${vectors}, ${floats} floats a vector)`,
    async create(config, workers): Promise<Backend> {
      refuseConfig(check(config) as number, config);
      const bytes = Number(bytesOf(config));
      let buffer: ArrayBuffer;
      try {
        buffer = new ArrayBuffer(bytes + 64); // zeros; outside the collected heap, so it never moves
      } catch {
        throw new TinyLMError(
          'train-memory',
          `training needs ${Math.ceil(bytes / 2 ** 20)} MiB, which cannot be had`,
          'choose a smaller model, fewer lanes (--batch) or a shorter segment (--segment)',
        );
      }
      const start = koffi.address(buffer);
      const trainer = init((start + 63n) & ~63n, config, workers) as bigint;
      let working: Promise<void> = Promise.resolve();
      return {
        threads: workers,
        buffer,
        count: (what, index) => count(trainer, what, index) as number,
        offset: (what, index) => Number((address(trainer, what, index) as bigint) - start),
        work(task) {
          working = new Promise<number>((resolve, reject) => {
            // holds `buffer` until the call is back
            const done = (error: Error | null, answer: number) =>
              error || buffer.byteLength === 0 ? reject(error) : resolve(answer);
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
          }).then(refuseAnswer);
          return working;
        },
        close: () => working.catch(() => {}), // the threads end with each call
      };
    },
  };
  return { kernels, library, identity };
}
