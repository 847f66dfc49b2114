/**
 * Puts TypeScript and C into the house's form (120 columns; biome.json, .clang-format), or says which files are not.
 *
 *   npm run format              every file of the repository
 *   npm run format -- --check   changes nothing; fails when a file would change
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from '@wasm-fmt/clang-format/node';
import { GENERATED_HEADERS } from '../src/format/header.js';
import { packageRoot } from '../src/node/assets.js';
import { ABI_HEADER } from '../src/train/abi.js';

const ROOT = packageRoot();

/** C that a script writes, and C whose macros are laid out as tables by hand. */
const LEFT_ALONE = [
  ...Object.keys(GENERATED_HEADERS),
  ABI_HEADER,
  'firmware/app/fw_page.c',
  'arduino/src/models/stories.h',
  'engine/src/tlm_kernels.c',
  'engine/bench/encode.c',
];

/** The C and C++ sources that are formatted, from the repository's root. */
export function cSources(): string[] {
  const git = spawnSync('git', ['ls-files', '*.c', '*.h', '*.cpp', '*.ino'], { cwd: ROOT, encoding: 'utf8' });
  if (git.status !== 0) throw new Error(`git ls-files: ${git.error?.message ?? git.stderr.trim()}`);
  return git.stdout.split('\n').filter((f) => f !== '' && !LEFT_ALONE.includes(f) && existsSync(join(ROOT, f)));
}

/** A C source in the house's form. @param file its name decides between C and C++ */
export function formatC(source: string, file: string): string {
  return format(source, file.replace(/\.ino$/, '.cpp'), readFileSync(join(ROOT, '.clang-format'), 'utf8'));
}

/** Runs Biome, the formatter and linter of TypeScript; what it says comes back. */
export function biome(words: readonly string[]): { status: number | null; text: string } {
  const manifest = createRequire(import.meta.url).resolve('@biomejs/biome/package.json');
  const run = spawnSync(process.execPath, [join(dirname(manifest), 'bin/biome'), ...words], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status: run.status, text: run.stdout + run.stderr };
}

/** @returns the C sources that are not in the house's form; with `write` they are put into it */
export function unformattedC(write: boolean): string[] {
  return cSources().filter((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const formatted = formatC(source, file);
    if (formatted === source) return false;
    if (write) writeFileSync(join(ROOT, file), formatted);
    return true;
  });
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const check = process.argv.includes('--check');
  const { status, text } = biome(
    check ? ['format', '--max-diagnostics=none', '--reporter=summary'] : ['format', '--write'],
  );
  console.log(text.trim());
  const files = unformattedC(!check);
  for (const file of files) console.log(`${check ? 'not formatted' : 'formatted'}: ${file}`);
  if (!check && files.some((f) => /^(engine|firmware)\//.test(f)))
    console.log('C of the firmware has changed: npm run build && node dist/scripts/build-prebuilt.js');
  if (status !== 0 || (check && files.length > 0)) {
    if (check) console.error("error: not in the house's form\nhint: npm run format");
    process.exitCode = 1;
  }
}
