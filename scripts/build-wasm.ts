/**
 * Compiles the C sources to WebAssembly, into dist/wasm/, with the clang of @yowasp/clang: no compiler has to be
 * installed. A module is compiled only when its sources, flags or the compiler have changed.
 *
 *   node dist/scripts/build-wasm.js [--force] [name…]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/node/assets.js';

export interface WasmModule {
  /** dist/wasm/{name}.wasm */
  readonly name: string;
  /** Sources and headers, relative to the package; file names must differ. Only `.c` files are compiled. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  readonly exports: readonly string[];
}

type Tree = { [name: string]: Tree | string | Uint8Array };
interface Clang {
  readonly commands: Record<
    string,
    (args: string[] | null, files: Tree, options: object) => Promise<Tree> | Tree | undefined
  >;
}
interface Manifest {
  [name: string]: { readonly hash: string; readonly bytes: number };
}

const root = packageRoot();
const files = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder))
    .filter((f) => f.endsWith(ending))
    .sort()
    .map((f) => `${folder}/${f}`);

/** Flags of every module: C without a libc, no entry, memory that may grow. */
const COMMON_FLAGS = [
  '--target=wasm32',
  '-std=c99',
  '-O3',
  '-ffreestanding',
  '-nostdlib',
  '-mbulk-memory',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-I.',
  '-Wl,--no-entry',
  '-Wl,--stack-first',
  '-Wl,-z,stack-size=65536',
  '-Wl,--strip-all',
];

/** The trainer's kernels run in several threads on one shared memory. */
const TRAINER = {
  sources: [...files('src/train/kernels', '.h'), ...files('src/train/kernels', '.c')],
  exports: ['__stack_pointer', '__heap_base'],
};
const TRAINER_ALONE = ['-msimd128', '-matomics', '-Wl,--import-memory', '-Wl,--max-memory=2147483648'];
const TRAINER_FLAGS = [...TRAINER_ALONE, '-Wl,--shared-memory'];

export const modules: readonly WasmModule[] = [
  {
    name: 'engine',
    sources: [
      ...files('engine/include', '.h'),
      ...files('engine/src', '.h'),
      ...files('engine/src', '.c'),
      'engine/wasm/tlm_wasm.c',
    ],
    flags: ['-msimd128'],
    exports: [
      'tlm_open',
      'tlm_memory_bytes',
      'tlm_init',
      'tlm_reset',
      'tlm_step',
      'tlm_logits',
      'tlm_sample',
      'tlm_encoder_init',
      'tlm_encoder_write',
      'tlm_encoder_end',
      'tlm_encoder_next',
      'tlm_encode',
      'tlm_decoder_init',
      'tlm_decode',
      'tlm_decode_end',
      'tlm_snapshot_bytes',
      'tlm_save',
      'tlm_restore',
      'tlm_stream_write',
      'tlm_stream_submit',
      'tlm_stream_poll',
      'tlm_stream_read',
      'tlm_stream_cancel',
      'tlm_stream_reason',
      'tlm_stream_generated',
      'tlm_stream_prompt_tokens',
      'tlm_wasm_size',
      'tlm_wasm_info',
      'tlm_wasm_options',
      'tlm_wasm_sampler',
      'tlm_wasm_stream',
      'tlm_wasm_stream_token',
      '__heap_base',
    ],
  },
  { name: 'trainer', ...TRAINER, flags: TRAINER_FLAGS },
  // For pages without shared memory: one thread on a memory of its own.
  { name: 'trainer-single', ...TRAINER, flags: TRAINER_ALONE },
  { name: 'trainer-relaxed', ...TRAINER, flags: [...TRAINER_FLAGS, '-mrelaxed-simd'] },
];

/** A message for whoever runs the build, without a stack trace. */
class BuildError extends Error {}

async function loadClang(): Promise<Clang> {
  try {
    return (await import('@yowasp/clang')) as unknown as Clang;
  } catch (error) {
    throw new BuildError(
      'the compiler @yowasp/clang cannot be loaded: run "npm ci" first\n' +
        `  (${(error as Error).message.split('\n')[0]})`,
    );
  }
}

function clangVersion(): string {
  try {
    const require = createRequire(import.meta.url);
    const entry = dirname(fileURLToPath(import.meta.resolve('@yowasp/clang')));
    return (require(join(entry, '..', 'package.json')) as { version: string }).version;
  } catch {
    return 'none';
  }
}

function hashOf(module: WasmModule, version: string): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([version, COMMON_FLAGS, module.flags, module.exports]));
  for (const source of module.sources) hash.update(`\n${source}\n`).update(readFileSync(join(root, source)));
  return hash.digest('hex');
}

async function compile(clang: Clang, module: WasmModule): Promise<Uint8Array> {
  const tree: Tree = {};
  for (const source of module.sources) {
    if (tree[basename(source)] !== undefined)
      throw new BuildError(`${module.name}: two sources are called ${basename(source)}`);
    tree[basename(source)] = readFileSync(join(root, source), 'utf8');
  }
  const output = `${module.name}.wasm`;
  const args = [
    ...COMMON_FLAGS,
    ...module.flags,
    ...module.exports.map((name) => `-Wl,--export=${name}`),
    '-o',
    output,
    ...Object.keys(tree).filter((name) => name.endsWith('.c')),
  ];
  const text: string[] = [];
  const decoder = new TextDecoder();
  const collect = (bytes: Uint8Array | null): void => {
    if (bytes) text.push(decoder.decode(bytes, { stream: true }));
  };
  let result: Tree | undefined;
  try {
    // Fetched beforehand: the driver's own first run would print its progress.
    await clang.commands.clang(null, {}, { fetchProgress: () => {} });
    result = await clang.commands.clang(args, tree, { stdout: collect, stderr: collect, fetchProgress: () => {} });
  } catch (error) {
    const said = compilerText(text.join(''));
    throw new BuildError(`${module.name}: the C sources do not compile\n${said === '' ? String(error) : said}`);
  }
  const wasm = result?.[output];
  if (!(wasm instanceof Uint8Array))
    throw new BuildError(`${module.name}: the compiler gave no ${output}\n${text.join('')}`);
  return wasm;
}

/** The compiler's messages without the list of its own steps, which begins each of them with a quoted name. */
function compilerText(text: string): string {
  const steps = /^( "|clang version |Target: |Thread model: |InstalledDir: |Build config: )/;
  return text
    .split('\n')
    .filter((line) => !steps.test(line))
    .join('\n')
    .trim();
}

/** A file is whole or not there, also when the build is stopped in the middle. */
function writeWhole(path: string, data: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, data);
  renameSync(temporary, path);
}

/**
 * Builds what has changed of the named modules (all by default); one line for each that is compiled.
 * @throws BuildError with the compiler's own text
 */
export async function buildWasm(names: readonly string[] = [], force = false): Promise<void> {
  const unknown = names.find((name) => !modules.some((m) => m.name === name));
  if (unknown !== undefined) {
    throw new BuildError(`no module "${unknown}"; there are: ${modules.map((m) => m.name).join(', ')}`);
  }
  const folder = join(root, 'dist', 'wasm');
  const manifestPath = join(folder, 'manifest.json');
  mkdirSync(folder, { recursive: true });
  const manifest: Manifest = existsSync(manifestPath)
    ? (JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest)
    : {};
  const version = clangVersion();
  let clang: Clang | undefined;
  for (const module of modules) {
    if (names.length > 0 && !names.includes(module.name)) continue;
    const hash = hashOf(module, version);
    const path = join(folder, `${module.name}.wasm`);
    if (!force && manifest[module.name]?.hash === hash && existsSync(path)) continue;
    const start = Date.now();
    clang ??= await loadClang();
    const wasm = await compile(clang, module);
    writeWhole(path, wasm);
    manifest[module.name] = { hash, bytes: wasm.length };
    writeWhole(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
    console.log(`wasm: ${module.name}.wasm, ${wasm.length} bytes, ${((Date.now() - start) / 1000).toFixed(1)} s`);
  }
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const args = process.argv.slice(2);
  try {
    await buildWasm(
      args.filter((a) => !a.startsWith('--')),
      args.includes('--force'),
    );
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`build-wasm: ${error.message}`);
    process.exitCode = 1;
  }
}
