/**
 * Builds the C tests of the engine with the compilers of this machine and runs them over vectors/.
 *
 *   node dist/scripts/test-native.js [variant…]      gcc, gcc-m32, gcc-san, clang, clang-san
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/node/assets.js';
import { VECTORS, vectorNames } from './vectors.js';

export interface Variant {
  readonly name: string;
  readonly compiler: string;
  readonly flags: readonly string[];
  /** Debian packages that bring it. */
  readonly packages: string;
}

const SANITIZERS = [
  '-O1',
  '-g',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
  '-fno-omit-frame-pointer',
];

export const variants: readonly Variant[] = [
  { name: 'gcc', compiler: 'gcc', flags: ['-O3'], packages: 'gcc' },
  { name: 'gcc-m32', compiler: 'gcc', flags: ['-O2', '-m32'], packages: 'gcc gcc-multilib' },
  { name: 'gcc-san', compiler: 'gcc', flags: SANITIZERS, packages: 'gcc' },
  { name: 'clang', compiler: 'clang', flags: ['-O3'], packages: 'clang' },
  { name: 'clang-san', compiler: 'clang', flags: SANITIZERS, packages: 'clang' },
];

/** Warnings are errors, in the engine and in its tests. */
const STRICT = [
  '-std=c99',
  '-Wall',
  '-Wextra',
  '-Wpedantic',
  '-Werror',
  '-Wconversion',
  '-Wshadow',
  '-Wstrict-prototypes',
  '-Wno-sign-conversion',
];

const root = packageRoot();
const engine = join(root, 'engine');
const sources = (folder: string): string[] =>
  readdirSync(join(engine, folder))
    .filter((f) => f.endsWith('.c'))
    .sort()
    .map((f) => join(engine, folder, f));

/** Calls `body` with a folder that is removed afterwards. */
export function inTemporaryFolder<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-native-'));
  try {
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why a variant cannot be built here, or nothing. */
export function missing(variant: Variant): string | undefined {
  return inTemporaryFolder((folder) => {
    const file = join(folder, 'probe.c');
    writeFileSync(file, '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n');
    const { status, error } = spawnSync(variant.compiler, [...variant.flags, file, '-o', join(folder, 'probe')]);
    if (error === undefined && status === 0) return undefined;
    const { compiler, flags, packages } = variant;
    return `${compiler} ${flags.join(' ')} does not work here (Debian: apt-get install ${packages})`;
  });
}

/** Compiles C files together with the engine. @throws Error with the compiler's messages */
export function compile(variant: Variant, files: readonly string[], output: string): void {
  const args = [...STRICT, ...variant.flags, `-I${join(engine, 'include')}`, ...files, ...sources('src'), '-o', output];
  const { status, stderr, error } = spawnSync(variant.compiler, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0) throw new Error(`${variant.compiler} failed:\n${stderr || String(error)}`);
}

/** Builds and runs the C tests; returns what they printed. @throws Error when they fail */
export function testVariant(variant: Variant): string {
  return inTemporaryFolder((folder) => {
    const program = join(folder, 'test_engine');
    compile(
      variant,
      sources('test').filter((f) => !f.endsWith('tlm_run.c')),
      program,
    );
    const { status, stdout, stderr, error } = spawnSync(program, [VECTORS, ...vectorNames], {
      encoding: 'utf8',
      cwd: folder,
    });
    if (error !== undefined || status !== 0) {
      throw new Error(`the C tests fail (${variant.name}, status ${status}):\n${stdout}${stderr}${error ?? ''}`);
    }
    return stdout;
  });
}

/** Builds the program that generates text (engine/test/tlm_run.c). */
export function buildRunner(variant: Variant, folder: string): string {
  const program = join(folder, `tlm_run-${variant.name}`);
  mkdirSync(folder, { recursive: true });
  compile(variant, [join(engine, 'test', 'tlm_run.c')], program);
  return program;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const wanted = process.argv.slice(2);
  for (const variant of variants) {
    if (wanted.length > 0 && !wanted.includes(variant.name)) continue;
    const why = missing(variant);
    const said = why === undefined ? testVariant(variant).trim().replaceAll('\n', '\n  ') : `SKIPPED: ${why}`;
    console.log(`${variant.name}: ${said}`);
  }
}
