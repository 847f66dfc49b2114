/** Who may do what over the network: web pages of other sites, names that are not the device's, tokens that are guessed. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { DeviceClient } from '../src/device/client.js';
import { chromiumPath } from '../bench/browser.js';
import { POSIX_TOOLS, SMALL, toolsFor, withDevice, type Device } from './firmware-support.js';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A request with any Host and Origin, which fetch would not send. */
function ask(
  device: Device,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const r = request({
      host: '127.0.0.1',
      port: device.http,
      method,
      path,
      headers: { ...headers, 'content-length': body.length },
    });
    r.on('error', reject);
    r.on('response', (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    r.end(body);
  });
}

const shakesHands = (device: Device, headers: Record<string, string>): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = new WebSocket(device.url('/ws').replace('http', 'ws'), { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const metric = async (device: Device, name: string): Promise<number> =>
  Number(new RegExp(`^tinylm_${name} (\\d+)$`, 'm').exec((await ask(device, 'GET', '/metrics')).body)?.[1]);

test("a page of another site is refused everywhere, by Origin and by a Host that is not the device's", async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'sesame'], ['http'], async (device) => {
    const own = `127.0.0.1:${device.http}`;
    const refused: Record<string, string>[] = [
      { host: own, origin: 'http://evil.example' },
      { host: own, origin: 'null' },
      { host: own, origin: 'http://127.0.0.1:1' },
      { host: own, origin: `ftp://${own}` },
      { host: own, origin: '' },
      { host: 'evil.example' },
      { host: 'evil.example:80' },
      { host: 'evil.example', origin: 'http://evil.example' },
      { host: 'tinylm.local.evil.example' },
      { host: 'xtinylm.local' },
      { host: '127.0.0.1.evil.example' },
      { host: '1.2.3' },
      { host: 'tinylm.local:80@evil.example' },
      { host: '[::1]x' },
    ];
    for (const headers of refused) {
      for (const [method, path, body] of [
        ['GET', '/info', ''],
        ['GET', '/', ''],
        ['POST', '/v1/completions', '{"max_tokens":3}'],
        ['POST', '/settings', '{"top_k":9}'],
        ['OPTIONS', '/settings', ''],
        ['GET', '/nowhere', ''],
      ]) {
        const said = await ask(device, method, path, { ...headers, authorization: 'Bearer sesame' }, body);
        assert.equal(said.status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
        assert.equal(said.headers['access-control-allow-origin'], undefined);
        assert.match(said.body, /\/allow/);
      }
      assert.equal(await shakesHands(device, headers), false, JSON.stringify(headers));
    }
    for (const headers of [
      { host: own },
      { host: own, origin: `http://${own}` },
      { host: 'tinylm.local' },
      { host: 'TinyLM.local:8080' },
      { host: 'tinylm' },
      { host: 'localhost:8080' },
      { host: '192.168.1.7' },
      { host: '[fe80::1]:80' },
      { host: 'tinylm.local', origin: 'http://tinylm.local' },
    ] as Record<string, string>[]) {
      assert.equal((await ask(device, 'GET', '/info', headers)).status, 200, JSON.stringify(headers));
      assert.equal(await shakesHands(device, headers), true, JSON.stringify(headers));
    }
    assert.equal(JSON.parse((await ask(device, 'GET', '/settings')).body).top_k, 40);
    assert.ok((await metric(device, 'foreign_requests_total')) >= refused.length * 6);
    assert.equal(await metric(device, 'tokens_total'), 0);
  });
});

test('allow permits named pages and names, with the preflight answered, and nothing else', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(
    ['--model', SMALL, '--allow', 'https://studio.example tinylm.fritz.box'],
    ['http'],
    async (device) => {
      const origin = 'https://studio.example';
      const said = await ask(device, 'GET', '/info', { host: 'tinylm.fritz.box', origin });
      assert.deepEqual(
        [said.status, said.headers['access-control-allow-origin'], said.headers['vary']],
        [200, origin, 'Origin'],
      );
      const flight = await ask(device, 'OPTIONS', '/v1/chat/completions', {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-os',
      });
      assert.equal(flight.status, 204);
      assert.equal(flight.headers['access-control-allow-origin'], origin);
      assert.match(String(flight.headers['access-control-allow-methods']), /POST/);
      assert.match(String(flight.headers['access-control-allow-headers']), /Authorization/);
      // An error can be read by that page, too.
      const error = await ask(device, 'POST', '/settings', { origin }, '{}');
      assert.deepEqual([error.status, error.headers['access-control-allow-origin']], [403, origin]);
      assert.equal((await ask(device, 'GET', '/info', { origin: 'https://studio.example.evil.example' })).status, 403);
      assert.equal((await ask(device, 'GET', '/info', { origin: 'http://studio.example' })).status, 403);
      assert.equal((await ask(device, 'GET', '/info', { host: 'fritz.box' })).status, 403);
      assert.equal(await shakesHands(device, { origin }), true);
    },
  );
});

test('no other site may show the page in a frame; OPTIONS and HEAD are answered', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    const page = await ask(device, 'GET', '/');
    assert.equal(page.headers['x-frame-options'], 'DENY');
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
    for (const path of ['/', '/info', '/metrics', '/settings', '/v1/models', '/v1/models/tinylm']) {
      const head = await ask(device, 'HEAD', path);
      assert.deepEqual([head.status, head.body], [200, ''], path);
    }
    const options = await ask(device, 'OPTIONS', '/settings');
    assert.deepEqual([options.status, options.headers['allow']], [204, 'GET, HEAD, POST, OPTIONS']);
    assert.equal(options.headers['access-control-allow-origin'], undefined);
    const wrong = await ask(device, 'POST', '/info', {}, '{}');
    assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'GET, HEAD, OPTIONS']);
    assert.deepEqual(JSON.parse((await ask(device, 'GET', '/info')).body).access, {
      token: false,
      open: 'info, generate',
    });
  });
});

test('headers are limited to 2048 bytes, as on the board', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    assert.equal((await ask(device, 'GET', '/info', { cookie: 'a'.repeat(1800) })).status, 200);
    assert.equal((await ask(device, 'GET', '/info', { cookie: 'a'.repeat(2100) })).status, 431);
    assert.equal((await ask(device, 'GET', '/info')).status, 200);
  });
});

test('tokens cannot be guessed quickly: each wrong one costs more time, and is logged', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'sesame', '--clock-rate', '10'], ['http', 'tcp'], async (device) => {
    const guess = (token: string): Promise<Answer> =>
      ask(device, 'POST', '/settings', { authorization: `Bearer ${token}` }, '{}');
    for (let i = 0; i < 4; i++) assert.equal((await guess(`wrong${i}`)).status, 401);
    // From now on none is looked at for a while, the right one included; all that needs no token goes on.
    const first = await guess('sesame');
    assert.equal(first.status, 429);
    assert.ok(Number(first.headers['retry-after']) >= 1);
    assert.equal(JSON.parse(first.body).error.code, 'wait');
    const line = new DeviceClient(device.port());
    await line.open();
    await assert.rejects(line.authorize('sesame'), { code: 'device-wait' });
    assert.equal((await ask(device, 'POST', '/v1/completions', {}, '{"max_tokens":2}')).status, 200);
    const until = async (): Promise<void> => {
      while ((await guess('sesame')).status === 429) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until();
    const waits: number[] = [];
    for (let i = 0; i < 3; i++) {
      assert.equal((await guess('wrong')).status, 401);
      waits.push(Number((await guess('wrong')).headers['retry-after']));
      await until();
    }
    assert.ok(waits[0] < waits[1] && waits[1] < waits[2], waits.join());
    await line.close();
    assert.ok((await metric(device, 'wrong_tokens_total')) === 7);
    assert.match(device.log(), /a wrong token came over the network/);
  });
});

test('who showed the old token loses the right when it changes', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'old'], ['tcp', 'http'], async (device) => {
    const [a, b] = [new DeviceClient(device.port()), new DeviceClient(device.port())];
    await a.open();
    await b.open();
    await a.authorize('old');
    await b.authorize('old');
    await a.config({ token: 'new' });
    for (const client of [a, b]) await assert.rejects(client.set({ top_k: 3 }), { code: 'device-forbidden' });
    await assert.rejects(b.authorize('old'), { code: 'device-forbidden' });
    await b.authorize('new');
    assert.equal((await b.set({ top_k: 3 })).top_k, 3);
    await a.close();
    await b.close();
  });
});

test('a config is kept whole or not at all, and nothing that cannot work is kept', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL, '--token', 'old'], ['tcp', 'http'], async (device) => {
    const client = new DeviceClient(device.port());
    await client.open();
    await client.authorize('old');
    const config = client.config.bind(client) as (values: Record<string, string>) => Promise<void>;
    for (const values of [
      { token: 'new', bogus: '1' },
      { token: '\u0000abc' },
      { token: 'a\nb' },
      { token: 'a b' },
      { token: 'é' },
      { token: 'a'.repeat(65) },
      { token: 'new', ssid: 'a'.repeat(33) },
      { token: 'new', ssid: 'a', password: 'short' },
      { token: 'new', password: 'g'.repeat(64) },
      { token: 'new', name: 'no spaces' },
      { token: 'new', name: '-x' },
      { token: 'new', name: '' },
      { token: 'new', allow: 'a'.repeat(129) },
    ] as Record<string, string>[]) {
      await assert.rejects(
        config(values),
        (e: { code: string }) => /^device-bad-(value|request)$/.test(e.code),
        JSON.stringify(values),
      );
      const answer = await ask(device, 'POST', '/settings', { authorization: 'Bearer old' }, '{}');
      assert.equal(answer.status, 200, `${JSON.stringify(values)} has changed the token`);
    }
    await config({ ssid: 'a'.repeat(32), password: 'p'.repeat(63), name: 'kitchen', allow: 'http://a.b' });
    assert.equal((await ask(device, 'GET', '/info', { host: 'kitchen.local', origin: 'http://a.b' })).status, 200);
    await client.close();
  });
});

test('a form that a page sends to the port of the line protocol is no prompt', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['tcp', 'http'], async (device) => {
    const answer = await fetch(`http://127.0.0.1:${device.tcp}/`, { method: 'POST', body: '\n/continuous\n' }).catch(
      () => undefined,
    );
    assert.equal(answer, undefined);
    assert.equal(await metric(device, 'tokens_total'), 0);
  });
});

test('a foreign page in Chromium gets nothing out of the device and nothing done', { timeout: 120_000 }, async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const executablePath = chromiumPath();
  if (executablePath === undefined || !existsSync(executablePath))
    return t.skip('no Chromium was found; on Debian: apt-get install chromium');
  const site = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>evil</title>'),
  );
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { port } = site.address() as AddressInfo;
  const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: ['--host-resolver-rules=MAP evil.example 127.0.0.1, MAP tinylm.local 127.0.0.1'],
  });
  try {
    await withDevice(
      ['--model', SMALL, '--token', 'sesame', '--allow', 'http://friend.example'],
      ['http'],
      async (device) => {
        const attack = async (from: string, target: string): Promise<Record<string, string>> => {
          const page = await browser.newPage();
          await page.goto(from);
          const got = await page.evaluate(
            async ([http, ws]) => {
              const found: Record<string, string> = {};
              const attempt = async (name: string, what: () => Promise<string>): Promise<void> => {
                found[name] = await what().catch(() => 'refused');
              };
              const post = (path: string, body: string, more: RequestInit = {}): Promise<Response> =>
                fetch(http + path, { method: 'POST', body, ...more });
              await attempt('info', async () =>
                (await (await fetch(`${http}/info`)).text()).includes('"model"') ? 'read' : 'refused',
              );
              await attempt('text', async () =>
                (await post('/v1/completions', '{"max_tokens":5}')).ok ? 'read' : 'refused',
              );
              await attempt(
                'blind',
                async () => (await post('/v1/completions', '{"max_tokens":50}', { mode: 'no-cors' })).type && 'sent',
              );
              await attempt('token', async () =>
                (await post('/settings', '{"temperature":2}', { headers: { Authorization: 'Bearer sesame' } })).ok
                  ? 'changed'
                  : 'refused',
              );
              await attempt(
                'socket',
                () =>
                  new Promise((resolve, reject) => {
                    const socket = new WebSocket(ws);
                    socket.onopen = () => socket.send('/info\n');
                    socket.onmessage = () => resolve('read');
                    socket.onerror = () => reject(new Error('closed'));
                    socket.onclose = () => reject(new Error('closed'));
                  }),
              );
              return found;
            },
            [target, `${target.replace('http', 'ws')}/ws`] as const,
          );
          await page.close();
          return got;
        };
        const here = `http://127.0.0.1:${device.http}`;
        const nothing = { info: 'refused', text: 'refused', blind: 'refused', token: 'refused', socket: 'refused' };
        assert.deepEqual(await attack(`http://evil.example:${port}/`, here), nothing);
        // After rebinding, page and device are one site to the browser; the device sees the name it is called by.
        const rebound = await browser.newPage();
        await rebound.goto(`http://evil.example:${device.http}/info`);
        assert.match(await rebound.content(), /\/allow/);
        await rebound.close();
        assert.match((await ask(device, 'GET', '/metrics')).body, /^tinylm_tokens_total 0$/m);
        // The device's own page, by its own name, may.
        assert.deepEqual(await attack(`http://tinylm.local:${device.http}/`, `http://tinylm.local:${device.http}`), {
          info: 'read',
          text: 'read',
          blind: 'sent',
          token: 'changed',
          socket: 'read',
        });
      },
    );
  } finally {
    await browser.close();
    site.close();
  }
});
