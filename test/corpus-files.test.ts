import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import {
  bytesFile,
  corpusStats,
  detectFormat,
  generateStories,
  readDocuments,
  splitCorpus,
  utf8Bytes,
} from '../src/corpus/index.js';
import { TinyLMError } from '../src/model/errors.js';
import { loadCorpus, openCorpus } from '../src/node/corpus-files.js';

let folder = '';
const at = (name: string): string => join(folder, name);
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tinylm-corpus-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const STORIES = generateStories({ lang: 'pt', seed: 2, count: 250 });

async function refuses(run: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof TinyLMError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(error.hint);
    return true;
  });
}

const size = (documents: string[]): number => documents.reduce((n, d) => n + utf8Bytes(d) + 1, 0);

test('a text file, whole and limited', async () => {
  await writeFile(at('a.txt'), `${STORIES.join('\n<|endoftext|>\n')}\n<|endoftext|>\n`);
  assert.deepEqual(await loadCorpus(at('a.txt')), { documents: STORIES, source: at('a.txt') });
  for (const maxBytes of [400, 5000, 20_001]) {
    const { documents } = await loadCorpus(at('a.txt'), { maxBytes });
    assert.deepEqual(documents, STORIES.slice(0, documents.length));
    assert.ok(documents.length > 0 && size(documents) <= maxBytes && size(documents) > maxBytes - 450);
  }
  await writeFile(at('book.txt'), '\ufeffUma história só.\r\nCom duas linhas.');
  assert.deepEqual((await loadCorpus(at('book.txt'))).documents, ['Uma história só.\nCom duas linhas.']);
  assert.deepEqual((await loadCorpus(at('book.txt'), { maxBytes: 12 })).documents, ['Uma']);
});

test('a folder: every text file by path, other files left out', async () => {
  await mkdir(at('folder/b/c'), { recursive: true });
  await mkdir(at('folder/.hidden'), { recursive: true });
  for (const [name, text] of [
    ['z.txt', 'last'],
    ['b/c/2.txt', 'three'],
    ['b/1.md', 'two'],
    ['B.txt', 'one'],
    ['.hidden/x.txt', 'no'],
    ['.x.txt', 'no'],
    ['b/empty.txt', ' \n'],
    ['b/d.jsonl', '{"text":"four"}\n{"text":"five"}\n'],
  ])
    await writeFile(at(`folder/${name}`), text);
  await writeFile(at('folder/picture.png'), Uint8Array.of(0x89, 0x50, 0x4e, 0x47));
  await symlink(at('folder'), at('folder/b/circle'));
  const corpus = await loadCorpus(at('folder'));
  assert.deepEqual(corpus, { documents: ['one', 'two', 'three', 'four', 'five', 'last'], source: at('folder') });
  assert.deepEqual((await loadCorpus(at('folder'), { maxBytes: 10 })).documents, ['one']);
  assert.deepEqual((await loadCorpus(at('folder'), { maxBytes: 1010 })).documents, ['one', 'two', 'three']);
});

test('standard input', async () => {
  async function* input(): AsyncGenerator<Uint8Array> {
    // Pieces that cut characters in two.
    const bytes = new TextEncoder().encode(STORIES.join('\n<|endoftext|>\n'));
    for (let i = 0; i < bytes.length; i += 777) yield bytes.slice(i, i + 777);
  }
  assert.deepEqual(await loadCorpus('-', { stdin: input() }), { documents: STORIES, source: 'standard input' });
  const limited = (await loadCorpus('-', { stdin: input(), maxBytes: 3000 })).documents;
  assert.deepEqual(limited, STORIES.slice(0, limited.length));
  assert.ok(size(limited) <= 3000 && limited.length >= 6);
  async function* lines(): AsyncGenerator<string> {
    yield '{"text": "um", "n": 1}\n{"te';
    yield 'xt": "dois"}';
  }
  assert.deepEqual((await loadCorpus('-', { stdin: lines(), format: 'jsonl' })).documents, ['um', 'dois']);
  async function* nothing(): AsyncGenerator<string> {}
  await refuses(loadCorpus('-', { stdin: nothing() }), 'corpus-empty', /standard input: no text found/);
});

test('JSONL: the named field, errors with the line', async () => {
  await writeFile(at('s.jsonl'), STORIES.map((story, i) => JSON.stringify({ id: i, story })).join('\r\n'));
  assert.deepEqual((await loadCorpus(at('s.jsonl'), { field: 'story' })).documents, STORIES);
  const limited = (await loadCorpus(at('s.jsonl'), { field: 'story', maxBytes: 2000 })).documents;
  assert.deepEqual(limited, STORIES.slice(0, limited.length));
  assert.ok(size(limited) <= 2000 && limited.length >= 4);
  // The only field with text is taken by itself.
  assert.deepEqual((await loadCorpus(at('s.jsonl'))).documents, STORIES);
  await refuses(
    loadCorpus(at('s.jsonl'), { field: 'text' }),
    'corpus-jsonl',
    /found the fields id, story; expected "text"/,
  );
  await refuses(loadCorpus(at('s.jsonl'), { field: 'id' }), 'corpus-jsonl', /line 1: found number in the field "id"/);
  await writeFile(at('bad.ndjson'), '{"text":"a"}\n\n{"text":"b"\n');
  const bad = await openCorpus(at('bad.ndjson'));
  assert.deepEqual(bad.documents, ['a']);
  assert.match(bad.remarks[0].text, /left out 1 line: cut off, or not JSON \(line 3: "\{"text":"b""\)/);
  await writeFile(at('list.jsonl'), '["a"]');
  assert.deepEqual((await loadCorpus(at('list.jsonl'))).documents, ['a']);
  await writeFile(at('numbers.jsonl'), '1\n2\n');
  await refuses(loadCorpus(at('numbers.jsonl'), { format: 'jsonl' }), 'corpus-jsonl', /line 1: found number/);
});

test('JSONL larger than one piece is read the same', async () => {
  const many = Array.from({ length: 1300 }, (_, i) => `${i} ${'é世😀x'.repeat(700)}`);
  const bytes = new TextEncoder().encode(many.map((text) => JSON.stringify({ text })).join('\n'));
  assert.ok(bytes.length > 8_500_000);
  assert.deepEqual(await readDocuments(bytesFile('many.jsonl', bytes)), many);
  let read = 0;
  const file = bytesFile('many.jsonl', bytes);
  const slice = (start: number, end = bytes.length): Promise<ArrayBuffer> => {
    read += end - start;
    return file.slice(start, end);
  };
  const counted = { ...file, slice };
  const first = await readDocuments(counted, { maxBytes: 10_000 });
  assert.deepEqual(first, many.slice(0, 1));
  assert.ok(read < bytes.length, `read ${read} bytes of ${bytes.length}`);
});

test('Parquet: the named column, by row groups, every codec of Node', async () => {
  const columnData = [
    { name: 'id', data: STORIES.map((_, i) => i), type: 'INT32' as const },
    { name: 'text', data: STORIES.map((s, i) => (i === 3 ? null : s)), type: 'STRING' as const, nullable: true },
    { name: 'other', data: STORIES.map((_, i) => `o${i}`), type: 'STRING' as const },
  ];
  const kept = STORIES.filter((_, i) => i !== 3);
  for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const) {
    const compressors = { GZIP: (input: Uint8Array) => new Uint8Array(gzipSync(input)) };
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 100, codec, compressors }));
    await writeFile(at(`${codec}.parquet`), bytes);
    assert.deepEqual((await loadCorpus(at(`${codec}.parquet`))).documents, kept, codec);
  }
  const bytes = new Uint8Array(readFileSync(at('SNAPPY.parquet')));
  const others = await readDocuments(bytesFile('no extension', bytes), { field: 'other' });
  assert.deepEqual(others.slice(0, 2), ['o0', 'o1']);
  const file = bytesFile('x', bytes);
  const slices: number[] = [];
  const noting = (starts: number[]) => ({
    ...file,
    slice: (start: number, end?: number) => {
      starts.push(start);
      return file.slice(start, end);
    },
  });
  const watched = noting(slices);
  const limited = await readDocuments(watched, { maxBytes: 3000 });
  assert.deepEqual(limited, kept.slice(0, limited.length));
  assert.ok(size(limited) <= 3000 && limited.length >= 6);
  const all: number[] = [];
  await readDocuments(noting(all));
  assert.ok(slices.length < all.length, 'later row groups are not read');
  await refuses(
    loadCorpus(at('SNAPPY.parquet'), { field: 'story' }),
    'corpus-parquet',
    /columns id, text, other; expected "story"/,
  );
  await refuses(
    loadCorpus(at('SNAPPY.parquet'), { field: 'id' }),
    'corpus-parquet',
    /row 0: found number in the column "id"/,
  );
  await truncate(at('SNAPPY.parquet'), bytes.length - 100);
  await refuses(loadCorpus(at('SNAPPY.parquet')), 'corpus-parquet', /not readable as Parquet/);
  const damaged = bytes.slice();
  damaged.fill(0xaa, 4, bytes.length - 3000);
  await refuses(readDocuments(bytesFile('damaged', damaged)), 'corpus-parquet', /not readable as Parquet/);
});

test('the built-in stories by name', async () => {
  const en = await loadCorpus('stories:en', { seed: 4, maxBytes: 30_000 });
  assert.equal(en.source, 'stories:en');
  assert.deepEqual(en.documents, generateStories({ lang: 'en', seed: 4, count: en.documents.length }));
  assert.ok(size(en.documents) <= 30_000 && size(en.documents) > 29_500);
  assert.ok(Math.abs(size((await loadCorpus('stories:pt')).documents) - 2_000_000) < 500);
  await refuses(loadCorpus('stories:fr'), 'corpus-stories', /no built-in stories in "fr"; there are en and pt/);
});

test('what cannot be loaded is refused with a hint', async () => {
  await refuses(loadCorpus(at('nowhere.txt')), 'corpus-not-found', /nowhere\.txt: no such file/);
  await writeFile(at('empty.txt'), '');
  await refuses(loadCorpus(at('empty.txt')), 'corpus-empty', /empty\.txt: no text found/);
  await mkdir(at('bare'));
  await writeFile(at('bare/x.png'), 'x');
  await refuses(loadCorpus(at('bare')), 'corpus-empty', /no \.txt/);
  await writeFile(
    at('binary.txt'),
    Uint8Array.from({ length: 500 }, (_, i) => i & 255),
  );
  await refuses(loadCorpus(at('binary.txt')), 'corpus-binary', /binary\.txt: found \d+\.\d % invalid UTF-8/);
  await writeFile(at('fine.txt'), 'fine');
  await refuses(loadCorpus(at('fine.txt'), { maxBytes: 0 }), 'corpus-limit', /0 bytes/);
  await refuses(loadCorpus(join(at('fine.txt'), 'below')), 'corpus-not-found', /no such file/);
  const huge = { name: 'huge.txt', byteLength: 3e9, slice: async () => new ArrayBuffer(4) };
  await refuses(readDocuments(huge), 'corpus-too-large', /huge\.txt: more than 400000000 bytes/);
});

test('detectFormat', () => {
  const none = new Uint8Array(0);
  assert.equal(detectFormat('a/b.c/file', none), 'text');
  assert.equal(detectFormat('x.JSONL', none), 'jsonl');
  assert.equal(detectFormat('x.ndjson', none), 'jsonl');
  assert.equal(detectFormat('x.parquet', none), 'parquet');
  assert.equal(detectFormat('x.txt', new TextEncoder().encode('PAR1')), 'parquet');
});

test('a file of stories loads, counts and splits', async () => {
  const stories = generateStories({ lang: 'en', seed: 3, count: 401 });
  // As TinyStories has them: paragraphs on lines of their own, a mark between stories and after the last.
  await writeFile(at('marked.txt'), stories.map((s) => `${s}\n<|endoftext|>\n`).join(''));
  const { documents } = await loadCorpus(at('marked.txt'));
  assert.deepEqual(documents, stories);
  const stats = corpusStats(documents);
  assert.equal(stats.documents, 401);
  assert.equal(
    stats.bytes,
    stories.reduce((sum, s) => sum + Buffer.byteLength(s), 0),
  );
  assert.ok(stats.distinctCharacters < 120 && stats.distinctWords > 150);
  const { train, valid } = splitCorpus(documents, { seed: 1 });
  assert.equal(valid.length, 21);
  assert.deepEqual([...train, ...valid].sort(), [...stories].sort());
});
