/** `tinylm studio`: to this computer only, with the headers that the page needs. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { serveSite } from '../src/node/site-server.js';
import { start } from './helpers/cli.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(url);
    request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

async function withSite(body: (url: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-site-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>x</title>');
  writeFileSync(join(folder, 'assets', 'a.js'), 'export {};');
  writeFileSync(join(folder, 'secret'), 'not of the site?');
  const site = await serveSite({ port: 0, folder });
  try {
    await body(site.url);
  } finally {
    await site.close();
    rmSync(folder, { recursive: true });
  }
}

test('pages are isolated, may load nothing from elsewhere, and run no script but their own', () =>
  withSite(async (url) => {
    for (const path of ['/', '/assets/a.js', '/none']) {
      const { headers } = await ask(url, path);
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path);
      assert.equal(headers['cross-origin-embedder-policy'], 'require-corp', path);
      const policy = String(headers['content-security-policy']);
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/);
      assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
    }
    const page = await ask(url, '/?lang=pt#train', { 'accept-encoding': 'br, gzip' });
    assert.equal(page.headers['content-encoding'], 'gzip');
    assert.match(gunzipSync(page.body).toString(), /<title>x/);
    assert.equal((await ask(url, '/assets/a.js')).headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal((await ask(url, '/', {}, 'HEAD')).body.length, 0);
  }));

test('nothing outside of the folder, no other method, and no other name for this computer', () =>
  withSite(async (url) => {
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '//etc/passwd',
      '/assets/',
      '/assets',
      '/index.html/../../x',
    ])
      assert.equal((await ask(url, path)).status, 404, path);
    assert.equal((await ask(url, '/', {}, 'POST')).status, 405);
    for (const host of ['evil.example', 'localhost.evil.example', '192.168.1.7'])
      assert.equal((await ask(url, '/', { host })).status, 403, host);
    assert.equal((await ask(url, '/', { host: '127.0.0.1' })).status, 200);
  }));

test('a port that is taken, and a studio that was not built, are said with what to do', async () => {
  await withSite(async (url) => {
    const port = Number(new URL(url).port);
    const folder = mkdtempSync(join(tmpdir(), 'tinylm-site-'));
    await assert.rejects(serveSite({ port: 0, folder }), { code: 'studio-missing' });
    writeFileSync(join(folder, 'index.html'), '');
    await assert.rejects(
      serveSite({ port, folder }),
      (e: { code: string; hint: string }) => e.code === 'studio-port' && /--port/.test(e.hint),
    );
    rmSync(folder, { recursive: true });
  });
});

test('tinylm studio says its address and ends by Ctrl-C', async () => {
  const run = start(['studio', '--port', '0', '--no-open']);
  await run.seen(/Ctrl-C/);
  run.process.kill('SIGINT');
  const { code, out } = await run.result;
  assert.equal(code, 0);
  assert.match(out, /^http:\/\/localhost:\d+\/$/m);
});
