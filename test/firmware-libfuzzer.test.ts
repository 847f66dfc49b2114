/** libFuzzer over session bytes, HTTP, JSON and WebSocket framing: a fixed number of inputs, from the seeds that are kept. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT, SMALL, toolsFor } from './firmware-support.js';

const FOLDER = join(ROOT, 'firmware/test/fuzz');
const OUT = join(ROOT, 'build', 'fuzz');
/** Inputs each: about half a minute together on one core. The long mode is `make -C firmware/test/fuzz long MINUTES=30`. */
const RUNS = { session: 1500, http: 3000, json: 40_000, websocket: 10_000 } as const;

test('no input is fatal, unanswered or without end', { timeout: 300_000 }, async (t) => {
  if (!toolsFor(t, { clang: 'clang', make: 'make' })) return;
  const make = spawnSync('make', ['-s', '-j2', '-C', FOLDER, `OUT=${OUT}`], { encoding: 'utf8' });
  assert.equal(make.status, 0, make.stderr);
  for (const [harness, runs] of Object.entries(RUNS)) {
    const seeds = join(FOLDER, 'seeds', harness);
    assert.ok(existsSync(seeds) && readdirSync(seeds).length > 0);
    const found = join(OUT, `found-${harness}`); // new inputs go here, not among the seeds
    rmSync(found, { recursive: true, force: true });
    mkdirSync(found);
    const { stderr } = await promisify(execFile)(
      join(OUT, `fuzz-${harness}`),
      [
        `-dict=${join(FOLDER, 'dict.txt')}`,
        '-seed=1',
        `-runs=${runs}`,
        '-max_len=3000',
        '-timeout=60',
        `-artifact_prefix=${OUT}/`,
        found,
        seeds,
      ],
      { env: { ...process.env, MODEL: SMALL }, maxBuffer: 1 << 26 },
    );
    assert.match(stderr, new RegExp(`Done ${runs} runs`), harness);
  }
});
