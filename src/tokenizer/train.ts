/** Making a tokenizer from documents (SPEC.md 1.4 and 2). */
import { MODEL_LIMITS } from '../model/limits.js';
import { TinyLMError } from '../model/errors.js';
import { learnMerges } from './bpe.js';
import { compareBytes } from './check.js';
import { TOKENIZER_LIMITS as LIMITS, type TokenizerKind, type TokenizerTable } from './table.js';
import { unitKey, unitLength, wordEnd } from './units.js';
import { WordSet } from './words.js';

export interface TokenizerOptions {
  readonly kind: TokenizerKind;
  /** Tokens wanted, eod and nibbles included: 256 for byte, 18 … 4096 for char and bpe. */
  readonly vocab: number;
}

/** The words of all documents and how often each occurs. */
export interface WordCounts {
  readonly words: WordSet;
  readonly counts: readonly number[];
}

/** Share of the text's characters that get a token even where merges then get under half the vocabulary. */
const COVERAGE = 0.995;

/** The byte table: token i is the byte i. */
export function byteTable(): TokenizerTable {
  const base = Array.from({ length: LIMITS.byteTokens }, (_, byte) => Uint8Array.of(byte));
  return { kind: 'byte', eod: LIMITS.eod, nibbleBase: -1, base, merges: [] };
}

/**
 * Trains a tokenizer. Deterministic: the same documents give the same table.
 *
 * Characters are taken by frequency (ties: smallest bytes first). `bpe` keeps half of the vocabulary
 * for merges unless fewer than 99.5 % of the text's characters would then have a token; characters without one
 * become nibbles. A merge needs a pair that occurs twice, so a small text may give fewer tokens than asked: read
 * the size from the table.
 *
 * @throws TinyLMError `tokenizer-vocab` for a size out of range, `tokenizer-empty` without text
 */
export function trainTokenizer(documents: readonly string[], options: TokenizerOptions): TokenizerTable {
  checkVocab(options);
  if (options.kind === 'byte') return byteTable();
  const words = countWords(documents);
  if (words.words.size === 0) {
    throw new TinyLMError(
      'tokenizer-empty',
      'the documents have no text to train a tokenizer on',
      'give a corpus with text, or the tokenizer "byte", which needs none',
    );
  }
  const room = options.vocab - LIMITS.firstSymbol;
  const half = Math.max(0, (options.vocab >> 1) - LIMITS.firstSymbol);
  const symbols = chooseSymbols(words, room, options.kind === 'bpe' ? half : room);
  const base = [...Array.from({ length: LIMITS.firstSymbol }, () => new Uint8Array()), ...symbols];
  const table = { kind: options.kind, eod: LIMITS.eod, nibbleBase: LIMITS.firstNibble, base } as const;
  return { ...table, merges: options.kind === 'bpe' ? learnMerges(words, base, options.vocab) : [] };
}

function checkVocab({ kind, vocab }: TokenizerOptions): void {
  const [min, max] =
    kind === 'byte' ? [LIMITS.byteTokens, LIMITS.byteTokens] : [LIMITS.firstSymbol + 1, MODEL_LIMITS.vocabMax];
  if (!Number.isInteger(vocab) || vocab < min || vocab > max) {
    const wanted = min === max ? `exactly ${min}` : `${min} to ${max}`;
    throw new TinyLMError(
      'tokenizer-vocab',
      `vocabulary of ${vocab} tokens, expected ${wanted} for the tokenizer "${kind}"`,
      vocab > max ? `choose a vocabulary of at most ${max}` : `choose a vocabulary of at least ${min}`,
    );
  }
}

function countWords(documents: readonly string[]): WordCounts {
  const words = new WordSet();
  const counts: number[] = [];
  const encoder = new TextEncoder();
  for (const document of documents) {
    const bytes = encoder.encode(document);
    for (let i = 0; i < bytes.length; ) {
      const end = wordEnd(bytes, i, bytes.length);
      const word = words.add(bytes, i, end);
      if (word === counts.length) counts.push(1);
      else counts[word]++;
      i = end;
    }
  }
  return { words, counts };
}

/** The characters that become base symbols, in order of their bytes. */
function chooseSymbols({ words, counts }: WordCounts, room: number, wanted: number): Uint8Array[] {
  const found = new Map<number, { bytes: Uint8Array; count: number }>();
  let total = 0;
  for (let word = 0; word < words.size; word++) {
    const bytes = words.get(word);
    for (let i = 0; i < bytes.length; ) {
      const length = unitLength(bytes, i, bytes.length);
      total += counts[word];
      // A record cannot hold a zero byte, so NUL stays two nibbles. Text encoded as UTF-8 has no stray bytes.
      if (bytes[i] !== 0) {
        const key = unitKey(bytes, i, length);
        const entry = found.get(key);
        if (entry) entry.count += counts[word];
        else found.set(key, { bytes: bytes.slice(i, i + length), count: counts[word] });
      }
      i += length;
    }
  }
  const ranked = [...found.values()].sort((a, b) => b.count - a.count || compareBytes(a.bytes, b.bytes));
  let covered = 0;
  let taken = 0;
  while (taken < ranked.length && taken < room && (taken < wanted || covered < COVERAGE * total)) {
    covered += ranked[taken++].count;
  }
  return ranked
    .slice(0, taken)
    .map((entry) => entry.bytes)
    .sort(compareBytes);
}
