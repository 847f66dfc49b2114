/** Byte-pair tokenizers of Hugging Face: the same tokens as its own library gives, or refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { generateStories } from '../src/corpus/index.js';
import { TinyLMError } from '../src/model/index.js';
import {
  allTokenBytes,
  byteTable,
  BYTE_LETTERS,
  bytesOfModel,
  readTokenizerFile,
  Tokenizer,
  trainTokenizer,
  type TokenizerTable,
} from '../src/tokenizer/index.js';
import { library, read, refused, throughOurs } from './helpers/import-tokenizers.js';

const STORIES = generateStories({ lang: 'en', seed: 3, bytes: 30_000 });

/** One of our tables as a tokenizer.json, its numbers in another order; returns theirs for each of ours. */
function toJson(
  table: TokenizerTable,
  { bytes = true, changes = {}, model = {} } = {},
): { json: Record<string, unknown>; ids: number[] } {
  const words = allTokenBytes(table).map((symbol) =>
    bytes ? Array.from(symbol, (b) => BYTE_LETTERS[b]).join('') : new TextDecoder().decode(symbol),
  );
  const first = table.base.length;
  const vocab: Record<string, number> = {};
  let next = 0;
  const end = 3; // somewhere in the middle
  const give = (word: string): number => {
    if (next === end) next++;
    vocab[word] ??= next++;
    return vocab[word];
  };
  if (bytes) for (const letter of [...BYTE_LETTERS].reverse()) give(letter);
  const ids = words.map((word, i) => (i < 17 ? -1 : give(word)));
  const merges = table.merges.map(([l, r]) => (bytes ? `${words[l]} ${words[r]}` : [words[l], words[r]]));
  assert.ok(first > 17);
  return {
    ids,
    json: {
      version: '1.0',
      added_tokens: [{ id: end, content: '<|endoftext|>', special: true }],
      normalizer: null,
      post_processor: null,
      pre_tokenizer: bytes ? { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true } : null,
      decoder: bytes ? { type: 'ByteLevel' } : null,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        vocab,
        merges,
        ...model,
      },
      ...changes,
    },
  };
}

test('byte-pair merges that stay within a word: the same tokens as its own library gives', () => {
  const table = trainTokenizer(STORIES, { kind: 'bpe', vocab: 400 });
  for (const bytes of [true, false]) {
    const { json, ids } = toJson(table, { bytes });
    const found = read(json, 'tokenizer.json');
    assert.equal(found.table.kind, 'bpe');
    assert.deepEqual(found.table.merges.length, table.merges.length);
    assert.equal(found.output[0], 3);
    const own = library(json);
    for (const text of STORIES.slice(0, 10)) {
      const theirs = own.encode(text, { add_special_tokens: false }).ids;
      assert.deepEqual(throughOurs(found, text), theirs);
      if (!bytes)
        assert.deepEqual(
          theirs,
          Array.from(new Tokenizer(table).encode(text), (token) => ids[token]),
        );
    }
  }
  const pairs = toJson(table).json;
  const model = pairs.model as { merges: string[] };
  const listed = read({ ...pairs, model: { ...model, merges: model.merges.map((m) => m.split(' ')) } });
  assert.deepEqual(listed.table, read(pairs).table, 'merges as pairs');
});

test('spaces written as \u2581, without one put before', () => {
  const vocab: Record<string, number> = { '\u2581': 0, a: 1, b: 2, '\n': 3, ab: 4, '\u2581ab': 5 };
  const json = {
    pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'never', split: true },
    model: { type: 'BPE', vocab, merges: ['a b', '\u2581 ab'] },
  };
  const found = read(json, 'tokenizer.json');
  const own = library(json);
  for (const text of ['ab ab', ' ab  ab', 'ba ab\nab'])
    assert.deepEqual(throughOurs(found, text), own.encode(text, { add_special_tokens: false }).ids, text);
});

test('whole characters that a byte-level tokenizer makes of bytes become our characters', () => {
  const letters = (text: string): string => Array.from(new TextEncoder().encode(text), (b) => BYTE_LETTERS[b]).join('');
  const cat = letters('猫');
  const vocab: Record<string, number> = Object.fromEntries(BYTE_LETTERS.map((letter, i) => [letter, i]));
  const merges: [string, string][] = [];
  const merge = (left: string, right: string): void => {
    merges.push([left, right]);
    vocab[left + right] = Object.keys(vocab).length;
  };
  merge(letters('é')[0], letters('é')[1]);
  merge(cat[0], cat[1]);
  merge(cat.slice(0, 2), cat[2]);
  merge('c', 'a');
  merge('ca', 'f');
  merge('caf', letters('é'));
  merge(BYTE_LETTERS[32], cat);
  const json = {
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges },
  };
  const found = read(json, 'tokenizer.json');
  const own = library(json);
  for (const text of ['café 猫', 'caf猫é', ' éé', 'ca caf café.']) {
    assert.deepEqual(throughOurs(found, text), own.encode(text, { add_special_tokens: false }).ids, text);
  }
  assert.match(found.notes.join('\n'), /parts of characters/);
  const cut = {
    ...json,
    model: {
      ...json.model,
      merges: [...merges, [letters('é')[1], cat[0]]],
      vocab: { ...vocab, [letters('é')[1] + cat[0]]: 300 },
    },
  };
  refused(cut, /cuts a character into pieces/);
});

test('bytes alone, in any order, and 257: our byte 0 is the end', () => {
  const vocab = Object.fromEntries(BYTE_LETTERS.map((letter, b) => [letter, ((b * 7) % 256) + 1]));
  const json = {
    added_tokens: [{ id: 0, content: '<|endoftext|>', special: true }],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges: [] },
  };
  const found = read(json, 'tokenizer.json');
  assert.deepEqual(found.table, byteTable());
  assert.equal(found.vocab, 257);
  assert.equal(found.output[0], 0);
  assert.deepEqual(throughOurs(found, 'Olá!'), library(json).encode('Olá!', { add_special_tokens: false }).ids);
  const plain = bytesOfModel(257);
  assert.deepEqual([plain.input[0], plain.output[0], plain.output[65], plain.output.length], [256, 256, 65, 256]);
  assert.deepEqual(
    [...bytesOfModel(256).output],
    Array.from({ length: 256 }, (_, i) => i),
  );
  assert.throws(() => bytesOfModel(259), { code: 'tokenizer-import' });
});

test('tokenizers by other rules are refused by name', () => {
  const table = trainTokenizer(STORIES, { kind: 'bpe', vocab: 120 });
  const { json } = toJson(table);
  const base = json.model as { vocab: Record<string, number>; merges: string[] };
  const model = (changes: object): object => ({ ...json, model: { ...base, ...changes } });
  const merged = (left: string, right: string): object =>
    model({ merges: [...base.merges, `${left} ${right}`], vocab: { ...base.vocab, [left + right]: 5000 } });
  refused(merged('.', BYTE_LETTERS[10]), /the token "\.\\n" goes beyond what TinyLM takes for a word/);
  refused(merged(BYTE_LETTERS[32], BYTE_LETTERS[32]), /the token " {2}" goes beyond/);
  refused(merged("'", 's'), /"'s" goes beyond/);
  refused(model({ type: 'WordPiece' }), /kind WordPiece/);
  refused(model({ type: 'Unigram', vocab: [['a', -1]] }), /kind Unigram/);
  refused(model({ dropout: 0.1 }), /dropout/);
  refused(model({ end_of_word_suffix: '</w>' }), /end_of_word_suffix/);
  refused(model({ ignore_merges: true }), /ignore_merges/);
  refused(model({ merges: [...base.merges, 'q q q'] }), /the merge "q q q" is not of two tokens/);
  refused(model({ vocab: { ...base.vocab, xyz: 5000 } }), /"xyz" is made by no merge/);
  refused(
    { ...json, normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] } },
    /Lowercase/,
  );
  refused({ ...json, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }, /puts a space before every text/);
  refused({ ...json, pre_tokenizer: { type: 'Metaspace', prepend_scheme: 'always' } }, /puts a space/);
  refused({ ...json, pre_tokenizer: { type: 'Whitespace' } }, /throws spaces away/);
  refused({ ...json, added_tokens: [{ id: 9, content: '<|user|>' }] }, /a token of its own for "<\|user\|>"/);
});

test('whatever a file holds: a tokenizer, a text, or an error in words', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom('a', 'b', 'ab', ' ', '\u0120', '</s>', '<unk>', '__proto__'),
  );
  const ids = fc.dictionary(word, fc.oneof(fc.nat(9), fc.jsonValue()), { maxKeys: 8 });
  const part = fc.oneof(
    fc.jsonValue(),
    fc.record({ type: fc.constantFrom('ByteLevel', 'Metaspace', 'NFC', 'Split', 'Sequence') }),
  );
  const tokenizer = fc.record(
    {
      normalizer: part,
      pre_tokenizer: part,
      added_tokens: fc.oneof(fc.jsonValue(), fc.array(fc.record({ content: word, id: fc.nat(9) }), { maxLength: 2 })),
      model: fc.record({
        type: fc.constantFrom('BPE', 'WordLevel', 'Unigram', 7),
        vocab: fc.oneof(ids, fc.jsonValue()),
        merges: fc.oneof(fc.array(fc.oneof(fc.tuple(word, word), word), { maxLength: 4 }), fc.jsonValue()),
      }),
    },
    { requiredKeys: ['model'] },
  );
  const file = fc.oneof(
    tokenizer,
    fc.record({ stoi: fc.oneof(ids, fc.jsonValue()) }),
    ids,
    fc.jsonValue(),
    fc.array(word),
  );
  const text = fc.oneof(
    file.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.array(word).map((words) => words.join('\n')),
  );
  fc.assert(
    fc.property(text, (content) => {
      try {
        const found = readTokenizerFile('x', content);
        if (found) new Tokenizer(found.table); // a table that breaks the rules throws here
      } catch (error) {
        assert.ok(error instanceof TinyLMError && error.code === 'tokenizer-import', `${String(error)}: ${content}`);
      }
    }),
    { numRuns: 3000 },
  );
});
