/** Reading tokenizers of other programs in tests. */
import assert from 'node:assert/strict';
import { Tokenizer as Own } from '@huggingface/tokenizers';
import { readTokenizerFile, Tokenizer, type ImportedTokenizer } from '../../src/tokenizer/index.js';

export const read = (value: unknown, name = 'stoi.json'): ImportedTokenizer => {
  const found = readTokenizerFile(name, typeof value === 'string' ? value : JSON.stringify(value));
  assert.ok(found, name);
  return found;
};
export const refused = (value: unknown, message: RegExp, name = 'tokenizer.json'): void => {
  assert.throws(
    () => readTokenizerFile(name, typeof value === 'string' ? value : JSON.stringify(value)),
    (error: Error & { code?: string }) =>
      (error.code === 'tokenizer-import' && message.test(error.message)) || assert.fail(`${error.message}`),
  );
};

/** The library that a tokenizer.json is written for. */
export const library = (json: object): Own =>
  new Own(
    { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [], ...json },
    {},
  );

/** Numbers of the other program for a text, by way of our tokens. */
export function throughOurs({ table, output }: ImportedTokenizer, text: string): number[] {
  const ours = new Tokenizer(table);
  const tokens = ours.encode(text);
  assert.equal(ours.decodeText(tokens), text);
  return Array.from(tokens, (token) => output[token]);
}
