/**
 * What the firmware's C can show on the host alone: main/ as it is, but for the network, on threads instead of FreeRTOS
 * (both cores, matrices in SRAM, tasks, lock, console, NVS, partition), and that the portable side asks nobody for
 * memory.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeviceClient } from '../src/device/client.js';
import { TransportBase } from '../src/device/transport.js';
import { ROOT, fileBytes, modelFile, toolsFor, vector } from './firmware-support.js';
import { loadEngineModel } from './helpers/engine-text.js';

const FIRMWARE = join(ROOT, 'firmware');
const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((f) => f.endsWith('.c'))
    .map((f) => join(ROOT, folder, f));
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

/** A program of these sources on the stand-in for FreeRTOS, with ThreadSanitizer, for the sdkconfig.h of a folder. */
function threaded(folder: string, config: string, files: readonly string[]): string {
  const program = join(folder, 'program');
  run('gcc', [
    '-std=gnu17',
    '-O1',
    '-g',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fsanitize=thread',
    '-pthread',
    `-I${config}`,
    `-I${join(FIRMWARE, 'test/stubs')}`,
    `-I${join(FIRMWARE, 'test/host')}`,
    `-I${join(FIRMWARE, 'main')}`,
    ...includes,
    ...sources('firmware/test/host'),
    ...files,
    '-o',
    program,
  ]);
  return program;
}

interface Speed {
  cores: number;
  sram: number;
  woken: number;
}

test('speed.c: two workers and matrices in SRAM give the logits of one core and flash, under ThreadSanitizer', (t) => {
  if (!toolsFor(t, { gcc: 'gcc' })) return;
  inFolder((folder) => {
    const program = threaded(folder, join(FIRMWARE, 'test/targets/esp32s3'), [
      ...sources('firmware/test/host/speed'),
      join(FIRMWARE, 'main/speed.c'),
      join(FIRMWARE, 'app/fw_util.c'),
      ...sources('engine/src'),
    ]);
    const speed = (model: string, heap: number): Speed[] =>
      run(program, [model, String(heap)])
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Speed);
    const RESERVE = 98_304; // CONFIG_TINYLM_SRAM_RESERVE with Wi-Fi
    for (const model of [vector('byte-64-b3'), vector('byte-64-t2')]) {
      const none = speed(model, RESERVE);
      const some = speed(model, RESERVE + 4000);
      const all = speed(model, 1 << 20);
      for (const rounds of [none, some, all]) {
        assert.equal(rounds.length, 2);
        for (const { cores, woken } of rounds) {
          assert.equal(cores, 2);
          assert.ok(woken >= 40, `the second worker was woken ${woken} times`); // 20 steps: two products or more each
        }
        assert.equal(rounds[1].sram, rounds[0].sram);
      }
      assert.equal(none[0].sram, 0);
      assert.ok(some[0].sram > 0 && some[0].sram <= 4000 && some[0].sram < all[0].sram, JSON.stringify([some, all]));
    }
  });
});

/** A process's stdin and stdout as a serial line. */
class ProcessTransport extends TransportBase {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<number | null>;

  constructor(program: string, args: readonly string[]) {
    super(program);
    this.child = spawn(program, args);
    this.exit = new Promise((resolve) => this.child.on('exit', resolve));
    this.child.stdout.on('data', (data: Buffer) => this.received(new Uint8Array(data)));
  }

  async open(): Promise<void> {
    this.opened();
  }

  async close(): Promise<void> {
    this.closed();
  }

  async write(data: Uint8Array): Promise<void> {
    await new Promise((resolve) => this.child.stdin.write(data, resolve));
  }
}

test('main.c, console.c, port.c and speed.c run: texts, info, bench, cancel, another model, a restart', async (t) => {
  if (!toolsFor(t, { gcc: 'gcc' })) return;
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-board-'));
  try {
    const config = readFileSync(join(FIRMWARE, 'test/targets/esp32/sdkconfig.h'), 'utf8');
    writeFileSync(join(folder, 'sdkconfig.h'), config.replace('#define CONFIG_TINYLM_WIFI 1\n', ''));
    const program = threaded(folder, folder, [
      ...sources('firmware/test/host/board'),
      ...sources('firmware/main'),
      ...PORTABLE,
    ]);
    const model = modelFile();
    const other = vector('byte-64-b3');
    const port = new ProcessTransport(program, [model]);
    const client = new DeviceClient(port, { timeoutMs: 10_000 });
    let log = '';
    port.child.stderr.on('data', (data: Buffer) => {
      log += data.toString();
    });
    await client.open();
    try {
      const text = async (): Promise<string> => {
        let all = '';
        for await (const piece of client.generate('the cat não', { seed: 7, length: 60 })) all += piece;
        return all;
      };
      const expected = async (path: string): Promise<string> =>
        (await loadEngineModel(path)).text('the cat não', { seed: 7, length: 60 });
      assert.equal(await text(), await expected(model));
      const { device } = await client.info();
      assert.deepEqual(
        [device['port'], device['chip'], device['clock_mhz'], device['flash_mode'], device['cores']],
        ['esp-idf', 'esp32', 240, 'qio', 2],
      );
      assert.ok(Number(device['sram_weights']) > 4000);
      assert.equal((await client.bench(20)).counter, 'cycles');
      const long = client.generate('the', { length: 60_000 });
      setTimeout(() => void long.cancel(), 50);
      assert.equal((await long.result).reason, 'cancelled');
      // Bytes of a model go to the partition in pages; what was copied to SRAM is let go, and the new one copied.
      const sent = await client.uploadModel(fileBytes(other));
      assert.equal(sent.state, 'ready');
      assert.equal((await client.info()).device['sram_weights'], 8320);
      assert.equal(await text(), await expected(other));
      await client.config({ ssid: 'a network', name: 'kitchen' });
      await client.restart();
      assert.equal(await port.exit, 0, log); // 66: a data race
      assert.match(log, /model ready[^]*\nkept ssid: a network\nkept name: kitchen\n$/);
      assert.doesNotMatch(log, /WARNING: ThreadSanitizer/);
    } finally {
      await client.close();
      port.child.kill();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Names that objects of these sources want from outside. */
function wanted(files: readonly string[], ...flags: string[]): string[] {
  return inFolder((folder) => {
    run('gcc', ['-std=c99', '-Os', '-ffreestanding', '-c', ...flags, ...includes, ...files], folder);
    const symbols = run('nm', ['-g', ...readdirSync(folder)], folder)
      .split('\n')
      .flatMap((line) => [.../^[0-9a-f]* +([A-Za-z]) (\w+)$/gm[Symbol.matchAll](line)]);
    const made = new Set(symbols.filter(([, kind]) => kind !== 'U').map(([, , name]) => name));
    return [...new Set(symbols.map(([, , name]) => name))].filter((name) => !made.has(name)).sort();
  });
}

test('engine and application need no heap and no C library: only what a compiler calls by itself', (t) => {
  if (!toolsFor(t, { gcc: 'gcc', nm: 'binutils' })) return;
  const compiler = ['_GLOBAL_OFFSET_TABLE_', 'memcmp', 'memcpy', 'memmove', 'memset'];
  assert.deepEqual(
    wanted(PORTABLE).filter((name) => !compiler.includes(name)),
    [],
  );
  // A program that does use the heap is seen.
  assert.ok(
    wanted([join(FIRMWARE, 'ports/posix/websocket.c'), join(FIRMWARE, 'ports/posix/host.c')], '-D_GNU_SOURCE').some(
      (name) => /^(malloc|calloc|realloc|fopen|open)$/.test(name),
    ),
  );
});
