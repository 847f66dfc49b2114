/**
 * `tinylm flash`: what is written where, what is refused, and what a board is left with when it ends early. The boards
 * are virtual and reached as real ones are: over TCP here, over a pseudo-terminal in cli-board.test.ts.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NorFlash } from '../src/device/chip/norflash.js';
import { FakeRom } from '../src/device/chip/rom.js';
import { VirtualBoard, type BoardOptions } from '../src/device/chip/board.js';
import { EXIT } from '../src/cli/errors.js';
import { serveTcp, type Servable } from '../src/cli/serve-board.js';
import { readPrebuilt } from '../src/node/prebuilt.js';
import { inFolder, tinylm, type Result } from './helpers/cli.js';
import { atTerminal } from './helpers/terminal.js';
import { fileBytes, modelFile, POSIX_TOOLS, SMALL, toolsFor, vector, withDevice } from './firmware-support.js';

const { image, about } = readPrebuilt();
const MODEL = vector('bpe-33-17');
const MODEL_AT = about.model.offset;

/** Serves a board while `body` talks to it. */
async function served<T>(board: Servable, body: (host: string) => Promise<T>): Promise<T> {
  const { option, close } = await serveTcp(board, 0);
  try {
    return await body(option.split(' ')[1]);
  } finally {
    close();
  }
}

type Body<T> = (board: VirtualBoard, host: string) => Promise<T>;

async function withBoard<T>(options: BoardOptions, body: Body<T>): Promise<T> {
  const board = new VirtualBoard({ syncEntersDownload: true, ...options });
  board.powerOn();
  try {
    return await served(board, (host) => body(board, host));
  } finally {
    board.powerOff();
  }
}

/** A board with the firmware in its flash, settings in NVS, and a model. */
function prepare(board: VirtualBoard): void {
  board.chip.flash.program(0, image);
  board.chip.flash.program(0x9000, Buffer.from('settings'));
  board.chip.flash.program(MODEL_AT, fileBytes(vector('char-5-7-2')));
}

const ok = (result: Result): Result => {
  assert.equal(result.code, 0, result.err);
  return result;
};

/** An ESP-IDF build folder whose files are those of the direct-boot image, so that they boot. */
function buildFolder(folder: string, chip = 'esp32c3', engineBytes?: number): string {
  const names = ['bootloader/bootloader.bin', 'partition_table/partition-table.bin', 'tinylm.bin'];
  const files: Record<string, string> = {};
  about.parts.forEach(({ offset, bytes }, i) => {
    mkdirSync(join(folder, names[i], '..'), { recursive: true });
    writeFileSync(join(folder, names[i]), image.subarray(offset, offset + bytes));
    files[`0x${offset.toString(16)}`] = names[i];
  });
  const args = { flash_files: files, extra_esptool_args: { chip } };
  writeFileSync(join(folder, 'flasher_args.json'), JSON.stringify(args));
  if (engineBytes !== undefined) {
    mkdirSync(join(folder, 'config'));
    writeFileSync(join(folder, 'config/sdkconfig.json'), JSON.stringify({ TINYLM_ENGINE_BYTES: engineBytes }));
  }
  return folder;
}

describe('flash', () => {
  it('writes the model where the board says, and nothing else', () =>
    withBoard({}, async (board, host) => {
      prepare(board);
      const before = board.chip.flash.bytes.slice();
      const { out, err } = ok(await tinylm(['flash', MODEL, '--host', host, '--json']));
      const model = fileBytes(MODEL);
      const after = board.chip.flash.bytes.slice();
      assert.deepEqual(after.subarray(MODEL_AT, MODEL_AT + model.length), model);
      const sectors = Math.ceil(model.length / 4096) * 4096;
      for (const flash of [before, after]) flash.fill(0, MODEL_AT, MODEL_AT + sectors);
      assert.ok(Buffer.from(before).equals(after));
      type Said = Record<string, unknown> & { parts: Record<string, unknown>[] };
      const { parts, chip, flashBytes } = JSON.parse(out) as Said;
      assert.deepEqual([chip, flashBytes, parts.length], ['ESP32-C3', 4 << 20, 1]);
      assert.deepEqual([parts[0]['name'], parts[0]['offset'], parts[0]['bytes']], ['model', MODEL_AT, model.length]);
      assert.match(String(parts[0]['md5']), /^[0-9a-f]{32}$/);
      assert.match(err, /connecting[^]*4 MB of flash\nwriting model: 5,444 bytes at 0x1a0000[^]*verified\n/);
      assert.match(err, /Next:\n {2}tinylm chat --host tcp:\/\//);
      assert.equal(board.state, 'running');
    }));

  it('replaces the firmware by the direct-boot image, and keeps the settings', () =>
    withBoard({}, async (board, host) => {
      board.chip.flash.program(0, new Uint8Array(0x8000)); // another bootloader
      board.chip.flash.program(0x9000, Buffer.from('settings'));
      const words = ['flash', MODEL, '--direct-boot', '--host', host];
      const refused = await tinylm(words);
      assert.equal(refused.code, EXIT.usage);
      assert.match(refused.err, /EXPERIMENTAL[^]*never on silicon[^]*replaces[^]*add --yes/);
      assert.equal(board.chip.flash.erasedSectors, 0);
      const { err } = ok(await tinylm([...words, '--yes']));
      assert.match(err, /EXPERIMENTAL/);
      for (const { offset, bytes } of about.parts)
        assert.deepEqual(board.chip.flash.read(offset, bytes), image.slice(offset, offset + bytes));
      assert.equal(Buffer.from(board.chip.flash.read(0x9000, 8)).toString(), 'settings');
      assert.equal(board.state, 'running');
      ok(await tinylm([...words, '--yes', '--erase']));
      assert.deepEqual(board.chip.flash.read(0x9000, 8), new Uint8Array(8).fill(0xff));
    }));

  it('writes a build and its manifest, and leaves a file that is something else', () =>
    inFolder((folder) =>
      withBoard({}, async (board, host) => {
        buildFolder(folder);
        const manifest = join(folder, 'manifest.json');
        ok(await tinylm(['flash', MODEL, '--build', folder, '--host', host]));
        assert.equal(board.state, 'running');
        const { builds } = JSON.parse(readFileSync(manifest, 'utf8')) as { builds: unknown };
        assert.deepEqual(builds, [
          {
            chipFamily: 'ESP32-C3',
            parts: [
              { path: 'bootloader/bootloader.bin', offset: 0 },
              { path: 'partition_table/partition-table.bin', offset: 0x8000 },
              { path: 'tinylm.bin', offset: 0x10000 },
            ],
          },
        ]);
        // Its own it writes again; without a model it says that there is none.
        assert.match(ok(await tinylm(['flash', '--build', folder, '--host', host])).err, /no model yet/);
        writeFileSync(manifest, '{"name": "another"}');
        const other = await tinylm(['flash', '--build', folder, '--host', host]);
        assert.match(other.err, /manifest\.json is there and is no manifest of TinyLM's[^]*--manifest/);
        assert.equal(readFileSync(manifest, 'utf8'), '{"name": "another"}');
        const web = join(folder, 'web.json');
        ok(await tinylm(['flash', '--build', folder, '--manifest', web, '--host', host]));
        assert.ok(existsSync(web));
      }),
    ));

  it('says what it would do', () =>
    inFolder((folder) =>
      withBoard({}, async (board, host) => {
        buildFolder(folder);
        const plan = ok(await tinylm(['flash', MODEL, '--build', folder, '--dry-run']));
        assert.match(plan.out, /ESP32-C3: these would be written\n.*\nbootloader\/bootloader.bin +0x0 +26\n/);
        assert.match(plan.out, /\nmodel +0x1a0000 +5,444\n/);
        assert.ok(!existsSync(join(folder, 'manifest.json')));
        prepare(board);
        const erased = board.chip.flash.erasedSectors;
        const { out } = ok(await tinylm(['flash', MODEL, '--host', host, '--dry-run', '--json']));
        const { parts } = JSON.parse(out) as { parts: unknown };
        assert.deepEqual(parts, [{ name: 'model', offset: MODEL_AT, bytes: 5444 }]);
        assert.equal(board.chip.flash.erasedSectors, erased);
      }),
    ));

  it('refuses what cannot work before anything is written', () =>
    inFolder(async (folder) => {
      const refused = async (words: string[], pattern: RegExp, code: number = EXIT.failed): Promise<void> => {
        const result = await tinylm(['flash', ...words]);
        assert.match(result.err, pattern);
        assert.equal(result.code, code, result.err);
      };
      await refused([], /nothing to flash/, EXIT.usage);
      await refused(['--build', folder, '--direct-boot'], /both --build and --direct-boot/, EXIT.usage);
      await refused([MODEL, '--erase'], /--erase without a firmware/, EXIT.usage);
      await refused(['--build', folder], /no flasher_args\.json/);
      await refused([vector('bad/crc'), '--direct-boot', '--dry-run'], /CRC-32 .*found 0x/);
      await refused([MODEL, '--port', join(folder, 'none')], /there is no serial port/);
      const large = modelFile({ dim: 8, hidden: 1536 });
      await refused(
        [large, '--direct-boot', '--dry-run'],
        /needs [\d,]+ bytes of RAM for this model, but the firmware has [\d,]+ for it/,
      );
      buildFolder(folder, 'esp32c3', 800);
      await refused([MODEL, '--build', folder, '--dry-run'], /but the firmware has 800 /);
      await withBoard({}, async (board, host) => {
        await refused([MODEL, '--host', host], /no valid partition table: the flash there is empty[^]*--direct-boot/);
        prepare(board);
        await refused([large, '--host', host], /bytes of RAM for this model/); // by the firmware that is there
        assert.equal(board.chip.flash.erasedSectors, 0);
      });
    }));

  it('refuses the wrong chip', () =>
    inFolder(async (folder) => {
      const flash = NorFlash.blank(4 << 20);
      let say: (data: Uint8Array) => void = () => undefined;
      const rom = new FakeRom({ chip: 'ESP32-S3', flash, send: (data) => setImmediate(() => say(data)) });
      const board: Servable = {
        connect: (to) => {
          say = to;
        },
        disconnect: () => {
          say = () => undefined;
        },
        fromHost: (data) => rom.receive(data),
      };
      await served(board, async (host) => {
        const { code, err } = await tinylm(['flash', '--build', buildFolder(folder), '--host', host]);
        assert.equal(code, EXIT.failed);
        assert.match(err, /this is an ESP32-S3, but the firmware is for an ESP32-C3[^]*idf\.py set-target/);
        assert.match(err, /Nothing was written: the board is as it was/);
        assert.equal(flash.erasedSectors, 0);
      });
    }));

  it('stops at Ctrl-C, says what the board is left with, and repairs it', async () => {
    for (const [from, expected] of [
      [0x10000, /The firmware on the board is incomplete[^]*hold BOOT/],
      [MODEL_AT, /Written and verified: start, partition table, program\.\nThe model on the board is incomplete/],
    ] as const) {
      let asked = false;
      const damage = (offset: number): void => {
        if (asked || offset < from) return;
        asked = true;
        process.emit('SIGINT');
      };
      await withBoard({ damage }, async (board, host) => {
        const words = ['flash', modelFile(), '--direct-boot', '--yes', '--host', host];
        const { code, err } = await tinylm(words);
        assert.equal(code, EXIT.interrupted, err);
        assert.match(err, expected);
        assert.match(err, /run the same command again/);
        ok(await tinylm(words));
        assert.equal(board.state, 'running');
      });
    }
  });

  it('stops at Ctrl-C also while nobody answers', async () => {
    let asked = false;
    const silent: Servable = {
      connect: () => undefined,
      disconnect: () => undefined,
      fromHost: () => {
        if (!asked) setImmediate(() => process.emit('SIGINT')); // the second would end the process
        asked = true;
      },
    };
    await served(silent, async (host) => {
      const { code, err } = await tinylm(['flash', MODEL, '--host', host]);
      assert.equal(code, EXIT.interrupted, err);
      assert.match(err, /cancelling[^]*Nothing was written/);
    });
  });

  it('says so when flash does not keep what was written', () =>
    withBoard(
      {
        damage: (offset, data) => {
          if (offset >= MODEL_AT) data[0] ^= 1;
        },
      },
      async (board, host) => {
        prepare(board);
        const { code, err } = await tinylm(['flash', MODEL, '--host', host]);
        assert.equal(code, EXIT.failed);
        assert.match(err, /model: what is in flash differs from what was sent/);
        assert.match(err, /The firmware, untouched, refuses it/);
      },
    ));

  it('asks at a terminal, and shows a bar', (t) =>
    withBoard({}, async (board, host) => {
      if (!toolsFor(t, { socat: 'socat' })) return;
      const person = await atTerminal(['flash', modelFile(), '--direct-boot', '--host', host]);
      try {
        await person.seen(/Go on\? \[y\/N\] /);
        person.type('y\r');
        await person.seen(/█.*100 % {2}program/);
        await person.seen(/tinylm chat/);
        assert.equal(await person.code, 0);
        assert.equal(board.state, 'running');
      } finally {
        person.close();
      }
      const again = await atTerminal(['flash', '--direct-boot', '--host', host]);
      try {
        await again.seen(/\[y\/N\] /);
        again.type('\r');
        await again.seen(/nothing was written/);
        assert.equal(await again.code, EXIT.failed);
      } finally {
        again.close();
      }
    }));
});

describe('flash over the network', () => {
  it('sends a running device another model, with its token only', (t) => {
    if (!toolsFor(t, POSIX_TOOLS)) return;
    return withDevice(['--model', SMALL, '--token', 'secret'], ['http'], async (device) => {
      const host = `127.0.0.1:${device.http}`;
      const send = (...words: string[]) => tinylm(['flash', MODEL, '--host', host, ...words]);
      const refused = await send();
      assert.equal(refused.code, EXIT.failed);
      assert.match(refused.err, /error: the device says: [^]*hint: give the device's token with --token/);
      assert.doesNotMatch(refused.err, /incomplete/);
      const plan = ok(await send('--token', 'secret', '--dry-run'));
      assert.match(
        plan.out,
        new RegExp(`the model, ${fileBytes(MODEL).length.toLocaleString('en-US')} bytes, would be sent`),
      );
      const sent = ok(await send('--token', 'secret', '--json'));
      const { model } = JSON.parse(sent.out) as { model: { state: string; bytes: number } };
      assert.deepEqual([model.state, model.bytes], ['ready', fileBytes(MODEL).length]);
      const words = ['--prompt', 'a', '--seed', '7', '-n', '20'];
      const said = ok(await tinylm(['chat', '--host', host, ...words]));
      const made = ok(await tinylm(['generate', MODEL, ...words, '--no-echo']));
      assert.equal(said.out, made.out);
    });
  });

  it('says beforehand that a model does not fit', (t) => {
    if (!toolsFor(t, POSIX_TOOLS)) return;
    return withDevice(['--flash', '8192', '--memory', '4096', '--token', 's'], ['http'], async (device) => {
      const host = ['--host', `127.0.0.1:${device.http}`, '--token', 's'];
      const large = await tinylm(['flash', modelFile(), ...host]);
      assert.equal(large.code, EXIT.failed);
      assert.match(
        large.err,
        /the model has [\d,]+ bytes, but the device has room for [\d,]+\nhint: train a smaller model/,
      );
    });
  });

  it('flashes firmware over a cable only', async () => {
    const { code, err } = await tinylm(['flash', '--direct-boot', '--yes', '--host', 'tinylm.local']);
    assert.equal(code, EXIT.usage);
    assert.match(err, /over the network a device takes a model only/);
  });
});
