/** Texts of every kind, known by what is in them, whatever the file is called and on standard input. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { bytesFile, FORMATS, MARKERS, readTexts, SPLITS, type Reading, type ReadOptions } from '../src/corpus/index.js';
import { TinyLMError } from '../src/model/errors.js';
import { packageRoot } from '../src/node/assets.js';
import { loadCorpus } from '../src/node/corpus-files.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (input: string | Uint8Array, options: ReadOptions = {}, name = 'x'): Promise<Reading> =>
  readTexts(bytesFile(name, typeof input === 'string' ? utf8(input) : input), options);
const said = ({ remarks }: Reading): string => remarks.map((r) => r.text).join('\n');

async function refuses(run: Promise<unknown>, message: RegExp, hint: RegExp): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof TinyLMError, String(error));
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    assert.doesNotMatch(error.hint ?? '', /--format text|format text/);
    return true;
  });
}

const ANIMALS = ['cat', 'dog', 'bird', 'fox', 'frog'];
const TEXTS = Array.from({ length: 24 }, (_, i) => `The ${ANIMALS[i % 5]} number ${i} went home, and was very happy.`);
const json = (value: unknown): string => JSON.stringify(value);
const lines = (record: (text: string, i: number) => unknown): string =>
  TEXTS.map((t, i) => json(record(t, i))).join('\n');
const time = (i: number, mark: string): string => `00:00:${String(i).padStart(2, '0')}${mark}000`;

/** What it is: its content, its format, and where the text is taken from. Each holds TEXTS, a document each. */
const KINDS: readonly (readonly [what: string, content: string, format: string, field?: string])[] = [
  ['JSON lines', lines((text) => ({ text })), 'jsonl', 'text'],
  ['JSON lines, the only text elsewhere', lines((content, id) => ({ id, content, lang: 'en' })), 'jsonl', 'content'],
  ['JSON lines of texts', lines((text) => text), 'jsonl'],
  ['JSON lines, a mark at the start of some', lines((text) => ({ text })).replace(/\n/g, '\n\ufeff'), 'jsonl', 'text'],
  ['JSON sequences', `\x1e${lines((text) => ({ text })).replace(/\n/g, '\n\x1e')}`, 'jsonl', 'text'],
  ['nested', lines((value) => ({ meta: { kind: 'a' }, doc: { body: value } })), 'jsonl', 'doc.body'],
  ['a list', json(TEXTS.map((text) => ({ text }))), 'json', 'text'],
  [
    'a list over many lines',
    JSON.stringify(
      TEXTS.map((story, id) => ({ id, story })),
      null,
      2,
    ),
    'json',
    'story',
  ],
  ['a list of texts', JSON.stringify(TEXTS, null, 1), 'json'],
  ['objects one after the other', TEXTS.map((text) => JSON.stringify({ text }, null, 1)).join('\n'), 'json', 'text'],
  ['a list in an object', json({ version: 1, data: TEXTS.map((text) => ({ text })) }), 'json', 'text'],
  ['columns', json({ id: TEXTS.map((_, i) => i), text: TEXTS }), 'json', 'text'],
  ['texts by name', json(Object.fromEntries(TEXTS.map((t, i) => [`k${i}`, t]))), 'json'],
  ['not quite JSON', `// mine\n[${TEXTS.map((t) => `{"text": ${json(t)}, "x": NaN,},\n`).join('')}]`, 'json', 'text'],
  ['CSV', `id,name,text\r\n${TEXTS.map((t, i) => `${i},n${i},"${t}"`).join('\r\n')}\r\n`, 'csv', 'text'],
  ['CSV with semicolons', `id;Texto\n${TEXTS.map((t, i) => `${i};${t}`).join('\n')}`, 'csv', 'Texto'],
  ['CSV without names', TEXTS.map((t, i) => `${i},"${t}",en`).join('\n'), 'csv', '2'],
  ['TSV', `id\tlang\tsentence\n${TEXTS.map((t, i) => `${i}\ten\t${t}`).join('\n')}`, 'csv', 'sentence'],
  ['TSV without names', TEXTS.map((t, i) => `${i}\teng\t${t}`).join('\n'), 'csv', '3'],
  [
    'XML',
    `<?xml version="1.0"?>\n<a>${TEXTS.map((t, i) => `<e><n>${i}</n><body>${t}</body></e>`).join('')}</a>`,
    'xml',
    'body',
  ],
  ['XML of texts', `<all>${TEXTS.map((t) => `<p1><i>${t.slice(0, 9)}</i>${t.slice(9)}</p1>`).join('\n')}</all>`, 'xml'],
  ['YAML', TEXTS.map((t, i) => `- id: ${i}\n  text: ${json(t)}`).join('\n'), 'yaml', 'text'],
  ['YAML below a name', `stories:\n${TEXTS.map((t) => `  - ${json(t)}`).join('\n')}\n`, 'yaml'],
  ['YAML documents', TEXTS.map((t, i) => `---\ntitle: T${i}\nbody: ${json(t)}`).join('\n'), 'yaml', 'body'],
  [
    'a mail box',
    TEXTS.map((t) => `From a@b.c Mon Jan  1 00:00:00 2024\nFrom: a@b.c\nSubject: hi\n\n${t}\n`).join('\n'),
    'mail',
  ],
  ['text with marks', TEXTS.join('\n<|endoftext|>\n'), 'text'],
];

test('every kind of text is known by its content, under any name and on standard input', async (t) => {
  for (const [what, content, format, field] of KINDS)
    await t.test(what, async () => {
      for (const name of ['standard input', 'corpus.txt', 'data']) {
        const reading = await read(content, {}, name);
        assert.equal(reading.format, format, name);
        assert.equal(reading.field, field, name);
        assert.deepEqual(reading.documents, TEXTS, name);
      }
      async function* stdin(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < content.length; i += 700) yield utf8(content.slice(i, i + 700));
      }
      assert.deepEqual((await loadCorpus('-', { stdin: stdin() })).documents, TEXTS);
      // With a limit: the beginning, and no piece of markup.
      const some = (await read(content, { maxBytes: 300 })).documents;
      assert.deepEqual(some, TEXTS.slice(0, some.length));
      assert.ok(some.length >= 3 && some.length <= 6, `${some.length} documents`);
    });
});

const ONE = TEXTS.join('\n');
test('files that are one text: their markup is taken out', async (t) => {
  const cells = TEXTS.map((text) => ({ cell_type: 'markdown', source: [text] }));
  const code = { cell_type: 'code', source: 'print(1)', outputs: [{ text: ['1'] }] };
  for (const [what, content, format, text] of [
    [
      'SRT',
      TEXTS.map((s, i) => `${i + 1}\n${time(i, ',')} --> ${time(i + 1, ',')}\n<i>${s}</i>\n`).join('\n'),
      'subtitles',
      ONE,
    ],
    [
      'SRT with CRLF',
      TEXTS.map((s, i) => `${i + 1}\r\n${time(i, ',')} --> ${time(i + 1, ',')}\r\n${s}\r\n`).join('\r\n'),
      'subtitles',
      ONE,
    ],
    [
      'VTT',
      `WEBVTT\n\n${TEXTS.map((s, i) => `${time(i, '.')} --> ${time(i + 1, '.')}\n<v Ann>${s}\n`).join('\n')}`,
      'subtitles',
      ONE,
    ],
    ['LRC', `[ar:Ann]\n${TEXTS.map((s, i) => `[00:${10 + i}.00]${s}`).join('\n')}\n`, 'subtitles', ONE],
    ['a notebook', json({ cells: [code, ...cells], nbformat: 4 }), 'notebook', TEXTS.join('\n\n')],
    [
      'HTML',
      `<!doctype html><html><head><title>T</title><style>p{color:red}</style></head><body><script>var x</script>` +
        `${TEXTS.map((s) => `<p>${s.replace('very', '<b>very</b>')}</p>`).join('\n')}</body></html>`,
      'html',
      TEXTS.join('\n\n'),
    ],
    ['a piece of HTML', TEXTS.map((s) => `<p>${s.replace(',', '&#44;')}</p>`).join(''), 'html', TEXTS.join('\n\n')],
    [
      'TEI',
      `<?xml version="1.0"?><TEI><text><body>${TEXTS.map((s) => `<p>${s.replace('very', '<hi>very</hi>')}</p>`).join('')}` +
        '</body></text></TEI>',
      'xml',
      ONE,
    ],
  ] as const)
    await t.test(what, async () => {
      const reading = await read(content, {}, 'data');
      assert.equal(reading.format, format);
      assert.deepEqual(reading.documents, [text]);
      assert.match(said(reading), /tak/, 'and it is said');
    });
  assert.deepEqual((await read(json({ cells: [code, ...cells] }), { field: 'code' })).documents, ['print(1)']);
});

test('prose is taken for nothing else', async () => {
  for (const prose of [
    ONE,
    TEXTS.join(' '),
    TEXTS.join('\n\n'),
    `"Hello," she said.\n"Goodbye," he said.\n${ONE}`,
    `[Illustration]\n\n${ONE}`,
    `{name} said: hello\n${ONE}`,
    `[1] A note.\n[2] Another.\n${ONE}`,
    `- ${TEXTS.join('\n- ')}`,
    `---\ntitle: A page\n---\n\n${TEXTS.join('\n\n')}`,
    `# Head\n\n<p align="center">x</p>\n\n${ONE}`,
    TEXTS.map((t) => `\t${t}`).join('\n'),
    `ROMEO:\nBut soft!\n\nJULIET:\nAy me!\n\n${ONE}`,
    'From the window she saw the sea.\nTo: me\nIt was night.\n',
    'key=value\n[section]\nother=value\n'.repeat(10),
    `1. ${TEXTS.join('\n1. ')}`,
  ]) {
    const reading = await read(prose);
    assert.equal(reading.format, 'text', prose.slice(0, 40));
    assert.deepEqual(reading.documents, [prose.trim()]);
  }
});

test('a field is named, nested, or proposed by name', async () => {
  const chat = lines((content, i) => ({
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: `${content} Yes, ${i}.` },
    ],
  }));
  const turns = TEXTS.map((t, i) => `${t}\n${t} Yes, ${i}.`);
  assert.deepEqual((await read(chat)).documents, turns);
  assert.deepEqual((await read(chat, { field: 'messages[].content' })).documents, turns);
  assert.deepEqual((await read(chat, { field: 'messages.content' })).documents, turns);
  const two = lines((question, i) => ({
    id: i,
    question,
    answer: `It is ${i}, as one can see.`,
    'a.b': 'dots in a name',
  }));
  await refuses(
    read(two),
    /found the fields id, question, answer, a\.b; expected one with text, and there are 2/,
    /--field: question \(\d+ characters on average\), answer/,
  );
  assert.equal((await read(two, { field: 'answer' })).documents[3], 'It is 3, as one can see.');
  assert.equal((await read(two, { field: 'question,answer' })).documents[3], `${TEXTS[3]}\nIt is 3, as one can see.`);
  assert.equal((await read(two, { field: 'a.b' })).documents[0], 'dots in a name');
  await refuses(read(two, { field: 'title' }), /found the fields .*; expected "title"/, /question/);
  await refuses(
    read(`question,answer\n${TEXTS.map((t, i) => `"${t}","So it is ${i}, I say."`).join('\n')}`),
    /found the columns question, answer/,
    /--field/,
  );
  const data = json({ data: TEXTS.map((text) => ({ row: { text } })) });
  assert.deepEqual((await read(data, { field: 'data[].row.text' })).documents, TEXTS);
  assert.deepEqual((await read(data)).documents, TEXTS);
});

test('nulls, missing fields, numbers, comments, and a cut end are left out and counted, by one rule for all formats', async () => {
  const records = TEXTS.flatMap((text): object[] => [{ text }, { text: null }, { other: 1 }, { text: 5 }]);
  const counts =
    /left out 24 (?:lines|records|rows): found null in the (?:field|column) "text" \(first (?:line|record|row) \d\)/;
  for (const content of [records.map(json).join('\n'), json(records), records.map((r) => `- ${json(r)}`).join('\n')]) {
    const reading = await read(content);
    assert.deepEqual(reading.documents, TEXTS, content.slice(0, 30));
    assert.match(said(reading), counts);
    assert.match(said(reading), /found no field "text"/);
    assert.match(said(reading), /found number in the field "text"/);
  }
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'text', data: TEXTS.flatMap((t) => [t, null]), type: 'STRING', nullable: true },
        { name: 'n', data: TEXTS.flatMap(() => [1, 2]), type: 'INT32' },
      ],
    }),
  );
  const parquet = await read(bytes);
  assert.deepEqual(parquet.documents, TEXTS);
  assert.match(said(parquet), counts);

  const whole = lines((text) => ({ text, score: 1 })).replace(/"score":1/g, '"score":NaN');
  assert.deepEqual((await read(whole)).documents, TEXTS);
  const broken = await read(
    `# a comment\n${whole.replace('{"text":"The frog number 4', '{"text:"The frog number 4')}\n{"text":"The end of`,
  );
  assert.deepEqual(
    broken.documents,
    TEXTS.filter((_, i) => i !== 4),
  );
  assert.match(said(broken), /left out 1 line: not JSON \(line 6:/);
  assert.match(said(broken), /left out 1 line: cut off, or not JSON \(line 26:/);
  assert.match(said(broken), /left out 1 line: a comment \(line 1\)/);
  const list = await read(json(TEXTS.map((text) => ({ text }))).slice(0, -20));
  assert.deepEqual(list.documents, TEXTS.slice(0, -1));
  assert.match(said(list), /left out 1 record: cut off/);
  const object = await read(json({ name: 'mine', data: TEXTS.map((text) => ({ text })) }).slice(0, -20));
  assert.deepEqual(object.documents, TEXTS.slice(0, -1));
  const uneven = await read(`id,text\n${TEXTS.map((t, i) => `${i},"${t}"${i === 3 ? ',x' : ''}`).join('\n')}`);
  assert.deepEqual(
    uneven.documents,
    TEXTS.filter((_, i) => i !== 3),
  );
  assert.match(said(uneven), /left out 1 row: 3 cells where the table has 2/);
  await refuses(read('{"text": null}\n{"text": null}\n'), /expected one with text/, /--field/);
});

test('a file that is no text is named for what it is, with the way to its text', async () => {
  const zip = (inside: string): string => `PK\x03\x04\x14\0\0\0\0\0${inside}`;
  for (const [start, what, way] of [
    ['TLM\x1a\x01\0\0\0', /a \.tlm model/, /tinylm generate/],
    ['\x5b\x02\0\0\0\0\0\0{"emb.weight": {"dtype"', /a safetensors checkpoint/, /not a text/],
    ['BZh91AY&SY\x01\x02', /bzip2/, /bunzip2 -c/],
    ['\xfd7zXZ\0\0\x04', /an xz archive/, /xz -dc/],
    ['\x1f\x8b\x08\0', /gzip/, /gunzip -c/],
    ['\x28\xb5\x2f\xfd\x04', /Zstandard/, /zstd -dc/],
    [zip('[Content_Types].xml word/document.xml'), /a Word document/, /pandoc/],
    [zip('mimetypeapplication/epub+zip'), /an EPUB/, /pandoc/],
    [zip('archive/data.pkl'), /PyTorch/, /model/],
    [zip('a.txt'), /a zip archive/, /unzip/],
    ['%PDF-1.7\n', /a PDF/, /pdftotext/],
    ['{\\rtf1\\ansi Hello}', /RTF/, /soffice/],
    ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', /Office/, /soffice/],
    ['SQLite format 3\0', /SQLite/, /sqlite3/],
    ['\x89PNG\r\n', /PNG/, /text/],
    ['ID3\x03\0', /MP3/, /transcript/],
    ['GGUF\x03\0\0\0', /GGUF/, /model/],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:1\n', /Git LFS/, /git lfs pull/],
  ] as const) {
    const bytes = Uint8Array.from(start.padEnd(40, ' '), (c) => c.charCodeAt(0));
    for (const name of ['corpus.txt', 'data.jsonl', 'x']) await refuses(read(bytes, {}, name), what, way);
  }
  // Words that begin as one of them are text.
  for (const text of [
    'Rar! Rar! said the bear.',
    'BZhou was a man.',
    'PK and I went home.',
    'ID3 is a tag.',
    '7z is a tool.',
  ])
    assert.deepEqual((await read(text)).documents, [text]);
});

test('Parquet: every codec, nested columns, and a page that unpacks to gigabytes', async () => {
  const columnData = [
    { name: 'text', data: TEXTS, type: 'STRING' as const },
    { name: 'id', data: TEXTS.map((_, i) => i), type: 'INT32' as const },
  ];
  const write = (
    codec: 'SNAPPY' | 'GZIP' | 'ZSTD' | 'LZ4_RAW' | 'BROTLI',
    pack: (input: Uint8Array) => Uint8Array,
  ): Uint8Array => new Uint8Array(parquetWriteBuffer({ columnData, codec, compressors: { [codec]: pack } }));
  const zlib = await import('node:zlib');
  assert.deepEqual((await read(write('GZIP', (b) => new Uint8Array(zlib.gzipSync(b))))).documents, TEXTS);
  assert.deepEqual((await read(write('BROTLI', (b) => new Uint8Array(zlib.brotliCompressSync(b))))).documents, TEXTS);
  // Frames of blocks that are stored as they are need no packer.
  assert.deepEqual((await read(write('ZSTD', zstdStored))).documents, TEXTS);
  assert.deepEqual((await read(write('LZ4_RAW', lz4Stored))).documents, TEXTS);
  const bomb = new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: 'text', data: ['x'.repeat(70_000_000)], type: 'STRING', encoding: 'PLAIN' }],
      codec: 'GZIP',
      compressors: { GZIP: (b) => new Uint8Array(zlib.gzipSync(b)) },
    }),
  );
  assert.ok(bomb.length < 100_000);
  for (const options of [{}, { maxBytes: 1 << 20 }])
    await refuses(read(bomb, options), /a page of \d+ bytes unpacks to 7\d+; expected at most \d+/, /fill the memory/);
});

/** A Zstandard frame of one raw block for each 100,000 bytes (RFC 8878). */
function zstdStored(input: Uint8Array): Uint8Array {
  const out = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, ...u32(input.length)]; // single segment, size in 4 bytes
  for (let at = 0; at === 0 || at < input.length; at += 100_000) {
    const block = input.subarray(at, at + 100_000);
    out.push(...u32(block.length * 8 + (at + 100_000 >= input.length ? 1 : 0)).slice(0, 3), ...block);
  }
  return Uint8Array.from(out);
}

/** An LZ4 block of literals alone. */
function lz4Stored(input: Uint8Array): Uint8Array {
  const out: number[] = [input.length < 15 ? input.length << 4 : 0xf0];
  if (input.length >= 15) {
    let rest = input.length - 15;
    for (; rest >= 255; rest -= 255) out.push(255);
    out.push(rest);
  }
  return Uint8Array.from([...out, ...input]);
}

const u32 = (n: number): number[] => [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24];

test('formats have names of their own, and one is last that takes everything', () => {
  const ids = FORMATS.map((f) => f.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.at(-1), 'text');
  const extensions = FORMATS.flatMap((f) => f.extensions);
  assert.equal(new Set(extensions).size, extensions.length);
});

test('docs/texts.md names every format, extension, mark and way to split', () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'texts.md'), 'utf8').replace(/\\\|/g, '|');
  for (const { id, extensions } of FORMATS) {
    assert.ok(page.includes(`\`${id}\``), id);
    for (const extension of extensions) assert.ok(page.includes(`\`.${extension}\``), extension);
  }
  for (const { end } of MARKERS) assert.ok(page.includes(`\`${end}\``), end);
  for (const split of SPLITS.filter((s) => s !== 'auto')) assert.ok(page.includes(`\`${split}\``), split);
});

test('whatever is cut off, joined or damaged is read or refused in words', async () => {
  const contents = KINDS.map(([, content]) => utf8(content));
  const bytes = fc.constantFrom(...contents).chain((a) =>
    fc.record({
      a: fc.constant(a),
      b: fc.constantFrom(...contents),
      cut: fc.nat(a.length),
      from: fc.nat(a.length),
      bad: fc.uint8Array(),
    }),
  );
  const options = fc.constantFrom<ReadOptions>(
    {},
    { maxBytes: 300 },
    { field: 'text' },
    ...FORMATS.map(({ id }) => ({ format: id })),
  );
  await fc.assert(
    fc.asyncProperty(bytes, options, async ({ a, b, cut, from, bad }, how) => {
      const input = Buffer.concat([a.subarray(0, cut), bad, b.subarray(Math.min(from, b.length))]);
      try {
        for (const document of (await read(input, how)).documents)
          assert.ok(document !== '' && document === document.trim());
      } catch (error) {
        assert.ok(error instanceof TinyLMError && error.hint, String(error));
      }
    }),
    { numRuns: 400 },
  );
});

test('a table of short questions and answers has names, and so has one whose columns are asked for', async () => {
  const rows = 'Where is the cat?,The cat sat on the mat.\n'.repeat(9);
  const both = await read(`question,answer\n${rows}`, { field: 'question,answer' }, 'faq.csv');
  assert.equal(both.documents[0], 'Where is the cat?\nThe cat sat on the mat.');
  assert.equal((await read(`Frage,Antwort\n${rows}`, { field: 'Antwort' }, 'faq.csv')).documents.length, 9);
});
