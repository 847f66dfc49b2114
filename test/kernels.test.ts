/** The trainer's kernels as C: the agreement with TypeScript, and everything under sanitizers. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../src/node/assets.js';
import { ABI_HEADER, abiHeader } from '../src/train/abi.js';
import { available, variant } from './native-support.js';

const sources = join(packageRoot(), 'src', 'train', 'kernels');

test('abi.h is what src/train/abi.ts says', () => {
  const run = 'run npm run build && node dist/scripts/generate-header.js';
  assert.equal(readFileSync(join(packageRoot(), ABI_HEADER), 'utf8'), abiHeader(), `${ABI_HEADER}: ${run}`);
});

// the vectors of this processor, and those of WebAssembly with its looked-up sums
for (const [name, flags] of [
  ['wide vectors', ['-march=native']],
  ['four floats and look-ups', ['-DVW=4', '-DLOOKUPS=1']],
] as const) {
  test(`stacks of all kinds train under sanitizers: ${name}`, (t) => {
    if (!available(t, variant('gcc-san'))) return;
    const folder = mkdtempSync(join(tmpdir(), 'tinylm-kernels-'));
    try {
      const driver = join(packageRoot(), 'test', 'kernels', 'driver.c');
      const units = readdirSync(sources)
        .filter((f) => f.endsWith('.c'))
        .map((f) => join(sources, f));
      execFileSync(
        'gcc',
        [
          '-std=gnu11',
          '-O1',
          '-g',
          '-Wall',
          '-Wextra',
          '-Werror',
          '-Wno-unused-function',
          ...flags,
          '-DTLM_ARENA_GAP=64',
          '-fsanitize=address,undefined',
          '-fno-sanitize-recover=all',
          `-I${sources}`,
          '-o',
          join(folder, 'driver'),
          driver,
          ...units,
          '-lm',
          '-pthread',
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      const said = execFileSync(join(folder, 'driver'), { encoding: 'utf8' });
      assert.match(said, /^ok: 60 models trained, [1-9]\d* configurations refused$/m);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
