/** Lists of characters of other programs: the same tokens under other numbers; other lists are refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateStories } from '../src/corpus/index.js';
import { readTlm, writeTlm } from '../src/format/index.js';
import { configOf, initModel, renumberTokens } from '../src/model/index.js';
import { quantizeModel } from '../src/quantize/index.js';
import { readTokenizerFile } from '../src/tokenizer/index.js';
import { read, refused, throughOurs } from './helpers/import-tokenizers.js';

const STORIES = generateStories({ lang: 'en', seed: 3, bytes: 30_000 });
const CHARACTERS = ['z', '\n', 'é', ' ', 'a', '猫', 'b', '"', '.'];

test('a list of characters in any order, in every form in which programs write one', () => {
  const ids = Object.fromEntries(CHARACTERS.map((c, i) => [c, i]));
  const inverse = Object.fromEntries(CHARACTERS.map((c, i) => [String(i), c]));
  const forms: unknown[] = [
    CHARACTERS,
    ids,
    inverse,
    { stoi: ids },
    { itos: inverse },
    { stoi: ids, itos: inverse },
    { itos: CHARACTERS },
    { chars: CHARACTERS },
    { chars: CHARACTERS.join('') },
    { char_to_idx: ids },
    { vocab: ids, size: 9 },
    { model: { type: 'WordLevel', vocab: ids, unk_token: '<unk>' } },
  ];
  const text = 'az "é 猫".\nb';
  for (const form of forms) {
    const found = read(form);
    assert.equal(found.vocab, 9, JSON.stringify(form));
    assert.deepEqual(
      throughOurs(found, text),
      [...text].map((c) => ids[c]),
      JSON.stringify(form),
    );
    assert.deepEqual(
      found.encode?.(text) ?? [...text].map((c) => ids[c]),
      [...text].map((c) => ids[c]),
    );
    // Sorted by their bytes, as our tables are; no row is lost.
    assert.deepEqual(
      [...found.output].filter((id) => id >= 0).sort((a, b) => a - b),
      CHARACTERS.map((_, i) => i),
    );
    assert.equal(found.input[0], 1, 'a text begins as after a line end');
    assert.equal(found.output[0], -1);
    assert.match(found.notes.join(), /never ends/);
  }
});

test('a list of characters, one a line, and a text of characters that are all different', () => {
  const lines = read(`${CHARACTERS.map((c) => (c === '\n' ? '\n' : c)).join('\n')}\n`, 'vocab.txt');
  assert.deepEqual(throughOurs(lines, 'a\n b'), [4, 1, 3, 6]);
  assert.deepEqual(throughOurs(read('a\r\n<space>\r\nb\r\n\\n\r\n', 'vocab.txt'), 'b a\n'), [2, 1, 0, 3]);
  const all = [...'\n !",.ABCDabcdef'];
  assert.deepEqual(throughOurs(read(`${all.join('')}\n`, 'chars.txt'), 'fed'), [15, 14, 13]);
  for (const text of [
    'Once upon a time there was a cat.\n',
    'a\n',
    '',
    'Emma\nOlivia\nAva\n',
    JSON.stringify(STORIES),
    '{"text": "Once"}',
    STORIES.map((text) => JSON.stringify({ text })).join('\n'),
  ]) {
    assert.equal(readTokenizerFile('x', text), undefined, text.slice(0, 30));
  }
});

test('tokens without text: end, begin, unknown, padding', () => {
  const found = read({ stoi: { '<pad>': 0, '<unk>': 1, '<s>': 2, '</s>': 3, a: 4, b: 5, '\n': 6 } });
  assert.deepEqual([found.input[0], found.output[0]], [2, 3]);
  assert.deepEqual([...found.input].slice(1, 17), new Array(16).fill(1), 'what it does not know reads as unknown');
  assert.deepEqual([...found.output].slice(1, 17), new Array(16).fill(-1), 'and is never written');
  assert.match(
    found.notes.join('\n'),
    /<\/s> \(3\) is the end[^]*<s> \(2\) is what[^]*left out.*<unk> \(1\), <pad> \(0\)/,
  );
  refused({ stoi: { '<eos>': 0, '</s>': 1, a: 2 } }, /seem to stand for the same/);
});

test('lists that are none of characters are refused by name', () => {
  refused({ stoi: { the: 0, cat: 1, a: 2 } }, /2 of the 3 tokens of .* are no single characters, e\.g\. "the", "cat"/);
  refused({ stoi: { a: 0, b: 0 } }, /same number/);
  refused({ stoi: { a: -1, b: 0 } }, /number -1/);
  refused({ chars: 'aba' }, /twice/);
  refused({ stoi: { a: '0' } }, /no list of tokens/);
  refused({ stoi: { '<s>': 0, '</s>': 1 } }, /no characters/);
  refused(
    Object.fromEntries(Array.from({ length: 4090 }, (_, i) => [String.fromCodePoint(0x4e00 + i), i])),
    /4090 characters, expected at most 4079/,
  );
  refused('[PAD]\n[UNK]\n##s\nthe\ncat\n', /no single characters/, 'vocab.txt');
  refused(`[PAD]\n[UNK]\n${Array.from({ length: 40 }, (_, i) => `##w${i}`).join('\n')}\n`, /WordPiece/, 'words.txt');
  refused('#version: 0.2\nh e\n', /without its vocabulary/, 'merges.txt');
  refused(
    Array.from({ length: 30 }, (_, i) => `${Buffer.from(`w${i}`).toString('base64')} ${i}`).join('\n'),
    /tiktoken/,
    'o200k.tiktoken',
  );
  refused(Array.from({ length: 30 }, (_, i) => `w${i}\t-${i}.5`).join('\n'), /SentencePiece/, 'm.vocab');
  refused({ tokenizer_class: 'GPT2Tokenizer', model_max_length: 1024 }, /settings \(tokenizer_config/);
  refused({ model_type: 'gru', hidden_size: 64 }, /config\.json/);
  refused({ bos_token: '<s>', eos_token: '</s>' }, /special_tokens_map/);
});

test('an imported tokenizer and its model travel in a .tlm', () => {
  const found = read({ chars: CHARACTERS });
  const model = renumberTokens(initModel(configOf({ vocab: 9, dim: 5, hidden: 7 }), 1), found);
  const quantized = quantizeModel(model, { biasBytes: 2 }).model;
  const file = readTlm(writeTlm({ model: quantized, tokenizer: found.table, metadata: {}, packing: 'b3' }));
  assert.deepEqual(file.tokenizer, found.table);
  const bias = file.model.tensors.find(({ name }) => name === 'fc.bias')!;
  assert.ok(bias.kind === 'fixed' && bias.values[1] / 2 ** bias.frac <= -19 && bias.frac >= 7);
});
