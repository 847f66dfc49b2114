/**
 * Makes a release's commit ready: the version in every place that states it, and the changelog's heading.
 *
 *   npm run build && node dist/scripts/release.js 0.2.0
 *
 * Refuses a tree with changes, a version that does not come after the present one, and a changelog without news. What
 * it has written is for a person to look at, test, commit and tag; it says how. docs/releasing.md has the rule for
 * versions.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/node/assets.js';
import { currentVersion, withVersion } from './versions.js';

const CHANGELOG = 'CHANGELOG.md';
const NEWS = '## Unreleased\n';

/** Semver's three numbers, and what follows a hyphen. */
function parse(version: string): { numbers: number[]; pre: string | undefined } {
  const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/.exec(version);
  if (!match) throw new Error(`${version} is no version, expected e.g. 0.2.0 or 0.2.0-rc.1`);
  return { numbers: match.slice(1, 4).map(Number), pre: match[4] };
}

/** Whether b comes after a, by semver's order (a pre-release before its release). */
export function comesAfter(a: string, b: string): boolean {
  const [from, to] = [parse(a), parse(b)];
  for (const [i, n] of from.numbers.entries()) if (to.numbers[i] !== n) return to.numbers[i] > n;
  if (from.pre === undefined || to.pre === undefined) return from.pre !== undefined && to.pre === undefined;
  const [x, y] = [from.pre.split('.'), to.pre.split('.')];
  for (const [i, word] of x.entries()) {
    if (y[i] === undefined) return false;
    if (y[i] === word) continue;
    const [p, q] = [/^\d+$/.test(word), /^\d+$/.test(y[i])];
    if (p !== q) return p; // numbers come before words
    return p ? Number(y[i]) > Number(word) : y[i] > word;
  }
  return y.length > x.length;
}

/**
 * The changelog with the news under the version and an empty heading for what comes.
 * @throws Error when there is no news
 */
export function releasedChangelog(text: string, version: string, day: string): string {
  const at = text.indexOf(NEWS);
  if (at < 0) throw new Error(`${CHANGELOG}: no heading "${NEWS.trim()}"`);
  const rest = text.slice(at + NEWS.length);
  const next = rest.search(/^## /m);
  const news = next < 0 ? rest : rest.slice(0, next);
  if (news.trim() === '') throw new Error(`${CHANGELOG}: nothing stands under "${NEWS.trim()}"; say what is new`);
  return `${text.slice(0, at)}${NEWS}\n## ${version} (${day})\n${rest}`;
}

/**
 * Writes a release into a repository's folder.
 * @param day of the changelog's heading, e.g. 2027-01-31
 * @returns the files that were written
 * @throws Error when something is not as it must be; then nothing was written
 */
export function release(version: string, day: string, root: string = packageRoot()): string[] {
  const git = spawnSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (git.status !== 0) throw new Error(`git status: ${git.error?.message ?? git.stderr.trim()}`);
  if (git.stdout !== '') throw new Error(`the tree has changes; commit or stash them first:\n${git.stdout.trimEnd()}`);
  const from = currentVersion(root);
  if (!comesAfter(from, version)) throw new Error(`${version} does not come after ${from}`);
  const changelog = releasedChangelog(readFileSync(join(root, CHANGELOG), 'utf8'), version, day);
  const files = [...withVersion(version, from, root), { file: CHANGELOG, text: changelog }];
  for (const { file, text } of files) {
    const path = join(root, file);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
  return files.map((f) => f.file);
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const [version, ...rest] = process.argv.slice(2);
  try {
    if (version === undefined || rest.length > 0) throw new Error('expected one word, the new version');
    for (const file of release(version, new Date().toISOString().slice(0, 10))) console.log(`release: ${file}`);
    console.log(`Now: npm run build && node dist/scripts/build-prebuilt.js && node dist/scripts/packages.js --readme && .ci/run
     git commit -am "Release ${version}" && git tag v${version} && git push --follow-tags`);
  } catch (error) {
    console.error(`release: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
