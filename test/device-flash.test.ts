/**
 * Flashing: the real esptool-js against the fake ROM of each chip.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { NorFlash } from '../src/device/chip/norflash.js';
import { FakeRom } from '../src/device/chip/rom.js';
import type { RomChip } from '../src/device/chip/rom-chips.js';
import { flashImage, flashModel, withFlasher, type FlashProgress } from '../src/device/flash/flasher.js';
import { writePartitionTable, type Partition } from '../src/device/flash/partitions.js';
import { TransportBase, type Signals } from '../src/device/transport.js';
import { noise } from './device-support.js';

/** A port with a fake ROM of any chip behind it; DTR and RTS restart it. */
class RomPort extends TransportBase {
  readonly flash: NorFlash;
  readonly rom: FakeRom;
  readonly signals: Signals[] = [];
  restarts = 0;

  constructor(chip: RomChip, flashBytes = 4 << 20, damage?: (offset: number, data: Uint8Array) => void) {
    super(`fake ${chip}`);
    this.flash = NorFlash.blank(flashBytes);
    this.rom = new FakeRom({
      chip,
      flash: this.flash,
      send: (data) => setImmediate(() => this.received(data)),
      onRestart: () => {
        this.restarts++;
      },
      ...(damage ? { damage } : {}),
    });
  }

  async open(): Promise<void> {
    this.opened();
  }
  async close(): Promise<void> {
    this.closed();
  }
  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    this.rom.receive(data);
  }
  async setSignals(signals: Signals): Promise<boolean> {
    this.signals.push(signals);
    if (signals.rts === true) this.rom.reset();
    return true;
  }
}

for (const chip of ['ESP32', 'ESP32-S3', 'ESP32-C3'] as const) {
  test(`esptool-js flashes and verifies a fake ${chip}`, async () => {
    const port = new RomPort(chip);
    const [a, b] = [noise(50_001), noise(9000, 2)];
    const seen: FlashProgress[] = [];
    await flashImage({
      port,
      parts: [
        { offset: 0x10000, data: a, name: 'app' },
        { offset: 0x8000, data: b },
      ],
      onProgress: (p) => seen.push(p),
    });
    assert.deepEqual(port.flash.read(0x10000, a.length), a);
    assert.deepEqual(port.flash.read(0x8000, b.length), b);
    assert.equal(port.isOpen, false);
    assert.deepEqual(
      seen.filter((p) => p.phase !== 'writing').map((p) => p.phase),
      ['connecting', 'connected', 'verified', 'verified', 'resetting', 'done'],
    );
    const connected = seen.find((p) => p.phase === 'connected');
    assert.deepEqual(connected, { phase: 'connected', chip, flashBytes: 4 << 20 });
    const writing = seen.filter((p) => p.phase === 'writing' && p.name === 'app');
    const last = writing.at(-1);
    assert.ok(last?.phase === 'writing' && last.sent === last.total && writing.length > 2);
    const verified = seen.find((p) => p.phase === 'verified');
    // esptool pads to words with FF
    const padded = Buffer.concat([a, Buffer.alloc(3, 0xff)]);
    assert.equal(verified?.phase === 'verified' && verified.md5, createHash('md5').update(padded).digest('hex'));
    assert.deepEqual(port.signals.slice(-2), [
      { dtr: false, rts: true },
      { dtr: false, rts: false },
    ]);
  });
}

test('what fails to program is noticed, and the chip is reset all the same', async () => {
  const port = new RomPort('ESP32-C3', 4 << 20, (offset, data) => {
    if (offset === 0x10000) data[7] ^= 1;
  });
  await assert.rejects(flashImage({ port, parts: [{ offset: 0x10000, data: noise(5000), name: 'app' }] }), {
    code: 'flash-verify',
    message: /app: what is in flash differs/,
  });
  assert.deepEqual(port.signals.at(-1), { dtr: false, rts: false });
  assert.equal(port.isOpen, false);
});

test('parts that cannot be flashed are refused before anything is written', async () => {
  const port = new RomPort('ESP32-C3', 1 << 20);
  const data = noise(5000);
  const cases: [{ offset: number; data: Uint8Array }[], RegExp][] = [
    [[], /nothing to flash/],
    [[{ offset: 0, data: new Uint8Array(0) }], /is empty/],
    [[{ offset: 0x1234, data }], /0x1234; expected a multiple of 0x1000/],
    [
      [
        { offset: 0x1000, data },
        { offset: 0x2000, data },
      ],
      /overlaps 0x1000, whose last sector ends at 0x3000/,
    ],
    [[{ offset: 0xff000, data }], /ends at 0x100388, but the flash chip has 0x100000/],
  ];
  for (const [parts, message] of cases) {
    await assert.rejects(flashImage({ port, parts }), { code: 'flash-parts', message });
  }
  assert.equal(port.flash.programmedBytes, 0);
});

test('the wrong chip is named', async () => {
  const port = new RomPort('ESP32-S3');
  await assert.rejects(
    withFlasher({ port, expectChip: 'ESP32-C3' }, async () => undefined),
    { code: 'flash-chip', message: 'this is an ESP32-S3, but the firmware is for an ESP32-C3' },
  );
});

test('a silent port is told in words', async () => {
  const port = new RomPort('ESP32-C3');
  port.write = async () => undefined;
  await assert.rejects(flashImage({ port, parts: [{ offset: 0, data: noise(4) }], attempts: 1 }), {
    code: 'flash-connect',
    message: /no ESP chip answers on fake ESP32-C3/,
  });
});

test('a port that vanishes in the middle ends with an error', async () => {
  const port = new RomPort('ESP32-C3');
  await assert.rejects(
    flashImage({
      port,
      parts: [{ offset: 0, data: noise(100_000) }],
      onProgress: (p) => {
        if (p.phase === 'writing' && p.sent > 0) void port.close();
      },
    }),
    { code: 'flash-failed' },
  );
});

const TABLE: Partition[] = [
  { name: 'nvs', type: 1, subtype: 2, offset: 0x9000, bytes: 0x6000, flags: 0 },
  { name: 'factory', type: 0, subtype: 0, offset: 0x10000, bytes: 0x80000, flags: 0 },
  { name: 'model', type: 0x40, subtype: 0, offset: 0x90000, bytes: 0x20000, flags: 0 },
];

test('a model goes into its partition; NVS and all else stay', async () => {
  const port = new RomPort('ESP32');
  port.flash.program(0x8000, writePartitionTable(TABLE));
  port.flash.program(0x9000, noise(0x6000, 5)); // settings
  port.flash.program(0x90000, noise(0x20000, 6)); // an old model
  const before = port.flash.bytes.slice();
  const model = noise(70_000, 7);
  assert.deepEqual(await flashModel({ port, model }), TABLE[2]);
  assert.deepEqual(port.flash.read(0x90000, model.length), model);
  const end = 0x90000 + Math.ceil(model.length / 4096) * 4096;
  assert.deepEqual(port.flash.bytes.subarray(0, 0x90000), before.subarray(0, 0x90000));
  assert.deepEqual(port.flash.bytes.subarray(end), before.subarray(end));
});

test('a model that is too large, or a device without a table, is refused', async () => {
  const port = new RomPort('ESP32-C3');
  await assert.rejects(flashModel({ port, model: noise(100) }), {
    code: 'partition-table',
    message: /the flash there is empty/,
  });
  port.flash.program(0x8000, writePartitionTable(TABLE));
  await assert.rejects(flashModel({ port, model: noise(0x20001) }), {
    code: 'model-too-large',
    message: 'the model has 131073 bytes, but the partition model holds 131072',
  });
  assert.equal(port.flash.programmedBytes, 0xc00);
  const other = new RomPort('ESP32-C3');
  other.flash.program(0x8000, writePartitionTable(TABLE.slice(0, 2)));
  await assert.rejects(flashModel({ port: other, model: noise(100) }), {
    code: 'no-model-partition',
    message: /it has nvs \(0x1\), factory \(0x0\)/,
  });
});
