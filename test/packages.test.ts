/** The packages for Arduino, PlatformIO and ESP-IDF: what is in them, and what each registry would refuse. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { contents, PACKAGE_LIMIT } from '../scripts/packages.js';
import { writePackage } from '../scripts/sketches.js';
import { BOARDS } from '../src/cli/sketch-project.js';
import { CHIPS } from '../src/cost/index.js';
import { findModelPartition, parsePartitionCsv, writePartitionTable } from '../src/device/flash/partitions.js';
import { packageRoot } from '../src/node/assets.js';
import { LIBRARY, engineComponent, packages } from '../src/node/library.js';
import { toolsFor } from './firmware-support.js';

const ROOT = packageRoot();
const URL_ = 'https://github.com/owner/tinylm';
const all = packages({ version: '1.2.3', url: URL_, namespace: 'owner' }, '/* model */\n');
const textOf = (folder: string, path: string): string =>
  new TextDecoder().decode(all[folder].find((f) => f.path === path)!.bytes);
const source = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder)).filter((f) => ending.test(f));

describe('every package', () => {
  for (const [folder, files] of Object.entries(all)) {
    it(`${folder}: no tests, vectors, host code or model files; small; names that any file system takes`, () => {
      const paths = files.map((f) => f.path);
      for (const path of paths) {
        assert.doesNotMatch(
          path,
          /(^|\/)(test|tests|vectors|bench|wasm|ports|node_modules|\.[^/]*)(\/|$)|\.(ts|js|tlm|bin|exe)$/,
        );
        assert.match(path, /^[\w./-]+$/);
      }
      // TinyLM.h and tinylm.h in one folder would be one file on Windows and macOS.
      assert.equal(new Set(paths.map((p) => p.toLowerCase())).size, paths.length);
      assert.ok(paths.includes('LICENSE') && paths.includes('README.md'));
      const bytes = files.reduce((sum, f) => sum + f.bytes.length, 0);
      assert.ok(bytes < PACKAGE_LIMIT, `${bytes} bytes`);
      assert.ok(contents(all).includes(`## ${folder}: ${files.length} files, ${bytes} bytes\n`));
    });
  }

  it('has every source of the engine, as it is', () => {
    for (const f of source('engine/src', /\.[ch]$/)) {
      const own = readFileSync(join(ROOT, 'engine/src', f), 'utf8');
      assert.equal(textOf('idf/tinylm', `src/${f}`), own);
      for (const folder of ['arduino/TinyLM', 'platformio/TinyLM'])
        assert.ok(textOf(folder, `src/engine/${f}`).endsWith(own));
    }
    for (const f of source('engine/include', /\.h$/)) {
      const own = readFileSync(join(ROOT, 'engine/include', f), 'utf8');
      assert.equal(textOf('idf/tinylm', `include/${f}`), own);
      assert.equal(textOf('arduino/TinyLM', `src/engine/${f}`), own);
    }
    for (const f of source('firmware/app', /\.c$/)) assert.ok(textOf('idf/tinylm_app', `src/${f}`).length > 0);
  });

  it('includes nothing that it does not have', () => {
    const system = /^(stddef|stdint|stdlib|string)\.h$/;
    for (const [folder, files] of Object.entries(all)) {
      const names = new Set(files.map((f) => f.path.split('/').at(-1)!));
      for (const { path, bytes } of files.filter((f) => /\.(c|h|cpp)$/.test(f.path))) {
        for (const [, name] of new TextDecoder().decode(bytes).matchAll(/^#include "([^"]+)"/gm)) {
          const own = name.split('/').at(-1)!;
          const engine = folder === 'idf/tinylm_app' && source('engine/include', /\.h$/).includes(own);
          assert.ok(names.has(own) || engine || system.test(own), `${folder}/${path} includes ${name}`);
        }
      }
    }
  });
});

test('the components compile from their own folders alone', (t) => {
  if (!toolsFor(t, { gcc: 'gcc' })) return;
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-packages-'));
  try {
    for (const [name, files] of Object.entries(all))
      if (name.startsWith('idf/')) writePackage(join(folder, name), files);
    const include = (component: string): string => `-I${join(folder, 'idf', component, 'include')}`;
    for (const [component, uses] of [
      ['tinylm', []],
      ['tinylm_app', ['tinylm']],
    ] as const) {
      const src = join(folder, 'idf', component, 'src');
      const sources = readdirSync(src)
        .filter((f) => f.endsWith('.c'))
        .map((f) => join(src, f));
      const run = spawnSync(
        'gcc',
        [
          '-std=gnu17',
          '-fsyntax-only',
          '-Wall',
          '-Wextra',
          '-Werror',
          include(component),
          ...uses.map(include),
          ...sources,
        ],
        { encoding: 'utf8' },
      );
      assert.deepEqual({ status: run.status, text: run.stderr }, { status: 0, text: '' }, component);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("library.properties is what Arduino's linter accepts (LP… rules)", () => {
  const text = textOf('arduino/TinyLM', 'library.properties');
  const fields = new Map(
    text
      .trimEnd()
      .split('\n')
      .map((l) => l.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  for (const key of [
    'name',
    'version',
    'author',
    'maintainer',
    'sentence',
    'paragraph',
    'category',
    'url',
    'architectures',
    'includes',
  ]) {
    // LP007, LP019, LP023-LP025, LP031, LP034, LP037, LP040, LP043, LP051
    assert.ok((fields.get(key) ?? '') !== '', key);
  }
  const name = fields.get('name')!;
  assert.match(name, /^[A-Za-z][\w.-]{0,31}$/); // LP009-LP011, LP015
  assert.doesNotMatch(`${name} ${fields.get('maintainer')}`, /arduino|library/i); // LP012, LP014, LP016, LP027, LP057
  assert.equal(fields.get('version'), '1.2.3'); // LP020, LP021
  assert.notEqual(fields.get('paragraph')!.startsWith(fields.get('sentence')!), true); // LP036
  assert.ok(
    [
      'Display',
      'Communication',
      'Signal Input/Output',
      'Sensors',
      'Device Control',
      'Timing',
      'Data Storage',
      'Data Processing',
      'Other',
    ].includes(fields.get('category')!),
  ); // LP038, LP039
  assert.ok(URL.canParse(fields.get('url')!)); // LP041
  assert.match(fields.get('architectures')!, /^[a-z0-9_]+(,[a-z0-9_]+)*$/); // LP044, LP046
  for (const header of fields.get('includes')!.split(',')) textOf('arduino/TinyLM', `src/${header}`); // LP052
  const paths = all['arduino/TinyLM'].map((f) => f.path);
  assert.ok(!paths.some((p) => /^(utility|Examples|example|extra)\//.test(p))); // LS010, LD005, LS011
  for (const sketch of paths.filter((p) => p.endsWith('.ino'))) {
    assert.match(sketch, /^examples\/(\w+)\/\1\.ino$/); // LD003, and the name of its folder
  }
});

test("library.json is what PlatformIO's schema accepts", () => {
  const m = JSON.parse(textOf('platformio/TinyLM', 'library.json')) as Record<string, never> & {
    name: string;
    version: string;
    description: string;
    keywords: string[];
    platforms: string[];
    frameworks: string[];
    headers: string[];
    authors: { name: string }[];
    repository: { type: string; url: string };
  };
  assert.match(m.name, /^[^:;/,@<>]{1,100}$/);
  assert.match(m.version, /^\d+\.\d+\.\d+$/);
  assert.ok(m.description.length <= 1000);
  for (const k of m.keywords) assert.match(k, /^[a-z\d\-_+. ]{1,50}$/);
  for (const k of [...m.platforms, ...m.frameworks]) assert.match(k, /^[a-z\d\-_]{1,50}$/);
  for (const h of m.headers) textOf('platformio/TinyLM', `src/${h}`);
  for (const a of m.authors) assert.ok(a.name.length > 0 && a.name.length <= 100);
  assert.equal(m.repository.type, 'git');
  // Left out by `pio pkg pack` whatever the manifest says: a folder of that name would be missing after an install.
  for (const { path } of all['platformio/TinyLM']) {
    assert.doesNotMatch(
      path,
      /^(assets|extra|extras|resources|doc|docs|html|media)\/|(^|\/)build\/|\.(html?|js|css|png|svg|bin|hex|dat)$/,
    );
  }
  // A sketch folder's boards are among the platforms that the library says it is for.
  for (const board of Object.values(BOARDS)) assert.ok(m.platforms.includes(board.platform));
});

test('idf_component.yml: a description, a licence and where it lives; the application needs this very engine', () => {
  for (const folder of ['idf/tinylm', 'idf/tinylm_app']) {
    const yml = textOf(folder, 'idf_component.yml');
    assert.match(
      yml,
      /^version: "1\.2\.3"\ndescription: ".+"\nlicense: MIT\nurl: https:.*\nrepository: https:.*\.git\nissues: /,
    );
    for (const [, tag] of yml.matchAll(/^ {2}- (.*)$/gm)) assert.match(tag, /^[A-Za-z0-9_-]{3,32}$/);
    assert.match(textOf(folder, 'CMakeLists.txt'), /idf_component_register\(/);
  }
  assert.match(textOf('idf/tinylm_app', 'idf_component.yml'), /^ {2}owner\/tinylm:\n {4}version: "==1\.2\.3"\n/m);
  assert.match(textOf('idf/tinylm_app', 'CMakeLists.txt'), new RegExp(`REQUIRES ${LIBRARY.component}\\b`));
  assert.doesNotMatch(textOf('idf/tinylm', 'README.md'), /\]\(\.\.\//);
});

test('engine/idf_component.yml is the manifest of facts, in the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.equal(readFileSync(join(ROOT, 'engine/idf_component.yml'), 'utf8'), engineComponent({ version }));
});

test('a package to try out needs no address', () => {
  for (const files of Object.values(packages({ version: '1.2.3' }, ''))) {
    for (const { path, bytes } of files) {
      if (/^(library|idf_component)/.test(path))
        assert.doesNotMatch(new TextDecoder().decode(bytes), /undefined|url=?:?$/);
    }
  }
});

test('ModelFromFlash: its partition table is one, with a model where the sketch says it is', () => {
  const partitions = parsePartitionCsv(textOf('arduino/TinyLM', 'examples/ModelFromFlash/partitions.csv'));
  writePartitionTable(partitions);
  const model = findModelPartition(partitions);
  assert.equal(model.offset % 0x10000, 0); // pages of the mapping
  assert.ok(Math.max(...partitions.map((p) => p.offset + p.bytes)) <= 4 << 20);
  const sketch = textOf('arduino/TinyLM', 'examples/ModelFromFlash/ModelFromFlash.ino');
  assert.equal(sketch.match(new RegExp(`0x${model.offset.toString(16)}\\b`, 'g'))?.length, 2);
});

test('every chip that speed is modelled for has a board', () => {
  for (const { name } of Object.values(CHIPS)) assert.ok(name in BOARDS, name);
});

test('the keywords of the Arduino IDE are in the headers; columns are parted by one tab', () => {
  const headers = textOf('arduino/TinyLM', 'src/TinyLM.h') + textOf('arduino/TinyLM', 'src/TinyLMWrap.h');
  for (const row of textOf('arduino/TinyLM', 'keywords.txt').trimEnd().split('\n')) {
    const [, word] = /^(\w+)\t(?:KEYWORD[12]|LITERAL1)$/.exec(row) ?? assert.fail(row);
    assert.match(headers, new RegExp(`\\b${word}\\b`));
  }
});
