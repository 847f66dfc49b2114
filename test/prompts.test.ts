/** Prompts are cleaned as the corpus was, and a space at the end does not spoil the text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from './helpers/fast-check.js';
import { cleanPrompt, cleanText, generateStories } from '../src/corpus/index.js';
import { exportModel } from '../src/run/export-model.js';
import { configOf, initModel } from '../src/model/index.js';
import { tableVocab, Tokenizer, trainTokenizer } from '../src/tokenizer/index.js';
import { tinylm } from './helpers/cli.js';

test('a prompt is what the corpus would have been', () => {
  assert.deepEqual(cleanPrompt('\ufeff  cafe\u0301\r\nand\fmore\0'), { text: 'caf\u00e9\nand\nmore' });
  assert.equal(cleanPrompt('One day, ').text, 'One day,');
  assert.match(cleanPrompt('One day, ').said ?? '', /space at the end of the prompt is left out/);
  assert.deepEqual(cleanPrompt('One day,'), { text: 'One day,' });
  assert.deepEqual(cleanPrompt('One day.\n', 'bpe'), { text: 'One day.\n' });
  // Models of characters and bytes have seen the space by itself.
  for (const kind of ['char', 'byte'] as const) assert.deepEqual(cleanPrompt('One day, ', kind), { text: 'One day, ' });
  assert.equal(cleanPrompt(' and so on ', 'bpe', { goesOn: true }).text, ' and so on');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { text: clean } = cleanPrompt(text);
      assert.equal(cleanText(clean), clean.trim());
      assert.equal(cleanPrompt(clean).text, clean);
    }),
  );
});

test('bpe: the tokens of a prompt with a space at its end are the beginning of those of the text', () => {
  const stories = generateStories({ lang: 'en', seed: 1, count: 50 });
  const tokenizer = new Tokenizer(trainTokenizer(stories, { kind: 'bpe', vocab: 256 }));
  for (const story of stories) {
    const at = story.indexOf(' ', 20);
    const prompt = [...tokenizer.encode(cleanPrompt(story.slice(0, at + 1)).text)];
    assert.deepEqual([...tokenizer.encode(story)].slice(0, prompt.length), prompt);
  }
});

test('generate: the space is left out and said; the texts of --count are told apart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-prompts-'));
  try {
    const tokenizer = trainTokenizer(generateStories({ lang: 'en', seed: 1, count: 50 }), { kind: 'bpe', vocab: 128 });
    const model = initModel(configOf({ vocab: tableVocab(tokenizer), dim: 8, hidden: 8, layers: 1, tied: true }), 1);
    const path = join(folder, 'a.tlm');
    writeFileSync(path, exportModel(model, tokenizer).bytes);
    const run = (prompt: string, ...more: string[]): ReturnType<typeof tinylm> =>
      tinylm(['generate', path, '--prompt', prompt, '--tokens', '20', ...more]);
    const [plain, spaced, decomposed, composed] = [
      await run('One day,'),
      await run('One day, '),
      await run('cafe\u0301'),
      await run('caf\u00e9'),
    ];
    assert.equal(spaced.out, plain.out);
    assert.equal(plain.err, '');
    assert.match(spaced.err, /space at the end of the prompt is left out/);
    assert.equal(decomposed.out, composed.out);
    const { out } = await run('One', '--count', '3', '--seed', '7');
    assert.deepEqual(out.match(/^=== .* ===$/gm), [
      '=== 1 of 3, seed 7 ===',
      '=== 2 of 3, seed 8 ===',
      '=== 3 of 3, seed 9 ===',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
