/** Transports: in memory, fakes, serial ports (with a fake backend), TCP and WebSocket against real servers. */
import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { TinyLMError } from '../src/model/errors.js';
import { TcpTransport, WebSocketTransport } from '../src/node/ports/network.js';
import { SerialTransport, listDevices, type SerialBackend, type SerialHandle } from '../src/node/ports/serial.js';
import { FakeTransport, bytesOf, memoryPair, type Transport } from '../src/device/transport.js';
import { textOf, until } from './device-support.js';

const bytes = (text: string): Buffer => Buffer.from(text);

test('memory: bytes arrive in order, early ones wait, a pulled cable is an error on both sides', async () => {
  const { a, b, pull } = memoryPair();
  await assert.rejects(a.write(bytes('x')), { code: 'port-closed' });
  await a.open();
  await a.write(bytes('one '));
  await b.open();
  await a.write(bytes('two '));
  const seen = textOf(b);
  await a.write(bytes('three'));
  assert.equal(seen.text, 'one two three');
  await assert.rejects(a.open(), { code: 'port-busy' });
  const ends: (string | undefined)[] = [];
  a.onClose((e) => ends.push(e?.code));
  b.onClose((e) => ends.push(e?.code));
  pull();
  pull();
  assert.deepEqual(ends, ['port-lost', 'port-lost']);
  await assert.rejects(a.write(bytes('x')), { code: 'port-closed' });
});

test('a transport as an async iterator: ends with close, throws with loss, lets go when left', async () => {
  const collect = async (t: Transport): Promise<string> => {
    let text = '';
    for await (const data of bytesOf(t)) text += Buffer.from(data).toString();
    return text;
  };
  const first = memoryPair();
  await first.a.open();
  await first.b.open();
  const all = collect(first.b);
  await first.a.write(bytes('ab'));
  await first.a.write(bytes('cd'));
  await first.b.close();
  assert.equal(await all, 'abcd');
  assert.equal(await collect(first.b), ''); // closed already

  const second = memoryPair();
  await second.a.open();
  await second.b.open();
  const lost = collect(second.b);
  second.pull();
  await assert.rejects(lost, { code: 'port-lost' });

  const third = new FakeTransport();
  await third.open();
  third.send(bytes('x'));
  for await (const data of bytesOf(third)) {
    assert.equal(data.length, 1);
    break;
  }
  third.send(bytes('kept'));
  const seen = textOf(third); // nobody listened in between
  await until(() => seen.text === 'kept', 'the bytes');
});

test('the fake answers, splits, records, refuses and vanishes', async () => {
  const chunks: string[] = [];
  const fake = new FakeTransport((data) => bytes(`<${Buffer.from(data).toString()}>`), { chunk: 2, signals: false });
  await fake.open();
  fake.onData((d) => chunks.push(Buffer.from(d).toString()));
  await fake.write(bytes('abc'));
  await until(() => chunks.length === 3, 'three chunks');
  assert.deepEqual(chunks, ['<a', 'bc', '>']);
  assert.equal(await fake.setSignals({ dtr: true }), false);
  assert.deepEqual(fake.signals, [{ dtr: true }]);
  let why: TinyLMError | undefined;
  fake.onClose((e) => {
    why = e;
  });
  fake.drop();
  assert.equal(why?.code, 'port-lost');
  const refused = new FakeTransport(undefined, { openError: new TinyLMError('port-busy', 'busy') });
  await assert.rejects(refused.open(), { code: 'port-busy' });
});

/** A serial backend whose only port behaves as told. */
function fakeSerial(behaviour: { openError?: string; writeError?: string; setError?: string } = {}) {
  const listeners: { event: string; listener: (value: never) => void }[] = [];
  const log: string[] = [];
  const fail = (text: string | undefined): Error | null => (text === undefined ? null : new Error(text));
  const handle: SerialHandle = {
    open: (done) => done(fail(behaviour.openError)),
    close: (done) => {
      log.push('close');
      done(null);
      emit('close', undefined);
    },
    write: (data, done) => {
      log.push(`write ${Buffer.from(data).toString()}`);
      done(fail(behaviour.writeError));
    },
    drain: (done) => done(null),
    set: (signals, done) => {
      log.push(`set ${JSON.stringify(signals)}`);
      done(fail(behaviour.setError));
    },
    update: (options, done) => {
      log.push(`update ${options.baudRate}`);
      done(null);
    },
    on: (event: string, listener: (value: never) => void) => {
      listeners.push({ event, listener });
    },
  };
  const emit = (event: string, value: unknown): void => {
    for (const l of listeners) if (l.event === event) l.listener(value as never);
  };
  const backend: SerialBackend = {
    create: (path, baud) => {
      log.push(`create ${path} ${baud}`);
      return handle;
    },
    list: async () => [
      { path: '/dev/ttyS0' },
      { path: '/dev/ttyUSB0', vendorId: '10c4', productId: 'ea60', serialNumber: '0001', manufacturer: 'Silicon Labs' },
      { path: '/dev/ttyACM0', vendorId: '303A', productId: '1001', serialNumber: '60:55:F9:00:00:01' },
      { path: '/dev/ttyUSB9', vendorId: '1234', productId: '5678', manufacturer: 'Somebody' },
    ],
  };
  return { backend, log, emit };
}

test('serial: opens, writes, sets lines and speed, reads, and is lost', async () => {
  const { backend, log, emit } = fakeSerial();
  const port = new SerialTransport('/dev/ttyX', { backend, baud: 9600 });
  await port.open();
  const seen = textOf(port);
  await port.write(bytes('hi'));
  assert.equal(await port.setSignals({ dtr: false, rts: true }), true);
  await port.setBaudRate(460800);
  emit('data', bytes('there'));
  assert.equal(seen.text, 'there');
  assert.deepEqual(log, ['create /dev/ttyX 9600', 'write hi', 'set {"dtr":false,"rts":true}', 'update 460800']);
  let why: TinyLMError | undefined;
  port.onClose((e) => {
    why = e;
  });
  emit('error', new Error('EIO'));
  emit('close', new Error('disconnected'));
  assert.equal(why?.code, 'port-lost');
  assert.equal(port.isOpen, false);
  await assert.rejects(port.write(bytes('x')), { code: 'port-closed' });
  await port.close(); // again, harmless
});

test('serial: what the system says, in words', async () => {
  const cases: [string, string, RegExp][] = [
    ['Error: No such file or directory, cannot open /dev/ttyX', 'port-missing', /there is no serial port \/dev\/ttyX/],
    ['Opening COM3: File not found', 'port-missing', /no serial port/],
    ['Error Resource temporarily unavailable Cannot lock port', 'port-busy', /used by another program/],
    ['Opening COM3: Access denied', 'port-busy', /used by another program/],
    ['Error: Permission denied, cannot open /dev/ttyX', 'port-denied', /no permission/],
    ['something new', 'port-error', /something new/],
  ];
  for (const [openError, code, message] of cases) {
    const port = new SerialTransport('/dev/ttyX', { backend: fakeSerial({ openError }).backend });
    await assert.rejects(port.open(), (e: unknown) => {
      assert.ok(e instanceof TinyLMError && e.hint !== undefined);
      assert.equal(e.code, code);
      assert.match(e.message, message);
      return true;
    });
    assert.equal(port.isOpen, false);
  }
  const { backend } = fakeSerial({ writeError: 'EIO', setError: 'ENOTTY' });
  const failing = new SerialTransport('/dev/ttyX', { backend });
  await failing.open();
  await assert.rejects(failing.write(bytes('x')), { code: 'port-lost' });
  assert.equal(await failing.setSignals({ rts: true }), false);
});

test('serial: the real package refuses a port that is not there', async () => {
  await assert.rejects(new SerialTransport('/dev/tinylm-no-such-port').open(), { code: 'port-missing' });
});

test('devices are listed with the likely ones first', async () => {
  const list = await listDevices(fakeSerial().backend);
  assert.deepEqual(
    list.map((d) => [d.path, d.likely, d.description]),
    [
      ['/dev/ttyACM0', true, 'Espressif USB-Serial-JTAG (ESP32-C3, S3)'],
      ['/dev/ttyUSB0', true, 'CP210x USB-UART bridge'],
      ['/dev/ttyS0', false, 'serial port'],
      ['/dev/ttyUSB9', false, 'Somebody'],
    ],
  );
  assert.deepEqual(list[0].usb, { vendorId: 0x303a, productId: 0x1001 });
  assert.equal(list[2].usb, undefined);
});

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

test('TCP: bytes both ways; refusal, an unknown name and a lost connection in words', async () => {
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      socket.write(`<${data.toString()}>`);
      if (data.toString().includes('bye')) socket.end();
    });
  });
  const port = await listening(server);
  const tcp = new TcpTransport('127.0.0.1', port, connect);
  await tcp.open();
  const seen = textOf(tcp);
  await tcp.write(bytes('hello'));
  await until(() => seen.text === '<hello>', 'the answer');
  let why: TinyLMError | undefined;
  tcp.onClose((e) => {
    why = e;
  });
  await tcp.write(bytes('bye'));
  await until(() => !tcp.isOpen, 'the end');
  assert.equal(why?.code, 'port-lost');
  await assert.rejects(tcp.write(bytes('x')), { code: 'port-closed' });
  await tcp.open(); // again
  await tcp.close();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(tcp.open(), { code: 'connect-refused' });
  const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  const nowhere = new TcpTransport('tinylm.local', 80, () => ({
    write: () => undefined,
    destroy: () => undefined,
    setTimeout: () => undefined,
    on: (event: string, listener: (e: never) => void) => {
      if (event === 'error') setImmediate(() => listener(unknown as never));
    },
  }));
  await assert.rejects(nowhere.open(), { code: 'connect-unknown', message: 'no address is known for tinylm.local:80' });
  const silent = new TcpTransport('10.0.0.1', 80, () => ({
    write: () => undefined,
    destroy: () => undefined,
    on: () => undefined,
    setTimeout: (_ms: number, listener?: () => void) => {
      if (listener) setImmediate(listener);
    },
  }));
  await assert.rejects(silent.open(), { code: 'connect-timeout' });
});

test('WebSocket: binary out, binary and text in, loss and refusal in words', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, true);
      const text = (data as Buffer).toString();
      if (text === 'bye') socket.close();
      else {
        socket.send(`text ${text} `);
        socket.send(Buffer.from(`binary ${text}`));
      }
    });
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
  const ws = new WebSocketTransport(url);
  await ws.open();
  const seen = textOf(ws);
  await ws.write(bytes('é'));
  await until(() => seen.text.endsWith(bytes('binary é').toString('latin1')), 'both answers');
  assert.ok(seen.text.startsWith('text '));
  let why: TinyLMError | undefined;
  ws.onClose((e) => {
    why = e;
  });
  await ws.write(bytes('bye'));
  await until(() => !ws.isOpen, 'the end');
  assert.equal(why?.code, 'port-lost');
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(ws.open(), { code: 'connect-refused' });
});
