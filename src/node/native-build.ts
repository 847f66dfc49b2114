/**
 * The machine's own compiler, and the trainer's kernels built by it into a cache folder. What a build depends on is in
 * its name: compiler, flags, sources, and the instructions that it uses.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { arch, homedir, platform } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from './assets.js';
import { featuresMissing, featuresUsed, readCpuinfo } from './cpu-features.js';

const run = promisify(execFile);

const FLAGS = [
  '-std=gnu11',
  '-O3',
  arch() === 'arm64' ? '-mcpu=native' : '-march=native',
  '-ffp-contract=fast',
  '-fno-math-errno',
  '-fvisibility=hidden',
  '-fPIC',
  '-shared',
  '-pthread',
];

/** A reason for having no native kernels; becomes a note or an error. */
export class Unavailable extends Error {}

export const firstLine = (text: string): string => text.split('\n')[0].trim();

export interface BuildOptions {
  /** C files to compile with the kernels, and flags beside the usual ones (benchmarks). */
  readonly sources?: readonly string[];
  readonly flags?: readonly string[];
  readonly onBuild?: () => void;
}

export interface Compiler {
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

export async function findCompiler(): Promise<Compiler> {
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
  throw new Unavailable(
    asked ? `the C compiler ${asked} does not answer` : `no C compiler found (${commands.join(', ')})`,
  );
}

async function findTarget([command, ...more]: readonly string[]): Promise<
  Pick<Compiler, 'target' | 'vectors' | 'features'>
> {
  const macros = await run(command, [...more, ...FLAGS, '-dM', '-E', '-x', 'c', '/dev/null'], {
    timeout: 10_000,
    maxBuffer: 2 ** 24,
  })
    .then(({ stdout }) => stdout.split('\n').sort().join('\n'))
    .catch((error: Error) => {
      throw new Unavailable(`${command} cannot build for this processor: ${said(error)}`);
    });
  const has = (macro: string): boolean => macros.includes(`#define ${macro} `);
  const vectors = has('__AVX512F__')
    ? 'AVX-512'
    : has('__AVX2__')
      ? 'AVX2'
      : has('__AVX__')
        ? 'AVX'
        : has('__ARM_NEON')
          ? 'NEON'
          : has('__SSE2__')
            ? 'SSE2'
            : arch();
  // Before anything of it is called: a virtual machine may lack what its processor's name promises.
  const missing = featuresMissing(macros, readCpuinfo());
  if (missing.length > 0)
    throw new Unavailable(
      `${command} builds for instructions that this processor does not offer (${missing.join(', ')})`,
    );
  return {
    target: createHash('sha256').update(macros).digest('hex').slice(0, 16),
    vectors,
    features: featuresUsed(macros),
  };
}

/** The first lines of what a compiler that failed has said. */
function said(error: Error): string {
  return ((error as { stderr?: string }).stderr || error.message).trim().split('\n').slice(0, 3).join(' | ');
}

/** Where built kernels are kept: TINYLM_CACHE, else the system's folder for caches. */
export function cacheFolder(): string {
  if (process.env.TINYLM_CACHE) return process.env.TINYLM_CACHE;
  const caches =
    process.env.XDG_CACHE_HOME ??
    (platform() === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(caches, 'tinylm');
}

/** Compiles the kernels unless the cache has them; the name holds all that the result depends on, the instructions used included. */
export async function build(
  compiler: Compiler,
  { sources: more = [], flags: extra = [], onBuild }: BuildOptions,
): Promise<string> {
  const flags = [...FLAGS, ...extra];
  const sources = join(packageRoot(), 'src', 'train', 'kernels');
  const files = [
    ...readdirSync(sources)
      .filter((name) => /\.[ch]$/.test(name))
      .sort()
      .map((name) => join(sources, name)),
    ...more,
  ];
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
