/** Lists of characters, in any order: ours are sorted by their bytes, so every token gets another number. */
import { MODEL_LIMITS } from '../../model/limits.js';
import { compareBytes } from '../check.js';
import { TOKENIZER_LIMITS as LIMITS, type TokenizerTable } from '../table.js';
import { byteTable } from '../train.js';
import {
  frame,
  refuseTokenizer,
  roleOf,
  shownToken,
  specialNotes,
  type ImportedTokenizer,
  type Specials,
} from './imported.js';

/** A token and its number. */
export type Numbered = readonly [token: string, id: number];

const utf8 = new TextEncoder();

/** Splits tokens into those without text and the rest; a role that is there twice is refused. */
export function sortOut(tokens: Iterable<Numbered>): { specials: Specials; rest: Numbered[] } {
  const specials: { -readonly [R in keyof Specials]: Specials[R] } = {};
  const rest: Numbered[] = [];
  const ids = new Map<number, string>();
  for (const [token, id] of tokens) {
    if (!Number.isInteger(id) || id < 0)
      refuseTokenizer(`${shownToken(token)} has the number ${id}, expected a whole number from 0`);
    const other = ids.get(id);
    if (other !== undefined)
      refuseTokenizer(`${shownToken(other)} and ${shownToken(token)} have the same number, ${id}`);
    ids.set(id, token);
    const role = [...token].length > 1 ? roleOf(token) : undefined;
    if (role === undefined) rest.push([token, id]);
    else if (role === 'idle' || specials[role] === undefined) specials[role] ??= { token, id };
    else refuseTokenizer(`${shownToken(specials[role].token)} and ${shownToken(token)} seem to stand for the same`);
  }
  return { specials, rest };
}

/** Whether a string is one character that a base symbol can be. */
export const isCharacter = (token: string): boolean => [...token].length === 1 && !/\p{Cs}/u.test(token);

/**
 * A list of characters as a tokenizer of the kind `char`.
 * @throws TinyLMError `tokenizer-import` for tokens of several characters, numbers that are there twice, too many
 */
export function importCharacters(tokens: Iterable<Numbered>, source: string): ImportedTokenizer {
  const { specials, rest } = sortOut(tokens);
  const long = rest.filter(([token]) => !isCharacter(token));
  if (long.length > 0) {
    refuseTokenizer(
      `${long.length} of the ${rest.length} tokens of ${source} are no single characters, e.g. ` +
        `${long
          .slice(0, 3)
          .map(([token]) => shownToken(token))
          .join(', ')}: that is a list of words or of parts of words`,
      'of lists, TinyLM imports those of characters; for byte-pair merges give tokenizer.json, which has them',
    );
  }
  const ids = new Map(rest);
  if (ids.size < rest.length) refuseTokenizer(`${source} has a character twice`);
  const vocab =
    1 +
    [...rest.map(([, id]) => id), ...Object.values(specials).map(({ id }) => id)].reduce((a, b) => Math.max(a, b), -1);
  const symbols = rest
    .filter(([token]) => token !== '\0')
    .map(([token, id]) => ({ bytes: utf8.encode(token), id }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes));
  const count = LIMITS.firstSymbol + symbols.length;
  if (symbols.length === 0) refuseTokenizer(`${source} has no characters`);
  if (count > MODEL_LIMITS.vocabMax) {
    refuseTokenizer(
      `${source} has ${symbols.length} characters, expected at most ${MODEL_LIMITS.vocabMax - LIMITS.firstSymbol}`,
    );
  }
  const lineEnd = ids.get('\n');
  const { input, output } = frame(specials, lineEnd, count);
  for (let i = 0; i < LIMITS.nibbleCount; i++) input[LIMITS.firstNibble + i] = specials.unknown?.id ?? -1;
  symbols.forEach(({ id }, i) => {
    input[LIMITS.firstSymbol + i] = output[LIMITS.firstSymbol + i] = id;
  });
  const table: TokenizerTable = {
    kind: 'char',
    eod: LIMITS.eod,
    nibbleBase: LIMITS.firstNibble,
    merges: [],
    base: [...Array.from({ length: LIMITS.firstSymbol }, () => new Uint8Array()), ...symbols.map(({ bytes }) => bytes)],
  };
  return {
    table,
    input,
    output,
    vocab,
    what: `a list of ${rest.length} characters`,
    notes: specialNotes(specials, lineEnd),
    encode: (text) => Array.from(text, (c) => ids.get(c) ?? specials.unknown?.id ?? -1),
  };
}

/**
 * Tokens that are bytes, in any order, with or without an end: our byte 0, which no text has, is the end.
 * @param ids of each byte, −1 for one that is not there
 */
export function importBytes(ids: ArrayLike<number>, specials: Specials, vocab: number): ImportedTokenizer {
  const lineEnd = ids[0x0a] >= 0 ? ids[0x0a] : undefined;
  const { input, output } = frame(specials, lineEnd, LIMITS.byteTokens);
  for (let byte = 1; byte < LIMITS.byteTokens; byte++) input[byte] = output[byte] = ids[byte];
  if (specials.end === undefined) {
    // Where there is no end, byte 0 stays what it is: it has served as one in many programs.
    output[0] = ids[0];
    if (specials.begin === undefined) input[0] = ids[0];
  }
  return {
    table: byteTable(),
    input,
    output,
    vocab,
    open: true,
    what: specials.end === undefined ? 'bytes' : 'bytes and an end',
    notes: specials.end === undefined ? [] : specialNotes(specials, lineEnd),
    encode: (text) => Array.from(utf8.encode(text), (byte) => ids[byte]),
  };
}

/**
 * The tokenizer `byte` for a model of so many tokens: 256, or 257, the last of which is the end.
 * @throws TinyLMError `tokenizer-import` for another number
 */
export function bytesOfModel(vocab: number): ImportedTokenizer {
  const bytes = LIMITS.byteTokens;
  if (vocab !== bytes && vocab !== bytes + 1) {
    refuseTokenizer(
      `the tokenizer of byte has ${bytes} tokens, or ${bytes + 1} with an end, the model ${vocab}`,
      'give the tokenizer that the model was trained with',
    );
  }
  const end = vocab > bytes ? { end: { token: 'the last token', id: bytes } } : {};
  return importBytes(
    Array.from({ length: bytes }, (_, byte) => byte),
    end,
    vocab,
  );
}
