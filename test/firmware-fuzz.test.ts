/** 10,000 random and mutated streams of bytes into the firmware's application, with ASan and UBSan. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { POSIX_TOOLS, SMALL, buildPosix, toolsFor } from './firmware-support.js';

test('10,000 streams: no crash, no hang, and the command after each is answered', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const fuzz = join(buildPosix(), 'fuzz');
  const said = await Promise.all(
    ['1', '2'].map(
      async (seed) => (await promisify(execFile)(fuzz, [SMALL, '5000', seed], { timeout: 120_000 })).stdout,
    ),
  );
  for (const text of said) assert.equal(text, '5000 streams: each survived, the command after each answered\n');
});
