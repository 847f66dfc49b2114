/** Byte-pair tokenizers of Hugging Face's `tokenizer.json`, where our rules give the same tokens. */
import { MODEL_LIMITS } from '../../model/limits.js';
import { compareBytes } from '../check.js';
import { TOKENIZER_LIMITS as LIMITS } from '../table.js';
import { unitLength, wordEnd } from '../units.js';
import { importBytes, importCharacters, isCharacter, sortOut, type Numbered } from './characters.js';
import { frame, refuseTokenizer, roleOf, shownToken, specialNotes, type ImportedTokenizer } from './imported.js';

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** GPT-2's letters for bytes: printable ones for themselves, the others from U+0100 up. */
export const BYTE_LETTERS: readonly string[] = (() => {
  const printable = (b: number): boolean => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
})();
const BYTE_OF = new Map(BYTE_LETTERS.map((letter, byte) => [letter, byte]));

/** How a tokenizer writes text as the symbols of its vocabulary. */
type Spelling = 'bytes' | 'characters' | 'metaspace';

/** The steps of a normalizer or pre-tokenizer, one after the other. */
function steps(part: unknown): Json[] {
  const step = object(part);
  if (step === undefined) return [];
  return step.type === 'Sequence' ? list(step.normalizers ?? step.pretokenizers).flatMap(steps) : [step];
}

/** What it does to a text before it looks for tokens. Nothing that changes the text can be had here. */
function spelling(file: Json): Spelling {
  for (const { type } of steps(file.normalizer)) {
    // Corpora and prompts are put into NFC here too.
    if (type !== 'NFC')
      refuseTokenizer(`the tokenizer changes the text first (normalizer ${String(type)}), which TinyLM does not`);
  }
  let found: Spelling = 'characters';
  for (const step of steps(file.pre_tokenizer)) {
    switch (step.type) {
      case 'ByteLevel':
        if (step.add_prefix_space !== false)
          refuseTokenizer('the tokenizer puts a space before every text (add_prefix_space)');
        found = 'bytes';
        break;
      case 'Metaspace':
        if (step.add_prefix_space === true || (step.prepend_scheme ?? 'always') !== 'never') {
          refuseTokenizer('the tokenizer puts a space before every text (Metaspace, prepend_scheme)');
        }
        found = 'metaspace';
        break;
      // These only choose where merges end; whether ours end at the same places is seen by encoding.
      case 'Split':
      case 'Digits':
      case 'Punctuation':
      case 'UnicodeScripts':
        break;
      default:
        refuseTokenizer(
          'the tokenizer throws spaces away or splits by rules that TinyLM has not ' +
            `(pre-tokenizer ${String(step.type)})`,
        );
    }
  }
  return found;
}

/**
 * A `tokenizer.json`. Whether its own library gives the same tokens on a text is for the caller to see.
 * @throws TinyLMError `tokenizer-import` with what it is that cannot be had here
 */
export function importTokenizerJson(file: Json): ImportedTokenizer {
  const model = object(file.model) ?? {};
  const type = model.type ?? (model.merges === undefined ? 'of an unknown kind' : 'BPE');
  if (type !== 'BPE' && type !== 'WordLevel') {
    refuseTokenizer(
      `a tokenizer of the kind ${String(type)}, which chooses its tokens by other rules than TinyLM's merges`,
    );
  }
  const vocab = object(model.vocab);
  if (vocab === undefined) refuseTokenizer('a tokenizer.json without a vocabulary');
  const how = spelling(file);
  const numbers = new Map<string, number>();
  for (const [token, id] of Object.entries(vocab)) numbers.set(token, Number(id));
  const added: string[] = [];
  for (const entry of list(file.added_tokens)) {
    const { content, id } = object(entry) ?? {};
    if (typeof content !== 'string') continue;
    if (roleOf(content) === undefined) {
      refuseTokenizer(`the tokenizer has a token of its own for ${shownToken(content)}, which TinyLM's cannot have`);
    }
    numbers.set(content, Number(id));
    added.push(content);
  }
  const merges = mergesOf(model, numbers);
  if (merges.length === 0 && how !== 'bytes') {
    const text =
      how === 'metaspace' ? [...numbers].map(([t, id]): Numbered => [t.replaceAll('\u2581', ' '), id]) : [...numbers];
    return importCharacters(text, 'the tokenizer');
  }
  for (const [key, of] of [
    ['dropout', 'a random choice of merges'],
    ['continuing_subword_prefix', 'a mark within words'],
    ['end_of_word_suffix', 'a mark at the end of words'],
    ['ignore_merges', 'whole words before merges'],
  ] as const) {
    if (model[key] !== undefined && model[key] !== null && model[key] !== '' && model[key] !== false) {
      refuseTokenizer(`the tokenizer has ${of} (${key}: ${JSON.stringify(model[key])}), which TinyLM's has not`);
    }
  }
  return importMerges(numbers, merges, how);
}

function mergesOf(model: Json, known: ReadonlyMap<string, number>): [string, string][] {
  return list(model.merges).map((merge): [string, string] => {
    if (Array.isArray(merge) && merge.length === 2) return [String(merge[0]), String(merge[1])];
    // "left right"; a token may be or hold a space itself.
    const text = Array.isArray(merge) ? merge.join(' ') : String(merge);
    for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) {
      if (known.has(text.slice(0, at)) && known.has(text.slice(at + 1))) return [text.slice(0, at), text.slice(at + 1)];
    }
    return refuseTokenizer(`the merge ${shownToken(text)} is not of two tokens of the vocabulary`);
  });
}

function importMerges(
  numbers: ReadonlyMap<string, number>,
  merges: readonly (readonly [string, string])[],
  how: Spelling,
): ImportedTokenizer {
  const { specials, rest } = sortOut(numbers);
  const size = 1 + [...numbers.values()].reduce((a, b) => Math.max(a, b), -1);
  const ids = new Map(rest);
  if (merges.length === 0) {
    // Bytes alone. A byte that no UTF-8 has may be missing.
    const bytes = Array.from({ length: 256 }, (_, b) => ids.get(BYTE_LETTERS[b]) ?? -1);
    const odd = rest.find(([token]) => !BYTE_OF.has(token));
    if (odd !== undefined) refuseTokenizer(`the token ${shownToken(odd[0])} is made by no merge`);
    const lost = bytes.findIndex((id, b) => id < 0 && b > 0 && b < 0xf5 && b !== 0xc0 && b !== 0xc1);
    if (lost >= 0) refuseTokenizer(`the tokenizer has no token for the byte ${lost}`);
    return importBytes(bytes, specials, size);
  }
  const made = new Set(merges.map((pair) => pair.join('')));
  if (made.size < merges.length) {
    const seen = new Set<string>();
    const twice = merges.map((pair) => pair.join('')).find((token) => seen.size === seen.add(token).size)!;
    refuseTokenizer(`two merges make the token ${shownToken(twice)}`);
  }
  const parts = new Parts(how);
  for (const [token] of rest) if (!made.has(token)) parts.addBase(token);
  merges.forEach(([left, right]) => parts.addMerge(left, right));
  const bases = [...parts.base].sort(([a], [b]) => compareBytes(parts.bytes(a), parts.bytes(b)));
  const table = {
    kind: 'bpe' as const,
    eod: LIMITS.eod,
    nibbleBase: LIMITS.firstNibble,
    base: [
      ...Array.from({ length: LIMITS.firstSymbol }, () => new Uint8Array()),
      ...bases.map(([token]) => parts.bytes(token)),
    ],
    merges: [] as [number, number][],
  };
  const number = new Map(bases.map(([token], i) => [token, LIMITS.firstSymbol + i]));
  for (const [left, right] of parts.merges) {
    table.merges.push([number.get(left)!, number.get(right)!]);
    number.set(left + right, table.base.length + table.merges.length - 1);
  }
  const count = table.base.length + table.merges.length;
  if (count > MODEL_LIMITS.vocabMax) {
    refuseTokenizer(`the tokenizer has ${size} tokens, ${count} here, expected at most ${MODEL_LIMITS.vocabMax}`);
  }
  const lineEnd = ids.get(how === 'bytes' ? BYTE_LETTERS[0x0a] : '\n');
  const { input, output } = frame(specials, lineEnd, count);
  for (const [token, ours] of number) {
    const theirs = ids.get(token);
    if (theirs === undefined) refuseTokenizer(`a merge makes ${shownToken(token)}, which has no number`);
    input[ours] = output[ours] = theirs;
  }
  for (let i = 0; i < LIMITS.nibbleCount; i++) input[LIMITS.firstNibble + i] = specials.unknown?.id ?? -1;
  const notes = specialNotes(specials, lineEnd);
  if (parts.left > 0)
    notes.push(
      `${parts.left} tokens left out that are parts of characters: text outside its ${bases.length} ` +
        'characters is not spelled as the model has learned it',
    );
  return { table, input, output, vocab: size, open: how === 'bytes', what: `byte-pair merges, ${size} tokens`, notes };
}

const utf8 = new TextEncoder();

/** Tokens on their way to being base symbols and merges of ours. */
class Parts {
  /** Base symbols, by the token that is one. */
  readonly base = new Map<string, Uint8Array>();
  readonly merges: (readonly [string, string])[] = [];
  /** Tokens that are no text by themselves. */
  left = 0;
  private readonly made = new Set<string>();
  private readonly how: Spelling;

  constructor(how: Spelling) {
    this.how = how;
  }

  bytes(token: string): Uint8Array {
    if (this.how !== 'bytes') return utf8.encode(this.how === 'metaspace' ? token.replaceAll('\u2581', ' ') : token);
    return Uint8Array.from(token, (letter) => {
      const byte = BYTE_OF.get(letter);
      if (byte === undefined)
        refuseTokenizer(`the token ${shownToken(token)} has ${shownToken(letter)}, which stands for no byte`);
      return byte;
    });
  }

  addBase(token: string): void {
    const bytes = this.bytes(token);
    if (this.how === 'bytes') {
      if (bytes.length !== 1) refuseTokenizer(`the token ${shownToken(token)} is made by no merge`);
      if (bytes[0] === 0 || bytes[0] >= 0x80) this.left++;
      else this.base.set(token, bytes);
      return;
    }
    if (/^<0x[0-9A-F]{2}>$/.test(token) || token === '\0') this.left++;
    else if (isCharacter(token)) this.base.set(token, bytes);
    else refuseTokenizer(`the token ${shownToken(token)} is made by no merge`);
  }

  addMerge(left: string, right: string): void {
    const token = left + right;
    const bytes = this.bytes(token);
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const whole = utf8.encode(text).length === bytes.length && !text.includes('\ufffd');
    if (this.how === 'bytes' && !whole) {
      // A part of one character on its way to becoming whole.
      if (bytes.length < 4 && bytes.every((b, i) => (i === 0 ? b >= 0xc2 : (b & 0xc0) === 0x80))) this.left++;
      else
        refuseTokenizer(
          `the token [${[...bytes].map((b) => b.toString(16)).join(' ')}] cuts a character into pieces, ` +
            "which TinyLM's tokens never do",
        );
      return;
    }
    if (this.how === 'bytes' && bytes[0] >= 0x80 && unitLength(bytes, 0, bytes.length) === bytes.length) {
      this.base.set(token, bytes);
      return;
    }
    for (const part of [left, right]) {
      if (!this.base.has(part) && !this.made.has(part)) {
        refuseTokenizer(`a merge joins ${shownToken(part)}, which is no token before it`);
      }
    }
    if (wordEnd(bytes, 0, bytes.length) < bytes.length) {
      refuseTokenizer(
        `the token ${shownToken(text)} goes beyond what TinyLM takes for a word: a space and the letters or digits ` +
          `after it, at most ${LIMITS.wordBytesMax} bytes; any other character is a word alone`,
      );
    }
    this.made.add(token);
    this.merges.push([left, right]);
  }
}
