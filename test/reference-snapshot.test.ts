/** vectors/v…/snapshot.txt: what the reference writes, what the C engine saves, and what it goes on from. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Engine } from '../src/engine/index.js';
import { readTlm } from '../src/format/index.js';
import { readWasm } from '../src/node/assets.js';
import { VECTORS, VERSIONS, vectorBytes } from '../scripts/vectors.js';
import { ReferenceEngine, Sampler, writeSnapshot, type SamplerOptions } from '../src/reference/index.js';

const wasm = new WebAssembly.Module(readWasm('engine'));

interface Line {
  name: string;
  options: Required<SamplerOptions>;
  prompt: number[];
  drawn: number;
  bytes: Uint8Array;
}

function parse(folder: string, line: string): Line {
  const words = line.split(' ');
  const name = `${folder}/${words.shift()!}`;
  const bytes = new Uint8Array(Buffer.from(words.pop()!, 'hex'));
  const [temperature, topK, topP, penalty, penaltyWindow, seed, count, ...rest] = words.map(Number);
  assert.equal(rest.length, count + 1);
  return {
    name,
    options: { temperature, topK, topP, penalty, penaltyWindow, seed },
    prompt: rest.slice(0, count),
    drawn: rest[count],
    bytes,
  };
}

const lines = VERSIONS.flatMap((folder) =>
  readFileSync(join(VECTORS, folder, 'snapshot.txt'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => parse(folder, line)),
);

test('the reference writes the bytes of snapshot.txt, and the engine saves the same', () => {
  assert.ok(lines.length >= 24);
  for (const { name, options, prompt, drawn, bytes } of lines) {
    const blob = Buffer.from(vectorBytes(name));
    const { model } = readTlm(blob);
    const reference = new ReferenceEngine(model);
    const sampler = new Sampler(options);
    let logits = reference.step(model.eod);
    for (const token of prompt) logits = reference.step(token);
    const engine = Engine.loadSync(wasm, blob);
    const own = engine.sampler({
      temperature: options.temperature / 256,
      topK: options.topK,
      topP: options.topP / 32768,
      repetitionPenalty: options.penalty / 1024,
      penaltyWindow: options.penaltyWindow,
      seed: options.seed,
    });
    engine.reset();
    for (const token of [model.eod, ...prompt]) engine.step(token);
    const draw = (count: number): number[] =>
      Array.from({ length: count }, () => {
        const token = sampler.sample(logits, reference.recent);
        logits = reference.step(token);
        return token;
      });
    for (const token of draw(drawn)) {
      assert.equal(engine.sample(own), token);
      engine.step(token);
    }
    const what = `${name}, after ${drawn}`;
    assert.deepEqual(writeSnapshot(reference, sampler.generator, blob.readUInt32LE(blob.length - 4)), bytes, what);
    assert.deepEqual(engine.save(own), bytes, what);

    // From the bytes of the file, in an engine that did something else meanwhile: the reference's next tokens.
    engine.reset();
    engine.step(1);
    engine.restore(bytes, own);
    // A snapshot has no logits: the last token is not in it, so the next one is given from outside.
    const next = 1 % model.config.vocab;
    logits = reference.step(next);
    engine.step(next);
    const following = draw(20);
    const got = following.map((expected) => {
      const token = engine.sample(own);
      engine.step(expected);
      return token;
    });
    assert.deepEqual(got, following, what);
  }
});
