/** The linter finds nothing; the formatter agrees with itself, and, once everything was formatted, with every file. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEBIAN } from '../scripts/debian.js';
import { biome, cSources, formatC, unformattedC } from '../scripts/format.js';
import { packageRoot } from '../src/node/assets.js';

/** Set to true in the commit that holds the result of `npm run format`. */
const ALL_IS_FORMATTED: boolean = true;

test('the linter finds nothing', () => {
  const { status, text } = biome(['lint', '--error-on-warnings']);
  assert.equal(status, 0, text);
});

test("every editor and formatter has the house's width", () => {
  const width = 120;
  const read = (file: string): string => readFileSync(join(packageRoot(), file), 'utf8');
  assert.equal((JSON.parse(read('biome.json')) as { formatter: { lineWidth: number } }).formatter.lineWidth, width);
  assert.match(read('.clang-format'), new RegExp(`^ColumnLimit: ${width}$`, 'm'));
  assert.match(read('.editorconfig'), new RegExp(`^max_line_length = ${width}$`, 'm'));
});

test('what the C formatter has written it leaves as it is', () => {
  const files = cSources();
  assert.ok(files.length > 100);
  for (const file of files.filter((f) => /tlm_(step|stream|open)\.c$|TinyLM\.h$|fw_session\.c$|weights\.c$/.test(f))) {
    const once = formatC(readFileSync(join(packageRoot(), file), 'utf8'), file);
    assert.equal(formatC(once, file), once, file);
  }
});

if (ALL_IS_FORMATTED)
  test('every file is formatted', () => {
    const { status, text } = biome(['format', '--reporter=summary']);
    assert.equal(status, 0, text);
    assert.deepEqual(unformattedC(false), [], 'npm run format');
  });

test('CI installs every package that a test asks for', () => {
  const ci = readFileSync(join(packageRoot(), '.ci/run'), 'utf8');
  const [, list] = /^packages=\(\n([^]*?)\n\)$/m.exec(ci)!;
  const installed = list.split(/\s+/);
  for (const name of new Set(Object.values(DEBIAN).flatMap((packages) => packages.split(' ')))) {
    assert.ok(installed.includes(name), name);
  }
});
