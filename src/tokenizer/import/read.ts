/** Files that hold a tokenizer, told by their content. */
import { importCharacters, isCharacter, type Numbered } from './characters.js';
import { refuseTokenizer, roleOf, type ImportedTokenizer } from './imported.js';
import { importTokenizerJson } from './merges.js';

export interface TokenizerFile extends ImportedTokenizer {
  /** A `tokenizer.json` as it is, for the library that it is written for. */
  readonly json?: object;
}

type Json = Readonly<Record<string, unknown>>;

/** Names under which programs keep their list, the most telling first. */
const LISTS = [
  'stoi',
  'char_to_idx',
  'char2idx',
  'char_to_ix',
  'char_to_id',
  'char2id',
  'token_to_id',
  'token2id',
  'vocab',
  'chars',
  'characters',
  'alphabet',
  'itos',
  'idx_to_char',
  'idx2char',
  'ix_to_char',
  'id_to_char',
  'id2char',
  'id_to_token',
];

/** Files of a Hugging Face tokenizer that are not the one with the vocabulary and the merges. */
const BESIDE: readonly [RegExp, string][] = [
  [/"(tokenizer_class|added_tokens_decoder|model_max_length)"/, "a tokenizer's settings (tokenizer_config.json)"],
  [/"(architectures|model_type|hidden_size)"/, "a model's settings (config.json)"],
  [/"(bos|eos|unk|pad)_token"/, 'a list of special tokens (special_tokens_map.json)'],
];
const WANTED = 'give tokenizer.json: tokenizer.save_pretrained("folder") writes it';

/**
 * The tokenizer in a file, or undefined where it is no tokenizer but, it may be, a text.
 * @param name of the file, for messages
 * @throws TinyLMError `tokenizer-import` for a tokenizer that cannot be had here, with what it is
 */
export function readTokenizerFile(name: string, text: string): TokenizerFile | undefined {
  const content = text.replace(/^\ufeff/, '');
  const json = /^\s*[[{"]/.test(content) ? parsed(content) : undefined;
  if (json !== undefined) return fromJson(name, json, content);
  if (/^#version:/.test(content))
    refuseTokenizer(`${name} has the merges of a tokenizer without its vocabulary (merges.txt)`, WANTED);
  const lines = linesOf(content);
  const few = lines.slice(0, 1000);
  const share = (test: (line: string) => boolean): number => few.filter(test).length / Math.max(1, few.length);
  if (few.length >= 20 && share((l) => /^[A-Za-z0-9+/]+=* \d+$/.test(l)) > 0.98) {
    refuseTokenizer(`${name} is a list of tokens of tiktoken, which splits text by rules of its own`);
  }
  if (few.length >= 20 && share((l) => /^\S*\t-?\d+(\.\d+)?$/.test(l)) > 0.98) {
    refuseTokenizer(`${name} is a vocabulary of SentencePiece, without its rules`);
  }
  if (few.length >= 20 && share((l) => l.startsWith('##')) > 0.02 && few.some((l) => roleOf(l) !== undefined)) {
    refuseTokenizer(
      `${name} is a vocabulary of WordPiece (BERT), which takes the longest token first; TinyLM merges pairs`,
    );
  }
  const single = (line: string): boolean => isCharacter(unescaped(line)) || roleOf(line) !== undefined;
  if (lines.length >= 2 && (share(single) > 0.5 || /(^|[/\\])vocab\.txt$/i.test(name))) {
    return importCharacters(
      lines.map((line, id): Numbered => [single(line) ? unescaped(line) : line, id]),
      name,
    );
  }
  return distinct(content, name);
}

/** A text in which every character is another one is no corpus: it is the list of a model's characters. */
function distinct(content: string, name: string): TokenizerFile | undefined {
  const all = [...content];
  const characters =
    all.length > 1 && all.at(-1) === '\n' && all.indexOf('\n') < all.length - 1 ? all.slice(0, -1) : all;
  if (characters.length < 10 || new Set(characters).size < characters.length) return undefined;
  return importCharacters(
    characters.map((c, id): Numbered => [c, id]),
    name,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function fromJson(name: string, json: unknown, content: string): TokenizerFile | undefined {
  if (typeof json === 'string') return distinct(json, name);
  if (Array.isArray(json)) return fromArray(name, json as unknown[]);
  const file = json as Json;
  if (typeof file.model === 'object' && file.model !== null && 'vocab' in file.model) {
    return { ...importTokenizerJson(file), json: file };
  }
  for (const key of LISTS) if (Object.hasOwn(file, key)) return fromList(name, key, file[key]);
  if (isMap(file) || isInverse(file)) return fromList(name, '', file);
  const beside = BESIDE.find(([pattern]) => pattern.test(content));
  if (beside !== undefined) refuseTokenizer(`${name} holds ${beside[1]}, not the tokens`, WANTED);
  return undefined;
}

const isMap = (value: unknown): value is Readonly<Record<string, number>> => {
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.values(value) : [];
  return entries.length > 1 && entries.every((id) => Number.isInteger(id));
};

const isInverse = (value: unknown): value is Readonly<Record<string, string>> => {
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return entries.length > 1 && entries.every(([id, token]) => /^\d+$/.test(id) && typeof token === 'string');
};

function fromArray(name: string, values: readonly unknown[]): TokenizerFile | undefined {
  if (values.length < 2 || !values.every((v): v is string => typeof v === 'string')) return undefined;
  const single = values.filter((v) => isCharacter(v) || roleOf(v) !== undefined).length;
  const parts = values.some((v) => /^(##|\u0120|\u2581)\S/.test(v));
  // Whole texts in an array are a corpus.
  if (single < values.length / 2 && !parts) return undefined;
  return importCharacters(
    values.map((v, id): Numbered => [v, id]),
    name,
  );
}

function fromList(name: string, key: string, value: unknown): TokenizerFile {
  const where = key === '' ? name : `${name} (${key})`;
  if (typeof value === 'string')
    return importCharacters(
      [...value].map((c, id): Numbered => [c, id]),
      where,
    );
  if (Array.isArray(value) && value.every((v): v is string => typeof v === 'string')) {
    return importCharacters(
      value.map((v, id): Numbered => [v, id]),
      where,
    );
  }
  if (isMap(value)) return importCharacters(Object.entries(value), where);
  if (isInverse(value))
    return importCharacters(
      Object.entries(value).map(([id, token]): Numbered => [token, Number(id)]),
      where,
    );
  return refuseTokenizer(`${where} is no list of tokens and their numbers`);
}

/** The lines of a list; an empty line before another line end is the line end itself, as a token. */
function linesOf(content: string): string[] {
  const text = /\r\n/.test(content) && !/[^\r]\n/.test(content) ? content.replaceAll('\r\n', '\n') : content;
  const lines: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    if (end === at && text[at + 1] === '\n') end++;
    lines.push(end === at ? '' : text.slice(at, end));
    at = end + 1;
  }
  return lines;
}

const ESCAPES = new Map([
  ['\\n', '\n'],
  ['\\t', '\t'],
  ['\\r', '\r'],
  ['\\s', ' '],
  ['<space>', ' '],
  ['<nl>', '\n'],
  ['<newline>', '\n'],
]);
const unescaped = (line: string): string => ESCAPES.get(line) ?? line;
