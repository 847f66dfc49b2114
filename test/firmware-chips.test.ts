/**
 * The same application without an operating system: QEMU's RV32IMC and Xtensa machines, and the ESP32-C3's direct-boot
 * image on the virtual chip, flashed by esptool-js. Same prompt and seed, same bytes; all RAM within 32 KB.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildBarePort } from '../scripts/bare-ports.js';
import { emulated } from '../scripts/emulators.js';
import { VirtualBoard } from '../src/device/chip/board.js';
import { DeviceClient } from '../src/device/client.js';
import { flashImage, flashModel } from '../src/device/flash/flasher.js';
import { parsePartitionCsv, readPartitionTable, writePartitionTable } from '../src/device/flash/partitions.js';
import { readRegistry, shippedTlm } from '../src/node/shipped.js';
import { loadEngineModel } from './helpers/engine-text.js';
import {
  EVERY_KIND,
  POSIX_TOOLS,
  ROOT,
  buildPosix,
  fileBytes,
  modelFile,
  toolsFor,
  vector,
} from './firmware-support.js';
import { toolsOf } from '../scripts/debian.js';

const RISCV = toolsOf('riscv64-unknown-elf-gcc', 'make');
const XTENSA = toolsOf('xtensa-lx106-elf-gcc', 'make');
const LIMIT = 32768;

/** Types lines into an emulator, each when the answer before it has come; returns all that it said. */
type Turn = readonly [line: string, answer: RegExp];

function converse(command: string, args: readonly string[], turns: readonly Turn[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 60_000 });
    const parts: Buffer[] = [];
    let turn = 0;
    let from = 0;
    let errors = '';
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    child.stdin.write(turns[0][0]);
    child.stdout.on('data', (data: Buffer) => {
      parts.push(data);
      const said = Buffer.concat(parts).toString();
      if (turn < turns.length && turns[turn][1].test(said.slice(from))) {
        from = said.length;
        if (++turn < turns.length) child.stdin.write(turns[turn][0]);
        else child.stdin.write('/restart\n');
      }
    });
    child.on('exit', (code) => {
      const said = Buffer.concat(parts).toString();
      if (code === 0 && turn === turns.length) resolve(said);
      else reject(new Error(`${command} ended with ${code} at ${turns[turn]?.[0]}: ${said}${errors}`));
    });
  });
}

/** The models that come with TinyLM. */
const SHIPPED = readRegistry().models.map(({ name }) => shippedTlm(name));

const PROMPT = 'the cat não';
const SETTINGS = { seed: 7, length: 50 } as const;
const TURNS = [
  ['/set length 50\n', /"length":50/],
  ['/set seed 7\n', /"seed":7/],
  [`${PROMPT}\n`, /\[\d+ tokens.*\]\r?\n/],
  ['/info\n', /"device":\{.*\}\}\r?\n/],
  ['/bench 8\n', /\[8 tokens.*\]\r?\n/],
] as const;

/** The text between the last settings and the line of figures. */
function textIn(said: string): string {
  const found = /"seed":7,[^\n]*\n([^]*?)\n\[\d+ tokens/.exec(said.replaceAll('\r', ''));
  assert.ok(found, said);
  return found[1];
}

interface Ram {
  ram_bytes: number;
  stack_bytes: number;
  stack_free_min: number;
}
function ramIn(said: string): Ram {
  const found = /"device":(\{[^}]*\})\}/.exec(said);
  assert.ok(found, said);
  return JSON.parse(found[1]) as Ram;
}

/** Data, application, session, engine and stack together, as the tool says it, and with the stack's use as measured. */
function checkRam(t: { diagnostic(message: string): void }, chip: string, ram: Ram): void {
  assert.ok(ram.ram_bytes <= LIMIT, `${chip}: ${ram.ram_bytes} bytes of RAM`);
  assert.ok(ram.stack_free_min >= 256, `${chip}: ${ram.stack_free_min} bytes of the stack were never used`);
  const stack = `stack ${ram.stack_bytes - ram.stack_free_min} of ${ram.stack_bytes} used`;
  t.diagnostic(`${chip}: ${ram.ram_bytes} bytes of RAM in all, ${stack}`);
}

const MACHINES = [
  {
    name: 'RV32IMC',
    emulator: 'rv32imc',
    target: 'qemu-riscv',
    tools: { ...RISCV, 'qemu-system-riscv32': 'qemu-system-misc' },
  },
  {
    name: 'Xtensa lx106',
    emulator: 'lx106',
    target: 'qemu-xtensa',
    tools: { ...XTENSA, 'qemu-system-xtensa': 'qemu-system-misc' },
  },
] as const;

for (const m of MACHINES) {
  test(`QEMU ${m.name}: the bytes of WebAssembly and x86, within 32 KB of RAM`, async (t) => {
    if (!toolsFor(t, { ...m.tools, ...POSIX_TOOLS })) return;
    const program = buildBarePort(m.target);
    for (const model of [modelFile(), ...EVERY_KIND, ...SHIPPED, modelFile({ vocab: 4096, dim: 4, hidden: 8 })]) {
      const said = await converse(...emulated(m.emulator, program, model), TURNS);
      const expected = (await loadEngineModel(model)).text(PROMPT, SETTINGS).replaceAll('\r', '');
      assert.equal(textIn(said), expected.replace(/\n$/, ''), model);
      const x86 = spawnSync(join(buildPosix(), 'tinylm-device'), ['--stdio', '--model', model], {
        input: TURNS.slice(0, 3)
          .map(([line]) => line)
          .join(''),
        encoding: 'utf8',
      });
      assert.equal(textIn(x86.stdout), textIn(said), model);
      assert.match(said, /\[8 tokens, .* \d+ instructions a token\]/);
      checkRam(t, m.name, ramIn(said));
    }
  });

  test(`QEMU ${m.name}: without a model, and with a corrupted one, it says so and answers`, async (t) => {
    if (!toolsFor(t, m.tools)) return;
    const program = buildBarePort(m.target);
    const run = (model?: string) =>
      converse(...emulated(m.emulator, program, model), [
        ['the\n', /\[error .*\]/],
        ['/info\n', /"device":/],
      ]);
    assert.match(await run(), /\[error no-model: .*"state":"none"/s);
    assert.match(await run(vector('bad/crc')), /\[error bad-model: .*CRC-32.*"state":"bad"/s);
  });
}

test('the direct-boot image has the partition table of partitions.csv', (t) => {
  if (!toolsFor(t, RISCV)) return;
  const image = fileBytes(buildBarePort('esp32c3-direct'));
  const csv = parsePartitionCsv(readFileSync(join(ROOT, 'firmware/partitions.csv'), 'utf8'));
  assert.deepEqual(readPartitionTable(image.subarray(0x8000, 0x8c00)), readPartitionTable(writePartitionTable(csv)));
});

test('ESP32-C3, direct boot: flashed by esptool-js, it talks over USB, takes a model and keeps it', async (t) => {
  if (!toolsFor(t, RISCV)) return;
  const image = fileBytes(buildBarePort('esp32c3-direct'));
  const model = modelFile();
  const expected = (await loadEngineModel(model)).text(PROMPT, SETTINGS);
  const board = new VirtualBoard();
  board.powerOn();
  const port = board.port();
  await flashImage({ port, parts: [{ offset: 0, data: image, name: 'firmware' }] });
  await flashModel({ port, model: fileBytes(model) });
  const heard: string[] = [];
  const client = new DeviceClient(port, { onText: (text) => heard.push(text), timeoutMs: 10_000 });
  await client.open();
  try {
    const text = async (): Promise<string> => {
      let all = '';
      for await (const piece of client.generate(PROMPT, SETTINGS)) all += piece;
      return all;
    };
    assert.equal(await text(), expected);
    const info = await client.info();
    assert.equal(info.device['chip'], 'esp32c3');
    checkRam(t, 'virtual ESP32-C3', info.device as unknown as Ram);
    assert.equal((await client.bench(5)).counter, 'cycles');
    // Another model over the line protocol, by the ROM's flash functions; a damaged one first.
    const other = fileBytes(vector('byte-64-b3'));
    const damaged = other.slice();
    damaged[5000] ^= 4;
    await assert.rejects(client.uploadModel(damaged), { code: 'device-bad-model' });
    assert.equal((await client.info()).model.state, 'ready'); // the one before it lives on
    assert.equal((await client.uploadModel(other)).vocab, 256);
    await client.restart();
    assert.equal((await client.info()).model.crc, Buffer.from(other.slice(-4)).reverse().toString('hex'));
    assert.match(heard.join(''), /\[TinyLM \d/);
  } finally {
    await client.close();
    board.powerOff();
  }
});

test('ESP32-C3, direct boot: models of every kind of layer, of one to three trits, of both versions of the file; those that come with TinyLM', async (t) => {
  if (!toolsFor(t, RISCV)) return;
  for (const model of [...EVERY_KIND, ...SHIPPED]) {
    const board = new VirtualBoard();
    board.chip.flash.program(0, fileBytes(buildBarePort('esp32c3-direct')));
    board.chip.flash.program(0x1a0000, fileBytes(model));
    board.powerOn();
    const client = new DeviceClient(board.port(), { timeoutMs: 10_000 });
    await client.open();
    try {
      let text = '';
      for await (const piece of client.generate(PROMPT, SETTINGS)) text += piece;
      assert.equal(text, (await loadEngineModel(model)).text(PROMPT, SETTINGS), model);
    } finally {
      await client.close();
      board.powerOff();
    }
  }
});

test('ESP32-C3, direct boot: a corrupted model in flash, and power lost while one is sent', async (t) => {
  if (!toolsFor(t, RISCV)) return;
  const board = new VirtualBoard();
  board.chip.flash.program(0, fileBytes(buildBarePort('esp32c3-direct')));
  const corrupted = fileBytes(vector('byte-64-b3')).slice();
  corrupted[5000] ^= 16;
  board.chip.flash.program(0x1a0000, corrupted);
  board.powerOn();
  const heard: string[] = [];
  const client = new DeviceClient(board.port(), { onText: (text) => heard.push(text), timeoutMs: 10_000 });
  await client.open();
  const state = async (): Promise<string> => (await client.info()).model.state;
  const model = fileBytes(modelFile());
  try {
    const { model: bad } = await client.info();
    assert.equal(bad.state, 'bad');
    assert.match(JSON.stringify(bad), /CRC-32/);
    await assert.rejects(client.generate('a', { length: 3 }).result, { code: 'device-bad-model' });
    await assert.rejects(
      client.uploadModel(model, (sent, total) => {
        if (sent > total / 2 && board.resets.length < 2) board.reset('power-on');
      }),
    );
    assert.deepEqual(board.resets, ['power-on', 'power-on']);
    assert.equal(await state(), 'bad'); // half a file: its checksum says so
    assert.equal((await client.uploadModel(model)).state, 'ready');
    assert.equal((await client.generate('a', { length: 3 }).result).tokens, 3);
    assert.match(heard.join(''), /cannot be used/);
  } finally {
    await client.close();
    board.powerOff();
  }
});

test('ESP32-C3, direct boot: 50 uploads that break off anywhere leave the model that was there', async (t) => {
  if (!toolsFor(t, RISCV)) return;
  const board = new VirtualBoard();
  board.chip.flash.program(0, fileBytes(buildBarePort('esp32c3-direct')));
  board.powerOn();
  const client = new DeviceClient(board.port(), { timeoutMs: 10_000 });
  await client.open();
  const crc = (file: Uint8Array): string => Buffer.from(file.slice(-4)).reverse().toString('hex');
  const [kept, other] = [fileBytes(modelFile()), fileBytes(vector('byte-64-b3'))];
  let s = 5;
  const below = (n: number): number => ((s = (Math.imul(s, 1664525) + 1013904223) >>> 0) % 65521) % n;
  try {
    await client.uploadModel(kept);
    for (let i = 0; i < 50; i++) {
      // The last cut may fall between the last piece and the check of the whole.
      const cut = below(other.length + 1);
      let off = false;
      const broken = client.uploadModel(other, (sent) => {
        if (!off && sent >= cut) {
          off = true;
          board.reset('power-on');
        }
      });
      await assert.rejects(broken, `upload ${i}, broken at byte ${cut}`);
      const { model } = await client.info();
      assert.deepEqual([model.state, model.crc], ['ready', crc(kept)], `upload ${i}, broken at byte ${cut}`);
    }
    assert.equal((await client.uploadModel(other)).crc, crc(other));
  } finally {
    await client.close();
    board.powerOff();
  }
});

test('ESP32-C3, direct boot, over UART0: a person at a terminal', async (t) => {
  if (!toolsFor(t, RISCV)) return;
  const board = new VirtualBoard({ wiring: 'uart' });
  board.chip.flash.program(0, fileBytes(buildBarePort('esp32c3-direct')));
  board.chip.flash.program(0x1a0000, fileBytes(vector('char-5-7-2')));
  const port = board.port();
  await port.open();
  let said = '';
  port.onData((data) => {
    said += Buffer.from(data).toString();
  });
  board.powerOn();
  const until = async (what: RegExp): Promise<void> => {
    for (let i = 0; !what.test(said); i++) {
      assert.ok(i < 4000, said);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  try {
    await until(/\/help\]\r\n> $/);
    for (const letter of '/set length 9\r') await port.write(Buffer.from(letter));
    await until(/"length":9,/);
    await port.write(Buffer.from('abc\r'));
    await until(/> abc\r\n[^]*\[\d+ tokens, .*\]\r\n> $/);
  } finally {
    await port.close();
    board.powerOff();
  }
});
