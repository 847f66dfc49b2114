/** One version in every place, and the script that moves it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { comesAfter, release, releasedChangelog } from '../scripts/release.js';
import { currentVersion, PLACES, withVersion } from '../scripts/versions.js';
import { packageRoot } from '../src/node/assets.js';
import { inFolder } from './helpers/cli.js';

const ROOT = packageRoot();

test('every place states the version of package.json', () => {
  const version = currentVersion();
  for (const { file, text } of withVersion(version, version)) {
    assert.equal(readFileSync(join(ROOT, file), 'utf8'), text, file);
  }
  assert.throws(() => withVersion('9.9.9', '9.9.8'), /^Error: package\.json: expected .*9\.9\.8/);
});

test('versions come in the order of semver', () => {
  const order = [
    '0.1.0',
    '0.1.1-alpha',
    '0.1.1-alpha.1',
    '0.1.1-alpha.beta',
    '0.1.1-rc.2',
    '0.1.1-rc.10',
    '0.1.1',
    '0.2.0',
    '1.0.0',
    '10.0.0',
  ];
  for (const [i, a] of order.entries()) {
    for (const [j, b] of order.entries()) assert.equal(comesAfter(a, b), j > i, `${a} ${b}`);
  }
  for (const bad of ['1', '1.2', 'v1.2.3', '1.02.3', '1.2.3-', ''])
    assert.throws(() => comesAfter('0.1.0', bad), /is no version/);
});

test('the changelog: news under the version, an empty heading for what comes; no news, no release', () => {
  const before = '# Changelog\n\n## Unreleased\n\n- News.\n\n## 0.1.0\n\n- Old.\n';
  const after = '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2027-01-31)\n\n- News.\n\n## 0.1.0\n\n- Old.\n';
  assert.equal(releasedChangelog(before, '0.2.0', '2027-01-31'), after);
  assert.throws(() => releasedChangelog(after, '0.3.0', '2027-02-01'), /nothing stands under/);
  assert.throws(() => releasedChangelog('# Changelog\n', '0.3.0', '2027-02-01'), /no heading/);
});

/** A repository of its own with the files that state the version. */
async function inRepository(use: (root: string) => void): Promise<void> {
  await inFolder(async (root) => {
    for (const file of [...PLACES.map((p) => p.file), 'CHANGELOG.md']) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      cpSync(join(ROOT, file), join(root, file));
    }
    writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\n- News.\n');
    const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    for (const words of [
      ['init', '-q'],
      ['add', '-A'],
      [...who, 'commit', '-qm', 'all'],
    ]) {
      assert.equal(spawnSync('git', words, { cwd: root }).status, 0, words.join(' '));
    }
    use(root);
  });
}

test('release writes every place and the changelog', () =>
  inRepository((root) => {
    const files = release('7.8.9', '2027-01-31', root);
    assert.deepEqual(files, [...PLACES.map((p) => p.file), 'CHANGELOG.md']);
    for (const { file, text } of withVersion('7.8.9', '7.8.9', root)) {
      assert.equal(readFileSync(join(root, file), 'utf8'), text, file);
      assert.match(text, /7\.8\.9/);
    }
    assert.match(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), /## 7\.8\.9 \(2027-01-31\)\n\n- News\./);
    assert.throws(() => release('7.9.0', '2027-01-31', root), /the tree has changes/);
  }));

test('release refuses a dirty tree, an older version, a place that states another one; nothing is written', () =>
  inRepository((root) => {
    assert.throws(() => release(currentVersion(root), '2027-01-31', root), /does not come after/);
    writeFileSync(join(root, 'new.txt'), 'x');
    assert.throws(
      () => release('7.8.9', '2027-01-31', root),
      /the tree has changes; commit or stash them first:\n\?\? new\.txt/,
    );
    spawnSync('git', ['add', '-A'], { cwd: root });
    const header = join(root, 'firmware/app/fw_protocol.h');
    writeFileSync(header, readFileSync(header, 'utf8').replace('FW_VERSION "', 'FW_VERSION "8.'));
    const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    spawnSync('git', [...who, 'commit', '-qam', 'wrong'], { cwd: root });
    assert.throws(() => release('7.8.9', '2027-01-31', root), /firmware\/app\/fw_protocol\.h: expected/);
    assert.equal(spawnSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }).stdout, '');
  }));
