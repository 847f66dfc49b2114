/** Boards that are busy, empty, of another firmware or of another size: each is told for what it is. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkFlashSize } from '../src/board/flash-plan.js';
import { boardWords } from '../src/board/words.js';
import { portTrouble } from '../src/cli/port-trouble.js';
import { writePartitionTable, type Partition } from '../src/device/flash/partitions.js';
import { noise } from './device-support.js';
import { POSIX_TOOLS, SMALL, toolsFor, vector, withDevice } from './firmware-support.js';
import { served, virtualBoard } from './helpers/served.js';
import { inFolder, tinylm } from './helpers/cli.js';

const MODEL = vector('bpe-33-17');

describe('a busy board', () => {
  it('is told to chat, flash and monitor as what it is', async () => {
    const board = virtualBoard();
    await served(board, async (host) => {
      const { hostname, port } = new URL(host.replace('tcp:', 'http:'));
      const other = connect(Number(port), hostname);
      await new Promise((resolve) => other.once('connect', resolve));
      try {
        for (const words of [
          ['chat', '--prompt', 'x'],
          ['flash', MODEL],
          ['monitor', '--for', '5'],
        ]) {
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
      [
        'Detected size(4096k) smaller than the size in the binary image header(8192k). Probe failed.',
        /larger flash chip/,
      ],
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
    writeFileSync(
      join(folder, 'flasher_args.json'),
      JSON.stringify({
        ...(said && { flash_settings: { flash_size: said } }),
        flash_files: { '0x0': 'boot.bin', '0x8000': 'table.bin', '0x10000': 'app.bin' },
        extra_esptool_args: { chip: 'esp32c3' },
      }),
    );
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
          const { code, err } = await tinylm([
            'flash',
            '--build',
            build(join(folder, name), of),
            '--erase',
            '--host',
            host,
          ]);
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
      const fine = await tinylm([
        'flash',
        '--build',
        build(join(folder, 'fine'), { header: 8 * MB, end: 7 * MB }),
        '--dry-run',
      ]);
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
    const large = [
      ...table(2 * MB).slice(0, 1),
      { name: 'model', type: 0x40, subtype: 0, offset: 5 * MB, bytes: MB, flags: 0 },
    ];
    board.chip.flash.program(0x8000, writePartitionTable(large));
    await served(board, async (host) => {
      const { code, err } = await tinylm(['flash', MODEL, '--host', host]);
      assert.equal(code, 1);
      assert.match(err, /puts the model's end at 0x50\w+, but its flash ends at 0x400000/);
      assert.match(err, /Nothing was written/);
    });
  });
});

describe('a device that runs TinyLM where a loader was expected', () => {
  it('is told for what it is', (t) => {
    if (!toolsFor(t, POSIX_TOOLS)) return;
    return withDevice(['--model', SMALL], ['tcp'], async (device) => {
      const { code, err } = await tinylm(['flash', MODEL, '--host', `tcp://127.0.0.1:${device.tcp}`]);
      assert.equal(code, 1);
      assert.match(err, /TinyLM's firmware runs there and answers, but the chip does not enter its loader/);
      assert.match(err, /Nothing was written/);
      assert.match(err, /hint: a model goes through the firmware/);
    });
  });
});
