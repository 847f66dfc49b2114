/** The WebAssembly engine against the integer reference, over vectors/ and random models, and its TypeScript wrapper. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { Engine, samplerOptions, type NaturalSamplerOptions } from '../src/engine/index.js';
import { readTlm, writeTlm } from '../src/format/index.js';
import { budget, stackOf } from '../src/model/index.js';
import { readWasm } from '../src/node/assets.js';
import { ReferenceEngine } from '../src/reference/index.js';
import { VECTORS, VERSIONS, vectorBytes, vectorNames, vectorPath } from '../scripts/vectors.js';

const wasm = new WebAssembly.Module(readWasm('engine'));
const open = (name: string, options = {}): Engine => Engine.loadSync(wasm, vectorBytes(name), options);
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    (error as { code?: string }).code === expected;

for (const model of vectorNames) {
  test(`${model}: logits and sampled tokens equal the reference's, with both kernels`, () => {
    const { model: quantized } = readTlm(vectorBytes(model));
    const reference = new ReferenceEngine(quantized);
    const options = fc.record({
      temperature: fc.oneof(fc.constant(0), fc.double({ min: 0.05, max: 10, noNaN: true })),
      topK: fc.nat(50),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      repetitionPenalty: fc.double({ min: 1, max: 4, noNaN: true }),
      penaltyWindow: fc.nat(64),
      seed: fc.nat(0xffffffff),
    });
    const vocab = quantized.config.vocab;
    for (const kernel of ['table', 'reference'] as const) {
      const engine = open(model, { kernel });
      fc.assert(
        fc.property(fc.array(fc.nat(vocab - 1), { maxLength: 12 }), options, (prompt, natural) => {
          const sampler = engine.sampler(natural);
          engine.reset();
          reference.reset();
          engine.step(engine.info.eod);
          let logits = reference.step(engine.info.eod);
          for (const token of prompt) {
            engine.step(token);
            logits = reference.step(token);
            assert.deepEqual(engine.logits(), logits);
          }
          const expected = reference.generate(prompt, 20, samplerOptions(natural));
          const got: number[] = [];
          engine.reset();
          for (const token of [engine.info.eod, ...prompt]) engine.step(token);
          while (got.length < 20) {
            const token = engine.sample(sampler);
            if (token === engine.info.eod) break;
            got.push(token);
            engine.step(token);
          }
          assert.deepEqual(got, expected);
        }),
        { numRuns: 25, seed: 7 },
      );
    }
  });
}

test('the lines of vectors/: steps, encode, decode', () => {
  for (const model of vectorNames) {
    const engine = open(model);
    const lines = readFileSync(vectorPath(model).replace(/tlm$/, 'txt'), 'utf8').split('\n');
    engine.reset();
    let checks = 0;
    for (const line of lines) {
      const [what, ...words] = line.split(' ');
      if (what === 'step') {
        engine.step(Number(words[0]));
        assert.deepEqual(Array.from(engine.logits()), words.slice(1).map(Number), line);
      } else if (what === 'encode') {
        const bytes = words[0] === '-' ? new Uint8Array() : Uint8Array.from(Buffer.from(words[0], 'hex'));
        assert.deepEqual(Array.from(engine.encode(bytes)), words.slice(2).map(Number), line);
      } else if (what === 'decode') {
        const n = Number(words[0]);
        const tokens = Array.from({ length: n }, (_, i) => Number(words[1 + 2 * i]));
        const text = [...Array.from({ length: n }, (_, i) => words[2 + 2 * i]), words[1 + 2 * n]].map((w) =>
          w === '-' ? '' : w,
        );
        assert.equal(Buffer.from(engine.decodeBytes(tokens)).toString('hex'), text.join(''), line);
      } else continue;
      checks++;
    }
    assert.ok(checks > 10, `${model} has lines`);
  }
});

test('a version 1 file written as version 2 gives the same logits and texts', () => {
  // In the extreme files a gate's parts leave ±16 one by one, where version 1 cuts each.
  for (const name of vectorNames.filter((n) => n.startsWith('v1/') && !n.includes('extreme'))) {
    const old = open(name);
    const { model, tokenizer } = readTlm(vectorBytes(name));
    const bytes = writeTlm({ model, tokenizer });
    assert.equal(readTlm(bytes).info.version, 2);
    const now = Engine.loadSync(wasm, new Uint8Array(bytes));
    for (let seed = 1; seed <= 5; seed++) {
      const options = { temperature: 1, seed, maxTokens: 60 };
      assert.equal([...now.generate('a', options)].join(''), [...old.generate('a', options)].join(''), name);
      assert.deepEqual(now.logits(), old.logits(), name);
    }
  }
});

test('every file of vectors/v…/bad is refused with its code, saying where', () => {
  const lines = VERSIONS.flatMap((version) =>
    readFileSync(join(VECTORS, version, 'bad', 'index.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => `${version}/bad/${line}`),
  );
  assert.ok(lines.length > 40);
  for (const line of lines) {
    const [name, expected] = line.split(' ');
    assert.throws(
      () => open(name),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, expected, name);
        assert.match(error.message, /at byte \d+: found \w+, expected \w+/);
        return true;
      },
    );
  }
});

test('damage is refused: each cut and each bit of a small model', () => {
  const good = vectorBytes('v1/char-5-7-2');
  for (let n = 0; n < good.length; n += 7)
    assert.throws(() => Engine.loadSync(wasm, good.subarray(0, n)), code('tlm-short'));
  for (let bit = 0; bit < good.length * 8; bit += 13) {
    const bad = Uint8Array.from(good);
    bad[bit >> 3] ^= 1 << (bit & 7);
    assert.throws(
      () => Engine.loadSync(wasm, bad),
      (error: { code?: string }) => error.code?.startsWith('tlm-') === true,
    );
  }
});

test('info, memory as `budget` states it, memory by kernel', () => {
  for (const model of vectorNames) {
    const file = readTlm(vectorBytes(model));
    const { config } = file.model;
    const engine = open(model);
    const { vocab, dim, hidden, layers, tied, tokenizer, crc, fileBytes, metadata } = engine.info;
    assert.deepEqual(
      [vocab, dim, hidden, layers, tied],
      [config.vocab, config.dim, stackOf(config).head.input.width, config.layers.length, config.tied],
    );
    assert.equal(tokenizer, file.tokenizer.kind);
    assert.equal(crc, file.info.crc);
    assert.equal(fileBytes, file.info.fileBytes);
    assert.deepEqual(JSON.parse(metadata || '{}'), file.metadata);
    const types = new Set(file.info.tensors.filter((t) => t.type !== 'i16').map((t) => t.type));
    const cost = budget(config);
    if (types.size === 1) assert.equal(engine.memoryBytes, types.has('t2') ? cost.ramT2 : cost.ramB3, model);
    assert.equal(open(model, { kernel: 'reference' }).memoryBytes, cost.ramReference, model);
    const small = budget(config, { tableBudget: 1000 });
    if (types.size === 1) {
      assert.equal(open(model, { tableBudget: 1000 }).memoryBytes, types.has('t2') ? small.ramT2 : small.ramB3, model);
    }
  }
  assert.throws(() => open(vectorNames[0], { tableBudget: 100 }), code('engine-argument'));
});

test('generate: the text of steps and samples, whole characters, stop strings, limits', () => {
  const engine = open('v1/bpe-33-17');
  const natural: NaturalSamplerOptions = { temperature: 1, topK: 0, seed: 42 };
  const text = [...engine.generate('a b', { ...natural, maxTokens: 100 })].join('');
  assert.ok(text.length > 10);
  assert.equal([...engine.generate('a b', { ...natural, maxTokens: 100 })].join(''), text, 'the same again');
  const stop = text.slice(5, 8);
  assert.equal(
    [...engine.generate('a b', { ...natural, maxTokens: 100, stop })].join(''),
    text.slice(0, text.indexOf(stop)),
  );
  assert.equal([...engine.generate('', { temperature: 0, maxTokens: 1 })].length <= 1, true);
  const long = 'word '.repeat(3000);
  assert.ok(
    [...engine.generate(long, { ...natural, maxTokens: 5 })].join('').length > 0,
    'a prompt longer than the input ring',
  );
  assert.throws(() => [...engine.generate('', { stop: 'x'.repeat(33) })], code('engine-argument'));
  assert.throws(() => [...engine.generate('', { maxTokens: -1 })], code('engine-argument'));
  // Memory does not grow with the number of generations.
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2000; i++) for (const part of engine.generate('a', { maxTokens: 2 })) assert.ok(part.length > 0);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
});

test('a stream takes prompt bytes at any time, is cancelled, and goes on with the next turn', () => {
  const engine = open('v1/char-tied-3');
  const stream = engine.stream({ continuous: true, temperature: 1, outputBytes: 128 });
  assert.equal(stream.poll(), 'idle');
  stream.write(new TextEncoder().encode('ab'));
  stream.submit();
  let bytes = 0;
  for (let i = 0; i < 3000; i++) {
    if (i % 100 === 50) stream.write(new TextEncoder().encode('ba'));
    const state = stream.poll();
    assert.ok(['prompt', 'generating', 'full'].includes(state), state);
    if (state === 'full') for (let t = stream.read(); t.length > 0; t = stream.read()) bytes += t.length;
  }
  assert.ok(bytes > 1000 && stream.promptTokens > 30);
  stream.cancel();
  assert.equal(stream.poll(), 'ended');
  assert.equal(stream.reason, 'cancelled');
  const turn = engine.stream({ maxTokens: 3, temperature: 1 });
  assert.ok([...turn.run('a')].length <= 3);
  assert.ok(['limit', 'eod'].includes(turn.reason));
  assert.ok([...turn.run('b')].length <= 3, 'a second turn');
});

test("save and restore: the same tokens again; another model's or a damaged snapshot is refused", () => {
  const engine = open('v1/byte-64-t2');
  const sampler = engine.sampler({ temperature: 1, repetitionPenalty: 1.2, seed: 5 });
  const draw = (n: number): number[] =>
    Array.from({ length: n }, () => {
      const token = engine.sample(sampler);
      engine.step(token);
      return token;
    });
  engine.reset();
  engine.step(0);
  draw(30);
  const snapshot = engine.save(sampler);
  const first = draw(40);
  engine.restore(snapshot, sampler);
  assert.deepEqual(draw(40), first);
  const damaged = snapshot.slice();
  damaged[20] ^= 1;
  assert.throws(() => engine.restore(damaged, sampler), code('engine-snapshot'));
  assert.throws(() => open('v1/byte-64-b3').restore(snapshot), code('engine-snapshot'));
});

test('errors: tokens, modules', async () => {
  const engine = open('v1/bpe-33');
  for (const token of [engine.info.vocab, -1, 1.5, NaN]) assert.throws(() => engine.step(token), code('engine-token'));
  assert.throws(() => engine.decode([9999]), code('engine-token'));
  const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  await assert.rejects(Engine.load(empty, vectorBytes(vectorNames[0])), code('engine-module'));
});

test('sampling options: natural units to the integers of SPEC.md 4', () => {
  assert.deepEqual(samplerOptions(), { temperature: 128, topK: 40, topP: 0, penalty: 1024, penaltyWindow: 0, seed: 1 });
  assert.deepEqual(samplerOptions({ temperature: 0, topP: 1, repetitionPenalty: 1.1 }), {
    temperature: 0,
    topK: 40,
    topP: 0,
    penalty: 1126,
    penaltyWindow: 64,
    seed: 1,
  });
  assert.deepEqual(
    samplerOptions({ temperature: 10, topK: 0, topP: 1e-9, repetitionPenalty: 4, penaltyWindow: 3, seed: 0xffffffff }),
    { temperature: 2560, topK: 0, topP: 1, penalty: 4096, penaltyWindow: 3, seed: 0xffffffff },
  );
  assert.equal(samplerOptions({ temperature: 0.05 }).temperature, 13);
  const wrong: NaturalSamplerOptions[] = [
    { temperature: 0.04 },
    { temperature: 10.1 },
    { temperature: NaN },
    { topK: -1 },
    { topK: 1.5 },
    { topP: 1.1 },
    { topP: -0.1 },
    { repetitionPenalty: 0.9 },
    { repetitionPenalty: 4.1 },
    { penaltyWindow: 65 },
    { seed: -1 },
    { seed: 2 ** 32 },
  ];
  for (const options of wrong)
    assert.throws(() => samplerOptions(options), code('sampler-option'), JSON.stringify(options));
});
