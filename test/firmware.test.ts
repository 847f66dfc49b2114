/** The line protocol as a person meets it: the POSIX port (with ASan and UBSan) over a pipe and over TCP. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeviceClient } from '../src/device/client.js';
import { encodeFrame, FrameReader, PROTOCOL } from '../src/device/protocol.js';
import { loadEngineModel } from './helpers/engine-text.js';
import { POSIX_TOOLS, SMALL, buildPosix, modelFile, toolsFor, vector, withDevice } from './firmware-support.js';

/** All that the device says to `input` on a serial line, until it has answered all of it. */
function answer(input: string | Uint8Array, args: readonly string[] = ['--model', SMALL]): string {
  const run = spawnSync(join(buildPosix(), 'tinylm-device'), ['--stdio', ...args], { input, timeout: 30_000 });
  if (run.status !== 0) throw new Error(`the device ended with ${run.status}: ${run.stderr.toString()}`);
  return run.stdout.toString('latin1');
}
const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString();

test('a person types a beginning and reads the text and a line of figures', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const expected = (await loadEngineModel(SMALL)).text('the cat', { seed: 7, length: 30 });
  const said = utf8(answer('/set seed 7\n/set length 30\nthe cat\n'));
  const [, , rest] = /^(\{.*\}\n){2}([^]*)$/.exec(said) ?? [];
  assert.match(rest, /\n\[30 tokens, \d+\.\d tokens\/s, seed 7, length\]\n$/);
  assert.equal(rest.slice(0, rest.lastIndexOf('[')), expected.endsWith('\n') ? expected : `${expected}\n`);
  // Without the figures there is the text alone.
  const quiet = utf8(answer('/status off\n/set seed 7\n/set length 30\nthe cat\n'));
  assert.equal(quiet.replace(/^(\{.*\}\n){2}/, ''), expected.endsWith('\n') ? expected : `${expected}\n`);
  // // stands for a slash.
  const slash = (await loadEngineModel(SMALL)).text('/the', { seed: 7, length: 9 });
  assert.ok(utf8(answer('/set seed 7\n/set length 9\n//the\n')).includes(slash));
});

test('a terminal: echo, backspace over a whole character, arrow keys, Ctrl-U, Ctrl-C, any end of line', (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const typed = '/ecHo\x7f\x7f\x7f\x7f\x7f/bogus\xc3\xa3\x7f\x1b[A\x1b[1;5C\r\n/nothing\x15\r\n/half\x03\r/reset\n';
  const said = answer(typed, ['--model', SMALL, '--echo']);
  assert.match(said, /^\[TinyLM [\d.]+: .*\]\r\n> /);
  assert.match(said, /\/ecHo\x08 \x08.*\[error unknown: no such command/s);
  assert.equal(said.match(/\[error/g)?.length, 1);
  assert.match(said, /\/reset\r\n> $/);
});

test('commands: help, info, settings, and errors in words', (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const help = answer('/help\n');
  for (const c of [
    'info',
    'set',
    'generate',
    'continuous',
    'cancel',
    'reset',
    'bench',
    'echo',
    'status',
    'auth',
    'wifi',
    'token',
    'name',
    'load',
    'restart',
  ])
    assert.match(help, new RegExp(`/${c}\\b`));
  const info = JSON.parse(answer('/info\n')) as { model: { state: string }; settings: object };
  assert.equal(info.model.state, 'ready');
  assert.deepEqual(JSON.parse(answer('/set\n')), info.settings);
  for (const [line, code] of [
    ['/foo', 'unknown'],
    ['/set temperature 11', 'bad-value'],
    ['/set x 1', 'bad-value'],
    ['/set temperature', 'bad-request'],
    ['/bench 0', 'bad-request'],
    ['/echo maybe', 'bad-request'],
    ['/cancel', 'idle'],
    ['/wifi', 'bad-request'],
    [`/wifi a ${'b'.repeat(65)}`, 'bad-value'],
    ['x'.repeat(1025), 'overlong'],
  ]) {
    assert.match(answer(`${line}\n`), new RegExp(`^\\[error ${code}: .+\\]\\n$`), line);
  }
  assert.equal(JSON.parse(answer('/set stop "a b"\n') || '{}').stop, 'a b');
  assert.equal(JSON.parse(answer('/set stop x\n/set stop\n').split('\n')[1]).stop, '');
  assert.match(answer(`${'x'.repeat(1024)}\n`), /tokens\/s/);
  assert.match(answer('/bench 20\n'), /^\[20 tokens, \d+\.\d tokens\/s, \d+ ms\]\n\[.*posix.*\]\n$/);
});

test('a corrupted model in flash: reported, info answered, a new one taken; no model at all likewise', (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  for (const name of ['bad/crc', 'bad/magic']) {
    const said = answer('/info\nthe\n', ['--model', vector(name), '--echo']);
    assert.match(said, /\[the model in flash cannot be used: \/info says why/);
    assert.match(said, /"state":"bad","error":"[^"]+","offset":\d+,"found":\d+,"expected":\d+/);
    assert.match(said, /\[error bad-model: /);
  }
  assert.match(answer('the\n', []), /\[error no-model: /);
  assert.match(answer('/info\n', []), /"state":"none"/);
});

interface Dialled {
  socket: Socket;
  said: () => string;
  until: (what: RegExp) => Promise<string>;
}

/** A TCP client that collects what it gets. */
async function dial(port: number): Promise<Dialled> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (data: Buffer) => parts.push(data));
  await new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject));
  const said = (): string => Buffer.concat(parts).toString('latin1');
  return {
    socket,
    said,
    until: async (what) => {
      for (let i = 0; i < 1000; i++) {
        if (what.test(said())) return said();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw new Error(`waited for ${what} in: ${said()}`);
    },
  };
}

test('a continuous text takes lines, and Ctrl-C or /cancel ends it', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--delay', '1000'], ['tcp'], async (device) => {
    const c = await dial(device.tcp);
    c.socket.write('/continuous the cat\n');
    await c.until(/.{40}/s);
    c.socket.write('sat on the mat\n/info\n');
    await c.until(/"busy":true/);
    c.socket.write('/cancel\n');
    await c.until(/cancelled\]\n/);
    c.socket.write('/continuous\n');
    await c.until(/cancelled\]\n[^]{20}/);
    c.socket.write('\x03');
    await c.until(/cancelled\][^]*cancelled\]\n/);
    c.socket.destroy();
  });
});

test('half frames, wrong checksums, noise: a frame after them is answered at once, a line after one LF', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['tcp'], async (device) => {
    const c = await dial(device.tcp);
    const info = encodeFrame({ type: PROTOCOL.MSG_INFO, sequence: 77, payload: new Uint8Array() });
    const frames = (): unknown[] =>
      new FrameReader()
        .push(Buffer.from(c.said(), 'latin1'))
        .flatMap((r) => (r.kind === 'frame' ? [r.frame] : []))
        .flatMap((f) => (f.type !== PROTOCOL.MSG_DATA ? [[f.type, f.sequence]] : []));
    const wrong = info.slice();
    wrong[2] ^= 1;
    for (const before of [
      info.subarray(0, 4),
      wrong,
      Uint8Array.of(0xf9, 0xfa, 1, 10),
      new Uint8Array(3000).fill(0x80),
      Buffer.concat([Uint8Array.of(0xf9), new Uint8Array(5000).fill(7)]),
      Uint8Array.of(0xf9, 10),
      Buffer.from('half a li'),
    ]) {
      const seen = frames().length;
      c.socket.write(before);
      c.socket.write(info);
      for (
        let i = 0;
        !frames()
          .slice(seen)
          .some((f) => JSON.stringify(f) === '[130,77]');
        i++
      ) {
        assert.ok(i < 1000, `nothing after ${Buffer.from(before.subarray(0, 10)).toString('hex')}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    // A wrong checksum was said to be one, with sequence 0.
    assert.ok(frames().some((f) => JSON.stringify(f) === '[131,0]'));
    c.socket.write(Buffer.concat([info.subarray(0, 4), Buffer.from('\n/nothing\n')]));
    await c.until(/no such command/);
    c.socket.destroy();
  });
});

test('text never breaks inside a character: its frames decoded one by one are the whole text', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', modelFile()], ['tcp'], async (device) => {
    const c = await dial(device.tcp);
    const send = (type: number, text: string): boolean =>
      c.socket.write(encodeFrame({ type, sequence: 5, payload: Buffer.from(text) }));
    send(PROTOCOL.MSG_PROMPT, 'não é');
    send(PROTOCOL.MSG_GENERATE, '{"seed":1,"length":3000,"temperature":1.5,"top_k":0,"continuous":true}');
    await c.until(/[^]{6000}/);
    send(PROTOCOL.MSG_CANCEL, '');
    await c.until(/"cancelled"/);
    const pieces = new FrameReader()
      .push(Buffer.from(c.said(), 'latin1'))
      .flatMap((r) => (r.kind === 'frame' && r.frame.type === PROTOCOL.MSG_DATA ? [r.frame.payload] : []));
    // Bytes that form no character are released as they are; a character that is one comes whole.
    const alone = pieces.map((p) => new TextDecoder().decode(p));
    assert.equal(alone.join(''), new TextDecoder().decode(Buffer.concat(pieces)));
    assert.ok(alone.filter((text) => /[ãé]/.test(text)).length > 5);
    c.socket.destroy();
  });
});

test('a client that takes nothing loses its text after 10 s (here faster), and the device is free', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--clock-rate', '50'], ['pty', 'tcp'], async (device) => {
    const deaf = openSync(device.pty, 'r+'); // a terminal that is never read
    writeSync(deaf, '/continuous the\n');
    const client = new DeviceClient(device.port());
    await client.open();
    for (let i = 0; !(await client.info()).busy; i++) assert.ok(i < 1000, 'never busy');
    for (let i = 0; (await client.info()).busy; i++) {
      assert.ok(i < 2000, 'still busy');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok((await client.generate('a', { length: 3 }).result).tokens > 0);
    await client.close();
    closeSync(deaf);
  });
});

test('a restart drops the connections and ends the process of this port', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const child = spawn(join(buildPosix(), 'tinylm-device'), ['--stdio', '--model', SMALL], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.stdin.write('/restart\n');
  assert.equal(await ended, 0);
});
