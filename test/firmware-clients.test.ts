/** Clients that people have, against the device: openai, the AI SDK, LangChain; whole, streamed, stopped, cancelled, two at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { readTlm, writeTlm } from '../src/format/index.js';
import { loadEngineModel } from './helpers/engine-text.js';
import { POSIX_TOOLS, SMALL, fileBytes, toolsFor, withDevice, type Device } from './firmware-support.js';

interface Asked {
  prompt: string;
  seed: number;
  length: number;
  stop?: string[];
}

/** What each client must be able to do. */
interface Client {
  whole(asked: Asked): Promise<string>;
  streamed(asked: Asked, signal?: AbortSignal): AsyncIterable<string>;
}

const clients: Record<string, (device: Device) => Client> = {
  openai: (device) => {
    const api = new OpenAI({ baseURL: device.url('/v1'), apiKey: 'none', maxRetries: 8 });
    const body = ({ prompt, seed, length, stop }: Asked) => ({
      model: 'tinylm',
      messages: [{ role: 'user' as const, content: prompt }],
      seed,
      max_tokens: length,
      stop,
    });
    return {
      whole: async (asked) => (await api.chat.completions.create(body(asked))).choices[0].message.content ?? '',
      async *streamed(asked, signal) {
        const parts = await api.chat.completions.create({ ...body(asked), stream: true }, { signal });
        for await (const part of parts) yield part.choices[0]?.delta.content ?? '';
      },
    };
  },
  'AI SDK': (device) => {
    const model = createOpenAICompatible({ name: 'tinylm', baseURL: device.url('/v1') })('tinylm');
    const body = ({ prompt, seed, length, stop }: Asked) => ({
      model,
      prompt,
      seed,
      maxOutputTokens: length,
      stopSequences: stop,
      maxRetries: 4,
    });
    return {
      whole: async (asked) => (await generateText(body(asked))).text,
      streamed: (asked, signal) =>
        streamText({ ...body(asked), abortSignal: signal, onError: () => undefined }).textStream,
    };
  },
  LangChain: (device) => {
    const model = ({ seed, length, stop }: Asked) =>
      new ChatOpenAI({
        model: 'tinylm',
        apiKey: 'none',
        maxRetries: 8,
        maxTokens: length,
        stop,
        modelKwargs: { seed },
        configuration: { baseURL: device.url('/v1') },
      });
    return {
      whole: async (asked) => (await model(asked).invoke(asked.prompt)).text,
      async *streamed(asked, signal) {
        for await (const part of await model(asked).stream(asked.prompt, { signal })) yield part.text;
      },
    };
  },
};

async function joined(parts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

for (const [name, make] of Object.entries(clients)) {
  test(`${name}: whole, streamed, stopped, cancelled, two at once`, { timeout: 120_000 }, async (t) => {
    if (!toolsFor(t, POSIX_TOOLS)) return;
    const engine = await loadEngineModel(SMALL);
    await withDevice(['--model', SMALL, '--delay', '500'], ['http'], async (device) => {
      const client = make(device);
      const asked = { prompt: 'the cat "\n não', seed: 5, length: 40 };
      const expected = engine.text(asked.prompt, { seed: 5, length: 40 });
      assert.equal(await client.whole(asked), expected);
      assert.equal(await joined(client.streamed(asked)), expected);
      // Several stops: the text ends before the one that comes first.
      const characters = [...expected];
      const stop = [characters.slice(9, 12).join(''), 'never there', characters.slice(5, 8).join('')];
      const end = Math.min(...stop.map((s) => expected.indexOf(s)).filter((at) => at >= 0));
      assert.equal(await client.whole({ ...asked, stop }), expected.slice(0, end));
      assert.equal(await joined(client.streamed({ ...asked, stop })), expected.slice(0, end));
      const hangUp = new AbortController();
      await (async () => {
        for await (const part of client.streamed({ ...asked, length: 60_000 }, hangUp.signal)) if (part) hangUp.abort();
      })().catch((error: unknown) => assert.ok(hangUp.signal.aborted, String(error)));
      const busy = async (): Promise<boolean> =>
        ((await (await fetch(device.url('/info'))).json()) as { busy: boolean }).busy;
      for (let i = 0; await busy(); i++) assert.ok(i < 500, 'still busy');
      assert.deepEqual(await Promise.all([client.whole(asked), client.whole(asked)]), [expected, expected]);
    });
  });
}

/** What of an answer is looked at here. */
interface Answer {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly { readonly text: string; readonly message: { readonly content: string } }[];
  readonly error: { readonly param?: string; readonly message: string };
}

const post = async (device: Device, path: string, body: unknown): Promise<{ status: number; json: Answer }> => {
  const answer = await fetch(device.url(path), { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, json: (await answer.json()) as Answer };
};

test('values are taken as their authors mean them; what would change the text is refused by name', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    const base = { prompt: 'the', max_tokens: 12, seed: 3 };
    const text = async (more: object): Promise<string> => {
      const { status, json } = await post(device, '/v1/completions', { ...base, ...more });
      assert.equal(status, 200, `${JSON.stringify(more)}: ${JSON.stringify(json)}`);
      return json.choices[0].text;
    };
    const plain = await text({});
    for (const same of [
      { seed: 3.0 },
      { max_tokens: 12.0 },
      { logprobs: false },
      { prompt: ['the'] },
      { logit_bias: {} },
      { stop: [] },
      { top_k: 40 },
      { presence_penalty: 0 },
      { tools: [] },
      { user: 'u' },
    ])
      assert.equal(await text(same), plain, JSON.stringify(same));
    const raw = await fetch(device.url('/completions/'), {
      method: 'POST',
      body: '{"prompt":"the","max_tokens":1.2e1,"seed":3e0}',
    });
    assert.equal(((await raw.json()) as Answer).choices[0].text, plain);
    assert.equal(await text({ seed: 3 + 2 ** 32 }), plain);
    assert.equal(await text({ seed: -5 }), await text({ seed: 2 ** 32 - 5 }));
    await text({ seed: -1 });
    assert.equal(await text({ temperature: 0.01 }), await text({ temperature: 0.05 }));
    assert.equal(await text({ top_p: 0 }), await text({ temperature: 0 }));
    assert.ok((await text({ max_tokens: 1e9, stop: plain.slice(3, 5) })) !== undefined);
    for (const [path, more, param] of [
      ['/v1/completions', { messages: [{ role: 'user', content: 'a' }] }, 'messages'],
      ['/v1/completions', { max_completion_tokens: 5 }, 'max_completion_tokens'],
      ['/v1/completions', { logit_bias: { 5: 1 } }, 'logit_bias'],
      ['/v1/completions', { response_format: { type: 'json_object' } }, 'response_format'],
      ['/v1/completions', { n: 2 }, 'n'],
      ['/v1/completions', { suffix: 'x' }, 'suffix'],
      ['/v1/completions', { min_p: 0.1 }, 'min_p'],
      ['/v1/completions', { prompt: [1, 2] }, 'prompt'],
      ['/v1/completions', { temperature: 'hot' }, 'temperature'],
      ['/v1/chat/completions', { prompt: 'a', messages: [{ role: 'user', content: 'a' }] }, 'prompt'],
      ['/v1/chat/completions', {}, 'messages'],
      ['/v1/chat/completions', { messages: [] }, 'messages'],
      ['/v1/chat/completions', { messages: [{ role: 'tool', content: 'a' }] }, 'messages'],
      [
        '/v1/chat/completions',
        { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
        'messages',
      ],
      [
        '/v1/chat/completions',
        { messages: [{ role: 'user', content: 'a' }], response_format: { type: 'json_object' } },
        'response_format',
      ],
      ['/v1/chat/completions', { messages: [{ role: 'user', content: 'a' }], tools: [{ type: 'function' }] }, 'tools'],
    ] as const) {
      const { status, json } = await post(device, path, more);
      assert.deepEqual([status, json.error?.param], [400, param], JSON.stringify(json));
      assert.ok(json.error.message.startsWith(`${param}: `));
    }
    for (const path of ['/v1/models/tinylm', '/models/tinylm/', '/v1/models/tinylm/']) {
      assert.equal(((await (await fetch(device.url(path))).json()) as Answer).id, 'tinylm', path);
    }
    assert.equal((await fetch(device.url('/v1/models/gpt-4'))).status, 404);
    const ollama = await post(device, '/api/chat', { model: 'tinylm', messages: [] });
    assert.deepEqual([ollama.status, typeof ollama.json.error], [404, 'string']);
  });
});

test('a chat: the last message begins a story; a model trained on turns gets its turns', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-chat-'));
  try {
    const file = readTlm(fileBytes(SMALL));
    const turns = join(folder, 'turns.tlm');
    writeFileSync(
      turns,
      writeTlm({ ...file, metadata: { chat: { system: 'S ', user: 'the ', assistant: 'a ', end: '\n' } } }),
    );
    const engine = await loadEngineModel(SMALL);
    const messages = [
      { role: 'system', content: 'be é' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'cat' },
          { type: 'text', text: ' "x"' },
        ],
      },
      { role: 'assistant', content: 'oh' },
      { role: 'user', content: 'dog\n' },
    ];
    const ask = { messages, max_completion_tokens: 30, seed: 9 };
    await withDevice(['--model', SMALL], ['http'], async (device) => {
      const { json } = await post(device, '/chat/completions', ask);
      assert.equal(json.object, 'chat.completion');
      assert.deepEqual(json.choices[0].message, {
        role: 'assistant',
        content: engine.text('dog\n', { seed: 9, length: 30 }),
      });
    });
    await withDevice(['--model', turns], ['http'], async (device) => {
      const { json } = await post(device, '/v1/chat/completions', ask);
      const all = engine.text('S be é\nthe cat "x"\na oh\nthe dog\n\na ', { seed: 9, length: 30 });
      assert.equal(json.choices[0].message.content, all.split('\nthe ')[0]);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
