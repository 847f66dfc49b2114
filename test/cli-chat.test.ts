/** `tinylm chat` against the POSIX port of the firmware (ASan and UBSan) over a pseudo-terminal, TCP and WebSocket. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test, type TestContext } from 'node:test';
import { chatOver, type ChatOptions } from '../src/cli/commands/chat.js';
import { reportError } from '../src/cli/errors.js';
import { findPort } from '../src/cli/reach.js';
import { DeviceClient } from '../src/device/client.js';
import { PROTOCOL } from '../src/device/protocol.js';
import { SerialTransport, type SerialBackend, type SerialPortInfo } from '../src/node/ports/serial.js';
import { fileBytes, POSIX_TOOLS, SMALL, toolsFor, withDevice, type Device } from './firmware-support.js';
import { capture, inFolder, start, tinylm, type Result } from './helpers/cli.js';
import { loadEngineModel } from './helpers/engine-text.js';
import { fakeDevice, type FakeDeviceOptions } from './helpers/fake-device.js';

/** Runs `body` with a device that has the small model. */
async function device(t: TestContext, args: readonly string[], body: (d: Device) => Promise<void>): Promise<void> {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, ...args], ['tcp', 'http', 'pty'], body);
}

const tcp = (d: Device): string[] => ['--host', `tcp://127.0.0.1:${d.tcp}`];
const engine = async (prompt: string, seed: number, length: number): Promise<string> =>
  (await loadEngineModel(SMALL)).text(prompt, { seed, length });

describe('chat, one text', () => {
  it("is the engine's own, by cable, TCP and WebSocket; figures go to stderr", (t) =>
    device(t, [], async (d) => {
      const text = await engine('the cat', 7, 60);
      for (const way of [['--port', d.pty], tcp(d), ['--host', `127.0.0.1:${d.http}`]]) {
        const { code, out, err } = await tinylm(['chat', ...way, '--prompt', 'the cat', '--seed', '7', '-n', '60']);
        assert.equal(out, `${text}\n`, way[1]);
        assert.match(err, /^3 prompt tokens, 60 generated, [\d.,]+ tokens\/s, seed 7, ended: length\n$/);
        assert.equal(code, 0);
      }
    }));

  it('takes the options of generate, and gives what generate gives', (t) =>
    device(t, [], async (d) => {
      for (const options of [
        ['--temperature', '1.3', '--top-k', '0', '--top-p', '0.9', '--repetition-penalty', '1.4'],
        ['-t', '0'],
        ['--stop', 'bal', '--top-k', '20'],
      ]) {
        const words = ['--prompt', 'o gato\\n', '--seed', '11', '--tokens', '50', ...options];
        const { out, code } = await tinylm(['chat', ...tcp(d), ...words, '--echo']);
        assert.equal(code, 0);
        assert.equal(out, (await tinylm(['generate', SMALL, ...words])).out, options.join(' '));
      }
      for (const words of [
        ['--tokens', '0'],
        ['-t', '0.01'],
        ['--stop', 'é'.repeat(17)],
        ['--seed', '-1'],
      ])
        assert.equal((await tinylm(['chat', ...tcp(d), ...words])).code, 2, words.join(' '));
    }));

  it('as JSON', (t) =>
    device(t, [], async (d) => {
      const { out, err } = await tinylm(['chat', ...tcp(d), '--prompt', 'the', '--seed', '3', '-n', '9', '--json']);
      const { ms, tokensPerSecond, ...rest } = JSON.parse(out) as Record<string, unknown>;
      assert.deepEqual(rest, {
        prompt: 'the',
        text: await engine('the', 3, 9),
        reason: 'length',
        promptTokens: 2,
        tokens: 9,
        seed: 3,
      });
      assert.ok(Number(ms) >= 0 && Number(tokensPerSecond) > 0);
      assert.equal(err, '');
    }));

  it('for each line of stdin, or for all of it', (t) =>
    device(t, [], async (d) => {
      const words = ['chat', ...tcp(d), '--seed', '5', '-n', '12'];
      const a = await engine('the cat', 5, 12);
      const b = await engine('não', 5, 12);
      const lines = await tinylm(words, 'the cat\n\r\nnão');
      assert.equal(lines.out, `${a}\n\n${b}\n`);
      assert.equal(lines.err.match(/12 generated/g)?.length, 2);
      const whole = await tinylm([...words, '--prompt', '-', '--json'], 'the cat\nnão\n');
      assert.equal((JSON.parse(whole.out) as { text: string }).text, await engine('the cat\nnão', 5, 12));
      const json = (await tinylm([...words, '--json'], 'the cat\nnão\n')).out.trimEnd().split('\n');
      assert.deepEqual(
        json.map((line) => (JSON.parse(line) as { text: string }).text),
        [a, b],
      );
    }));

  it('ends at Ctrl-C, keeps what came, and leaves the device free', (t) =>
    device(t, ['--delay', '2000'], async (d) => {
      const running = start(['chat', ...tcp(d), '--prompt', 'the', '--seed', '1', '-n', '60000']);
      await new Promise<void>((resolve) => running.process.stdout!.once('data', () => resolve()));
      running.process.kill('SIGINT');
      const { code, out, err } = await running.result;
      assert.equal(code, 130);
      assert.match(err, /cancelling[^]*ended: cancelled\n$/);
      const text = out.slice(0, -1);
      assert.ok(text.length > 0 && (await engine('the', 1, 60000)).startsWith(text));
      assert.equal((await tinylm(['chat', ...tcp(d), '--prompt', 'a', '-n', '5'])).code, 0);
    }));

  it('leaves the device free when the reader of a pipe leaves', (t) =>
    device(t, ['--delay', '2000'], async (d) => {
      const running = start(['chat', ...tcp(d), '--prompt', 'the', '--seed', '1', '-n', '60000']);
      await new Promise<void>((resolve) => running.process.stdout!.once('data', () => resolve()));
      running.process.stdout!.destroy();
      assert.equal((await running.result).code, 0);
      assert.equal((await tinylm(['chat', ...tcp(d), '--prompt', 'a', '-n', '5'])).code, 0);
    }));
});

test('chat --info and --bench say what the device is, and how fast', (t) =>
  device(t, [], async (d) => {
    const info = await tinylm(['chat', '--port', d.pty, '--info']);
    assert.match(
      info.out,
      /^device +tinylm, firmware .*\nmodel +5,444 bytes, CRC [0-9a-f]{8}\nshape +vocabulary 128 \(bpe\)/,
    );
    assert.match(info.out, /\nram +engine [\d,]+ of 65,536 bytes, application [\d,]+\nchip +host\n/);
    const json = JSON.parse((await tinylm(['chat', ...tcp(d), '--info', '--json'])).out) as {
      model: { bytes: number };
    };
    assert.equal(json.model.bytes, fileBytes(SMALL).length);
    assert.match(
      (await tinylm(['chat', ...tcp(d), '--bench', '20'])).out,
      /^20 tokens in [\d,]+ ms, [\d.,]+ tokens\/s\n$/,
    );
    assert.equal(
      (JSON.parse((await tinylm(['chat', ...tcp(d), '--bench', '--json'])).out) as { tokens: number }).tokens,
      64,
    );
    assert.equal((await tinylm(['chat', ...tcp(d), '--bench', '--info'])).code, 2);
  }));

describe('chat says what is wrong', () => {
  const failed = ({ code, out, err }: Result, message: RegExp, hint: RegExp): void => {
    assert.equal(out, '');
    assert.match(err, message);
    assert.match(err, hint);
    assert.notEqual(code, 0);
  };

  it('no model, or a bad one', async (t) => {
    if (!toolsFor(t, POSIX_TOOLS)) return;
    await withDevice([], ['pty'], async (d) => {
      const flash = new RegExp(`hint: put one on it: tinylm flash run\\/demo --port ${d.pty}, or /load`);
      failed(await tinylm(['chat', '--port', d.pty, '--prompt', 'a']), /the device has no model/, flash);
      failed(await tinylm(['chat', '--port', d.pty, '--bench']), /the device has no model/, flash);
      assert.match((await tinylm(['chat', '--port', d.pty, '--info'])).out, /\nmodel +none\n/);
    });
    await inFolder(async (folder) => {
      const damaged = fileBytes(SMALL);
      damaged[damaged.length >> 1] ^= 1;
      const path = join(folder, 'damaged.tlm');
      writeFileSync(path, damaged);
      await withDevice(['--model', path], ['tcp'], async (d) =>
        failed(
          await tinylm(['chat', ...tcp(d), '--prompt', 'a']),
          /flash is bad: .*CRC-32/,
          /put another on it: .*by its cable/,
        ),
      );
    });
  });

  it('busy, and a wrong token', (t) =>
    device(t, ['--delay', '1000', '--token', 'right'], async (d) => {
      failed(
        await tinylm(['chat', ...tcp(d), '--prompt', 'a', '--token', 'wrong']),
        /not the device's token/,
        /TINYLM_TOKEN/,
      );
      assert.equal((await tinylm(['chat', ...tcp(d), '--prompt', 'a', '-n', '2', '--token', 'right'])).code, 0);
      const other = new DeviceClient(d.port());
      await other.open();
      const text = other.generate('the', { continuous: true });
      for await (const piece of text) {
        assert.ok(piece.length > 0);
        const { code, err } = await tinylm(['chat', ...tcp(d), '--prompt', 'a']);
        assert.equal(code, 1);
        assert.match(err, /another client is being served[^]*hint: .*wait until it is done/);
        break;
      }
      await other.close();
    }));

  it('the port is in use', (t) =>
    device(t, [], async (d) => {
      const holder = new SerialTransport(d.pty);
      await holder.open();
      failed(
        await tinylm(['chat', '--port', d.pty, '--info']),
        /used by another program/,
        /tinylm monitor, another chat/,
      );
      await holder.close();
    }));

  it('nobody listens at the address', async () =>
    failed(
      await tinylm(['chat', '--host', 'tcp://127.0.0.1:1', '--prompt', 'a']),
      /refuses the connection/,
      /check the port/,
    ));
});

describe('which port', () => {
  const choose = async (ports: SerialPortInfo[], options = {}) => {
    const { context, result } = capture();
    const backend: SerialBackend = {
      list: () => Promise.resolve(ports),
      create: () => assert.fail('nothing is opened'),
    };
    return { transport: await findPort(options, context.terminal, backend), ...result() };
  };
  const chip = (path: string) => ({ path, vendorId: '303a', productId: '1001' });

  it('is the only one that looks like a board', async () => {
    const { transport, err } = await choose([chip('/dev/ttyACM0'), { path: '/dev/ttyS0' }]);
    assert.equal(transport.name, '/dev/ttyACM0');
    assert.equal(err, 'using /dev/ttyACM0 (Espressif USB-Serial-JTAG (ESP32-C3, S3))\n');
  });

  it('must be said otherwise', async () => {
    await assert.rejects(choose([chip('/dev/a'), chip('/dev/b')]), {
      code: 'usage',
      message: /^2 boards are there: \/dev\/a .*, \/dev\/b /,
      hint: 'choose one: --port /dev/a',
    });
    await assert.rejects(choose([{ path: '/dev/ttyS0' }]), { message: /looks like a board; there are \/dev\/ttyS0/ });
    await assert.rejects(choose([]), { message: /there is no other$/, hint: /--host tinylm.local/ });
    await assert.rejects(choose([], { port: 'a', host: 'b' }), { message: /both --port and --host/ });
  });
});

describe('chat with a device in memory', () => {
  async function one(device: FakeDeviceOptions, options: Partial<ChatOptions> = {}, patience = [200]) {
    const { transport, asked } = fakeDevice(device);
    const { context, result } = capture();
    const code = await chatOver(context, { prompt: 'a', history: false, ...options }, transport, patience).then(
      () => context.exitCode,
      (error: unknown) => reportError(error, context.terminal),
    );
    assert.equal(transport.isOpen, false);
    return { ...result(), code, asked };
  }

  it('keeps what came when the connection is lost, and fails', async () => {
    const { code, out, err } = await one({ pieces: ['Era ', 'uma vez'], then: 'drop' });
    assert.deepEqual([code, out], [1, 'Era uma vez\n']);
    assert.match(err, /error: \/dev\/ttyFAKE was disconnected/);
    const json = await one({ pieces: ['Era '], then: 'drop' }, { json: true });
    assert.deepEqual(JSON.parse(json.out), {
      prompt: 'a',
      text: 'Era ',
      error: { code: 'port-lost', message: '/dev/ttyFAKE was disconnected' },
    });
    assert.equal(json.code, 1);
  });

  it('cancels at Ctrl-C; a device that does not answer it is given up', async () => {
    for (const cancels of [true, false]) {
      const ended = one({ pieces: ['some '], then: 'wait', cancels });
      await new Promise((resolve) => setTimeout(resolve, 60));
      process.emit('SIGINT');
      const { code, out, err } = await ended;
      assert.equal(out, 'some \n');
      assert.equal(code, cancels ? 130 : 1);
      assert.match(err, cancels ? /ended: cancelled/ : /error: \/dev\/ttyFAKE was closed/);
    }
  });

  it('refuses a device of another version of the protocol', async () => {
    const { code, err } = await one({ protocol: 2 });
    assert.equal(code, 1);
    assert.match(err, /speaks version 2 of the protocol, expected 1\nhint: update tinylm/);
  });

  it('says when there was nothing to go on from', async () => {
    const { code, err } = await one({}, { prompt: undefined });
    assert.equal(code, 0);
    assert.match(err, /warning: standard input has no prompt/);
  });

  it('writes whole characters, however the bytes come', async () => {
    const pieces = ['né', '🙂 não', '東京'];
    const { context } = capture();
    const written: string[] = [];
    context.terminal.stdout.write = (text) => written.push(String(text)) > 0;
    await chatOver(context, { prompt: 'a', history: false }, fakeDevice({ pieces, chunk: 1 }).transport);
    assert.deepEqual(written, [...pieces, '\n']);
  });

  it('asks again while a board boots', async () => {
    const { code, out, asked } = await one(
      { deaf: 2, boot: 'boot:\xf9 ESP-ROM\r\n', pieces: ['x'] },
      {},
      [30, 30, 300],
    );
    assert.deepEqual([code, out], [0, 'x\n']);
    assert.equal(asked.filter((type) => type === PROTOCOL.MSG_INFO).length, 3);
  });

  it('tells what else speaks there', async () => {
    const other = await one({ deaf: 9, boot: 'rst:0x1\r\ninvalid header: 0xffffffff\r\n' }, {}, [30, 30]);
    assert.equal(other.code, 1);
    assert.match(
      other.err,
      /does not answer as TinyLM's firmware does \(\d+\.\d s\): its flash is empty; what it said last: invalid header: 0xffffffff\n/,
    );
    assert.match(other.err, /hint: put firmware and a model on it: tinylm flash .*--port \/dev\/ttyFAKE/);
    const loader = await one({ deaf: 9, boot: 'waiting for download\r\n' }, {}, [30]);
    assert.match(loader.err, /hint: it waits to be flashed: press RESET/);
    assert.doesNotMatch((await one({ deaf: 9 }, {}, [30])).err, /said last/);
  });
});
