/**
 * firmware/main against declarations of ESP-IDF's functions, for three targets: a type check with the host's compiler.
 * It has never been built by idf.py here; these tests keep what can be kept.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findModelPartition, parsePartitionCsv, writePartitionTable } from '../src/device/flash/partitions.js';
import { ROOT, toolsFor } from './firmware-support.js';

const FIRMWARE = join(ROOT, 'firmware');
const read = (path: string): string => readFileSync(join(FIRMWARE, path), 'utf8');
const MAIN = readdirSync(join(FIRMWARE, 'main'))
  .filter((f) => f.endsWith('.c'))
  .map((f) => join(FIRMWARE, 'main', f));
const APP = readdirSync(join(FIRMWARE, 'app'))
  .filter((f) => f.endsWith('.c'))
  .map((f) => join(FIRMWARE, 'app', f));
const TARGETS = ['esp32', 'esp32s3', 'esp32c3'] as const;

interface Checked {
  ok: boolean;
  text: string;
}

function check(config: string, files: readonly string[], input = ''): Checked {
  const run = spawnSync(
    'gcc',
    [
      '-std=gnu17',
      '-fsyntax-only',
      '-Wall',
      '-Wextra',
      '-Werror',
      `-I${config}`,
      `-I${join(FIRMWARE, 'test/stubs')}`,
      `-I${join(FIRMWARE, 'app')}`,
      `-I${join(FIRMWARE, 'main')}`,
      `-I${join(ROOT, 'engine/include')}`,
      ...files,
    ],
    { encoding: 'utf8', input },
  );
  return { ok: run.status === 0, text: run.stderr };
}

const configOf = (target: string): string => join(FIRMWARE, 'test/targets', target);

/** The same with one option off. */
function checkWithout(target: string, option: string): Checked {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-idf-'));
  try {
    const config = read(`test/targets/${target}/sdkconfig.h`);
    writeFileSync(join(folder, 'sdkconfig.h'), config.replace(new RegExp(`^#define ${option} 1\n`, 'm'), ''));
    return check(folder, MAIN);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const target of TARGETS) {
  test(`main type-checks for ${target}, with and without Wi-Fi and SRAM copies`, (t) => {
    if (!toolsFor(t, { gcc: 'gcc' })) return;
    assert.deepEqual(check(configOf(target), [...MAIN, ...APP]), { ok: true, text: '' });
    for (const option of ['CONFIG_TINYLM_WIFI', 'CONFIG_TINYLM_SRAM_WEIGHTS', 'CONFIG_TINYLM_BOTH_CORES']) {
      assert.deepEqual(checkWithout(target, option), { ok: true, text: '' }, option);
    }
  });
}

test('the check sees a wrong call', (t) => {
  if (!toolsFor(t, { gcc: 'gcc' })) return;
  const wrong = check(
    configOf('esp32'),
    ['-x', 'c', '-'],
    '#include "esp_partition.h"\nint f(const esp_partition_t *p);\n' +
      'int f(const esp_partition_t *p) { return esp_partition_write(p, "x", 0, 4); }\n',
  );
  assert.equal(wrong.ok, false);
});

test("options: every CONFIG_TINYLM_… used is in Kconfig, the stand-in sdkconfig has Kconfig's defaults", () => {
  const kconfig = read('main/Kconfig.projbuild');
  const entries = kconfig.matchAll(/^ {4}config (\w+)\n([^]*?)(?=^ {4}config|^endmenu)/gm);
  const options = new Map([...entries].map((m) => [m[1], m[2]]));
  const usedIn = (f: string): string[] =>
    [...readFileSync(f, 'utf8').matchAll(/CONFIG_(TINYLM_\w+)/g)].map((m) => m[1]);
  const used = new Set(MAIN.flatMap(usedIn));
  assert.deepEqual([...used].sort(), [...options.keys()].sort());
  for (const target of TARGETS) {
    const defined = [...read(`test/targets/${target}/sdkconfig.h`).matchAll(/^#define CONFIG_(TINYLM_\w+) (.*)$/gm)];
    for (const [, name, value] of defined) {
      const expected = /default (\S+)/.exec(options.get(name) ?? '')?.[1];
      assert.equal(value === '1' ? 'y' : value, expected, name);
    }
    assert.equal(defined.length, target === 'esp32c3' ? options.size - 1 : options.size); // one core: no BOTH_CORES
  }
});

test('main calls only functions that the components it requires have; every source is built', () => {
  const cmake = read('main/CMakeLists.txt');
  const component: Record<string, string> = {
    'esp_partition.h': 'esp_partition',
    'esp_timer.h': 'esp_timer',
    'driver/uart.h': 'esp_driver_uart',
    'driver/usb_serial_jtag.h': 'esp_driver_usb_serial_jtag',
    'esp_http_server.h': 'esp_http_server',
    'esp_wifi.h': 'esp_wifi',
    'esp_netif.h': 'esp_netif',
    'esp_event.h': 'esp_event',
    'nvs.h': 'nvs_flash',
    'nvs_flash.h': 'nvs_flash',
    'esp_cpu.h': 'esp_hw_support',
    'esp_random.h': 'esp_hw_support',
    'esp_heap_caps.h': 'heap',
    'esp_log.h': 'log',
    'tinylm.h': 'engine',
  };
  for (const file of MAIN) {
    for (const [, header] of readFileSync(file, 'utf8').matchAll(/#include "([\w/]+\.h)"/g)) {
      if (component[header]) assert.match(cmake, new RegExp(`\\b${component[header]}\\b`), header);
    }
  }
  assert.match(cmake, /SRC_DIRS "\." "\.\.\/app"/);
  assert.match(read('main/idf_component.yml'), /espressif\/mdns/);
});

test('partitions: a valid table of 4 MB with a model of at least 1 MB, aligned for mapping', () => {
  const partitions = parsePartitionCsv(read('partitions.csv'));
  writePartitionTable(partitions);
  const model = findModelPartition(partitions);
  assert.ok(model.bytes >= 1 << 20);
  assert.equal(model.offset % 0x10000, 0);
  const end = Math.max(...partitions.map((p) => p.offset + p.bytes));
  assert.ok(end <= 4 << 20);
});

test("sdkconfig.defaults set what ESP-IDF's own defaults get wrong for this", () => {
  const all = read('sdkconfig.defaults');
  for (const line of [
    'CONFIG_COMPILER_OPTIMIZATION_PERF=y',
    'CONFIG_ESPTOOLPY_FLASHMODE_QIO=y',
    'CONFIG_ESPTOOLPY_FLASHFREQ_80M=y',
    'CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y',
    'CONFIG_PARTITION_TABLE_CUSTOM=y',
    'CONFIG_HTTPD_WS_SUPPORT=y',
    'CONFIG_ESP_TASK_WDT_INIT=y',
  ]) {
    assert.ok(all.includes(`${line}\n`), line);
  }
  assert.match(read('sdkconfig.defaults.esp32'), /CPU_FREQ_MHZ_240=y/);
  assert.match(read('sdkconfig.defaults.esp32s3'), /CPU_FREQ_MHZ_240=y/);
  for (const target of ['esp32s3', 'esp32c3']) {
    assert.match(read(`sdkconfig.defaults.${target}`), /CONFIG_ESP_CONSOLE_USB_SERIAL_JTAG=y/);
  }
});
