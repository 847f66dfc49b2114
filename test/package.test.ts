/** The npm package: what is in it, that its pages find what they link to, and that it runs without what only builds. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageRoot } from '../src/node/assets.js';
import { readRegistry } from '../src/node/shipped.js';
import { EXAMPLE_MODEL, SHIPPED_FILES } from '../src/run/shipped.js';

const ROOT = packageRoot();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const json = <T>(path: string): T => JSON.parse(read(path)) as T;
const manifest = json<{
  name: string;
  dependencies: Record<string, string>;
  exports: Record<string, string | { types?: string; default: string }>;
}>('package.json');

function npm(words: readonly string[]): string {
  const run = spawnSync('npm', words, { cwd: ROOT, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

describe('the npm package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-npm-'));
  let files: string[] = [];
  const installed = join(folder, 'node_modules', ...manifest.name.split('/'));

  before(() => {
    // What is packed is what is built already: another test may be running from it.
    const said = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
    const [packed] = JSON.parse(said) as { filename: string; files: { path: string }[] }[];
    files = packed.files.map((f) => f.path);
    mkdirSync(installed, { recursive: true });
    const tar = spawnSync('tar', ['xzf', join(folder, packed.filename), '-C', installed, '--strip-components=1']);
    assert.equal(tar.status, 0, String(tar.stderr));
    linkDependencies();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The packages that `npm install` of ours would bring, by the lock file: links to the ones that are here. */
  function linkDependencies(): void {
    const lock = json<{ packages: Record<string, { dev?: boolean; devOptional?: boolean }> }>('package-lock.json');
    for (const [path, entry] of Object.entries(lock.packages)) {
      const nested = path.lastIndexOf('node_modules/') > 0;
      if (path === '' || nested || entry.dev || entry.devOptional || !existsSync(join(ROOT, path))) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      symlinkSync(join(ROOT, path), join(folder, path), 'dir');
    }
  }

  it('has a scoped name, and its name stands in package.json alone', () => {
    assert.match(manifest.name, /^@[a-z0-9-]+\/tinylm$/);
    const found = spawnSync('git', ['grep', '-lF', manifest.name], { cwd: ROOT, encoding: 'utf8' });
    if (found.status !== 0) return; // no repository: an unpacked archive
    // The recorded session shows what npm prints.
    const where = found.stdout
      .trim()
      .split('\n')
      .filter((path) => path !== 'docs/first-ten-minutes.md');
    assert.deepEqual(where, ['package-lock.json', 'package.json']);
  });

  it('has what runs, and neither tests nor source maps', () => {
    const wasm = ['engine', 'trainer', 'trainer-relaxed'].map((name) => `dist/wasm/${name}.wasm`);
    const models = [
      SHIPPED_FILES.registry,
      ...readRegistry().models.flatMap(({ name }) => [SHIPPED_FILES.tlm(name), SHIPPED_FILES.card(name)]),
    ];
    const needed = [
      ...wasm,
      ...models.map((path) => `models/${path}`),
      'bin/tinylm.js',
      'firmware/prebuilt/esp32c3-direct.bin',
      'src/train/kernels/native.c',
    ];
    for (const path of needed) assert.ok(files.includes(path), path);
    const useless = /\.map$|^firmware\/ports\/|(^|\/)(test|fuzz|bench|build|node_modules)\/|\.test\.js$/;
    assert.deepEqual(
      files.filter((path) => useless.test(path)),
      [],
    );
  });

  it('has every door of package.json, with its types when there are declarations', () => {
    const { compilerOptions } = json<{ compilerOptions: { declaration?: boolean } }>('tsconfig.json');
    for (const [door, to] of Object.entries(manifest.exports)) {
      const target = (typeof to === 'string' ? to : to.default).slice(2);
      assert.ok(files.includes(target), `${door}: ${target}`);
      if (compilerOptions.declaration) assert.ok(files.includes(target.replace(/\.js$/, '.d.ts')), `${door}: types`);
    }
  });

  it('has every file that its pages link to', () => {
    const pages = files.filter((path) => path.endsWith('.md'));
    assert.ok(pages.includes('README.md') && pages.includes('README.pt-BR.md') && pages.includes('DESIGN.md'));
    for (const page of pages) {
      for (const [, link] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        const [path] = link.split('#');
        if (path === '' || /^\w+:/.test(path)) continue;
        const target = posix.normalize(posix.join(posix.dirname(page), path)).replace(/\/$/, '');
        const there = files.some((f) => f === target || f.startsWith(`${target}/`));
        assert.ok(there, `${page} links to ${target}, which is not in the package`);
      }
    }
  });

  it('trains, writes, exports and simulates where only its dependencies are installed', () => {
    for (const tool of ['typescript', '@yowasp/clang']) {
      assert.equal(manifest.dependencies[tool], undefined);
      assert.ok(!existsSync(join(folder, 'node_modules', tool)), tool);
    }
    const run = (...words: string[]): string => {
      const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: undefined } } as const;
      const done = spawnSync(process.execPath, [join(installed, 'bin/tinylm.js'), ...words], options);
      assert.equal(done.status, 0, `tinylm ${words.join(' ')}\n${done.stderr}`);
      return done.stdout;
    };
    assert.match(run('--version'), /^\d+\.\d+\.\d+/);
    writeFileSync(join(folder, 'text.txt'), 'The cat sat on the mat. The dog ran to the cat.\n'.repeat(200));
    run('train', 'text.txt', '--epochs', '1', '--backend', 'wasm', '--out', 'run/a', '--hidden', '16', '--dim', '8');
    assert.ok(run('generate', 'run/a', '--prompt', 'The', '--tokens', '8').startsWith('The'));
    run('export', 'run/a', '--header', '--out', 'export');
    run('export', 'run/a', '--arduino', 'Sketch');
    assert.match(run('models'), new RegExp(`^${EXAMPLE_MODEL} `, 'm'));
    assert.ok(run('generate', EXAMPLE_MODEL, '--prompt', 'Once', '--tokens', '8').startsWith('Once'));
    assert.ok(run('simulate', 'run/a', '--prompt', 'The', '--tokens', '8', '--no-report').startsWith('The'));
  });
});
