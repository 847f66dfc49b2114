import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import {
  bytesFile,
  censusBytes,
  cleanDocuments,
  cleanText,
  corpusStats,
  decodeBytes,
  generateStories,
  limitDocuments,
  beginningsOf,
  beginningsUsed,
  byHeart,
  makeCorpus,
  readDocuments,
  splitCorpus,
  utf8Bytes,
} from '../src/corpus/index.js';
import { TinyLMError } from '../src/model/errors.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const anyText = fc.string({ unit: 'binary', maxLength: 60 });

/** Asserts a TinyLMError with this code, a hint, and a message that matches. */
function refuses(run: () => unknown, code: string, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof TinyLMError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(error.hint);
    return true;
  });
}

test('utf8Bytes counts as TextEncoder does', () => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c));
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      assert.equal(utf8Bytes(text), bytes(text).length);
    }),
  );
  assert.equal(utf8Bytes('aé€😀'), 10);
});

test('censusBytes finds just the bytes that a strict decoder refuses', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (input) => {
      let valid = true;
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(input);
      } catch {
        valid = false;
      }
      assert.equal(censusBytes(input).invalid === 0, valid);
    }),
    { numRuns: 3000 },
  );
  fc.assert(fc.property(anyText, (text) => assert.equal(censusBytes(bytes(text)).invalid, 0)));
  const some = Uint8Array.of(65, 0, 0xff, 9, 10, 13, 0x7f, 0xc3, 0xa9);
  assert.deepEqual(censusBytes(some), { bytes: 9, invalid: 1, control: 2 });
});

test('cleanText: line ends, control characters, NFC, trimmed, twice the same', () => {
  assert.equal(cleanText('\ufeff a\r\nb\rc\u2028d\0\u0007\u009fe\tf \n'), 'a\nb\nc\nde\tf');
  assert.equal(cleanText('cafe\u0301'), 'caf\u00e9');
  assert.equal(cleanText('a\ud800b\ufffd\u{1f600}'), 'ab\u{1f600}');
  fc.assert(
    fc.property(anyText, (text) => {
      const clean = cleanText(text);
      assert.equal(cleanText(clean), clean);
      assert.equal(clean.normalize('NFC'), clean);
      assert.ok(!/[\0-\x08\x0b-\x1f\x7f-\x9f]|^\s|\s$/.test(clean));
    }),
    { numRuns: 1000 },
  );
  assert.deepEqual(cleanDocuments([' a ', '', '\0', 'b']), ['a', 'b']);
});

test('decodeBytes takes text and refuses what is not, saying what it found', () => {
  const text = (input: Uint8Array, name = 'x'): string => decodeBytes(input, name).text;
  assert.equal(text(bytes('\ufeffolá, 世界\n'), 'x.txt'), 'olá, 世界\n');
  const noise = Uint8Array.from({ length: 2000 }, (_, i) => (i * 97 + (i >> 3)) & 255);
  refuses(
    () => text(noise, 'x.bin'),
    'corpus-binary',
    /x\.bin: found \d+\.\d % invalid UTF-8 bytes and \d+\.\d % control bytes, in 2000/,
  );
  refuses(() => text(new Uint8Array(100), 'zeros'), 'corpus-binary', /100\.0 % control/);
  refuses(() => text(bytes('%PDF-1.7 all of it could be text'), 'a.pdf'), 'corpus-binary', /a PDF/);
  refuses(() => text(Uint8Array.of(0x1f, 0x8b, 8, 0), 'a.gz'), 'corpus-binary', /gzip/);
  // One bad byte in much text is dropped, not refused.
  const good = bytes('All is well here. '.repeat(50));
  good[100] = 0xff;
  assert.equal(cleanText(text(good)).length, good.length - 2);
});

test('decodeBytes of a cut text drops the unfinished character only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), (text, n) => {
      const all = bytes(`abc${text}`);
      const length = 3 + (n % (all.length - 2));
      const decoded = decodeBytes(all.subarray(0, length), 'x', { cut: true }).text;
      assert.ok(`abc${text}`.startsWith(decoded));
      assert.ok(length - utf8Bytes(decoded) <= 3);
    }),
  );
});

test('text documents: separated by the end-of-text mark, else one', async () => {
  const documents = (text: string, maxBytes?: number): Promise<string[]> =>
    readDocuments(bytesFile('x', bytes(text)), maxBytes === undefined ? {} : { maxBytes });
  assert.deepEqual(await documents('one\r\n<|endoftext|>\r\n\r\ntwo\n2\n<|endoftext|>\n'), ['one', 'two\n2']);
  assert.deepEqual(await documents('one\n\ntwo'), ['one\n\ntwo']);
  assert.deepEqual(await documents(' \n\t'), []);
  // Of a text that is read in part the last document is left out.
  const long = `one\n<|endoftext|>\n${'word '.repeat(30_000)}`;
  assert.deepEqual(await documents(long, 100), ['one']);
});

test('limitDocuments takes whole documents, or a start cut after a word', () => {
  assert.deepEqual(limitDocuments(['abc', 'def', 'g'], 8), ['abc', 'def']);
  assert.deepEqual(limitDocuments(['abc', 'def', 'g'], 7), ['abc']);
  assert.deepEqual(limitDocuments(['one two three'], 10), ['one two']);
  assert.deepEqual(limitDocuments(['one two three'], 8), ['one two']);
  assert.deepEqual(limitDocuments(['ééééé'], 6), ['éé']);
  assert.deepEqual(limitDocuments([], 6), []);
  const clean = anyText.map(cleanText).filter((t) => t !== '');
  fc.assert(
    fc.property(fc.array(clean), fc.integer({ min: 1, max: 200 }), (documents, max) => {
      const kept = limitDocuments(documents, max);
      assert.ok(kept.reduce((n, d) => n + utf8Bytes(d) + 1, 0) <= max);
      assert.ok(kept.every((d, i) => documents[i].startsWith(d)));
    }),
  );
});

test('an empty corpus is refused', () => {
  refuses(() => makeCorpus([], 'my.txt'), 'corpus-empty', /my\.txt: no text found/);
  assert.deepEqual(makeCorpus(['a'], 'x'), { documents: ['a'], source: 'x' });
});

test('splitCorpus of many documents: every one on one side, in order, the same each time', () => {
  const documents = generateStories({ lang: 'en', seed: 1, count: 400 });
  const split = splitCorpus(documents, { seed: 7 });
  assert.equal(split.valid.length, 20);
  assert.deepEqual(splitCorpus(documents, { seed: 7 }), split);
  assert.notDeepEqual(splitCorpus(documents, { seed: 8 }).valid, split.valid);
  const share = fc.double({ min: 0.001, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 20, max: 300 }), share, (seed, n, validShare) => {
      const numbered = Array.from({ length: n }, (_, i) => `${i}`.padStart(60));
      const { train, valid } = splitCorpus(numbered, { seed, validShare });
      assert.equal(valid.length, Math.ceil(n * validShare));
      assert.ok(train.length > 0);
      assert.deepEqual([...train, ...valid].sort(), [...numbered].sort());
      assert.deepEqual([...train].sort(), train);
      assert.deepEqual([...valid].sort(), valid);
    }),
  );
  // Every document is held out under some seed, and about as often as the share says.
  const times = new Array<number>(100).fill(0);
  const hundred = times.map((_, i) => `${i}`.padStart(20));
  for (let seed = 0; seed < 400; seed++) {
    for (const d of splitCorpus(hundred, { seed, validShare: 0.1 }).valid) times[Number(d)]++;
  }
  const [least, most] = [Math.min(...times), Math.max(...times)];
  assert.ok(least >= 15 && most <= 75, `held out ${least} to ${most} times, 40 expected`);
});

test('splitCorpus of few documents: the end of each', () => {
  const book = Array.from({ length: 100 }, (_, i) => `Paragraph ${i} has words. It has two sentences.`).join('\n\n');
  const ends = { seed: 1, holdOut: 'ends' } as const;
  const { train, valid } = splitCorpus([book, 'A short one.'], ends);
  assert.deepEqual(train[1], 'A short one.');
  assert.equal(valid.length, 1);
  assert.equal(`${train[0]}\n\n${valid[0]}`, book);
  assert.match(valid[0], /^Paragraph 9\d/);
  const line = Array.from({ length: 300 }, (_, i) => `word${i}${i % 10 === 9 ? '.' : ''}`).join(' ');
  const cut = splitCorpus([line], ends);
  assert.match(cut.train[0], /\.$/);
  assert.equal(`${cut.train[0]} ${cut.valid[0]}`, line);
  const solid = splitCorpus(['😀'.repeat(600)], ends);
  assert.equal(solid.train[0] + solid.valid[0], '😀'.repeat(600));
  assert.ok(solid.valid[0].length > 0 && solid.valid[0].codePointAt(0) === 0x1f600);
  const longer = anyText.map((t) => cleanText(t.repeat(20))).filter((t) => t !== '');
  fc.assert(
    fc.property(fc.array(longer, { minLength: 1, maxLength: 18 }), (documents) => {
      const all = [...documents, 'x y. '.repeat(2500).trim()];
      const split = splitCorpus(all, { seed: 3 });
      assert.ok(split.train.length > 0 && split.valid.length > 0);
      const size = (d: string[]): number => d.join('').replace(/\s/g, '').length;
      assert.equal(size(split.train) + size(split.valid), size(all), 'only white space at the cuts is lost');
      const share = split.valid.join('').length / all.join('').length;
      assert.ok(share < 0.25, `validation share ${share}`);
    }),
  );
  const short = Array.from({ length: 10 }, (_, i) => `${i} `.padEnd(150, 'ab '));
  assert.equal(splitCorpus(short, { seed: 1 }).valid.length, 1);
});

test('splitCorpus of a book: stretches from all over it, at paragraphs; running text begins at its paragraphs', () => {
  const book = Array.from({ length: 4000 }, (_, i) => `Paragraph ${i} has words. It has two sentences.`).join('\n\n');
  for (const seed of [1, 2, 3]) {
    const { train, valid } = splitCorpus([book], { seed });
    assert.equal(valid.length, 5);
    assert.equal(train.length, 6);
    assert.equal(
      train.flatMap((t, i) => (i < valid.length ? [t, valid[i]] : [t])).join('\n\n'),
      book,
      'nothing is lost',
    );
    const at = valid.map((v) => book.indexOf(v) / book.length);
    at.forEach((place, i) => assert.ok(place >= i / 5 - 0.02 && place < (i + 1) / 5, `stretch ${i} at ${place}`));
    for (const text of [...train, ...valid]) assert.match(text, /^Paragraph \d+ has.*sentences\.$/s);
    const share = valid.join('').length / book.length;
    assert.ok(share > 0.045 && share < 0.055, `validation share ${share}`);
  }
  assert.notDeepEqual(splitCorpus([book], { seed: 1 }).valid, splitCorpus([book], { seed: 2 }).valid);
  const page = book.slice(0, 3000).trim();
  assert.deepEqual(splitCorpus([page], { seed: 1 }), { train: [page], valid: [page] }, 'a page is learned by heart');
  assert.ok(byHeart([page]) && !byHeart([book]) && !byHeart(Array.from({ length: 50 }, () => page)));
  const places = beginningsOf(book);
  assert.equal(places.length, 3999);
  for (const at of places) assert.match(book.slice(at), /^Paragraph/);
  assert.equal(beginningsUsed(book, places), Math.round(book.length / 2000));
  const wrapped = Array.from({ length: 50 }, (_, i) => `${i} is a line`).join('\n');
  assert.match(wrapped.slice(beginningsOf(wrapped)[7]), /^8 is/);
  const flat = Array.from({ length: 50 }, (_, i) => `「${i}番です。」`).join('');
  assert.match(flat.slice(beginningsOf(flat)[7]), /^「8番/);
  assert.deepEqual(beginningsOf('x'.repeat(5000)), []);
});

test('splitCorpus refuses what it cannot split', () => {
  refuses(() => splitCorpus(['too little'], { seed: 1 }), 'corpus-too-small', /10 bytes; expected at least 1000/);
  for (const validShare of [0, -1, 0.6, NaN]) {
    refuses(
      () => splitCorpus(['x'.repeat(2000)], { seed: 1, validShare }),
      'corpus-split',
      /expected above 0 and at most 0\.5/,
    );
  }
});

test('corpusStats', () => {
  assert.deepEqual(corpusStats(['Olá, olá você!', "It's a self-made day", '😀']), {
    documents: 3,
    bytes: 17 + 20 + 4,
    characters: 14 + 20 + 1,
    distinctCharacters: 22,
    words: 7,
    distinctWords: 6,
    meanBytes: 41 / 3,
    medianBytes: 17,
    longestBytes: 20,
  });
  assert.equal(corpusStats(['a', 'bbb']).medianBytes, 2);
  assert.deepEqual(Object.values(corpusStats([])), [0, 0, 0, 0, 0, 0, 0, 0, 0]);
});
