/** What a tokenizer of another program becomes: our table, and which of its tokens each of ours is. */
import { TinyLMError } from '../../model/errors.js';
import { TOKENIZER_LIMITS as LIMITS, type TokenizerTable } from '../table.js';

export interface ImportedTokenizer {
  readonly table: TokenizerTable;
  /** For each of our tokens theirs when it is read, and when it is written; −1 for none (see `TokenRows`). */
  readonly input: Int32Array;
  readonly output: Int32Array;
  /** Tokens that it has: its largest number and one. */
  readonly vocab: number;
  /** "a list of 49 characters" */
  readonly what: string;
  /** What is not plain, for the user. */
  readonly notes: readonly string[];
  /** Whether any text has tokens, byte by byte; else its characters alone have. */
  readonly open?: boolean;
  /** As the other program encodes a text; absent where that takes its own library (a `tokenizer.json`). */
  readonly encode?: (text: string) => number[];
}

/** @throws TinyLMError `tokenizer-import` */
export function refuseTokenizer(
  message: string,
  hint = 'TinyLM imports lists of characters, byte tokenizers, and byte-pair merges ' +
    'that stay within a word (docs/checkpoints.md)',
): never {
  throw new TinyLMError('tokenizer-import', message, hint);
}

/** What tokens without text stand for, by the ways in which people spell them. */
const ROLES: Readonly<Record<'end' | 'begin' | 'unknown' | 'idle', RegExp>> = {
  end: /^(<\|end_?of_?text\|>|<\|im_end\|>|<\/s>|<\|?(eos|eod|eot|end|stop)\|?>|\[(EOS|EOD|EOT|END|SEP)\])$/i,
  begin: /^(<\|(start|begin)_?of_?text\|>|<\|im_start\|>|<s>|<\|?(bos|sos|start|begin)\|?>|\[(BOS|SOS|START|CLS)\])$/i,
  unknown: /^(<\|?unk(nown)?\|?>|\[UNK\])$/i,
  idle: /^(<\|?pad(ding)?\|?>|\[PAD\]|<\|?mask\|?>|\[MASK\])$/i,
};
export type Role = keyof typeof ROLES;

/** What a token without text stands for; undefined for text. */
export const roleOf = (token: string): Role | undefined =>
  (Object.keys(ROLES) as Role[]).find((role) => ROLES[role].test(token));

/** Tokens without text, by what they stand for: the first of each. */
export type Specials = Partial<Record<Role, { readonly token: string; readonly id: number }>>;

/** The rows of the tokens that our tables begin with: end of document and, but for bytes, nibbles. */
export function frame(
  specials: Specials,
  lineEnd: number | undefined,
  tokens: number,
): Pick<ImportedTokenizer, 'input' | 'output'> {
  const input = new Int32Array(tokens).fill(-1);
  const output = new Int32Array(tokens).fill(-1);
  output[LIMITS.eod] = specials.end?.id ?? -1;
  input[LIMITS.eod] = specials.begin?.id ?? specials.end?.id ?? lineEnd ?? -1;
  return { input, output };
}

/** What is to be said of tokens without text. */
export function specialNotes({ end, begin, unknown, idle }: Specials, lineEnd: number | undefined): string[] {
  const notes: string[] = [];
  if (end !== undefined) notes.push(`${end.token} (${end.id}) is the end of a text`);
  else {
    notes.push(
      'it has no token for the end of a text: the model never ends one by itself' +
        (begin === undefined && lineEnd !== undefined ? ', and a text begins as after a line end' : ''),
    );
  }
  if (begin !== undefined) notes.push(`${begin.token} (${begin.id}) is what a text begins with`);
  const dropped = [unknown, idle].flatMap((special) =>
    special === undefined ? [] : [`${special.token} (${special.id})`],
  );
  if (dropped.length > 0) notes.push(`left out, as they stand for no text: ${dropped.join(', ')}`);
  return notes;
}

/** A token as it can be shown in a line. */
export const shownToken = (token: string): string =>
  JSON.stringify(token.length > 24 ? `${token.slice(0, 24)}…` : token);
