/** Characters are never lost silently: every encoding is read, and what cannot be kept is counted and said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { bytesFile, cleanText, decodeBytes, readTexts, type Reading, type ReadOptions } from '../src/corpus/index.js';
import { charOf1252 } from '../src/corpus/windows1252.js';
import { TinyLMError } from '../src/model/errors.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((p) => (typeof p === 'string' ? utf8(p) : Uint8Array.from(p)))));
const read = (bytes: Uint8Array, options: ReadOptions = {}): Promise<Reading> =>
  readTexts(bytesFile('x', bytes), options);
const said = ({ remarks }: { remarks: Reading['remarks'] }): string => remarks.map((r) => r.text).join('\n');

/** In an encoding of one byte a character that the platform can decode. */
function single(label: string, text: string): Uint8Array {
  const decode = (b: number): string =>
    label === 'windows-1252' ? charOf1252(b) : new TextDecoder(label).decode(Uint8Array.of(b));
  const bytes = new Map(Array.from({ length: 128 }, (_, i) => [decode(128 + i), 128 + i]));
  return Uint8Array.from(text, (c) =>
    c < '\x80' ? c.charCodeAt(0) : (bytes.get(c) ?? assert.fail(`${c} in ${label}`)),
  );
}

/** In one of two bytes a character (or one, for ASCII): by decoding all pairs. */
function double(label: string, text: string): Uint8Array {
  const pairs = new Map<string, number[]>();
  const decoder = new TextDecoder(label);
  for (let a = 0x81; a < 0xff; a++)
    for (let b = 0x40; b < 0xff; b++) {
      const c = decoder.decode(Uint8Array.of(a, b));
      if ([...c].length === 1 && !pairs.has(c)) pairs.set(c, [a, b]);
    }
  return Uint8Array.from(
    [...text].flatMap((c) => (c < '\x80' ? [c.charCodeAt(0)] : (pairs.get(c) ?? assert.fail(`${c} in ${label}`)))),
  );
}

function wide(text: string, unit: 2 | 4, little: boolean, mark: boolean): Uint8Array {
  const points = [...(mark ? '\ufeff' : ''), ...text];
  const units =
    unit === 4
      ? points.map((c) => c.codePointAt(0)!)
      : Array.from(points.join(''), (c) => c).flatMap((c) =>
          Array.from({ length: c.length }, (_, i) => c.charCodeAt(i)),
        );
  const view = new DataView(new ArrayBuffer(units.length * unit));
  units.forEach((u, i) => (unit === 4 ? view.setUint32(4 * i, u, little) : view.setUint16(2 * i, u, little)));
  return new Uint8Array(view.buffer);
}

const RUSSIAN = 'Жили-были старик со старухой у самого синего моря. Они жили в ветхой землянке.\n'.repeat(8);
const POLISH = 'Dawno, dawno temu żył sobie król, który miał trzy córki. Źle się działo, więc płakały.\n'.repeat(8);
const GERMAN = '„Die Königin“, sagte er – „ist schön…“ Der Müller aß Äpfel, süße Brötchen und Käse.\n'.repeat(8);
const PORTUGUESE = 'O avô não sabia da informação: a manhã já passara, e o coração também.\n'.repeat(8);
const CHINESE = '从前有一个国王，他有三个女儿。\n最小的女儿最漂亮，每天早晨她都去花园里玩。\n'.repeat(8);
const TAIWAN = '從前有一個國王，他有三個女兒。\n最小的女兒最漂亮，每天早晨她都去花園裡玩。\n'.repeat(8);
const JAPANESE = 'むかしむかし、あるところに、おじいさんとおばあさんがいました。\n日本語の文章です。\n'.repeat(8);
const KOREAN = '옛날 옛날에 한 왕이 살았습니다. 그에게는 세 딸이 있었습니다.\n'.repeat(8);

test('old encodings of one and two bytes are found, decoded and said', async () => {
  for (const [label, text, name] of [
    ['windows-1252', GERMAN, 'Windows-1252'],
    ['windows-1252', PORTUGUESE, 'Windows-1252'],
    ['windows-1251', RUSSIAN, 'Windows-1251'],
    ['koi8-r', RUSSIAN, 'KOI8-R'],
    ['windows-1250', POLISH, 'Windows-1250'],
    ['iso-8859-2', POLISH, 'ISO-8859-2'],
  ] as const) {
    const reading = await read(single(label, text));
    assert.equal(reading.encoding, name);
    assert.deepEqual(reading.documents, [cleanText(text)], label);
  }
  for (const [label, text, name] of [
    ['shift_jis', JAPANESE, 'Shift_JIS'],
    ['euc-jp', JAPANESE, 'EUC-JP'],
    ['gb18030', CHINESE, 'GB18030'],
    ['big5', TAIWAN, 'Big5'],
    ['euc-kr', KOREAN, 'EUC-KR'],
  ] as const) {
    const reading = await read(double(label, text));
    assert.equal(reading.encoding, name);
    assert.deepEqual(reading.documents, [cleanText(text)], label);
  }
});

test('UTF-16 and UTF-32, either way round, with and without a byte order mark', async () => {
  for (const text of [PORTUGUESE, RUSSIAN, CHINESE, '😀 emoji and words\n'.repeat(9), 'No line end, and only ASCII.'])
    for (const unit of [2, 4] as const)
      for (const little of [true, false])
        for (const mark of [true, false]) {
          const reading = await read(wide(text, unit, little, mark));
          assert.equal(reading.encoding, `UTF-${8 * unit}${little ? 'LE' : 'BE'}`, `${text.slice(0, 8)} ${mark}`);
          assert.deepEqual(reading.documents, [cleanText(text)]);
        }
});

test('a few accents in much English are Latin-1, not bad UTF-8', async () => {
  const english = 'plain english words only here '.repeat(300);
  const reading = await read(join(english, 'caf', [0xe9], '\n', english));
  assert.equal(reading.encoding, 'Windows-1252');
  assert.ok(reading.documents[0].includes('café\n'));
});

test('other formats are decoded, too', async () => {
  const jsonl = PORTUGUESE.trim()
    .split('\n')
    .map((text) => `{"text": "${text}"}`)
    .join('\n');
  const csv = `id;texto\n${PORTUGUESE.trim()
    .split('\n')
    .map((text, i) => `${i};${text}`)
    .join('\n')}\n`;
  const expected = PORTUGUESE.trim().split('\n');
  for (const content of [jsonl, csv])
    for (const bytes of [single('windows-1252', content), wide(content, 2, true, true), wide(content, 2, false, false)])
      assert.deepEqual((await read(bytes)).documents, expected);
});

test('bad bytes in UTF-8 are counted, the first line is named, and letters are kept', async () => {
  const good = 'Olá, você não sabe.\n'.repeat(50);
  const decoded = decodeBytes(join(good, 'um caf', [0xe9], ' e informa', [0xe7, 0xe3], 'o, it', [0x92], 's\n'), 'x');
  assert.equal(decoded.encoding, 'UTF-8');
  assert.ok(decoded.text.endsWith('um café e informação, it’s\n'));
  assert.match(said(decoded), /^4 bytes are not UTF-8, the first in line 51: read as Windows-1252$/);
  // Broken characters are no letters.
  const broken = decodeBytes(join(good, 'a', [0xc3], ' b', [0xe2, 0x80], ' c', [0xff], '\n'), 'x');
  assert.ok(broken.text.endsWith('a b c\n'));
  assert.match(said(broken), /^4 bytes are not UTF-8, the first in line 51: left out$/);
  // Two files joined, one of an older machine.
  const joined = await read(join(PORTUGUESE, [...single('windows-1252', PORTUGUESE)]));
  assert.deepEqual(joined.documents, [cleanText(PORTUGUESE + PORTUGUESE)]);
  // Of a file read by pieces the line is that of the file.
  const big = join(`${`{"text": "olá${' word'.repeat(40)}"}\n`.repeat(40_000)}{"text": "caf`, [0xe9], '"}\n');
  const lined = await read(big);
  assert.equal(lined.documents.at(-1), 'café');
  assert.match(said(lined), /in line 40001/);
});

test('what was lost before, mojibake and control characters are said aloud', async () => {
  const mojibake = await read(utf8('A informaÃ§Ã£o nÃ£o estÃ¡ aqui. Itâ€™s what it is.\n'.repeat(5)));
  assert.match(said(mojibake), /places look like UTF-8 read as Windows-1252 before \("Ã§" for "ç"\); iconv/);
  for (const fine of [
    '“CAFÉ…” – IRMÃ… É ‘bom’.\n'.repeat(9) + PORTUGUESE,
    GERMAN,
    RUSSIAN,
    CHINESE,
    'Â Ã â are letters.'.repeat(5),
  ])
    assert.doesNotMatch(said(await read(utf8(fine))), /UTF-8 read as/);
  assert.match(
    said(await read(utf8('A lost l\ufffdtter, and an\ufffdther.'))),
    /2 characters \(U\+FFFD\) were lost .*"A lost l\ufffdtter, and/,
  );
  assert.match(said(await read(utf8(`Hello${' hello'.repeat(200)}\u0007\u0000`))), /2 control characters left out/);
});

test('markup that is left in a text is one warning with its share', async () => {
  for (const [markup, what] of [
    ['A <b>word</b> &amp; <i>one</i> more of them. ', /\d+\.\d % of the text is HTML tags/],
    ['\\section{One} A \\emph{word} of them. ', /LaTeX commands/],
    ["'''A word''' and a [[link]] of them. ", /wiki markup/],
    ['**A word** and [a link](http://x.y) of them. ', /Markdown/],
  ] as const) {
    const reading = await read(utf8(markup.repeat(30)));
    assert.match(said(reading), what);
    assert.equal(reading.remarks.length, 1);
  }
  assert.deepEqual((await read(utf8('A < b, and 2 * 3 ** 4; she said "yes". '.repeat(30)))).remarks, []);
});

test('form feeds and vertical tabs are line ends; a mark may begin any line', async () => {
  const documents = async (text: string): Promise<string[]> => (await read(utf8(text))).documents;
  assert.deepEqual(await documents('end of the page one\fStart of page two'), [
    'end of the page one\nStart of page two',
  ]);
  assert.deepEqual(await documents('a title\vand more'), ['a title\nand more']);
  assert.deepEqual(await documents('\ufeffone\n\ufefftwo'), ['one\ntwo']);
});

test('an encoding may be named, and one that is none is refused', async () => {
  const bytes = single('windows-1251', 'Да. Ну.');
  assert.deepEqual((await read(bytes, { encoding: 'windows-1251' })).documents, ['Да. Ну.']);
  assert.throws(
    () => decodeBytes(bytes, 'x', { encoding: 'klingon' }),
    (error) => error instanceof TinyLMError && error.code === 'corpus-encoding' && /"klingon"/.test(error.message),
  );
});

test('whatever the bytes, decoding gives a text or says what it found', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, cut) => {
      try {
        const { text, encoding } = decodeBytes(bytes, 'x', { cut });
        assert.equal(typeof text, 'string');
        assert.ok(encoding.length > 0);
      } catch (error) {
        assert.ok(error instanceof TinyLMError && error.hint, String(error));
      }
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const clean = text.replace(/[\0-\x1f\x7f-\x9f\ufeff\ufffe\uffff]/g, '');
      if (/^(version|PK|\{\\rtf|%PDF)/.test(clean)) return;
      assert.equal(decodeBytes(utf8(clean), 'x').text, clean);
    }),
  );
});
