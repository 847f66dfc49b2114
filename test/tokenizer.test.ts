import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { TinyLMError } from '../src/model/index.js';
import {
  allTokenBytes,
  byteTable,
  checkTable,
  tableVocab,
  tokenBytes,
  Tokenizer,
  trainTokenizer,
  type TokenizerTable,
} from '../src/tokenizer/index.js';
import { packageRoot } from '../src/node/assets.js';

const TEXT = 'Era uma vez um menino. Era uma vez uma menina, não é? Once upon a time there was a cat. The cat sat.';
const TABLES: readonly TokenizerTable[] = [
  byteTable(),
  trainTokenizer([TEXT], { kind: 'char', vocab: 40 }),
  trainTokenizer([TEXT, TEXT], { kind: 'bpe', vocab: 96 }),
];

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof TinyLMError && error.code === expected;

/** Bytes that come near to UTF-8: characters, their halves, and bytes that can be none. */
const bytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }).map((s) => [...ascii(s)]),
      fc.constantFrom(...TEXT.split(' ')).map((s) => [...ascii(` ${s}`)]),
      fc.uint8Array({ maxLength: 5 }).map((b) => [...b]),
      fc.constantFrom(
        [0xc3],
        [0xe2, 0x82],
        [0xf0, 0x9d, 0x84],
        [0x80],
        [0xc3, 0xa3],
        [0xed, 0xa0, 0x80],
        [0xef, 0xbb, 0xbf],
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Uint8Array.from(parts.flat()));

for (const table of TABLES) {
  const tokenizer = new Tokenizer(table);

  test(`${table.kind}: every byte string round-trips`, () => {
    fc.assert(
      fc.property(bytes, (input) => {
        const tokens = tokenizer.encode(input);
        assert.ok(tokens.every((token) => token < tokenizer.vocab));
        assert.deepEqual(tokenizer.decode(tokens), input);
      }),
      { numRuns: 500 },
    );
  });

  test(`${table.kind}: the streaming decoder gives the whole decode and never half a character`, () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(tokenizer.vocab - 1), { maxLength: 30 }), (input, stray) => {
        for (const tokens of [[...tokenizer.encode(input)], stray]) {
          const stream = tokenizer.stream();
          const texts = [...tokens.map((token) => stream.push(token)), stream.end()];
          assert.equal(texts.join(''), tokenizer.decodeText(tokens));
        }
      }),
      { numRuns: 500 },
    );
    const stream = tokenizer.stream();
    const parts = [...tokenizer.encode('a não 𝄞€'), ...tokenizer.encode('!')].map((token) => stream.push(token));
    assert.equal(parts.join('') + stream.end(), 'a não 𝄞€!');
    for (const part of parts) assert.ok(!part.includes('\uFFFD'), `half a character in ${JSON.stringify(parts)}`);
  });
}

/** SPEC.md 2.2 word for word: merge 0 everywhere, then merge 1, and so on. */
function slowBpe(table: TokenizerTable, word: string): number[] {
  const symbols = new Map(table.base.map((symbol, id) => [new TextDecoder().decode(symbol), id]));
  let tokens = Array.from(word, (c) => symbols.get(c)!);
  table.merges.forEach(([left, right], m) => {
    const next: number[] = [];
    for (let i = 0; i < tokens.length; i++) {
      if (tokens[i] === left && tokens[i + 1] === right) {
        next.push(table.base.length + m);
        i++;
      } else next.push(tokens[i]);
    }
    tokens = next;
  });
  return tokens;
}

test('bpe: merges are applied in order of rank, left to right, inside words only', () => {
  const table = TABLES[2];
  const tokenizer = new Tokenizer(table);
  const letters = [...new Set(TEXT.replace(/[^a-zA-Zã]/g, ''))];
  const word = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 14 }).map((l) => l.join(''));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const text = words.join(' ');
      const expected = words.flatMap((w, i) => slowBpe(table, i === 0 ? w : ` ${w}`));
      assert.deepEqual([...tokenizer.encode(text)], expected);
    }),
    { numRuns: 300 },
  );
});

test('bpe: words end after 32 bytes, between characters', () => {
  // Without a limit these would become one token for all 64 letters.
  const table = trainTokenizer(['a'.repeat(64), 'a'.repeat(64)], { kind: 'bpe', vocab: 64 });
  const longest = Math.max(...allTokenBytes(table).map((b) => b.length));
  assert.equal(longest, 32);
  const tokenizer = new Tokenizer(table);
  const lengths = [...tokenizer.encode('a'.repeat(70))].map((token) => tokenizer.bytes(token).length);
  assert.deepEqual(lengths.slice(0, 2), [32, 32]);
  // 31 letters and a character of two bytes: the character begins the next word.
  const split = trainTokenizer([`${'a'.repeat(31)}ã${'ã'.repeat(9)}`.repeat(3)], { kind: 'bpe', vocab: 64 });
  assert.ok(allTokenBytes(split).every((b) => !(b.includes(0x61) && b.includes(0xc3) && b.length > 31)));
});

test('bpe training: highest count first, ties by the smallest pair', () => {
  // "ab" 3 times, "cd" and " c" twice each; a < b < c < d in token ids, space before them.
  const table = trainTokenizer(['ab ab cd', 'ab cd'], { kind: 'bpe', vocab: 64 });
  const texts = allTokenBytes(table).map((b) => new TextDecoder().decode(b));
  assert.deepEqual(texts.slice(17), [' ', 'a', 'b', 'c', 'd', 'ab', ' c', ' cd']);
  assert.equal(tableVocab(table), 25, 'no pair is left that occurs twice, so the table is smaller than asked');
});

/** Byte-pair training in the plainest way: all pairs counted anew for each merge. */
function slowTraining(words: ReadonlyMap<string, number>, base: readonly string[], merges: number): string[] {
  const split = [...words].map(([word, count]) => ({ tokens: Array.from(word, (c) => base.indexOf(c)), count }));
  const texts = [...base];
  for (let m = 0; m < merges; m++) {
    const counts = new Map<number, number>();
    for (const { tokens, count } of split) {
      for (let i = 0; i + 1 < tokens.length; i++) {
        const key = tokens[i] * 65536 + tokens[i + 1];
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    }
    const best = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
    if (!best || best[1] < 2) break;
    const [left, right] = [Math.floor(best[0] / 65536), best[0] % 65536];
    for (const word of split) {
      const next: number[] = [];
      for (let i = 0; i < word.tokens.length; i++) {
        if (word.tokens[i] === left && word.tokens[i + 1] === right) {
          next.push(texts.length);
          i++;
        } else next.push(word.tokens[i]);
      }
      word.tokens = next;
    }
    texts.push(texts[left] + texts[right]);
  }
  return texts;
}

test('bpe training: incremental counts choose as counting anew does', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (list) => {
      const table = trainTokenizer(list, { kind: 'bpe', vocab: 80 });
      const words = new Map<string, number>();
      for (const w of list) words.set(w, (words.get(w) ?? 0) + 1);
      const texts = allTokenBytes(table)
        .slice(17)
        .map((b) => new TextDecoder().decode(b));
      const base = texts.slice(0, table.base.length - 17);
      assert.deepEqual(texts, slowTraining(words, base, 80 - table.base.length));
    }),
    { numRuns: 200 },
  );
});

test('characters beyond the vocabulary become nibbles, the rarest first', () => {
  const table = trainTokenizer(['aaabbbccdé'], { kind: 'char', vocab: 20 });
  assert.deepEqual(
    table.base.slice(17).map((b) => new TextDecoder().decode(b)),
    ['a', 'b', 'c'],
  );
  const tokenizer = new Tokenizer(table);
  assert.deepEqual([...tokenizer.encode('adé')], [17, 7, 5, 13, 4, 11, 10]);
  const tie = trainTokenizer(['zyx'], { kind: 'char', vocab: 19 });
  assert.deepEqual(
    tie.base.slice(17).map((b) => new TextDecoder().decode(b)),
    ['x', 'y'],
  );
});

test('bpe keeps half of its vocabulary for merges when the common characters allow it', () => {
  const rare = Array.from({ length: 200 }, (_, i) => String.fromCharCode(0x4e00 + i)).join('');
  const common = 'the cat sat on the mat and the dog sat too '.repeat(2000);
  const table = trainTokenizer([common + rare], { kind: 'bpe', vocab: 128 });
  assert.equal(table.base.length, 64);
  // Without common characters, merges give way so that most of the text still has tokens.
  const many = Array.from({ length: 100 }, (_, i) => String.fromCharCode(0x4e00 + i))
    .join('')
    .repeat(4);
  assert.equal(trainTokenizer([many], { kind: 'bpe', vocab: 128 }).base.length, 117);
});

test('NUL is never a base symbol, and round-trips', () => {
  const table = trainTokenizer(['a\0a\0'], { kind: 'char', vocab: 64 });
  assert.equal(tableVocab(table), 18);
  assert.deepEqual([...new Tokenizer(table).encode('\0')], [1, 1]);
});

test('sizes out of range and empty texts are errors', () => {
  for (const vocab of [0, 17, 4097, 18.5]) {
    assert.throws(() => trainTokenizer(['ab'], { kind: 'bpe', vocab }), code('tokenizer-vocab'));
  }
  for (const vocab of [255, 257]) {
    assert.throws(() => trainTokenizer(['ab'], { kind: 'byte', vocab }), code('tokenizer-vocab'));
  }
  assert.throws(() => trainTokenizer(['', ''], { kind: 'char', vocab: 64 }), code('tokenizer-empty'));
  assert.throws(() => new Tokenizer(byteTable()).decode([256]), code('tokenizer-token'));
  assert.throws(() => tokenBytes(byteTable(), -1), code('tokenizer-token'));
});

test('a broken table is refused', () => {
  const good = TABLES[2];
  const base = (id: number, symbol: number[]): TokenizerTable => ({
    ...good,
    base: good.base.map((b, i) => (i === id ? Uint8Array.from(symbol) : b)),
  });
  const broken: TokenizerTable[] = [
    { ...good, eod: 1 },
    { ...good, nibbleBase: 2 },
    { ...good, kind: 'char' },
    { ...good, kind: 'byte' },
    { ...good, base: good.base.slice(0, 16), merges: [] },
    { ...byteTable(), nibbleBase: 1 },
    base(0, [65]),
    base(17, []),
    base(17, [0]),
    base(17, [0x80]),
    base(17, [65, 66]),
    base(17, [0x7e]),
    base(18, [...good.base[17]]),
    { ...good, merges: [[0, 17]] },
    { ...good, merges: [[17, 16]] },
    { ...good, merges: [[17, good.base.length]] },
    { ...good, merges: [17, ...[0, 1, 2, 3, 4].map((m) => good.base.length + m)].map((id) => [id, id] as const) },
  ];
  broken.forEach((table, i) => assert.throws(() => checkTable(table), code('tokenizer-table'), `table ${i}`));
  TABLES.forEach((table) => checkTable(table));
});

test('tokenBytes of one token is that of all', () => {
  for (const table of TABLES) {
    assert.deepEqual(
      allTokenBytes(table),
      Array.from({ length: tableVocab(table) }, (_, id) => tokenBytes(table, id)),
    );
  }
});

test('real text: trained twice the same, round-trips, and merges make it shorter', () => {
  // Portuguese that people wrote, with all its accents: pages of this repository.
  const text = ['README.pt-BR.md', 'docs/first-light.pt-BR.md']
    .map((f) => readFileSync(join(packageRoot(), f), 'utf8'))
    .join('\n\n');
  const documents = text.split('\n\n');
  const table = trainTokenizer(documents, { kind: 'bpe', vocab: 512 });
  assert.deepEqual(trainTokenizer(documents, { kind: 'bpe', vocab: 512 }), table);
  const tokenizer = new Tokenizer(table);
  const tokens = tokenizer.encode(text);
  assert.equal(tokenizer.decodeText(tokens), text);
  assert.ok(tokens.length < 0.6 * ascii(text).length, `${tokens.length} tokens`);
});
