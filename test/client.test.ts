/** The typed client against the POSIX port (a process with ASan and UBSan) over TCP and a pseudo-terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GenerateResult } from '../src/device/client-types.js';
import { DeviceClient } from '../src/device/client.js';
import { encodeFrame, PROTOCOL } from '../src/device/protocol.js';
import { SerialTransport } from '../src/node/ports/serial.js';
import { FakeTransport } from '../src/device/transport.js';
import { loadEngineModel } from './helpers/engine-text.js';
import {
  POSIX_TOOLS,
  SMALL,
  fileBytes,
  modelFile,
  toolsFor,
  vector,
  withDevice,
  type Device,
} from './firmware-support.js';

async function withClient<T>(device: Device, body: (client: DeviceClient) => Promise<T>): Promise<T> {
  const client = new DeviceClient(device.port());
  await client.open();
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

const textOf = async (pieces: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
};

test("info, settings, texts that repeat with their seed and equal the engine's own", async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['tcp'], (device) =>
    withClient(device, async (client) => {
      const info = await client.info();
      assert.equal(info.name, 'tinylm');
      assert.equal(info.protocol, PROTOCOL.PROTOCOL_VERSION);
      assert.deepEqual(
        [info.model.state, info.model.vocab, info.model.hidden, info.model.bytes],
        ['ready', 128, 17, fileBytes(SMALL).length],
      );
      assert.equal(info.settings.temperature, 0.5);
      assert.equal(info.device['port'], 'posix');
      assert.equal((await client.set()).seed, 'random');

      const options = { seed: 7, length: 60, temperature: 0.9, top_k: 20 } as const;
      const first = client.generate('the cat', options);
      const text = await textOf(first);
      const result = await first.result;
      assert.equal(await textOf(client.generate('the cat', options)), text);
      assert.equal(result.seed, 7);
      assert.ok(result.tokens === 60 ? result.reason === 'length' : result.reason === 'end');
      assert.equal(text, await loadEngineModel(SMALL).then((m) => m.text('the cat', options)));
      assert.notEqual(await textOf(client.generate('the cat', { ...options, seed: 8 })), text);
      // A long prompt goes in pieces, and is the same text.
      const long = 'the cat sat. '.repeat(150);
      const whole = client.generate(long, options);
      assert.equal(await textOf(whole), await loadEngineModel(SMALL).then((m) => m.text(long, options)));
      assert.ok((await whole.result).prompt_tokens > 150);
    }),
  );
});

test('conversations go on, or begin anew; a stop string ends a text and is not part of it', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['tcp'], (device) =>
    withClient(device, async (client) => {
      const text = await textOf(client.generate('the', { seed: 3, length: 40 }));
      const a = await textOf(client.generate('the', { seed: 3, length: 20 }));
      assert.ok(text.startsWith(a));
      const more = client.generate('', { goOn: true, length: 20 });
      assert.equal(a + (await textOf(more)), text);
      const stop = [...text].slice(5, 7).join('');
      const stopped = client.generate('the', { seed: 3, length: 40, stop });
      assert.equal(await textOf(stopped), text.slice(0, text.indexOf(stop)));
      assert.equal((await stopped.result).reason, 'stop');
    }),
  );
});

test('cancel ends a text and gives what there is; leaving the loop cancels too', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--delay', '1000'], ['tcp'], (device) =>
    withClient(device, async (client) => {
      const long = client.generate('the', { length: 60000, continuous: true });
      let pieces = 0;
      for await (const piece of long) {
        assert.ok(piece.length > 0);
        if (++pieces === 10) void long.cancel();
      }
      const result = await long.result;
      assert.equal(result.reason, 'cancelled');
      assert.ok(result.tokens >= 10 && result.tokens < 60000);

      const left = client.generate('the', { length: 60000, continuous: true });
      for await (const piece of left) if (piece) break;
      assert.equal((await left.result).reason, 'cancelled');
      await client.info(); // and the device is free
    }),
  );
});

test('what is said into a continuous text is taken', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--delay', '500'], ['tcp'], (device) =>
    withClient(device, async (client) => {
      const text = client.generate('the', { continuous: true });
      let pieces = 0;
      for await (const piece of text) {
        void piece;
        if (++pieces === 5) await text.say(' the cat sat on the mat\n');
        if (pieces === 60) break;
      }
      const result: GenerateResult = await text.result;
      assert.ok(result.prompt_tokens > 5, `${result.prompt_tokens}`);
    }),
  );
});

test('two clients: the second is told to wait, and is served afterwards', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--delay', '1000'], ['tcp'], (device) =>
    withClient(device, (one) =>
      withClient(device, async (two) => {
        const text = one.generate('the', { continuous: true });
        for await (const piece of text) {
          void piece;
          await assert.rejects(textOf(two.generate('a')), { code: 'device-busy' });
          assert.equal((await two.info()).busy, true);
          break;
        }
        await text.result;
        assert.ok((await textOf(two.generate('a', { length: 5 }))).length > 0);
      }),
    ),
  );
});

test('a client that vanishes frees the device', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--delay', '1000'], ['tcp'], async (device) => {
    const gone = new DeviceClient(device.port());
    await gone.open();
    const text = gone.generate('the', { continuous: true });
    for await (const piece of text) {
      void piece;
      await gone.close();
      break;
    }
    await assert.rejects(text.result, { code: 'port-closed' });
    await withClient(device, async (client) => {
      for (let i = 0; (await client.info()).busy; i++) assert.ok(i < 500);
      assert.ok((await textOf(client.generate('a', { length: 5 }))).length > 0);
    });
  });
});

test('over the network changes need the token; without one on the device nothing can be changed', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'open sesame'], ['tcp'], (device) =>
    withClient(device, async (client) => {
      const forbidden = { code: 'device-forbidden' };
      await assert.rejects(client.set({ temperature: 0.5 }), forbidden);
      await assert.rejects(client.uploadModel(fileBytes(SMALL)), forbidden);
      await assert.rejects(client.config({ token: 'mine' }), forbidden);
      await assert.rejects(client.restart(), forbidden);
      await assert.rejects(client.authorize('open sesam'), forbidden);
      await assert.rejects(client.authorize(''), forbidden);
      assert.equal((await client.info()).settings.temperature, 0.5);
      await client.authorize('open sesame');
      assert.equal((await client.set({ temperature: 0.5, stop: 'é"\n' })).temperature, 0.5);
      assert.equal((await client.info()).settings.stop, 'é"\n');
      await client.config({ token: 'another' });
      await withClient(device, async (other) => {
        await assert.rejects(other.authorize('open sesame'), forbidden);
        await other.authorize('another');
      });
    }),
  );
  await withDevice(['--model', SMALL], ['tcp'], (device) =>
    withClient(device, async (client) => {
      await assert.rejects(client.authorize(''), { code: 'device-forbidden' });
      await assert.rejects(client.set({ temperature: 0.5 }), { code: 'device-forbidden' });
    }),
  );
});

test('settings out of range are refused, all or none', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'x'], ['tcp'], (device) =>
    withClient(device, async (client) => {
      await client.authorize('x');
      const before = await client.set();
      const bad: object[] = [
        { temperature: 11 },
        { temperature: 0.01 },
        { temperature: -1 },
        { top_k: 65536 },
        { top_k: 1.5 },
        { top_p: 1.1 },
        { penalty: 0.9 },
        { penalty_window: 65 },
        { seed: -1 },
        { seed: 2 ** 32 },
        { seed: 'some' },
        { length: 0 },
        { stop: 'x'.repeat(33) },
        { keep: 1 },
        { temperature: '0.5' },
        { colour: 1 },
        { temperature: null },
        { stop: ['a'] },
      ];
      for (const change of bad) {
        await assert.rejects(client.set({ top_k: 5, ...change }), { code: 'device-bad-value' }, JSON.stringify(change));
      }
      assert.deepEqual(await client.set(), before);
      const good = {
        temperature: 0.05,
        top_k: 0,
        top_p: 0.95,
        penalty: 1.25,
        penalty_window: 0,
        seed: 2 ** 32 - 1,
        length: 65535,
        stop: '',
        keep: true,
      };
      assert.deepEqual(await client.set(good), good);
      assert.equal((await client.set({ temperature: 0 })).temperature, 0);
      for (const temperature of [0.1, 0.33, 0.7, 1, 1.5, 10]) {
        assert.ok(Math.abs((await client.set({ temperature })).temperature - temperature) < 1 / 256, `${temperature}`);
      }
    }),
  );
});

test('another model: sent, checked, used; a bad one and a broken transfer leave the device reachable', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--token', 'x', '--flash', '131072', '--clock-rate', '20'], ['tcp'], async (device) => {
    const good = fileBytes(modelFile());
    await withClient(device, async (client) => {
      assert.equal((await client.info()).model.state, 'none');
      await assert.rejects(textOf(client.generate('a')), { code: 'device-no-model' });
      await client.authorize('x');
      const progress: number[] = [];
      assert.equal((await client.uploadModel(good, (sent) => progress.push(sent))).bytes, good.length);
      assert.equal(progress.at(-1), good.length);
      const options = { seed: 5, length: 30 };
      const text = await textOf(client.generate('the', options));

      const damaged = good.slice();
      damaged[good.length >> 1] ^= 1;
      await assert.rejects(client.uploadModel(damaged), { code: 'device-bad-model', message: /CRC-32/ });
      // The one before it lives on.
      assert.equal((await client.info()).model.state, 'ready');
      assert.equal(await textOf(client.generate('the', options)), text);
      await assert.rejects(client.uploadModel(new Uint8Array(131073)), { code: 'device-too-large' });
      await client.uploadModel(good);
      assert.equal(await textOf(client.generate('the', options)), text);
      // A smaller one over a larger one.
      await client.uploadModel(fileBytes(vector('char-5-7-2')));
      assert.equal((await client.info()).model.hidden, 7);
    });
    // The connection breaks in the middle.
    const broken = new DeviceClient(device.port());
    await broken.open();
    await broken.authorize('x');
    await assert.rejects(
      broken.uploadModel(good, (sent) => {
        if (sent > good.length / 2) void broken.close();
      }),
      { code: 'port-closed' },
    );
    await withClient(device, async (client) => {
      for (let i = 0; (await client.info()).model.state !== 'ready'; i++) assert.ok(i < 500);
      await client.authorize('x');
      await client.uploadModel(good);
      assert.equal((await client.info()).model.state, 'ready');
    });
    // A sender that falls silent: after 10 s (here 0.5) another may send.
    await withClient(device, async (silent) => {
      await silent.authorize('x');
      void silent
        .uploadModel(good, (sent) => {
          if (sent > 2000) throw new Error('falls silent');
        })
        .catch(() => undefined);
      await withClient(device, async (client) => {
        await client.authorize('x');
        for (let i = 0; (await client.info()).model.state !== 'upload'; i++) assert.ok(i < 500);
        await assert.rejects(client.uploadModel(good), { code: 'device-busy' });
        for (let i = 0; (await client.info()).model.state !== 'ready'; i++) {
          assert.ok(i < 500);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        await client.uploadModel(good);
      });
    });
  });
});

test('a model that needs more memory than the device has is refused with both numbers', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--memory', '2048'], ['tcp'], (device) =>
    withClient(device, async (client) => {
      const { model } = (await client.info()) as { model: { state: string; expected?: number; found?: number } };
      assert.equal(model.state, 'ready'); // without tables it fits
    }),
  );
  await withDevice(['--model', SMALL, '--memory', '512'], ['tcp'], (device) =>
    withClient(device, async (client) => {
      const { model } = (await client.info()) as { model: { state: string; expected?: number; found?: number } };
      assert.equal(model.state, 'bad');
      assert.equal(model.expected, 512);
      assert.ok(model.found! > 512);
    }),
  );
});

test('the same client over a pseudo-terminal with serialport: trusted, and a bench', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--echo'], ['pty'], async (device) => {
    const said: string[] = [];
    const port = new SerialTransport(device.pty);
    const client = new DeviceClient(port, { onText: (text) => said.push(text) });
    await client.open();
    assert.equal((await client.set({ length: 12 })).length, 12);
    const bench = await client.bench(50);
    assert.equal(bench.tokens, 50);
    assert.ok(bench.tokens_per_second > 0);
    await client.uploadModel(fileBytes(vector('byte-64-b3')));
    assert.equal((await client.info()).model.vocab, 256);
    // A person types meanwhile: the line is echoed and answered, and the client reads on behind it.
    await port.write(Buffer.from('/set top_k 3\r'));
    assert.equal((await client.info()).settings.top_k, 3);
    assert.match(said.join(''), /\/set top_k 3\r\n\{"temperature".*"top_k":3/);
    await client.close();
  });
});

test('a device that is silent, or says something else, is reported in words', async () => {
  const silent = new DeviceClient(new FakeTransport(), { timeoutMs: 30 });
  await silent.open();
  await assert.rejects(silent.info(), { code: 'device-silent' });
  const odd = new DeviceClient(new FakeTransport(() => Buffer.from('\xf9abc\n', 'latin1')), { timeoutMs: 1000 });
  await odd.open();
  await assert.rejects(odd.info(), { code: 'device-line' });
  const later = new DeviceClient(
    new FakeTransport((data) =>
      encodeFrame({ type: PROTOCOL.MSG_DONE, sequence: data[2], payload: Buffer.from('not JSON') }),
    ),
  );
  await later.open();
  await assert.rejects(later.set(), { code: 'device-protocol' });
});
