/** Partition tables, ESP-IDF build folders, manifests, MD5, SLIP, NOR flash, and the fake ROM's refusals. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { NorFlash } from '../src/device/chip/norflash.js';
import { FakeRom } from '../src/device/chip/rom.js';
import { SlipDecoder, slipEncode } from '../src/device/chip/slip.js';
import { espWebToolsManifest, readIdfBuild } from '../src/device/flash/build.js';
import { md5Hex } from '../src/device/flash/md5.js';
import {
  findModelPartition,
  parsePartitionCsv,
  readPartitionTable,
  writePartitionTable,
  type Partition,
} from '../src/device/flash/partitions.js';

test("MD5 equals the system's", () => {
  assert.equal(md5Hex(new Uint8Array(0)), 'd41d8cd98f00b204e9800998ecf8427e');
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (data) => md5Hex(data) === createHash('md5').update(data).digest('hex'),
    ),
  );
});

test('SLIP: any bytes in any pieces come out as they went in', () => {
  const arbitrary = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(arbitrary, fc.nat(7), (frames, cut) => {
      const line = Buffer.concat([Buffer.from('noise before'), ...frames.map((f) => slipEncode(f))]);
      const decoder = new SlipDecoder();
      const out: Uint8Array[] = [];
      for (let i = 0; i < line.length; i += cut + 1) out.push(...decoder.push(line.subarray(i, i + cut + 1)));
      assert.deepEqual(
        out.map((f) => [...f]),
        frames.map((f) => [...f]),
      );
    }),
  );
  const decoder = new SlipDecoder(4);
  const line = Uint8Array.of(0xc0, 1, 2, 3, 4, 5, 0xc0, 7, 0xdb, 1, 0xc0, 9, 0xc0); // too long, broken escape, good
  assert.deepEqual(
    decoder.push(line).map((f) => [...f]),
    [[9]],
  );
});

test('NOR flash: programming clears bits, erasing sets whole sectors, the end is the end', () => {
  const flash = NorFlash.blank(1 << 20);
  flash.program(4000, Uint8Array.of(0xf0, 0x0f));
  flash.program(4000, Uint8Array.of(0x3c, 0xff));
  assert.deepEqual([...flash.read(3999, 4)], [0xff, 0x30, 0x0f, 0xff]);
  flash.program(4096, Uint8Array.of(0));
  flash.erase(4095, 1);
  assert.deepEqual([...flash.read(4000, 1), ...flash.read(4096, 1)], [0xff, 0]);
  assert.equal(flash.erasedSectors, 1);
  assert.throws(() => flash.program((1 << 20) - 1, new Uint8Array(2)), { code: 'flash-range' });
  assert.throws(() => flash.read(-1, 1), { code: 'flash-range' });
  assert.throws(() => new NorFlash(new Uint8Array(100_000)), RangeError);
});

const CSV = `# Name, Type, SubType, Offset, Size, Flags
nvs,      data, nvs,     0x9000,  24K,
phy_init, data, phy,     ,        0x1000,
factory,  app,  factory, ,        1536K,
model,    0x40, 0x00,    ,        1M,
`;

test("a table from CSV is byte for byte what ESP-IDF's tool makes of it", () => {
  const table = writePartitionTable(parsePartitionCsv(CSV));
  assert.equal(table.length, 0xc00);
  // MD5 of the table packed by Python's struct and hashlib after the layout in gen_esp32part.py.
  assert.equal(md5Hex(table), '07794981228b50416f11c28fb674b7c3');
  assert.deepEqual(Buffer.from(table.subarray(0, 16)).toString('hex'), 'aa50010200900000006000006e767300');
  const read = readPartitionTable(table);
  assert.deepEqual(
    read.map((p) => [p.name, p.type, p.subtype, p.offset, p.bytes]),
    [
      ['nvs', 1, 2, 0x9000, 0x6000],
      ['phy_init', 1, 1, 0xf000, 0x1000],
      ['factory', 0, 0, 0x10000, 0x180000],
      ['model', 0x40, 0, 0x190000, 0x100000],
    ],
  );
  assert.equal(findModelPartition(read).offset, 0x190000);
});

test('tables survive writing and reading; damage is noticed', () => {
  const arbitrary = fc.array(
    fc.record({
      type: fc.constantFrom(0, 1, 0x40),
      subtype: fc.nat(255),
      sectors: fc.integer({ min: 1, max: 64 }),
      flags: fc.nat(3),
    }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(arbitrary, fc.nat(), (list, where) => {
      let at = 0x10000;
      const partitions: Partition[] = list.map(({ type, subtype, sectors, flags }, i) => {
        const p = { name: `p${i}`, type, subtype, offset: at, bytes: sectors * 4096, flags };
        at = Math.ceil((at + p.bytes) / 0x10000) * 0x10000;
        return p;
      });
      const table = writePartitionTable(partitions);
      assert.deepEqual(readPartitionTable(table), partitions);
      table[where % (32 * partitions.length)] ^= 0x10;
      assert.throws(() => readPartitionTable(table), { code: 'partition-table' });
    }),
  );
});

test('tables that cannot be are refused', () => {
  const p = (name: string, offset: number, bytes = 0x1000, type = 1): Partition => ({
    name,
    type,
    subtype: 0,
    offset,
    bytes,
    flags: 0,
  });
  const cases: [Partition[], RegExp][] = [
    [[p('a', 0x8000)], /at 0x8000, but what is before it ends at 0x9000/],
    [[p('a', 0x9000, 0x2000), p('b', 0xa000)], /b is at 0xa000, but what is before it ends at 0xb000/],
    [[p('a', 0x9000), p('a', 0xa000)], /two partitions are called a/],
    [[p('a', 0x9100)], /expected a multiple of 0x1000/],
    [[p('a', 0x11000, 4096, 0)], /expected a multiple of 0x10000/],
    [[p('a name of 16 byt', 0x9000)], /longer than 15 bytes/],
    [Array.from({ length: 95 }, (_, i) => p(`${i}`, 0x9000 + i * 4096)), /95 partitions; a table holds at most 94/],
  ];
  for (const [list, message] of cases) {
    assert.throws(() => writePartitionTable(list), { code: 'partition-table', message });
  }
  assert.throws(() => readPartitionTable(new Uint8Array(64)), { message: /entry 0 begins with 0x0; expected 0x50aa/ });
  assert.throws(() => parsePartitionCsv('a, data, nvs, , much,'), {
    code: 'partition-csv',
    message: /not a number: much/,
  });
});

const files =
  (entries: Record<string, string>) =>
  (path: string): Promise<Uint8Array> => {
    if (!(path in entries)) return Promise.reject(new Error('not found'));
    return Promise.resolve(Buffer.from(entries[path]));
  };

test('an ESP-IDF build folder becomes parts in order of their offsets', async () => {
  const args = JSON.stringify({
    write_flash_args: ['--flash_mode', 'dio'],
    flash_files: {
      '0x10000': 'tinylm.bin',
      '0x0': 'bootloader/bootloader.bin',
      '0x190000': 'model.tlm',
      '0x8000': 'partition_table/partition-table.bin',
    },
    extra_esptool_args: { after: 'hard_reset', before: 'default_reset', stub: true, chip: 'esp32c3' },
  });
  const build = await readIdfBuild(
    files({
      'flasher_args.json': args,
      'tinylm.bin': 'app',
      'bootloader/bootloader.bin': 'boot',
      'model.tlm': 'model',
      'partition_table/partition-table.bin': 'table',
    }),
  );
  assert.equal(build.chip, 'ESP32-C3');
  assert.deepEqual(
    build.parts.map((p) => [p.offset, p.name, Buffer.from(p.data).toString()]),
    [
      [0, 'bootloader/bootloader.bin', 'boot'],
      [0x8000, 'partition_table/partition-table.bin', 'table'],
      [0x10000, 'tinylm.bin', 'app'],
      [0x190000, 'model.tlm', 'model'],
    ],
  );
  const cases: [Record<string, string>, RegExp][] = [
    [{}, /has no flasher_args.json/],
    [{ 'flasher_args.json': '{' }, /is not JSON/],
    [{ 'flasher_args.json': '{"extra_esptool_args":{"chip":"esp8266"}}' }, /for the chip "esp8266"/],
    [{ 'flasher_args.json': '{"extra_esptool_args":{"chip":"esp32"}}' }, /names no flash_files/],
    [{ 'flasher_args.json': args }, /has no tinylm.bin|has no bootloader/],
    [
      { 'flasher_args.json': '{"extra_esptool_args":{"chip":"esp32"},"flash_files":{"x":"y"}}', y: '' },
      /the offset "x"/,
    ],
  ];
  for (const [entries, message] of cases) {
    await assert.rejects(readIdfBuild(files(entries)), { code: 'idf-build', message });
  }
});

test('the esp-web-tools manifest', () => {
  const text = espWebToolsManifest('TinyLM', '1.2.3', [
    {
      chip: 'ESP32-C3',
      parts: [
        { path: 'app.bin', offset: 65536 },
        { path: 'boot.bin', offset: 0 },
      ],
    },
  ]);
  assert.deepEqual(JSON.parse(text), {
    name: 'TinyLM',
    version: '1.2.3',
    new_install_prompt_erase: true,
    builds: [
      {
        chipFamily: 'ESP32-C3',
        parts: [
          { path: 'boot.bin', offset: 0 },
          { path: 'app.bin', offset: 65536 },
        ],
      },
    ],
  });
});

/** Talks to a fake ROM in raw frames; returns the answers' [command, status bytes]. */
function talk(rom: FakeRom, sent: Uint8Array[], op: number, data: number[], checksum = 0): number[][] {
  const frame = Uint8Array.of(0, op, data.length & 255, data.length >> 8, checksum, 0, 0, 0, ...data);
  rom.receive(slipEncode(frame));
  const decoder = new SlipDecoder();
  return sent
    .splice(0)
    .flatMap((bytes) => decoder.push(bytes))
    .map((f) => [f[1], ...f.subarray(f.length - 4)]);
}

test('the fake ROM refuses what the real one refuses', () => {
  const sent: Uint8Array[] = [];
  const flash = NorFlash.blank(1 << 20);
  const make = (chip: 'ESP32' | 'ESP32-C3'): FakeRom => new FakeRom({ chip, flash, send: (d) => sent.push(d) });
  const u32 = (v: number): number[] => [v & 255, (v >> 8) & 255, (v >> 16) & 255, (v >> 24) & 255];
  const rom = make('ESP32-C3');
  // stub commands are unknown to the ROM: eight answers, not under their number
  assert.deepEqual(talk(rom, sent, 0xd0, []), Array(8).fill([0xff, 1, 5, 0, 0]));
  assert.equal(talk(make('ESP32'), sent, 0x14, []).length, 8);
  assert.equal(talk(rom, sent, 0x14, []).length, 1);
  // flash before SPI_ATTACH, outside the chip, wrong checksum, wrong order, blocks too large for the ROM
  const begin = [...u32(8192), ...u32(2), ...u32(1024), ...u32(0)];
  assert.deepEqual(talk(rom, sent, 2, begin), [[2, 1, 6, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 0x0d, u32(0)), [[0x0d, 0, 0, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 2, [...u32(8192), ...u32(2), ...u32(1024), ...u32(1 << 20)]), [[2, 1, 8, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 2, begin), [[2, 0, 0, 0, 0]]);
  const block = (n: number, seq: number): number[] => [
    ...u32(n),
    ...u32(seq),
    ...u32(0),
    ...u32(0),
    ...Array<number>(n).fill(0),
  ];
  assert.deepEqual(talk(rom, sent, 3, block(16, 0), 0), [[3, 1, 7, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 3, block(16, 1), 0xef), [[3, 1, 6, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 3, block(2048, 0), 0xef), [[3, 1, 6, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 3, block(16, 0), 0xef), [[3, 0, 0, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 3, block(16, 0), 0xef), [[3, 0, 0, 0, 0]]); // again: acknowledged, not written twice
  assert.deepEqual([...flash.read(15, 2)], [0, 0xff]);
  // data without a begin, a deflate stream that is none, a starting stub that was never uploaded
  assert.deepEqual(talk(rom, sent, 0x11, block(16, 1), 0xef), [[0x11, 1, 5, 0, 0]]);
  talk(rom, sent, 0x10, begin);
  assert.deepEqual(talk(rom, sent, 0x11, block(16, 0), 0xef), [[0x11, 1, 11, 0, 0]]);
  assert.deepEqual(talk(rom, sent, 6, [...u32(0), ...u32(0x40380000)]), [[6, 1, 6, 0, 0]]);
  // truncated arguments and a wrong length
  assert.deepEqual(talk(rom, sent, 0x0a, [1]), [[0x0a, 1, 5, 0, 0]]);
  rom.receive(slipEncode(Uint8Array.of(0, 0x0a, 9, 0, 0, 0, 0, 0, 1, 2, 3, 4)));
  assert.equal(sent.length, 1);
});

test('the fake ROM survives any bytes, and answers SYNC after them', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc
            .tuple(fc.nat(255), fc.uint8Array({ maxLength: 40 }))
            .map(([op, d]) => slipEncode(Uint8Array.of(0, op, d.length, 0, 0xef, 0, 0, 0, ...d))),
        ),
        { maxLength: 12 },
      ),
      (pieces) => {
        const sent: Uint8Array[] = [];
        const rom = new FakeRom({ chip: 'ESP32-C3', flash: NorFlash.blank(65536), send: (d) => sent.push(d) });
        for (const piece of pieces) rom.receive(piece);
        rom.reset();
        sent.length = 0;
        const answers = talk(rom, sent, 8, Array<number>(36).fill(0x55));
        assert.deepEqual(answers, Array(8).fill([8, 0, 0, 0, 0]));
      },
    ),
    { numRuns: 300 },
  );
});
