/**
 * libFuzzer over the engine's reader, under address and undefined-behaviour sanitizers, from the files of vectors/ as seeds:
 *
 *   node dist/scripts/fuzz-engine.js [runs] [folder for what it finds]
 *
 * A million runs by default, which take some minutes; CI does a fixed number. Debian: apt-get install clang. What it finds is left in the
 * folder (build/fuzz/open) and belongs into engine/test/fuzz/found, which is among the seeds.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/node/assets.js';
import { compile, inTemporaryFolder, variants } from './test-native.js';

const root = packageRoot();
const FLAGS = [
  '-O1',
  '-g',
  '-fsanitize=fuzzer,address,undefined',
  '-fno-sanitize-recover=all',
  '-fno-omit-frame-pointer',
];

/** All files that are worth beginning with, each under a name of its own. */
function seeds(into: string): number {
  mkdirSync(into, { recursive: true });
  let count = 0;
  for (const folder of ['vectors/v1', 'vectors/v1/bad', 'vectors/v2', 'vectors/v2/bad', 'engine/test/fuzz/found']) {
    if (!existsSync(join(root, folder))) continue;
    for (const file of readdirSync(join(root, folder)).filter((f) => f.endsWith('.tlm') || folder.endsWith('found'))) {
      copyFileSync(join(root, folder, file), join(into, `${folder.replaceAll('/', '-')}-${file}`));
      count++;
    }
  }
  return count;
}

/**
 * Runs the fuzzer.
 * @param runs inputs tried
 * @param findings folder for inputs that crash
 * @returns what it said; the status is not 0 when it found something
 */
export function fuzzOpen(runs: number, findings: string, seed = 1): { status: number | null; output: string } {
  mkdirSync(findings, { recursive: true });
  return inTemporaryFolder((folder) => {
    const program = join(folder, 'fuzz_open');
    const clang = { ...variants.find(({ name }) => name === 'clang-san')!, flags: FLAGS };
    compile(clang, [join(root, 'engine/test/fuzz/fuzz_open.c')], program);
    const corpus = join(folder, 'corpus');
    if (seeds(corpus) === 0) throw new Error('there is no file to begin with');
    const { status, stderr } = spawnSync(
      program,
      [
        `-runs=${runs}`,
        `-seed=${seed}`,
        '-max_len=20000',
        '-timeout=20',
        '-rss_limit_mb=2048',
        '-print_final_stats=1',
        `-artifact_prefix=${findings}/`,
        corpus,
      ],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    return { status, output: stderr };
  });
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const [runs = '1000000', findings = join(root, 'build/fuzz/open')] = process.argv.slice(2);
  const { status, output } = fuzzOpen(Number(runs), findings, Date.now() % 2 ** 31);
  console.log(output.split('\n').slice(-40).join('\n'));
  process.exitCode = status ?? 1;
}
