import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BROWSER_ROOMS, checkImports, importsOf } from '../scripts/check-imports.js';

function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

test('every import of src follows the arrows between rooms', () => {
  assert.deepEqual(checkImports(join(repositoryRoot(), 'src')), []);
});

test('imports that go against the arrows are found, with line and reason', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-imports-'));
  try {
    const write = (path: string, source: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), source);
    };
    write('model/a.ts', `// import { x } from '../cli/main.js';\nimport { x } from '../train/index.js';\n`);
    write(
      'format/b.ts',
      `import { quantizeModel } from '../quantize/index.js';\nimport type { T } from '../quantize/index.js';\n` +
        `import {\n  type A,\n  type B,\n} from '../model/index.js';\n`,
    );
    write('tokenizer/c.ts', `import { readFileSync } from 'node:fs';\nimport { join } from 'node:path';\n`);
    write('corpus/d.ts', `const vega = await import('vega');\nexport * from 'hyparquet';\n`);
    write(
      'engine/e.ts',
      `import { y } from '../../scripts/y.js';\nimport { TinyLMError } from '../model/errors.js';\n`,
    );
    write('attic/f.ts', '');
    write(
      'run/g.ts',
      `import { z } from '../node/index.js';\nimport * as v from 'valibot';\nimport { Command } from 'commander';\n`,
    );
    write('web/h.ts', `import { Worker } from 'node:worker_threads';\nimport { zip } from 'fflate';\n`);
    const problems = checkImports(folder);
    assert.deepEqual(
      problems.map((p) => p.replace(/: [^:]*$/, '')),
      [
        'attic/f.ts',
        'src/corpus/d.ts:1: corpus must not import vega',
        'src/engine/e.ts:1: engine must not import ../../scripts/y.js',
        'src/format/b.ts:1: format must not import ../quantize/index.js: ' +
          'only types of quantize may be imported (import type)',
        'src/model/a.ts:2: model must not import ../train/index.js',
        'src/run/g.ts:1: run must not import ../node/index.js',
        'src/run/g.ts:3: run must not import commander',
        'src/tokenizer/c.ts:1: tokenizer must not import node:fs',
        'src/tokenizer/c.ts:2: tokenizer must not import node:path',
        'src/web/h.ts:1: web must not import node:worker_threads',
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('rooms for browsers are compiled without types of Node', () => {
  const { compilerOptions, include } = JSON.parse(
    readFileSync(join(repositoryRoot(), 'tsconfig.web.json'), 'utf8'),
  ) as { compilerOptions: { types: string[] }; include: string[] };
  assert.deepEqual(
    include,
    BROWSER_ROOMS.map((room) => `src/${room}/**/*.ts`),
  );
  assert.deepEqual(compilerOptions.types, []);
  const tsc = join(repositoryRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.web.json'], {
    cwd: repositoryRoot(),
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
});

test('importsOf sees every form of import', () => {
  const source = [
    `import a, { b } from './1.js';`,
    `export { c } from './2.js';`,
    `import './3.js';`,
    `const d = await import('./4.js');`,
    `import type { E } from './5.js';`,
    `export type F = import('./6.js').F;`,
    `import { type G, h } from './7.js';`,
    `export * from './8.js';`,
    `import {`,
    `  i,`,
    `} from './9.js';`,
  ].join('\n');
  const found = importsOf(source).sort((x, y) => x.line - y.line);
  assert.deepEqual(
    found.map((f) => f.specifier),
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `./${n}.js`),
  );
  assert.deepEqual(
    found.filter((f) => f.typeOnly).map((f) => f.specifier),
    ['./5.js'],
  );
  assert.equal(found[8].line, 9);
});
