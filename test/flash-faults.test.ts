/** Boards that vanish, stand still, are busy, empty or of another size: each is told for what it is, and nothing hangs. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkFlashSize } from '../src/cli/flash-plan.js';
import { boardWords } from '../src/cli/board-words.js';
import { portTrouble } from '../src/cli/port-trouble.js';
import { serveTcp, type Servable } from '../src/cli/serve-board.js';
import { VirtualBoard } from '../src/device/chip/board.js';
import { NorFlash } from '../src/device/chip/norflash.js';
import { FakeRom } from '../src/device/chip/rom.js';
import { within } from '../src/device/deadline.js';
import { Guard } from '../src/device/flash/guard.js';
import { flashImage } from '../src/device/flash/flasher.js';
import { writePartitionTable, type Partition } from '../src/device/flash/partitions.js';
import { SerialTransport, type SerialHandle } from '../src/device/serial.js';
import { FakeTransport, TransportBase } from '../src/device/transport.js';
import { TinyLMError } from '../src/model/errors.js';
import { readPrebuilt } from '../src/node/prebuilt.js';
import { noise } from './device-support.js';
import { vector } from './firmware-support.js';
import { inFolder, spawned, start, tinylm } from './helpers/cli.js';

const MODEL = vector('bpe-33-17');
const { image } = readPrebuilt();

/** Serves something while `body` talks to it. @param power of the board behind it, taken away afterwards */
async function served<T>(
  served: Servable,
  body: (host: string, close: () => void) => Promise<T>,
  power: Servable | VirtualBoard = served,
): Promise<T> {
  const { option, close } = await serveTcp(served, 0);
  try {
    return await body(option.split(' ')[1], close);
  } finally {
    close();
    if (power instanceof VirtualBoard) power.powerOff();
  }
}

function virtualBoard(program: Uint8Array = image): VirtualBoard {
  const board = new VirtualBoard({ syncEntersDownload: true });
  if (program.length > 0) board.chip.flash.program(0, program);
  board.powerOn();
  return board;
}

/** A loader in ROM behind a port that goes away, or falls silent, after so many writes. */
class VanishingPort extends TransportBase {
  readonly flash = NorFlash.blank(4 << 20);
  writes = 0;
  readonly #after: number;
  readonly #lost: boolean;
  readonly #rom = new FakeRom({
    chip: 'ESP32-C3', flash: this.flash, send: (data) => setImmediate(() => this.received(data)), onRestart: () => undefined,
  });

  constructor(after: number, lost = true) {
    super('/dev/ttyGONE');
    this.#after = after;
    this.#lost = lost;
  }

  async open(): Promise<void> { this.opened(); }
  async close(): Promise<void> { this.closed(); }
  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    if (++this.writes <= this.#after) return this.#rom.receive(data);
    if (this.#lost) this.closed(new TinyLMError('port-lost', '/dev/ttyGONE was disconnected', 'plug it in again'));
  }
  async setSignals(): Promise<boolean> { return true; }
}

describe('a board that vanishes', () => {
  it('at any moment: the port, how far it came, and an end', async () => {
    const parts = [{ offset: 0x10000, data: noise(120_000), name: 'app' }];
    const whole = new VanishingPort(Infinity);
    await flashImage({ port: whole, parts });
    const messages: string[] = [];
    for (let k = 0; k < 12; k++) {
      const port = new VanishingPort(Math.floor((whole.writes * k) / 12));
      await assert.rejects(flashImage({ port, parts }), (error: TinyLMError) => {
        messages.push(error.message);
        assert.ok(error instanceof TinyLMError, String(error));
        assert.match(error.message, /\/dev\/ttyGONE/);
        assert.doesNotMatch(error.message, /Invalid state|WritableStream|undefined/);
        return true;
      });
      assert.equal(port.isOpen, false);
    }
    assert.ok(messages.some((m) => /was disconnected while writing app \(\d+ % sent\)/.test(m)), messages.join('\n'));
  });

  it('over TCP, as a process: it ends by itself', async () => {
    for (const after of [1, 2000, 40_000]) {
      let seen = 0;
      const board = virtualBoard();
      let vanish = (): void => undefined;
      const fragile: Servable = {
        connect: (out) => board.connect(out),
        disconnect: () => board.disconnect(),
        fromHost: (data) => ((seen += data.length) > after ? vanish() : board.fromHost(data)),
      };
      await served(fragile, async (host, close) => {
        vanish = close;
        const { code, err } = await spawned(['flash', MODEL, '--direct-boot', '--yes', '--host', host]);
        assert.equal(code, 1, err);
        assert.match(err, /error: .*127\.0\.0\.1:\d+ /);
        assert.match(err, /Nothing was written|is incomplete/);
      }, board);
    }
  });

  it('and one that falls silent is not waited for without end, nor after Ctrl-C', async () => {
    const port = new VanishingPort(0, false);
    await port.open();
    const guard = new Guard(port, undefined);
    await assert.rejects(guard.during(new Promise(() => undefined), 30, 'answer'), {
      code: 'flash-stalled', message: '/dev/ttyGONE: the chip does not answer (0 s)',
    });
    guard.release();
    // A virtual board that stops listening in the middle: the first signal ends it.
    const board = virtualBoard();
    let bytes = 0;
    let process: import('node:child_process').ChildProcess | undefined;
    const frozen: Servable = {
      connect: (out) => board.connect(out),
      disconnect: () => board.disconnect(),
      fromHost: (data) => {
        bytes += data.length;
        if (bytes < 20_000) board.fromHost(data);
        else if (bytes - data.length < 20_000) setTimeout(() => process?.kill('SIGTERM'), 50);
      },
    };
    await served(frozen, async (host) => {
      const running = start(['flash', MODEL, '--direct-boot', '--yes', '--host', host]);
      process = running.process;
      const { code, err } = await running.result;
      assert.equal(code, 130, err);
      assert.match(err, /cancelling/);
      assert.match(err, /is incomplete|Nothing was written/);
    }, board);
  });

  it('a driver that never answers has a deadline for each call', async () => {
    const silent: SerialHandle = {
      open: (done) => done(null),
      close: () => undefined, write: () => undefined, drain: () => undefined, set: () => undefined, update: () => undefined,
      on: () => undefined,
    };
    const list = async () => [];
    const port = new SerialTransport('/dev/ttyHUNG', { backend: { list, create: () => silent }, patienceMs: 20, baud: 4e6 });
    await port.open();
    await assert.rejects(port.write(Uint8Array.of(1)), { code: 'port-stalled', message: /takes longer than .* s to take bytes/ });
    assert.equal(await port.setSignals({ rts: true }), false);
    await assert.rejects(port.setBaudRate(9600), { code: 'port-stalled' });
    await port.close();
    assert.equal(port.isOpen, false);
    const closed = new SerialTransport('/dev/ttyHUNG', { backend: { list, create: () => ({ ...silent, open: () => undefined }) }, patienceMs: 20 });
    await assert.rejects(closed.open(), { code: 'port-stalled' });
    await assert.rejects(within(5, new Promise(() => undefined), () => new TinyLMError('x', 'y')), { code: 'x' });
  });
});

describe('a busy board', () => {
  it('is told to chat, flash and monitor as what it is', async () => {
    const board = virtualBoard();
    await served(board, async (host) => {
      const { hostname, port } = new URL(host.replace('tcp:', 'http:'));
      const other = connect(Number(port), hostname);
      await new Promise((resolve) => other.once('connect', resolve));
      try {
        for (const words of [['chat', '--prompt', 'x'], ['flash', MODEL], ['monitor', '--for', '5']]) {
          const { code, err } = await tinylm([...words, '--host', host]);
          assert.equal(code, 1, words[0]);
          assert.match(err, /another program is connected to it/, words[0]);
          assert.doesNotMatch(err, /cable|network|is back/, words[0]);
        }
      } finally {
        other.destroy();
      }
    });
  });

  it('one that closes without a word is, most likely', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, err } = await tinylm(['monitor', '--host', host, '--for', '5']);
    assert.equal(code, 1);
    assert.match(err, /most likely another program is connected to it/);
    server.close();
  });

  it('over a WebSocket that answers 503, too', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { err } = await tinylm(['chat', '--host', host, '--prompt', 'x']);
    assert.match(err, /is busy \(503\): another program is connected to it/);
    server.close();
  });
});

describe('an empty board, and one of another firmware', () => {
  it('are told to chat, monitor and flash', async () => {
    const board = virtualBoard(new Uint8Array());
    await served(board, async (host) => {
      const chat = await tinylm(['chat', '--prompt', 'x', '--host', host]);
      assert.match(chat.err, /its flash is empty/);
      assert.match(chat.err, /hint: put firmware and a model on it: tinylm flash/);
      const seconds = Number(/\((\d+\.\d) s\)/.exec(chat.err)?.[1]);
      assert.ok(seconds > 0, 'the time measured');
      const monitor = await tinylm(['monitor', '--host', host, '--for', '0.5']);
      assert.match(monitor.out, /invalid header: 0xffffffff/);
      assert.match(monitor.err, /tinylm: its flash is empty/);
      const flash = await tinylm(['flash', MODEL, '--host', host]);
      assert.match(flash.err, /no valid partition table: the flash there is empty/);
      assert.match(flash.err, /Nothing was written/);
    });
  });

  it('by their words', () => {
    for (const [heard, what] of [
      ['invalid header: 0xffffffff\r\n', /flash is empty/],
      ['E (31) boot: No bootable app partitions in the partition table', /does not start/],
      ['Detected size(4096k) smaller than the size in the binary image header(8192k). Probe failed.', /larger flash chip/],
      ['MicroPython v1.22.0 on 2023-12-27; Generic ESP32 module\r\n>>> ', /another firmware/],
      ['Brownout detector was triggered', /supply/],
    ] as const)
      assert.match(boardWords(heard)!.what, what);
    assert.equal(boardWords('I (31) wifi: connected'), undefined);
  });

  it('on Linux those who take ports away are named, and whether they run', () => {
    assert.match(portTrouble('linux', [])!, /ModemManager and brltty may take/);
    assert.match(portTrouble('linux', ['brltty', 'sh'])!, /^brltty runs here/);
    assert.equal(portTrouble('darwin', ['brltty']), undefined);
  });
});

describe('the size of flash', () => {
  const table = (end: number): Partition[] => [
    { name: 'factory', type: 0, subtype: 0, offset: 0x10000, bytes: 0x10000, flags: 0 },
    { name: 'model', type: 0x40, subtype: 0, offset: 0x100000, bytes: end - 0x100000, flags: 0 },
  ];
  const MB = 1 << 20;

  /** An ESP-IDF build: a bootloader with a header, a table, an app. */
  function build(folder: string, { header, said, end }: { header?: number; said?: string; end: number }): string {
    mkdirSync(folder, { recursive: true });
    const boot = new Uint8Array(64);
    if (header !== undefined) boot.set([0xe9, 1, 2, Math.log2(header / MB) << 4]);
    writeFileSync(join(folder, 'boot.bin'), boot);
    writeFileSync(join(folder, 'table.bin'), writePartitionTable(table(end)));
    writeFileSync(join(folder, 'app.bin'), noise(5000));
    writeFileSync(join(folder, 'flasher_args.json'), JSON.stringify({
      ...(said && { flash_settings: { flash_size: said } }),
      flash_files: { '0x0': 'boot.bin', '0x8000': 'table.bin', '0x10000': 'app.bin' },
      extra_esptool_args: { chip: 'esp32c3' },
    }));
    return folder;
  }

  it('of header, table and chip are compared before anything is erased', () =>
    inFolder(async (folder) => {
      const board = virtualBoard(noise(0x100, 3));
      await served(board, async (host) => {
        for (const [name, of, message] of [
          ['header', { header: 8 * MB, end: 4 * MB }, /built for 8 MB of flash, but this chip has 4 MB/],
          ['args', { said: '8MB', end: 2 * MB }, /built for 8 MB of flash, but this chip has 4 MB/],
          ['table', { end: 7 * MB }, /partition table ends at 7 MB, but this chip has 4 MB/],
        ] as const) {
          const { code, err } = await tinylm(['flash', '--build', build(join(folder, name), of), '--erase', '--host', host]);
          assert.equal(code, 1, name);
          assert.match(err, message);
          assert.match(err, /Nothing was written/);
          assert.equal(board.chip.flash.erasedSectors, 0);
        }
      });
      // Against each other without a board.
      const both = build(join(folder, 'both'), { header: 4 * MB, said: '8MB', end: 7 * MB });
      const dry = await tinylm(['flash', '--build', both, '--dry-run']);
      assert.equal(dry.code, 1);
      assert.match(dry.err, /its partition table ends at 7 MB, but it is built for 4 MB of flash/);
      const fine = await tinylm(['flash', '--build', build(join(folder, 'fine'), { header: 8 * MB, end: 7 * MB }), '--dry-run']);
      assert.match(fine.out, /ESP32-C3, built for 8 MB of flash: these would be written/);
    }));

  it('that is not known is not guessed', () => {
    const firmware = { name: 'x', chip: 'ESP32', parts: [], partitions: table(2 * MB), directBoot: false };
    checkFlashSize(firmware);
    checkFlashSize(firmware, 2 * MB);
    assert.throws(() => checkFlashSize({ ...firmware, flashBytes: MB }), { code: 'flash-size' });
  });

  it('a model whose partition lies beyond the chip is refused', async () => {
    const board = virtualBoard(new Uint8Array());
    const large = [...table(2 * MB).slice(0, 1), { name: 'model', type: 0x40, subtype: 0, offset: 5 * MB, bytes: MB, flags: 0 }];
    board.chip.flash.program(0x8000, writePartitionTable(large));
    await served(board, async (host) => {
      const { code, err } = await tinylm(['flash', MODEL, '--host', host]);
      assert.equal(code, 1);
      assert.match(err, /puts the model's end at 0x50\w+, but its flash ends at 0x400000/);
      assert.match(err, /Nothing was written/);
    });
  });
});

describe('a transport', () => {
  it('that was closed underneath says so at once', async () => {
    const transport = new FakeTransport();
    await assert.rejects(transport.write(Uint8Array.of(1)), { code: 'port-closed' });
  });
});
