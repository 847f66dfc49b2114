/** The shapes behind `--size`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budget, configOf, defaultConfig } from '../src/model/index.js';
import { NAMED_SIZES, nextSize, shapeFor, SIZES, sizeStops, vocabFor } from '../src/run/index.js';
import { characterCounts, fittingBytes } from '../src/run/sizes.js';

test('each row of the table is its own shape, within its bytes; between rows the file is full, and never too large', () => {
  for (const { name, bytes, vocab, dim, hidden, trits } of SIZES) {
    assert.deepEqual(
      shapeFor(bytes, vocab),
      configOf({ vocab, dim, hidden, trits, cache: defaultConfig().cache }),
      name,
    );
    assert.equal(NAMED_SIZES[name], bytes);
  }
  let last = 0;
  for (let bytes = 6000; bytes < 1_200_000; bytes = Math.round(bytes * 1.17)) {
    const about = { tokenizerBytes: 900, metadataBytes: 120 };
    const config = shapeFor(bytes, 200, about);
    const { b3Bytes } = budget(config, about);
    assert.ok(b3Bytes <= bytes && b3Bytes > 0.96 * bytes - 300, `${bytes}: ${b3Bytes}`);
    assert.ok(config.layers[0].width >= 0.8 * last, `${bytes}: width ${config.layers[0].width} after ${last}`);
    last = config.layers[0].width;
  }
  assert.throws(() => shapeFor(2000, 1000, { tokenizerBytes: 1900 }), /no model with 1000 tokens fits 2000 bytes/);
  assert.equal(nextSize(16_384)?.name, '100K');
  assert.equal(nextSize(250_000), undefined);
});

test('a slider has all named sizes, in steps that are alike', () => {
  const stops = sizeStops();
  for (const [name, bytes] of Object.entries(NAMED_SIZES)) assert.ok(stops.includes(bytes), name);
  for (const [i, bytes] of stops.slice(1).entries()) {
    const step = bytes / stops[i];
    assert.ok(step > 1.25 && step < 1.6, `${stops[i]} to ${bytes}`);
  }
});

test('the vocabulary follows the script, the size and the length of a text', () => {
  const english = characterCounts(['The quick brown fox jumps over the lazy dog. '.repeat(10_000)]);
  assert.equal(vocabFor(english, 16_384), 256);
  assert.equal(vocabFor(english, 100_000), 512);
  const short = characterCounts(['The quick brown fox jumps over the lazy dog. '.repeat(70)]);
  assert.equal(vocabFor(short, 16_384), 128);
  // 800 characters, all equally often: as many of them as a file has room for.
  const han = characterCounts([
    Array.from({ length: 800 }, (_, i) => String.fromCodePoint(0x4e00 + i))
      .join('')
      .repeat(300),
  ]);
  const small = vocabFor(han, 16_384);
  assert.ok(small > 256 && small < 500, `${small}`);
  const large = vocabFor(han, 100_000);
  assert.ok(large > 600 && large <= 1250, `${large}`);
});

test('a short text gets a smaller model', () => {
  assert.equal(fittingBytes(16_384, ['x'.repeat(1_000_000)]), 16_384);
  assert.equal(fittingBytes(16_384, ['x'.repeat(3000)]), 10_000);
  assert.ok(fittingBytes(16_384, ['x'.repeat(20_000)]) < 16_384);
});
