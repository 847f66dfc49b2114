/**
 * Encoding in the engine against the tokenizer's, over random tables of merges with and without an index (SPEC.md 1.4),
 * and a learned one of the largest size.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { Engine } from '../src/engine/index.js';
import { readTlm, writeTlm } from '../src/format/index.js';
import { configOf } from '../src/model/index.js';
import { readWasm } from '../src/node/assets.js';
import { quantizeModel } from '../src/quantize/index.js';
import { Tokenizer, TOKENIZER_LIMITS as LIMITS, type TokenizerTable } from '../src/tokenizer/index.js';
import { livelyModel } from './helpers/tiny-models.js';

const wasm = new WebAssembly.Module(readWasm('engine'));
const SYMBOLS = [' ', 'a', 'b', 'c', 'd', 'é', '€', '😀'];

/** Merges of any tokens that there are, some of them twice; long tokens come, but none beyond 32 bytes. */
function randomTable(vocab: number, seed: number): TokenizerTable {
  let s = seed >>> 0;
  const below = (n: number): number => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s >>> 8) % n;
  };
  const base = Array.from({ length: LIMITS.firstSymbol }, () => new Uint8Array());
  base.push(...SYMBOLS.map((c) => new TextEncoder().encode(c)));
  const lengths = base.map((bytes) => bytes.length);
  const merges: [number, number][] = [];
  while (lengths.length < vocab) {
    const again = merges.length > 0 && below(20) === 0;
    // Low ids more often, so that texts have many of the pairs.
    const pick = (): number => LIMITS.firstSymbol + below(1 + below(lengths.length - LIMITS.firstSymbol));
    const [left, right] = again ? merges[below(merges.length)] : [pick(), pick()];
    const length = lengths[left] + lengths[right];
    if (length > LIMITS.tokenBytesMax) continue;
    merges.push([left, right]);
    lengths.push(length);
  }
  return { kind: 'bpe', eod: 0, nibbleBase: 1, base, merges };
}

function engineFor(table: TokenizerTable): Engine {
  const vocab = table.base.length + table.merges.length;
  const { model } = quantizeModel(livelyModel(configOf({ vocab, dim: 1, hidden: 1 }), 1));
  return Engine.loadSync(wasm, writeTlm({ model, tokenizer: table }));
}

const texts = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...SYMBOLS) },
      { weight: 1, arbitrary: fc.constantFrom('x', '\n', 'ü', '.', '  ', 'abcd'.repeat(12), 'a'.repeat(70)) },
    ),
    { maxLength: 120 },
  )
  .map((parts) => parts.join(''));

for (const vocab of [26, 40, 256, 257, 1024, 1025, 4096]) {
  test(`${vocab} tokens: the engine encodes as the tokenizer does`, () => {
    const tables = [1, 2, 3].map((seed) => randomTable(vocab, 1000 * seed + vocab));
    const pairs = tables.map((table) => ({ engine: engineFor(table), tokenizer: new Tokenizer(table) }));
    fc.assert(
      fc.property(fc.nat(pairs.length - 1), texts, (which, text) => {
        const { engine, tokenizer } = pairs[which];
        const expected = tokenizer.encode(text);
        assert.deepEqual(engine.encode(text), expected);
        assert.equal(new TextDecoder().decode(engine.decodeBytes(expected)), text);
      }),
      { numRuns: 300, seed: 6 },
    );
  });
}

test('4096 tokens survive the file', () => {
  const table = randomTable(4096, 5);
  const { model } = quantizeModel(livelyModel(configOf({ vocab: 4096, dim: 1, hidden: 1 }), 1));
  assert.deepEqual(readTlm(writeTlm({ model, tokenizer: table })).tokenizer, table);
});
