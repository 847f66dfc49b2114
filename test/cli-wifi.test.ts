/** Passwords and tokens: asked for, hidden, sent; kept in no history, shown on no command line. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkWifi, wifiOver } from '../src/cli/commands/wifi.js';
import { readHistory } from '../src/cli/line-editor.js';
import { SECRET_LINE } from '../src/cli/secret.js';
import { encodeFrame, FrameReader, PROTOCOL } from '../src/device/protocol.js';
import { FakeTransport } from '../src/device/transport.js';
import { have } from './device-support.js';
import { POSIX_TOOLS, SMALL, toolsFor, withDevice } from './firmware-support.js';
import { FAKE_STATUS } from './helpers/fake-device.js';
import { capture, inFolder, start, tinylm } from './helpers/cli.js';
import { atTerminal } from './helpers/terminal.js';

/** A device that keeps what config brings. @param refuses with this code instead */
function device(refuses?: string): { transport: FakeTransport; configs: unknown[]; restarts: () => number } {
  const reader = new FrameReader();
  const configs: unknown[] = [];
  let restarts = 0;
  const transport = new FakeTransport(
    (data) => {
      for (const received of reader.push(data)) if (received.kind === 'frame') answer(received.frame);
    },
    { name: '/dev/ttyFAKE' },
  );
  const send = (type: number, sequence: number, value: unknown): void =>
    transport.send(encodeFrame({ type, sequence, payload: Buffer.from(value === '' ? '' : JSON.stringify(value)) }));
  function answer({ type, sequence, payload }: { type: number; sequence: number; payload: Uint8Array }): void {
    if (type === PROTOCOL.MSG_INFO) send(PROTOCOL.MSG_DATA, sequence, FAKE_STATUS);
    if (type === PROTOCOL.MSG_CONFIG) {
      if (refuses) return send(PROTOCOL.MSG_ERROR, sequence, { code: refuses, message: 'this device cannot keep it' });
      configs.push(JSON.parse(Buffer.from(payload).toString()));
    }
    if (type === PROTOCOL.MSG_RESTART) restarts++;
    send(PROTOCOL.MSG_DONE, sequence, '');
  }
  return { transport, configs, restarts: () => restarts };
}

async function* lines(...all: string[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(all.map((line) => `${line}\n`).join(''));
}

describe('tinylm wifi', () => {
  it('sends what it is told, says what the device answers, and never the password', async () => {
    for (const [network, options, stdin, expected] of [
      [undefined, {}, ['home', 'correct horse'], { ssid: 'home', password: 'correct horse' }],
      [
        'home',
        { setToken: true },
        ['correct horse', 'sesame-open'],
        { ssid: 'home', password: 'correct horse', token: 'sesame-open' },
      ],
      ['café', {}, [''], { ssid: 'café', password: '' }],
      [undefined, { forget: true }, [], { ssid: '', password: '' }],
      [undefined, { hostname: 'kitchen' }, [], { name: 'kitchen' }],
    ] as const) {
      const { transport, configs, restarts } = device();
      const { context, result } = capture(lines(...stdin));
      await wifiOver(context, network, { restart: true, ...options }, transport, [200]);
      assert.deepEqual(configs, [expected]);
      assert.equal(restarts(), 1);
      const { out, err } = result();
      assert.match(out, /^\/dev\/ttyFAKE has answered: kept\./);
      assert.doesNotMatch(out + err, /correct horse|sesame/);
      if ('ssid' in expected && expected.ssid !== '') assert.match(err, /Nothing is encrypted/);
    }
  });

  it('a refusal is the device’s own word', async () => {
    const { transport } = device('unsupported');
    const { context } = capture(lines('correct horse'));
    await assert.rejects(wifiOver(context, 'home', { restart: true }, transport, [200]), {
      code: 'device-unsupported',
      message: 'the device says: this device cannot keep it',
    });
  });

  it('what Wi-Fi cannot have is refused before anything is sent, without its words', async () => {
    const { transport, configs } = device();
    for (const [network, ...answers] of [
      ['x'.repeat(33), 'correct horse'],
      ['home', 'short'],
      ['home', 'ü'.repeat(10)],
      ['', 'y'],
      ['home'],
    ]) {
      const { context } = capture(lines(...answers));
      await assert.rejects(
        wifiOver(context, network, { restart: true }, transport, [200]),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'usage');
          assert.doesNotMatch(error.message, /short|ü|correct/);
          return true;
        },
      );
    }
    assert.deepEqual(configs, []);
    checkWifi({ ssid: 'a', password: 'f'.repeat(64) });
    assert.throws(() => checkWifi({ token: 'short' }));
    assert.throws(() => checkWifi({ name: 'a.b' }));
  });

  it('hides what is typed', async (t) => {
    if (!have(t, 'socat') || !toolsFor(t, POSIX_TOOLS)) return;
    await withDevice(['--model', SMALL], ['tcp'], async (d) => {
      const at = await atTerminal(['wifi', '--host', `tcp://127.0.0.1:${d.tcp}`, '--no-restart']);
      try {
        await at.seen(/The network's name: /);
        at.type('home\r');
        await at.seen(/Its password \(not shown; empty for an open network\): /);
        at.type('correct horse\r');
        await at.seen(/error|has answered/);
        await at.code;
        assert.doesNotMatch(at.screen(), /correct|horse/);
      } finally {
        at.close();
      }
    });
  });
});

describe('secrets', () => {
  it('are lines that no history keeps, whoever kept them before', () =>
    inFolder(async (folder) => {
      for (const line of [
        '/wifi home s3cret',
        '/token sesame',
        ' /auth sesame',
        '/WiFi a b',
        '/wi-fi a',
        '/password x',
        '/config {}',
      ])
        assert.match(line, SECRET_LINE);
      for (const line of ['/wifinder', 'the /token', '//wifi', '/set top-k 3', 'once'])
        assert.doesNotMatch(line, SECRET_LINE);
      const path = join(folder, 'history');
      writeFileSync(path, 'once\n/wifi home s3cretpass\n/token sesame\ntwice\n');
      assert.deepEqual(
        readHistory(path, (line) => SECRET_LINE.test(line)),
        ['once', 'twice'],
      );
      assert.doesNotMatch(readFileSync(path, 'utf8'), /s3cretpass|sesame/);
    }));

  it('typed into a chat are not kept, and the way is said', async (t) => {
    if (!have(t, 'socat') || !toolsFor(t, POSIX_TOOLS)) return;
    await withDevice(['--model', SMALL], ['pty'], (d) =>
      inFolder(async (folder) => {
        const at = await atTerminal(['chat', '--port', d.pty], { XDG_STATE_HOME: folder });
        try {
          await at.seen(/> /);
          at.type('/settings\r');
          await at.seen(/top-k[^]*> /);
          at.type('/wifi home s3cretpass\r');
          await at.seen(/hint: tinylm wifi asks[^]*> /);
          at.type('\x1b[A'); // the line before that one
          await at.seen(/\/settings/);
          at.type('\x15/quit\r');
          assert.equal(await at.code, 0);
          assert.ok(existsSync(join(folder, 'tinylm', 'history')));
          assert.doesNotMatch(readFileSync(join(folder, 'tinylm', 'history'), 'utf8'), /wifi|s3cret/);
        } finally {
          at.close();
        }
      }),
    );
  });

  it('on a command line are not shown by ps', async () => {
    if (process.platform !== 'linux') return;
    const running = start(['simulate', '--tcp', '0']);
    await running.seen(/until Ctrl-C/);
    assert.doesNotMatch(readFileSync(`/proc/${running.process.pid}/cmdline`, 'latin1'), /simulate/);
    running.process.kill('SIGINT');
    await running.result;
  });

  it('a token can be asked for, and not where nobody is', async () => {
    const { code, err } = await tinylm(['chat', '--host', 'tcp://127.0.0.1:9', '--token', '-', '--prompt', 'x']);
    assert.equal(code, 2);
    assert.match(err, /--token - asks for the token[^]*TINYLM_TOKEN/);
  });
});
