/** How a text was read is said, by `corpus` in full and by `train` in a line, and written down with the run. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { corpusRecord, loadRecorded } from '../src/cli/load-corpus.js';
import { SMALL, spawned, tinylm } from './helpers/cli.js';

let folder = '';
const at = (name: string): string => join(folder, name);
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-texts-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const NAMES = Array.from(
  { length: 1200 },
  (_, i) => `Na${(i + 1300).toString(6).replace(/./g, (c) => 'aeioub'[Number(c)])}`,
);
const STORIES = Array.from({ length: 30 }, (_, i) => ({
  id: i,
  story: `The fox number ${i} went home, and was happy.`,
}));

test('corpus: what it is, which field, how documents were found, remarks', async () => {
  writeFileSync(at('data.bin'), `${STORIES.map((s) => JSON.stringify(s)).join('\n')}\n{"id": 30, "story": "cut`);
  const { code, out, err } = await tinylm(['corpus', at('data.bin')]);
  assert.equal(code, 0, err);
  assert.match(out, /^read as +JSON lines, UTF-8\ntext from +story\ndocuments are +one a record\ndocuments +30$/m);
  assert.match(err, /^the text is taken from the field "story"$/m);
  assert.match(err, /^warning: left out 1 line: cut off, or not JSON \(line 31: "\{"id": 30, "story": "cut"\)$/m);
  assert.match(err, /^warning: 1,\d+ bytes of text are very little/m);
  const json = JSON.parse((await tinylm(['corpus', at('data.bin'), '--json'])).out) as {
    reading: { format: string; field: string };
    remarks: object[];
  };
  assert.deepEqual([json.reading.format, json.reading.field, json.remarks.length], ['jsonl', 'story', 3]);
});

test('corpus: one document is "1 document", and the ways to cut it are named', async () => {
  writeFileSync(at('prose.txt'), 'It was late, and nobody had come.\n'.repeat(60));
  const { out } = await tinylm(['corpus', at('prose.txt')]);
  assert.match(out, /^documents are +whole; --split lines would make 60 documents$/m);
  assert.match(out, /^for training +1 document, 2,\d+ bytes$/m);
  assert.match((await tinylm(['corpus', at('prose.txt'), '--split', 'lines'])).out, /^documents +60$/m);
});

test('corpus: an encoding that is not UTF-8 is said; built-in stories have no remarks', async () => {
  writeFileSync(at('old.txt'), Buffer.from('O avô não sabia da informação.\n'.repeat(50), 'latin1'));
  assert.match((await tinylm(['corpus', at('old.txt')])).out, /^read as +text, Windows-1252$/m);
  assert.match((await tinylm(['corpus', at('old.txt'), '--emit'])).err, /^old\.txt: text, Windows-1252, whole/m);
  assert.equal((await tinylm(['corpus', 'stories:en', '--max-bytes', '20K'])).err, '');
});

test('train: a list is said and found again with --resume; a short text is told what it allows', async () => {
  writeFileSync(at('names.txt'), NAMES.join('\n'));
  const run = await spawned(['train', at('names.txt'), ...SMALL, '--epochs', '1', '--out', at('run')]);
  assert.equal(run.code, 0, run.err);
  assert.match(
    run.err,
    /^names\.txt: text, UTF-8, a list, one a line: 1,200 documents; --split none reads it as one$/m,
  );
  assert.match(run.err, /^1,140 documents, [\d,]+ bytes to train on/m);
  assert.match(run.err, /warning: [\d,]+ bytes of text are/);
  const { corpus } = JSON.parse(readFileSync(join(at('run'), 'run.json'), 'utf8')) as {
    corpus: { split?: string; spec: string };
  };
  assert.equal(corpus.split, 'auto');
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  const record = corpusRecord(at('names.txt'), {});
  assert.equal((await loadRecorded(record, undefined, nothing())).length, 1200);
  // Runs of before lists were looked for go on with one document.
  const { split: _, ...old } = record;
  assert.equal((await loadRecorded(old, undefined, nothing())).length, 1);
});

test('train: a text from standard input is read again as it was, marks and all', async () => {
  const text = `${'The fox said <|endoftext|> to the bear, and both were very happy.\n'.repeat(40)}`;
  const run = await spawned(['train', '-', '--split', 'none', ...SMALL, '--epochs', '1', '--out', at('piped')], text);
  assert.equal(run.code, 0, run.err);
  assert.match(run.err, /^1 document, /m);
  const { corpus } = JSON.parse(readFileSync(join(at('piped'), 'run.json'), 'utf8')) as {
    corpus: Parameters<typeof loadRecorded>[0];
  };
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  assert.deepEqual(await loadRecorded(corpus, at('piped'), nothing()), [text.trim()]);
});
