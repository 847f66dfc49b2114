/** `tinylm monitor`: what is shown, resets, boards that go and come back. */
import assert from 'node:assert/strict';
import { describe, it, test, type TestContext } from 'node:test';
import fc from './helpers/fast-check.js';
import { watch, type MonitorOptions } from '../src/cli/commands/monitor.js';
import { LineStamps, PrintableBytes } from '../src/cli/device-bytes.js';
import { SerialTransport, type SerialHandle } from '../src/node/ports/serial.js';
import { TinyLMError } from '../src/model/errors.js';
import { FakeTransport, type FakeOptions } from '../src/device/transport.js';
import { have } from './device-support.js';
import { POSIX_TOOLS, SMALL, toolsFor, withDevice, type Device } from './firmware-support.js';
import { capture, start, tinylm } from './helpers/cli.js';
import { atTerminal } from './helpers/terminal.js';

const shown = (data: Uint8Array): string => {
  const bytes = new PrintableBytes();
  return bytes.push(data) + bytes.end();
};
const latin = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('bytes for a person', () => {
  it('are text where they are text, else \\xNN', () => {
    assert.equal(shown(Buffer.from('plain, não, 東京 🙂\r\n\tend')), 'plain, não, 東京 🙂\r\n\tend');
    assert.equal(shown(latin('\xf9\x01\xfa\x00a\x7f\x08')), '\\xf9\\x01\\xfa\\x00a\\x7f\\x08');
    assert.equal(shown(latin('\xc3a\xe6\x9d')), '\\xc3a\\xe6\\x9d'); // broken off in the middle
    assert.equal(shown(latin('\xed\xa0\x80\xc0\x80')), '\\xed\\xa0\\x80\\xc0\\x80'); // no characters
    assert.equal(shown(Buffer.from('\u009b2J')), '\\xc2\\x9b2J'); // a control character all the same
  });

  it('may have colours, but no other command for the terminal', () => {
    const log = '\x1b[0;32mI (31) boot: ESP-IDF\x1b[0m\n';
    assert.equal(shown(Buffer.from(log)), log);
    assert.equal(shown(Buffer.from('\x1b[2J\x1b]0;title\x07\x1b')), '\\x1b[2J\\x1b]0;title\\x07\\x1b');
    assert.equal(shown(Buffer.from(`\x1b[${'1'.repeat(40)}m`)), `\\x1b[${'1'.repeat(40)}m`);
  });

  it('are the same however they are split, and never command a terminal', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 5 }).map((s) => new Uint8Array(Buffer.from(s))),
      fc.constantFrom('\x1b[', '0;31m', '\x1b', 'm').map((s) => new Uint8Array(Buffer.from(s))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const bytes = new PrintableBytes();
        const text = pieces.map((p) => bytes.push(p)).join('') + bytes.end();
        assert.equal(text, shown(Buffer.concat(pieces)));
        // Nothing below a space but line ends, tabs and colours.
        assert.doesNotMatch(text.replace(/\x1b\[[\d;]*m/g, ''), /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
      }),
    );
  });

  it('get the time when a line begins', () => {
    let time = 0;
    const stamps = new LineStamps(() => String(++time));
    const text = ['a\nb', 'c\n', '\n', 'd']
      .map((part) => Buffer.from(stamps.push(Buffer.from(part))).toString())
      .join('');
    assert.equal(text, '[1] a\n[2] bc\n[3] \n[4] d');
    assert.match(Buffer.from(new LineStamps().push(Buffer.from('x'))).toString(), /^\[\d\d:\d\d:\d\d\.\d{3}\] x$/);
  });
});

describe('monitor over a transport in memory', () => {
  const pause = (ms = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const port = (options: FakeOptions = {}): FakeTransport =>
    new FakeTransport(undefined, { name: '/dev/ttyFAKE', ...options });

  /** Runs it until `body` is through. */
  async function watched(
    options: MonitorOptions,
    first: FakeTransport,
    again: () => Promise<FakeTransport>,
    body: (result: ReturnType<typeof capture>['result']) => Promise<void>,
    stdin?: AsyncIterable<Uint8Array>,
  ) {
    const { context, result } = capture(stdin);
    const end = new AbortController();
    const running = watch(context, options, { first, again, pauseMs: 5, signal: end.signal });
    await Promise.race([running, pause()]);
    await body(result);
    end.abort();
    await running;
    return { ...result(), code: context.exitCode };
  }
  const never = (): Promise<never> => Promise.reject(new Error('not lost'));

  it('shows bytes as they are, and the others when asked', async () => {
    for (const [raw, expected] of [
      [undefined, 'né\x01'],
      [false, 'né\\x01'],
    ] as const) {
      const first = port({ chunk: 1 });
      const { out, code } = await watched({ raw }, first, never, async () => {
        first.send(Buffer.from('né\x01'));
        await pause();
      });
      assert.deepEqual([out, code, first.isOpen], [expected, 0, false]);
    }
  });

  it('resets by the control lines, or says that there are none', async () => {
    const first = port();
    const { err } = await watched({ reset: true }, first, never, () => pause(150));
    assert.deepEqual(first.signals, [
      { dtr: false, rts: true },
      { dtr: false, rts: false },
    ]);
    assert.equal(err, '/dev/ttyFAKE: Ctrl-C leaves\n');
    assert.match(
      (await watched({ reset: true }, port({ signals: false }), never, () => pause())).err,
      /warning: .*no control lines; press the board's RESET/,
    );
  });

  it('waits for a board that goes away; lines go to the one that is back', async () => {
    const missing = new TinyLMError('port-missing', 'there is no serial port');
    const first = port();
    const back = port({ name: '/dev/ttyNEW' });
    const tries = [port({ openError: missing }), port({ openError: missing }), back];
    let line: (data: Uint8Array) => void = () => undefined;
    const stdin = (async function* () {
      for (;;)
        yield await new Promise<Uint8Array>((resolve) => {
          line = resolve;
        });
    })();
    const { out, err } = await watched(
      {},
      first,
      () => Promise.resolve(tries.shift()!),
      async (result) => {
        first.send(Buffer.from('before\n'));
        line(Buffer.from('one\n'));
        await pause();
        first.drop();
        while (!/is back/.test(result().err)) await pause(5);
        back.send(Buffer.from('after\n'));
        line(Buffer.from('two\n'));
        await pause();
        back.drop();
        tries.push(port());
        await pause(40);
      },
      stdin,
    );
    assert.equal(out, 'before\nafter\n');
    assert.match(
      err,
      /ttyFAKE is gone; waiting for it .*\n\/dev\/ttyNEW is back\n\n\/dev\/ttyNEW is gone[^]*ttyFAKE is back\n$/,
    );
    assert.deepEqual(first.written.map(String), [String(Buffer.from('one\n'))]);
    assert.deepEqual(
      back.written.map((b) => Buffer.from(b).toString()),
      ['two\n'],
    );
    assert.equal(tries.length, 0);
  });

  it('says when a line could not be sent', async () => {
    const first = port();
    const stdin = (async function* () {
      await pause(40);
      yield Buffer.from('lost\n');
    })();
    const { err } = await watched(
      {},
      first,
      () => Promise.resolve(port({ openError: new TinyLMError('port-missing', '') })),
      async () => {
        first.drop();
        await pause(60);
      },
      stdin,
    );
    assert.match(err, /not sent: /);
  });

  it('fails when the port cannot be opened the first time', async () => {
    const { context } = capture();
    const busy = port({ openError: new TinyLMError('port-busy', 'used') });
    await assert.rejects(watch(context, {}, { first: busy, again: never }), {
      code: 'port-busy',
      hint: /another chat/,
    });
  });
});

describe('monitor of the firmware', () => {
  const device = async (t: TestContext, body: (d: Device) => Promise<void>): Promise<void> => {
    if (toolsFor(t, POSIX_TOOLS)) await withDevice(['--model', SMALL], ['pty', 'tcp'], body);
  };

  it('sends lines and shows the answers; --for ends it', (t) =>
    device(t, async (d) => {
      for (const way of [
        ['--port', d.pty],
        ['--host', `tcp://127.0.0.1:${d.tcp}`],
      ]) {
        const { code, out, err } = await tinylm(['monitor', ...way, '--for', '0.5', '--timestamps'], '/info\n');
        assert.equal(code, 0, err);
        assert.match(out, /^\[[\d:.]+\] \{\n(\[[\d:.]+\] .*\n)*\[[\d:.]+\] .*"chip":"host"/);
      }
    }));

  it('leaves at Ctrl-C with the port free', (t) =>
    device(t, async (d) => {
      const running = start(['monitor', '--port', d.pty], '/set top_k 5\n');
      await new Promise<void>((resolve) => running.process.stdout!.once('data', () => resolve()));
      running.process.kill('SIGINT');
      const { code, out } = await running.result;
      assert.equal(code, 0);
      assert.match(out, /"top_k":5/);
      assert.equal((await tinylm(['chat', '--port', d.pty, '--info'])).code, 0);
    }));

  it('at a terminal: lines that are typed, until Ctrl-D', async (t) => {
    if (!have(t, 'socat')) return;
    await device(t, async (d) => {
      const at = await atTerminal(['monitor', '--port', d.pty]);
      try {
        await at.seen(/Ctrl-C leaves\n/);
        at.type('/set top_k 7\r');
        await at.seen(/"top_k":7/);
        at.type('\x04');
        assert.equal(await at.code, 0);
      } finally {
        at.close();
      }
    });
  });
});

test('monitor needs a port that is there', async () => {
  const { code, err } = await tinylm(['monitor', '--port', '/dev/ttyNOWHERE']);
  assert.equal(code, 1);
  assert.match(err, /there is no serial port \/dev\/ttyNOWHERE/);
});

test('a port that was hung up without an error is noticed by asking for its lines', async () => {
  let closed = 0;
  let answer: Error | null = new Error('Inappropriate ioctl for device, cannot get'); // a pseudo-terminal: alive
  const handle: SerialHandle = {
    open: (done) => done(null),
    close: (done) => {
      closed++;
      done(null);
    },
    write: () => undefined,
    drain: (done) => done(null),
    set: (_, done) => done(null),
    update: (_, done) => done(null),
    get: (done) => done(answer),
    on: () => undefined,
  };
  const port = new SerialTransport('/dev/ttyFAKE', {
    backend: { list: () => Promise.resolve([]), create: () => handle },
  });
  await port.open();
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.equal(port.isOpen, true);
  answer = new Error('Input/output error, cannot get');
  const waiting = setTimeout(() => undefined, 10_000); // no real port keeps this process alive
  const error = await new Promise<TinyLMError | undefined>((resolve) => port.onClose(resolve));
  clearTimeout(waiting);
  assert.deepEqual([error?.code, port.isOpen, closed], ['port-lost', false, 1]);
});
