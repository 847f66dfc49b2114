/** Boards that vanish or stand still, and transports under them: what is said, and nothing hangs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Servable } from '../src/cli/serve-board.js';
import { NorFlash } from '../src/device/chip/norflash.js';
import { FakeRom } from '../src/device/chip/rom.js';
import { within } from '../src/device/deadline.js';
import { Guard } from '../src/device/flash/guard.js';
import { flashImage } from '../src/device/flash/flasher.js';
import { SerialTransport, type SerialHandle } from '../src/node/ports/serial.js';
import { FakeTransport, TransportBase } from '../src/device/transport.js';
import { TinyLMError } from '../src/model/errors.js';
import { noise } from './device-support.js';
import { vector } from './firmware-support.js';
import { served, virtualBoard } from './helpers/served.js';
import { flashOver } from '../src/cli/commands/flash.js';
import { capture, spawned, start } from './helpers/cli.js';

const MODEL = vector('bpe-33-17');

/** A loader in ROM behind a port that goes away, or falls silent, after so many writes. */
class VanishingPort extends TransportBase {
  readonly flash = NorFlash.blank(4 << 20);
  writes = 0;
  readonly #after: number;
  readonly #lost: boolean;
  readonly #rom = new FakeRom({
    chip: 'ESP32-C3',
    flash: this.flash,
    send: (data) => setImmediate(() => this.received(data)),
    onRestart: () => undefined,
  });

  constructor(after: number, lost = true) {
    super('/dev/ttyGONE');
    this.#after = after;
    this.#lost = lost;
  }

  async open(): Promise<void> {
    this.opened();
  }
  async close(): Promise<void> {
    this.closed();
  }
  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    if (++this.writes <= this.#after) return this.#rom.receive(data);
    if (this.#lost) this.closed(new TinyLMError('port-lost', '/dev/ttyGONE was disconnected', 'plug it in again'));
  }
  async setSignals(): Promise<boolean> {
    return true;
  }
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
    assert.ok(
      messages.some((m) => /was disconnected while writing app \(\d+ % sent\)/.test(m)),
      messages.join('\n'),
    );
  });

  it('is named also where a write fails before the port says that it has gone', async () => {
    const port = new VanishingPort(Infinity);
    const write = port.write.bind(port);
    let sent = 0;
    port.write = async (data) => {
      sent += data.length;
      if (sent > 60_000) throw new TinyLMError('port-lost', '/dev/ttyGONE was disconnected', 'plug it in again');
      await write(data);
    };
    await assert.rejects(flashImage({ port, parts: [{ offset: 0x10000, data: noise(120_000), name: 'app' }] }), {
      code: 'flash-failed',
      message: /^\/dev\/ttyGONE was disconnected while writing app \(\d+ % sent\)$/,
    });
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
      await served(
        fragile,
        async (host, close) => {
          vanish = close;
          const { code, err } = await spawned(['flash', MODEL, '--direct-boot', '--yes', '--host', host]);
          assert.equal(code, 1, err);
          assert.match(err, /error: .*127\.0\.0\.1:\d+ /);
          assert.match(err, /Nothing was written|is incomplete/);
        },
        board,
      );
    }
  });

  it('and one that falls silent is not waited for without end, nor after Ctrl-C', async () => {
    const port = new VanishingPort(0, false);
    await port.open();
    const guard = new Guard(port, undefined);
    await assert.rejects(guard.during(new Promise(() => undefined), 30, 'answer'), {
      code: 'flash-stalled',
      message: '/dev/ttyGONE: the chip does not answer (0 s)',
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
    await served(
      frozen,
      async (host) => {
        const running = start(['flash', MODEL, '--direct-boot', '--yes', '--host', host]);
        process = running.process;
        const { code, err } = await running.result;
        assert.equal(code, 130, err);
        assert.match(err, /cancelling/);
        assert.match(err, /is incomplete|Nothing was written/);
      },
      board,
    );
  });

  it('a driver that never answers has a deadline for each call', async () => {
    const silent: SerialHandle = {
      open: (done) => done(null),
      close: () => undefined,
      write: () => undefined,
      drain: () => undefined,
      set: () => undefined,
      update: () => undefined,
      on: () => undefined,
    };
    const list = async () => [];
    const port = new SerialTransport('/dev/ttyHUNG', {
      backend: { list, create: () => silent },
      patienceMs: 20,
      baud: 4e6,
    });
    await port.open();
    await assert.rejects(port.write(Uint8Array.of(1)), {
      code: 'port-stalled',
      message: /takes longer than .* s to take bytes/,
    });
    assert.equal(await port.setSignals({ rts: true }), false);
    await assert.rejects(port.setBaudRate(9600), { code: 'port-stalled' });
    await port.close();
    assert.equal(port.isOpen, false);
    const closed = new SerialTransport('/dev/ttyHUNG', {
      backend: { list, create: () => ({ ...silent, open: () => undefined }) },
      patienceMs: 20,
    });
    await assert.rejects(closed.open(), { code: 'port-stalled' });
    await assert.rejects(
      within(5, new Promise(() => undefined), () => new TinyLMError('x', 'y')),
      { code: 'x' },
    );
  });
});

describe('flash over a serial port that goes away', () => {
  it('says which port, how far it came, what the board is left with and what to do', async () => {
    const data = noise(120_000);
    const parts = [{ offset: 0x10000, data, name: 'model' }];
    const firmware = { name: 'x', chip: 'ESP32-C3', parts, partitions: [], directBoot: false };
    const whole = new VanishingPort(Infinity);
    await flashImage({ port: whole, parts });
    const { context, result } = capture();
    const port = new VanishingPort(whole.writes - 6);
    const job = { model: undefined, firmware, parts, options: { baud: 460_800 }, manifest: undefined };
    await assert.rejects(flashOver(context, port, job), (error: TinyLMError) => {
      assert.match(error.message, /^\/dev\/ttyGONE was disconnected while writing model \(\d+ % sent\)$/);
      assert.match(error.hint!, /run the same command again/);
      if (process.platform === 'linux') assert.match(error.hint!, /ModemManager.*brltty/);
      return true;
    });
    assert.match(result().err, /The model on the board is incomplete[^]*To repair: run the same command again/);
  });
});

describe('a transport', () => {
  it('that was closed underneath says so at once', async () => {
    const transport = new FakeTransport();
    await assert.rejects(transport.write(Uint8Array.of(1)), { code: 'port-closed' });
  });
});
