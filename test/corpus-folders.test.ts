/** Folders: what is read, what is left out and why. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { TinyLMError } from '../src/model/errors.js';
import { loadCorpus, openCorpus } from '../src/node/corpus-files.js';
import { tinylm } from './helpers/cli.js';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'tinylm-folders-'));
});
after(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string, files: Record<string, string | Uint8Array>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name, path)), { recursive: true });
    writeFileSync(join(root, name, path), content);
  }
  return join(root, name);
}

const NOISE = Uint8Array.from({ length: 900 }, (_, i) => (i * 91) & 255);

test('files of every known kind are read; a table says what was left out, and why', async () => {
  const path = folder('mixed', {
    'a.txt': 'A text.',
    'b.csv': 'id,text\n1,Of a table.\n2,Of one more.\n',
    'c.json': '[{"text":"Of JSON."}]',
    'd.srt': '1\n00:00:00,000 --> 00:00:01,000\nOf subtitles.\n',
    'e.html': '<html><body><p>Of a page.</p></body></html>',
    'README.md': 'About the data.',
    LICENSE: 'Free.',
    'LICENSE-CC.txt': 'Free.',
    'dataset_infos.json': '{"n": 1}',
    'noise.txt': NOISE,
    'x.log': 'A log.',
    'empty.txt': ' ',
    'story.pdf': '%PDF-1.4',
    'run/mine/run.json': '{}',
    'run/mine/samples.txt': 'Made by a model.',
    'node_modules/p/readme.txt': 'no',
    'sub/z.md': 'Of Markdown.',
  });
  symlinkSync('/nowhere/at/all', join(path, 'gone.txt'));
  symlinkSync(path, join(path, 'circle'));
  const { documents, files, remarks } = await openCorpus(path);
  assert.deepEqual(documents, [
    'A text.',
    'Of a table.',
    'Of one more.',
    'Of JSON.',
    'Of subtitles.',
    'Of a page.',
    'Of Markdown.',
  ]);
  const how = Object.fromEntries(files!.map((f) => [f.path, f.how]));
  assert.match(how['b.csv'], /^a table \(CSV, TSV\), UTF-8, "text", one a row$/);
  for (const [name, why] of [
    ['README.md', /about the texts/],
    ['LICENSE', /about the texts/],
    ['LICENSE-CC.txt', /about the texts/],
    ['dataset_infos.json', /about the texts/],
    ['noise.txt', /control bytes/],
    ['x.log', /--ext log reads it/],
    ['empty.txt', /no text in it/],
    ['story.pdf', /--ext pdf/],
    ['run/mine', /a run folder of tinylm/],
    ['node_modules', /packages/],
    ['gone.txt', /a link to nothing/],
    ['circle', /a link to a folder/],
  ] as const)
    assert.match(how[name], why, name);
  assert.equal(
    files!.reduce((n, f) => n + f.documents, 0),
    documents.length,
  );
  assert.match(remarks[0].text, /^6 files read, 12 left out: /);

  const { out, err } = await tinylm(['corpus', folder('shown', { 'a.txt': 'word '.repeat(300), 'b.xyz': 'x' })]);
  assert.match(out, /^file +documents +read as\na\.txt +1 +text, UTF-8, whole/);
  assert.match(out, /\nb\.xyz +– +left out: \.xyz is not asked for/);
  assert.match(err, /^1 file read, 1 left out: b\.xyz/m);
});

test('--ext names the files; a data set of a README alone is read', async () => {
  const path = folder('ext', { 'a.txt': 'one', 'b.log': 'two', 'c.LOG': 'three', 'README.log': 'four' });
  assert.deepEqual((await loadCorpus(path, { ext: ['log'] })).documents, ['four', 'two', 'three']);
  const { code, out } = await tinylm(['corpus', path, '--ext', '.log,txt', '--emit']);
  assert.equal(code, 0);
  assert.match(out, /four\n<\|endoftext\|>\none\n/);
  assert.deepEqual((await loadCorpus(folder('docs', { 'README.md': 'All there is.' }))).documents, ['All there is.']);
  await assert.rejects(
    loadCorpus(folder('other', { 'a.xyz': 'x' })),
    (e) =>
      e instanceof TinyLMError &&
      e.code === 'corpus-empty' &&
      /found \.xyz/.test(e.message) &&
      /--ext/.test(e.hint ?? ''),
  );
  assert.equal((await tinylm(['corpus', path, '--ext', 'a/b'])).code, 2);
});

test('a run folder is no corpus', async () => {
  const path = folder('run', { 'run.json': '{}', 'samples.txt': 'Made by a model.' });
  await assert.rejects(
    loadCorpus(path),
    (e) => e instanceof TinyLMError && e.code === 'corpus-run' && /--resume/.test(e.hint ?? ''),
  );
});

test('when no file of a folder can be read, the reason is that of the first', async () => {
  await assert.rejects(loadCorpus(folder('bad', { 'a.txt': NOISE })), /bad.a\.txt: found .* control bytes/);
  await assert.rejects(
    loadCorpus(
      folder('two', {
        'a.jsonl': '{"q":"what is it then","a":"it is this one"}\n'
          .repeat(3)
          .replace(/one/g, () => `one ${Math.floor(9)}`),
      }),
    ),
    /found the fields q, a/,
  );
});

test('a folder within a limit', async () => {
  const path = folder('limit', Object.fromEntries(['a', 'b', 'c'].map((n) => [`${n}.txt`, `${n} word `.repeat(200)])));
  const { documents, files } = await openCorpus(path, { maxBytes: 1500 });
  assert.equal(documents.length, 1);
  assert.match(files!.at(-1)!.how, /the limit is reached/);
});
