/** Generating as a page does it: the CLI's text, token by token, with how likely each was. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { packageRoot } from '../src/node/assets.js';
import type { EngineCalls, GeneratedToken, SamplingFlags } from '../src/web/index.js';
import { engineHandlers } from '../src/web/engine-calls.js';
import { tinylm } from './helpers/cli.js';
import { closePages, code, open, page } from './helpers/web.js';

afterEach(closePages);

const pathOf = (name: string): string => join(packageRoot(), 'vectors', name);
const fileOf = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(name)));
const enginePage = () => page<EngineCalls>(engineHandlers(code));

async function generated(engine: ReturnType<typeof enginePage>, model: string, prompt: string, sampling: SamplingFlags, signal?: AbortSignal) {
  const tokens: GeneratedToken[] = [];
  const onEvent = (event: { tokens: readonly GeneratedToken[] }): void => void tokens.push(...event.tokens);
  const result = await engine.call('engine/generate', { model, prompt, sampling }, { onEvent, ...(signal && { signal }) });
  return { result, tokens };
}

describe('generating in a page', () => {
  for (const file of ['v1/bpe-33.tlm', 'v2/blocks.tlm']) {
    it(`writes the text of tinylm generate, ${file}`, async () => {
      const engine = enginePage();
      const { model, info, memoryBytes } = await engine.call('engine/load', { tlm: fileOf(file) });
      assert.equal(memoryBytes, (await open(fileOf(file))).memoryBytes);
      for (const [seed, temperature, topK, topP, repetitionPenalty] of [[1, 0.5, 40, 1, 1], [9, 1.5, 0, 0.9, 1.3], [2, 0, 40, 1, 1]]) {
        const words = ['-t', String(temperature), '--top-k', String(topK), '--top-p', String(topP), '--repetition-penalty', String(repetitionPenalty)];
        const cli = await tinylm(['generate', pathOf(file), '--prompt', 'abc ', '--tokens', '60', '--seed', String(seed), ...words, '--json']);
        const [expected] = JSON.parse(cli.out) as { text: string; tokens: number; promptTokens: number; reason: string }[];
        const { result, tokens } = await generated(engine, model, 'abc ', { seed, temperature, topK, topP, repetitionPenalty, maxTokens: 60 });
        assert.deepEqual([result.text, result.tokens, result.promptTokens, result.reason], [expected.text, expected.tokens, expected.promptTokens, expected.reason]);
        assert.equal(tokens.map(({ piece }) => piece).join(''), expected.text);
        assert.equal(tokens.filter(({ end }) => !end).length, result.tokens);
        for (const { token, probability, likeliest } of tokens) {
          assert.equal(likeliest.length, 5);
          assert.ok(likeliest.every((guess, i) => i === 0 || guess.probability <= likeliest[i - 1].probability));
          assert.ok(token < info.vocab && probability > 0 && probability <= likeliest[0].probability);
          if (temperature === 0 && repetitionPenalty === 1) assert.equal(probability, likeliest[0].probability);
        }
      }
    });
  }

  it('tells the probabilities of the logits', async () => {
    const engine = enginePage();
    const tlm = fileOf('v1/bpe-33.tlm');
    const { model } = await engine.call('engine/load', { tlm });
    const { tokens } = await generated(engine, model, '', { seed: 4, temperature: 1, topK: 0, maxTokens: 10 });
    const { engine: other } = await open(tlm);
    other.reset();
    other.step(other.info.eod);
    for (const { token, probability } of tokens) {
      const weights = [...other.logits()].map((v) => Math.exp(v / 512));
      const expected = weights[token] / weights.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(probability - expected) < 1e-12 && expected > 0);
      other.step(token);
    }
  });

  it('stops when it is cancelled, at a text, and lets another text wait; two models side by side', async () => {
    const engine = enginePage();
    const first = await engine.call('engine/load', { tlm: fileOf('v1/bpe-33.tlm') });
    const second = await engine.call('engine/load', { tlm: fileOf('v2/blocks.tlm') });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    // Greedy texts run in circles: without a limit this one has no end.
    const endless = generated(engine, first.model, 'a', { temperature: 0, maxTokens: 0 }, stop.signal);
    const waiting = generated(engine, first.model, 'a', { temperature: 0, maxTokens: 5 });
    const beside = await generated(engine, second.model, 'a', { temperature: 0, maxTokens: 5 });
    assert.ok(['limit', 'eod'].includes(beside.result.reason));
    assert.equal((await endless).result.reason, 'cancelled');
    const { result } = await waiting;
    assert.ok(result.tokens <= 5 && result.text !== '');
    const piece = result.text.slice(1, 2);
    const cut = await generated(engine, first.model, 'a', { temperature: 0, maxTokens: 50, stop: piece });
    assert.deepEqual([cut.result.reason, cut.result.text], ['stop', result.text.slice(0, result.text.indexOf(piece))]);
    assert.equal(cut.tokens.map((t) => t.piece).join(''), cut.result.text);
  });

  it('refuses what is no model, no option and no call, in words', async () => {
    const engine = enginePage();
    await assert.rejects(engine.call('engine/load', { tlm: new Uint8Array(100) }), { code: 'tlm-magic' });
    const { model } = await engine.call('engine/load', { tlm: fileOf('v1/bpe-33.tlm') });
    await assert.rejects(generated(engine, model, '', { temperature: 11 }), { code: 'sampler-option' });
    await engine.call('engine/unload', { model });
    await assert.rejects(generated(engine, model, '', {}), { code: 'model-unknown', hint: 'load it again' });
    await assert.rejects(engine.call('engine/none' as never, {} as never), { code: 'unexpected' });
  });
});
