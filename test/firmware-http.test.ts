/** The HTTP handlers, served by the POSIX port (ASan, UBSan) to curl, a WebSocket client and the openai client. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { WebSocket } from 'ws';
import { DeviceClient } from '../src/device/client.js';
import { WebSocketTransport, type WebSocketConstructor } from '../src/node/ports/network.js';
import { loadEngineModel } from './helpers/engine-text.js';
import {
  POSIX_TOOLS,
  ROOT,
  SMALL,
  fileBytes,
  modelFile,
  toolsFor,
  vector,
  withDevice,
  type Device,
} from './firmware-support.js';

const TOOLS = { ...POSIX_TOOLS, curl: 'curl' };

interface Answer {
  status: number;
  headers: string;
  body: string;
}

/** curl's status, headers and body. */
async function curl(device: Device, path: string, ...args: string[]): Promise<Answer> {
  const { stdout } = await promisify(execFile)('curl', [
    '-sS',
    '-i',
    '--max-time',
    '20',
    '-H',
    'Expect:',
    ...args,
    device.url(path),
  ]);
  const at = stdout.indexOf('\r\n\r\n');
  return { status: Number(stdout.split(' ')[1]), headers: stdout.slice(0, at), body: stdout.slice(at + 4) };
}
const post = (body: unknown): string[] => ['-d', typeof body === 'string' ? body : JSON.stringify(body)];
const client = (device: Device, apiKey = 'none', maxRetries = 0): OpenAI =>
  new OpenAI({ baseURL: device.url('/v1'), apiKey, maxRetries });

test('curl: page, info, metrics, models, a completion whole and streamed', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  const expected = (await loadEngineModel(SMALL)).text('the cat', { seed: 7, length: 20 });
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    const page = await curl(device, '/');
    assert.match(page.headers, /text\/html/);
    assert.equal(page.body, readFileSync(join(ROOT, 'firmware/app/page.html'), 'utf8'));
    assert.equal(JSON.parse((await curl(device, '/info')).body).model.state, 'ready');
    assert.equal(JSON.parse((await curl(device, '/v1/models')).body).data[0].id, 'tinylm');

    const whole = await curl(device, '/v1/completions', ...post({ prompt: 'the cat', max_tokens: 20, seed: 7 }));
    assert.equal(whole.status, 200);
    const { choices, usage, object } = JSON.parse(whole.body);
    assert.equal(object, 'text_completion');
    assert.deepEqual(choices, [{ text: expected, index: 0, logprobs: null, finish_reason: 'length' }]);
    assert.equal(usage.completion_tokens, 20);
    assert.equal(usage.total_tokens, usage.prompt_tokens + 20);

    const streamed = await curl(
      device,
      '/v1/completions',
      ...post({ prompt: ['the cat'], max_tokens: 20, seed: 7, stream: true }),
    );
    assert.match(streamed.headers, /text\/event-stream/);
    const events = streamed.body.trimEnd().split('\n\n');
    assert.equal(events.pop(), 'data: [DONE]');
    assert.equal(events.map((e) => JSON.parse(e.slice(6)).choices[0].text).join(''), expected);

    const metrics = (await curl(device, '/metrics')).body;
    assert.match(metrics, /^tinylm_tokens_total 40$/m);
    assert.match(metrics, /^tinylm_texts_total\{reason="length"\} 2$/m);
    for (const line of metrics.trimEnd().split('\n')) {
      assert.match(line, /^(# TYPE tinylm_\w+ (counter|gauge)|tinylm_\w+(\{reason="\w+"\})? \d+(\.\d+)?)$/);
    }
  });
});

test('malformed and oversized requests are refused, and cost the device nothing', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    const bad: [unknown, number][] = [
      ['', 400],
      ['{', 400],
      ['[]', 400],
      ['{"prompt":"a"} x', 400],
      ['{"prompt":"a",}', 400],
      ['{"prompt":\'a\'}', 400],
      ['{"prompt":"\\x"}', 400],
      ['{"prompt":"a","prompt":"b"}', 400],
      ['{"max_tokens":01}', 400],
      ['{"a":[[[[[[[[[1]]]]]]]]]}', 400],
      [{ prompt: 5 }, 400],
      [{ prompt: ['a', 'b'] }, 400],
      [{ max_tokens: 0 }, 400],
      [{ max_tokens: '5' }, 400],
      [{ temperature: 11 }, 400],
      [{ n: 2 }, 400],
      [{ best_of: 3 }, 400],
      [{ logprobs: 1 }, 400],
      [{ echo: true }, 400],
      [{ suffix: 'x' }, 400],
      [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 400],
      [{ messages: [] }, 400],
      [{ logit_bias: { 5: 1 } }, 400],
      [{ stop: 'x'.repeat(33) }, 400],
      [{ presence_penalty: 0.5 }, 400],
      [{ stream: 'yes' }, 400],
      [{ stream_options: 1 }, 400],
      [{ seed: 'x' }, 400],
      [{ seed: 1.5 }, 400],
      [{ prompt: 'x'.repeat(4096) }, 413],
    ];
    for (const [body, status] of bad) {
      const answer = await curl(device, '/v1/completions', ...post(body));
      assert.equal(answer.status, status, `${JSON.stringify(body)}: ${answer.body}`);
      const { error } = JSON.parse(answer.body);
      assert.ok(error.message.length > 10 && error.code, answer.body);
    }
    const notText = await fetch(device.url('/v1/completions'), {
      method: 'POST',
      body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
    });
    assert.equal(notText.status, 400);
    // Chunked: the length is not known beforehand, the limit holds all the same.
    const chunked = await curl(
      device,
      '/v1/completions',
      '-H',
      'Transfer-Encoding: chunked',
      ...post({ prompt: 'x'.repeat(5000) }),
    );
    assert.equal(chunked.status, 413);
    assert.equal((await curl(device, '/nowhere')).status, 404);
    assert.equal((await curl(device, '/v1/completions')).status, 405);
    assert.equal((await curl(device, '/info', ...post('x'))).status, 405);
    assert.equal((await curl(device, '/info', '-X', 'DELETE')).status, 405);
    assert.equal((await curl(device, '/ws')).status, 400);
    // What means nothing here but asks for nothing either is taken.
    const fine = await curl(
      device,
      '/v1/completions',
      ...post({
        model: 'gpt',
        prompt: 'the',
        max_tokens: 3,
        user: 'u',
        n: 1,
        logprobs: null,
        stop: null,
        frequency_penalty: 0,
        suffix: '',
        echo: false,
        top_p: 1,
        best_of: 1.0,
        seed: 4,
      }),
    );
    assert.equal(fine.status, 200);
    assert.equal(JSON.parse(fine.body).usage.completion_tokens, 3);
  });
});

test('a request that stops in the middle of its body does not hold anybody up', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    const half = connect(device.http, '127.0.0.1');
    half.write('POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"prompt":');
    const garbage = connect(device.http, '127.0.0.1');
    garbage.write(Buffer.from('\x00\xff\r\n\r\nGET'.repeat(50), 'latin1'));
    garbage.on('error', () => undefined);
    assert.equal((await curl(device, '/v1/completions', ...post({ prompt: 'the', max_tokens: 3 }))).status, 200);
    half.destroy();
    garbage.destroy();
    assert.equal((await curl(device, '/info')).status, 200);
  });
});

test('tokens: a wrong one is refused everywhere, none where something would change', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  const right = ['-H', 'Authorization: Bearer sesame'];
  const wrong = ['-H', 'Authorization: Bearer sesam'];
  await withDevice(['--model', SMALL, '--token', 'sesame'], ['http'], async (device) => {
    const model = ['--data-binary', `@${vector('byte-64-b3')}`];
    for (const [path, ...args] of [
      ['/settings', '-d', '{"top_k":3}'],
      ['/model', ...model],
    ]) {
      assert.equal((await curl(device, path, ...args)).status, 401, path);
      const refused = await curl(device, path, ...wrong, ...args);
      assert.equal(refused.status, 401, path);
      assert.match(refused.headers, /WWW-Authenticate: Bearer/);
    }
    assert.equal((await curl(device, '/v1/completions', ...wrong, ...post({ prompt: 'the' }))).status, 401);
    const basic = ['-H', 'Authorization: Basic c2VzYW1l'];
    assert.equal((await curl(device, '/v1/completions', ...basic, ...post({ prompt: 'the' }))).status, 401);
    assert.equal(JSON.parse((await curl(device, '/settings')).body).top_k, 40);
    assert.equal((await curl(device, '/v1/completions', ...post({ prompt: 'the', max_tokens: 2 }))).status, 200);
    assert.equal(JSON.parse((await curl(device, '/settings', ...right, '-d', '{"top_k":3}')).body).top_k, 3);
    assert.equal((await curl(device, '/settings', ...right, '-d', '{"top_k":3')).status, 400);
    const sent = await curl(device, '/model', ...right, ...model);
    assert.deepEqual([sent.status, JSON.parse(sent.body).vocab], [200, 256]);
  });
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    const refused = await curl(device, '/settings', ...right, '-d', '{"top_k":3}');
    assert.equal(refused.status, 403); // no token would do
    assert.doesNotMatch(refused.headers, /WWW-Authenticate/);
    assert.match(JSON.parse(refused.body).error.message, /has no token/);
  });
});

test('a model by HTTP: too large, damaged, broken off; the device answers and then takes a good one', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  const good = modelFile();
  await withDevice(['--model', SMALL, '--token', 'x', '--flash', '131072'], ['http'], async (device) => {
    const auth = ['-H', 'Authorization: Bearer x'];
    const send = (file: string) => curl(device, '/model', ...auth, '--data-binary', `@${file}`);
    const state = async (): Promise<string> => JSON.parse((await curl(device, '/info')).body).model.state;
    assert.equal((await curl(device, '/model', ...auth, '-H', 'Content-Length: 131073', '-d', 'x')).status, 413);
    assert.equal((await curl(device, '/model', ...auth, '-H', 'Transfer-Encoding: chunked', '-d', 'x')).status, 411);
    assert.equal(await state(), 'ready'); // the old one is there still
    const damaged = await send(vector('bad/crc'));
    assert.deepEqual([damaged.status, await state()], [400, 'ready']); // the old one lives on
    assert.match(JSON.parse(damaged.body).error.message, /CRC-32/);
    const socket = connect(device.http, '127.0.0.1');
    const bytes = fileBytes(good);
    socket.write(
      'POST /model HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n' + `Content-Length: ${bytes.length}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, bytes.length / 2));
    for (let i = 0; (await state()) !== 'upload'; i++) assert.ok(i < 200);
    assert.equal((await send(good)).status, 503);
    socket.destroy();
    for (let i = 0; (await state()) !== 'ready'; i++) assert.ok(i < 200);
    assert.equal((await send(good)).status, 200);
    assert.equal((await curl(device, '/v1/completions', ...post({ prompt: 'a' }))).status, 200);
  });
});

test('the official openai client: whole, streamed with usage, models, errors as it knows them', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  const engine = await loadEngineModel(SMALL);
  await withDevice(['--model', SMALL, '--token', 'key'], ['http'], async (device) => {
    const api = client(device, 'key');
    const options = { model: 'tinylm', prompt: 'the cat "\n\t não', max_tokens: 40, temperature: 0.9, seed: 5 };
    const expected = engine.text(options.prompt, { seed: 5, length: 40, temperature: 0.9 });
    const whole = await api.completions.create(options);
    assert.equal(whole.choices[0].text, expected);
    let text = '';
    let usage = 0;
    const streaming = { stream: true, stream_options: { include_usage: true } } as const;
    for await (const part of await api.completions.create({ ...options, ...streaming })) {
      text += part.choices[0]?.text ?? '';
      usage = part.usage?.completion_tokens ?? usage;
    }
    assert.equal(text, expected);
    assert.equal(usage, whole.usage?.completion_tokens);
    const stop = [...expected].slice(4, 6).join('');
    const stopped = await api.completions.create({ ...options, stop });
    assert.deepEqual(
      [stopped.choices[0].text, stopped.choices[0].finish_reason],
      [expected.slice(0, expected.indexOf(stop)), 'stop'],
    );
    const models: string[] = [];
    for await (const model of api.models.list()) models.push(model.id);
    assert.deepEqual(models, ['tinylm']);
    await assert.rejects(api.completions.create({ ...options, n: 2 }), (e) => e instanceof OpenAI.BadRequestError);
    await assert.rejects(
      client(device, 'wrong').completions.create(options),
      (e) => e instanceof OpenAI.AuthenticationError,
    );
  });
});

test("hanging up cancels; a second client is told to wait, and the openai client's own retry succeeds", async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  await withDevice(['--model', SMALL, '--delay', '1000'], ['http'], async (device) => {
    const busy = async (): Promise<boolean> => JSON.parse((await curl(device, '/info')).body).busy;
    const long = { model: 'tinylm', prompt: 'the', max_tokens: 60000, stream: true as const };
    const text = await client(device).completions.create(long);
    for await (const part of text) {
      assert.equal(part.object, 'text_completion');
      assert.equal(await busy(), true);
      const second = await curl(device, '/v1/completions', ...post({ prompt: 'a' }));
      assert.equal(second.status, 503);
      assert.match(second.headers, /Retry-After: 1/);
      assert.equal(JSON.parse(second.body).error.code, 'busy');
      await assert.rejects(client(device).completions.create({ model: 'tinylm', prompt: 'a' }), { status: 503 });
      break; // the client hangs up
    }
    for (let i = 0; await busy(); i++) assert.ok(i < 300, 'still busy');
    assert.match((await curl(device, '/metrics')).body, /texts_total\{reason="cancelled"\} 1/);

    // A whole answer, given up by curl in the middle.
    const waiting = spawn('curl', ['-sS', ...post({ prompt: 'a', max_tokens: 60000 }), device.url('/v1/completions')]);
    for (let i = 0; !(await busy()); i++) assert.ok(i < 300, 'never busy');
    const retried = client(device, 'none', 2).completions.create({
      model: 'tinylm',
      prompt: 'the',
      max_tokens: 5,
      seed: 1,
    });
    setTimeout(() => waiting.kill(), 100);
    assert.equal((await retried).usage?.completion_tokens, 5);
  });
});

test('a WebSocket carries the line protocol: to a person, and to the typed client', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'x'], ['http'], async (device) => {
    const url = device.url('/ws').replace('http', 'ws');
    const socket = new WebSocket(url);
    let said = '';
    socket.on('message', (data: Buffer) => {
      said += data.toString('latin1');
    });
    await new Promise((resolve) => socket.on('open', resolve));
    const until = async (what: RegExp): Promise<void> => {
      for (let i = 0; !what.test(said); i++) {
        assert.ok(i < 1000, said);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    socket.send('the c');
    socket.send(Buffer.from('at\n'));
    await until(/tokens\/s, seed \d+, \w+\]\n$/);
    const pong = new Promise<string>((resolve) => socket.on('pong', (data: Buffer) => resolve(data.toString())));
    socket.ping('still there?');
    assert.equal(await pong, 'still there?');
    socket.send('/set top_k 2\n');
    await until(/\[error forbidden/);
    socket.send(`${'y'.repeat(70000)}\n/reset\n`); // in one message, with a 64-bit length
    await until(/\[error overlong/);

    const device2 = new DeviceClient(new WebSocketTransport(url, WebSocket as unknown as WebSocketConstructor));
    await device2.open();
    await device2.authorize('x');
    assert.equal((await device2.set({ top_k: 2 })).top_k, 2);
    assert.equal(
      await textOf(device2.generate('the cat', { seed: 7, length: 20, top_k: 40 })),
      (await loadEngineModel(SMALL)).text('the cat', { seed: 7, length: 20 }),
    );
    await device2.uploadModel(fileBytes(modelFile()));
    await device2.close();
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.close(1000);
    assert.equal(await closed, 1000);
  });
});

test('a WebSocket that breaks the rules is closed; one that vanishes ends its text', async (t) => {
  if (!toolsFor(t, TOOLS)) return;
  await withDevice(['--model', SMALL, '--delay', '1000'], ['http'], async (device) => {
    const handshake =
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    for (const [frame, code] of [
      [[0x82, 0x01, 0x41], 1002],
      [[0xc2, 0x81, 1, 2, 3, 4, 5], 1002],
      [[0x83, 0x81, 1, 2, 3, 4, 5], 1002],
      [[0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009],
    ] as const) {
      const socket = connect(device.http, '127.0.0.1');
      const parts: Buffer[] = [];
      socket.on('data', (data: Buffer) => parts.push(data));
      socket.write(handshake);
      for (let i = 0; !Buffer.concat(parts).includes('\r\n\r\n'); i++) {
        assert.ok(i < 1000);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const ended = new Promise((resolve) => socket.on('close', resolve));
      socket.write(Buffer.from(frame));
      await ended;
      const all = Buffer.concat(parts);
      // The example of RFC 6455, section 1.3.
      assert.match(all.toString('latin1'), /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
      assert.deepEqual([...all.subarray(-4)], [0x88, 2, code >> 8, code & 255]);
    }
    const gone = new WebSocket(device.url('/ws').replace('http', 'ws'));
    await new Promise((resolve) => gone.on('open', resolve));
    gone.send('/continuous\n');
    await new Promise((resolve) => gone.once('message', resolve));
    gone.terminate();
    for (let i = 0; JSON.parse((await curl(device, '/info')).body).busy; i++) assert.ok(i < 300, 'still busy');
  });
});

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}
