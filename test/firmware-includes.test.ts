/** The firmware's parts include and call each other one way; and the check that holds it sees a circle. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { INCLUDE_FOLDERS, includeProblems } from '../scripts/check-includes.js';
import { PROTOCOL } from '../src/device/protocol.js';
import { packageRoot } from '../src/node/assets.js';

for (const folders of INCLUDE_FOLDERS) {
  test(`no circle in ${folders.join(' and ')}`, () => {
    assert.deepEqual(includeProblems(folders.map((f) => join(packageRoot(), f))), []);
  });
}

test('circles are found, of headers and of a function that another header declares', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-includes-'));
  try {
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write('a.h', 'int a(void);\nint b(void);\n');
    write('a.c', '#include "a.h"\nint a(void) { return b(); }\n');
    write('b.c', '#include "a.h"\nint b(void) {\n  return a();\n}\n');
    write('c.h', 'int c(void);\n');
    write('c.c', '#include "c.h"\n#include "d.h"\nint c(void) { return d(); }\n');
    write('d.h', 'int d(void);\n');
    write('d.c', '#include "d.h"\n#include "c.h"\nint d(void) { return c(); }\n');
    const problems = includeProblems([folder]);
    assert.equal(problems.length, 2, problems.join('\n'));
    assert.match(problems[0], /^b\(\) is in b\.c but declared in a\.h/);
    assert.match(problems[1], /^a circle: (c → d → c|d → c → d)$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the limit of headers is the same on the board', () => {
  const config = readFileSync(join(packageRoot(), 'firmware/sdkconfig.defaults'), 'utf8');
  assert.equal(Number(/^CONFIG_HTTPD_MAX_REQ_HDR_LEN=(\d+)$/m.exec(config)?.[1]), PROTOCOL.HEADER_MAX);
});
