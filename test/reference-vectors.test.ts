/** Every file of vectors/ is what the reference gives. vectors/README.md has the format. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTlm } from '../src/format/index.js';
import { LAYER_KINDS } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import { ReferenceEngine, Sampler } from '../src/reference/index.js';
import { Tokenizer } from '../src/tokenizer/index.js';
import { vectorBytes, vectorNames as names, vectorPath } from '../scripts/vectors.js';

const hex = (bytes: Uint8Array): string => (bytes.length === 0 ? '-' : Buffer.from(bytes).toString('hex'));
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text === '-' ? '' : text, 'hex'));

/** The words of a line, taken one by one. */
class Words {
  private readonly words: string[];
  private at = 0;

  constructor(line: string) {
    this.words = line.split(' ');
  }

  word(): string {
    assert.ok(this.at < this.words.length, 'a line is too short');
    return this.words[this.at++];
  }

  number(): number {
    const value = Number(this.word());
    assert.ok(Number.isInteger(value));
    return value;
  }

  numbers(count: number): number[] {
    return Array.from({ length: count }, () => this.number());
  }

  end(): void {
    assert.equal(this.at, this.words.length, 'a line is too long');
  }
}

test('there are vectors of every kind of tokenizer and of both packings', () => {
  const files = names.map((name) => readTlm(vectorBytes(name)));
  assert.deepEqual(new Set(files.map((f) => f.tokenizer.kind)), new Set(['byte', 'char', 'bpe']));
  assert.deepEqual(
    new Set(files.flatMap((f) => f.info.tensors.map((t) => t.type))),
    new Set(['t2', 'b3', 'i16', 'i8']),
  );
  assert.deepEqual(new Set(files.flatMap((f) => f.info.tensors.map((t) => t.trits))), new Set([0, 1, 2, 3]));
  assert.deepEqual(new Set(files.flatMap((f) => f.model.config.layers.map(({ kind }) => kind))), new Set(LAYER_KINDS));
  assert.ok(files.some((f) => f.model.config.ngrams.length > 0));
});

for (const name of names) {
  test(`vectors/${name}`, () => {
    const { model, tokenizer: table } = readTlm(vectorBytes(name));
    const tokenizer = new Tokenizer(table);
    const stepped = new ReferenceEngine(model);
    const seen = new Set<string>();
    const lines = readFileSync(vectorPath(name).replace(/tlm$/, 'txt'), 'utf8').trimEnd().split('\n');
    for (const line of lines.filter((l) => !l.startsWith('#'))) {
      const words = new Words(line);
      const verb = words.word();
      seen.add(verb);
      switch (verb) {
        case 'step':
          assert.deepEqual([...stepped.step(words.number())], words.numbers(model.config.vocab));
          break;
        case 'encode':
          assert.deepEqual([...tokenizer.encode(unhex(words.word()))], words.numbers(words.number()), line);
          break;
        case 'decode': {
          const stream = tokenizer.stream();
          for (let n = words.number(); n > 0; n--) {
            assert.equal(hex(stream.pushBytes(words.number())), words.word(), line);
          }
          assert.equal(hex(stream.endBytes()), words.word(), line);
          break;
        }
        case 'sample': {
          const [temperature, topK, topP, penalty, penaltyWindow, seed] = words.numbers(6);
          const sampler = new Sampler({ temperature, topK, topP, penalty, penaltyWindow, seed });
          const engine = new ReferenceEngine(model);
          let logits = engine.step(model.eod);
          for (const token of words.numbers(words.number())) logits = engine.step(token);
          for (const expected of words.numbers(words.number())) {
            assert.equal(sampler.sample(logits, engine.recent), expected, line);
            logits = engine.step(expected);
          }
          break;
        }
        default:
          assert.fail(`unknown line ${verb}`);
      }
      words.end();
    }
    assert.deepEqual([...seen].sort(), ['decode', 'encode', 'sample', 'step']);
  });
}

test('scripts/make-vectors.ts makes these very files', async () => {
  const { makeVectors } = await import('../scripts/make-vectors.js');
  for (const [path, bytes] of makeVectors()) {
    assert.deepEqual(new Uint8Array(readFileSync(join(packageRoot(), 'vectors', path))), bytes, path);
  }
});
