/**
 * What the firmware's C can show on the host alone: main/speed.c (rows over two workers, matrices in SRAM) run as it is
 * on threads, and that the portable side asks nobody for memory.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, modelFile, toolsFor, vector } from './firmware-support.js';

const FIRMWARE = join(ROOT, 'firmware');
const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder)).filter((f) => f.endsWith('.c')).map((f) => join(ROOT, folder, f));
const PORTABLE = [...sources('engine/src'), ...sources('firmware/app')];

/** Runs a command that must end well; what it wrote. */
function run(command: string, args: readonly string[], cwd?: string): string {
  const done = spawnSync(command, args, { encoding: 'utf8', cwd, timeout: 60_000 });
  assert.equal(done.status, 0, `${command} ended with ${done.status ?? done.signal}: ${done.stderr}`);
  return done.stdout;
}

function inFolder<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-native-'));
  try {
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const includes = [`-I${join(FIRMWARE, 'app')}`, `-I${join(ROOT, 'engine/include')}`];

interface Speed { cores: number; sram: number; woken: number }

test('speed.c: two workers and matrices in SRAM give the logits of one core and flash, under ThreadSanitizer', (t) => {
  if (!toolsFor(t, { gcc: 'gcc' })) return;
  inFolder((folder) => {
    const program = join(folder, 'speed');
    run('gcc', ['-std=gnu17', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fsanitize=thread', '-pthread',
      `-I${join(FIRMWARE, 'test/targets/esp32s3')}`, `-I${join(FIRMWARE, 'test/stubs')}`, `-I${join(FIRMWARE, 'main')}`,
      ...includes, ...sources('firmware/test/host'), join(FIRMWARE, 'main/speed.c'), join(FIRMWARE, 'app/fw_util.c'),
      ...sources('engine/src'), '-o', program]);
    const speed = (model: string, heap: number): Speed[] =>
      run(program, [model, String(heap)]).trim().split('\n').map((line) => JSON.parse(line) as Speed);
    const RESERVE = 98_304; // CONFIG_TINYLM_SRAM_RESERVE with Wi-Fi
    for (const model of [vector('byte-64-b3'), vector('byte-64-t2'), modelFile()]) {
      const none = speed(model, RESERVE);
      const some = speed(model, RESERVE + 4000);
      const all = speed(model, 1 << 20);
      for (const rounds of [none, some, all]) {
        assert.equal(rounds.length, 2);
        for (const { cores, woken } of rounds) {
          assert.equal(cores, 2);
          assert.ok(woken >= 80, `the second worker was woken ${woken} times`); // 40 steps: two products or more each
        }
        assert.equal(rounds[1].sram, rounds[0].sram);
      }
      assert.equal(none[0].sram, 0);
      assert.ok(some[0].sram > 0 && some[0].sram <= 4000 && some[0].sram < all[0].sram, JSON.stringify([some, all]));
    }
  });
});

/** Names that objects of these sources want from outside. */
function wanted(files: readonly string[], ...flags: string[]): string[] {
  return inFolder((folder) => {
    run('gcc', ['-std=c99', '-Os', '-ffreestanding', '-c', ...flags, ...includes, ...files], folder);
    const symbols = run('nm', ['-g', ...readdirSync(folder)], folder).split('\n')
      .flatMap((line) => [.../^[0-9a-f]* +([A-Za-z]) (\w+)$/gm[Symbol.matchAll](line)]);
    const made = new Set(symbols.filter(([, kind]) => kind !== 'U').map(([, , name]) => name));
    return [...new Set(symbols.map(([, , name]) => name))].filter((name) => !made.has(name)).sort();
  });
}

test('engine and application need no heap and no C library: only what a compiler calls by itself', (t) => {
  if (!toolsFor(t, { gcc: 'gcc', nm: 'binutils' })) return;
  const compiler = ['_GLOBAL_OFFSET_TABLE_', 'memcmp', 'memcpy', 'memmove', 'memset'];
  assert.deepEqual(wanted(PORTABLE).filter((name) => !compiler.includes(name)), []);
  // A program that does use the heap is seen.
  assert.ok(wanted([join(FIRMWARE, 'ports/posix/websocket.c'), join(FIRMWARE, 'ports/posix/host.c')], '-D_GNU_SOURCE')
    .some((name) => /^(malloc|calloc|realloc|fopen|open)$/.test(name)));
});
