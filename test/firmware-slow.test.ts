/** Slow clients: an ordinary one is answered while others send and read a byte at a time (POSIX port, a faster clock). */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { DeviceClient } from '../src/device/client.js';
import { POSIX_TOOLS, SMALL, fileBytes, toolsFor, withDevice, type Device } from './firmware-support.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Many connections that begin with `first` and then send a byte now and then; they connect again when they are dropped. */
async function attacked(port: number, count: number, first: string, body: () => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  let over = false;
  const open = (): void => {
    if (over) return;
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      setTimeout(open, 50);
    });
    socket.write(first);
  };
  for (let i = 0; i < count; i++) open();
  const drip = setInterval(() => {
    for (const socket of sockets) socket.write('a');
  }, 100);
  try {
    await pause(300);
    await body();
  } finally {
    over = true;
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
  }
}

/** Asks as an ordinary client does: again after a second's refusal. The clock of the test is the count of tries. */
async function ordinary(device: Device): Promise<void> {
  for (let i = 0; ; i++) {
    const answer = await fetch(device.url('/v1/completions'), {
      method: 'POST',
      body: '{"prompt":"the","max_tokens":3}',
      signal: AbortSignal.timeout(20_000),
    }).catch(() => undefined);
    if (answer?.status === 200) {
      assert.equal(((await answer.json()) as { usage: { completion_tokens: number } }).usage.completion_tokens, 3);
      return;
    }
    await answer?.text();
    assert.ok(i < 20, `not answered: ${answer?.status}`);
    await pause(100);
  }
}

for (const [name, first] of [
  ['headers that never end', 'GET /info HTTP/1.1\r\nHost: x\r\nX: '],
  ['bodies at a byte a second', 'POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n{'],
  ['connections that say nothing', ''],
]) {
  test(`${name}, forty at once: an ordinary client is answered`, { timeout: 120_000 }, async (t) => {
    if (!toolsFor(t, POSIX_TOOLS)) return;
    await withDevice(['--model', SMALL, '--clock-rate', '5'], ['http'], async (device) => {
      await attacked(device.http, 40, first, async () => {
        for (let i = 0; i < 3; i++) {
          await ordinary(device);
          await pause(200);
        }
      });
      await ordinary(device);
    });
  });
}

test('a client that is slow is dropped, not waited for: a body has five seconds in all', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--clock-rate', '20'], ['http'], async (device) => {
    const socket = connect(device.http, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n{');
    const drip = setInterval(() => socket.write(' '), 20);
    await new Promise((resolve) => socket.on('close', resolve)); // or the test hangs, and its time-out says so
    clearInterval(drip);
  });
});

/** A TCP client that begins a text without end and takes a little now and then, or nothing. */
async function slowReader(device: Device, pieceEvery: number | undefined): Promise<() => void> {
  const socket = connect({ port: device.tcp, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write('/continuous the\n');
  socket.pause();
  const take = pieceEvery === undefined ? undefined : setInterval(() => socket.read(64), pieceEvery);
  for (let i = 0; !((await (await fetch(device.url('/info'))).json()) as { busy: boolean }).busy; i++) {
    assert.ok(i < 200, "the slow reader's text has not begun");
    await pause(10);
  }
  return () => {
    clearInterval(take);
    socket.destroy();
  };
}

for (const every of [undefined, 100]) {
  test(`who reads ${every ? 'slowly' : 'nothing'} makes way: for an ordinary client, and for the owner's model`, async (t) => {
    if (!toolsFor(t, POSIX_TOOLS)) return;
    await withDevice(
      ['--model', SMALL, '--token', 'x', '--delay', '200', '--clock-rate', '20'],
      ['tcp', 'http'],
      async (device) => {
        let end = await slowReader(device, every);
        await ordinary(device);
        end();
        end = await slowReader(device, every);
        const sent = await fetch(device.url('/model'), {
          method: 'POST',
          headers: { Authorization: 'Bearer x' },
          body: fileBytes(SMALL) as Uint8Array<ArrayBuffer>,
        });
        assert.equal(sent.status, 200, await sent.text()); // at once: it does not wait for a turn
        end();
      },
    );
  });
}

test('a text without end, or a very long one, makes way for anybody who asks, however well it is read', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(
    ['--model', SMALL, '--token', 'x', '--delay', '2', '--clock-rate', '2'],
    ['tcp', 'http'],
    async (device) => {
      for (const options of [{ continuous: true }, { length: 60_000 }]) {
        const stranger = new DeviceClient(device.port());
        await stranger.open();
        const text = stranger.generate('the', options);
        const pieces = text[Symbol.asyncIterator]();
        assert.ok((await pieces.next()).value);
        const ended = assert.rejects(
          async () => {
            while (!(await pieces.next()).done);
          },
          { code: 'device-turn' },
        );
        await ordinary(device);
        await ended;
        await stranger.close();
      }
    },
  );
});

test('a text without end lasts a minute for who has no token; for the owner it goes on', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(
    ['--model', SMALL, '--token', 'x', '--delay', '2000', '--clock-rate', '100'],
    ['tcp'],
    async (device) => {
      const stranger = new DeviceClient(device.port());
      await stranger.open();
      const text = stranger.generate('the', { continuous: true });
      await assert.rejects(
        (async () => {
          for await (const piece of text) assert.ok(piece);
        })(),
        { code: 'device-turn' },
      );
      await stranger.close();
      const owner = new DeviceClient(device.port());
      await owner.open();
      await owner.authorize('x');
      const endless = owner.generate('the', { continuous: true });
      const began = Date.now();
      for await (const piece of endless) {
        assert.ok(piece);
        if (Date.now() - began > 1500) break; // two and a half minutes of the device's
      }
      await endless.cancel();
      assert.equal((await endless.result).reason, 'cancelled');
      await owner.close();
    },
  );
});

test('places on the line are not held by who says nothing; who finds none is told', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--clock-rate', '10'], ['tcp'], async (device) => {
    const idle = Array.from({ length: 4 }, () => connect(device.tcp, '127.0.0.1'));
    for (const socket of idle) {
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.on('connect', resolve));
      socket.write('/status off\n');
    }
    const said = async (): Promise<string> => {
      const socket = connect(device.tcp, '127.0.0.1');
      let all = '';
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        all += data.toString();
        socket.end();
      });
      socket.write('/set\n');
      await new Promise((resolve) => socket.on('close', resolve));
      return all;
    };
    assert.match(await said(), /\[error busy: |temperature/);
    for (let i = 0; !(await said()).includes('temperature'); i++) {
      assert.ok(i < 200, 'the places were never free');
      await pause(50);
    }
    for (const socket of idle) socket.destroy();
  });
});

test('an upload that is broken off at any byte leaves the model that was there, and a good one follows', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'x', '--flash', '65536'], ['http'], async (device) => {
    const bytes = fileBytes(SMALL);
    const model = async (): Promise<{ state: string; crc?: string }> =>
      ((await (await fetch(device.url('/info'))).json()) as { model: { state: string; crc?: string } }).model;
    const { crc } = await model();
    let random = 1;
    for (let i = 0; i < 50; i++) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      const at = random % bytes.length;
      const socket = connect(device.http, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        `POST /model HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      );
      await new Promise<void>((resolve) => socket.write(bytes.subarray(0, at), () => resolve()));
      for (let j = 0; (await model()).state !== 'upload'; j++) assert.ok(j < 500);
      socket.destroy();
      let now = await model();
      for (let j = 0; now.state === 'upload'; j++) {
        assert.ok(j < 500);
        now = await model();
      }
      assert.deepEqual([now.state, now.crc], ['ready', crc], `after ${at} bytes`);
    }
    const answer = await fetch(device.url('/v1/completions'), { method: 'POST', body: '{"max_tokens":3}' });
    assert.equal(answer.status, 200);
    await answer.text();
    for (let i = 0; i < 3; i++) {
      const sent = await fetch(device.url('/model'), {
        method: 'POST',
        headers: { Authorization: 'Bearer x' },
        body: bytes as Uint8Array<ArrayBuffer>,
      });
      assert.equal(sent.status, 200, await sent.text());
    }
  });
});
