/** What `--size` means: the shape of a model for so many bytes of flash, and for its text. One table; what lies between is reckoned. */
import { utf8Bytes } from '../corpus/index.js';
import { TinyLMError } from '../model/errors.js';
import {
  budget,
  configOf,
  defaultConfig,
  MODEL_LIMITS,
  type ModelConfig,
  type ModelShorthand,
} from '../model/index.js';

export interface SizeRow {
  readonly name: string;
  /** Most bytes of the `.tlm`. */
  readonly bytes: number;
  readonly vocab: number;
  readonly dim: number;
  /** Width of its GRU. */
  readonly hidden: number;
  readonly trits: NonNullable<ModelShorthand['trits']>;
}

/** Digits where they count most: W_hh gains hardly any from a second one. */
const MOST_TWO = { embed: 2, ih: 2, hh: 1, head: 2 } as const;

/** The best shapes found for English stories, smallest first; larger sizes are made in the proportions of the last. */
export const SIZES: readonly SizeRow[] = [
  { name: '16K', bytes: 16_384, vocab: 256, dim: 24, hidden: 64, trits: MOST_TWO },
  { name: '100K', bytes: 100_000, vocab: 512, dim: 80, hidden: 159, trits: 2 },
  { name: '250K', bytes: 250_000, vocab: 768, dim: 112, hidden: 272, trits: MOST_TWO },
];

/** Names of sizes that have a meaning of their own, in bytes; the last is made in the proportions of the largest row. */
export const NAMED_SIZES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(SIZES.map((s) => [s.name, s.bytes])),
  '1M': 1_000_000,
};

/** Each step of a slider is about so much more than the one before. */
const STEP = 1.4;
const FIRST_STOP = 4096;

/** Bytes of flash that a slider runs over, ascending: all named sizes, and steps between them. */
export function sizeStops(): number[] {
  const named = [FIRST_STOP, ...Object.values(NAMED_SIZES)];
  return named.flatMap((bytes, i) => {
    if (i === 0) return [bytes];
    const ratio = bytes / named[i - 1];
    const steps = Math.max(1, Math.round(Math.log(ratio) / Math.log(STEP)));
    return Array.from({ length: steps }, (_, k) =>
      k === steps - 1 ? bytes : Number((named[i - 1] * ratio ** ((k + 1) / steps)).toPrecision(2)),
    );
  });
}

/** Where nothing is said. */
export const USUAL_SIZE = SIZES[0].bytes;

/** The next larger row, if there is one. */
export const nextSize = (bytes: number): SizeRow | undefined => SIZES.find((row) => row.bytes > bytes * 1.05);

/** Numbers between two rows follow the logarithm of the bytes. */
function between(bytes: number): { vocab: number; ratio: number; row: SizeRow } {
  const above = SIZES.findIndex((row) => row.bytes >= bytes);
  const row = SIZES[above < 0 ? SIZES.length - 1 : Math.max(0, SIZES[above].bytes === bytes ? above : above - 1)];
  const next = SIZES[above < 0 ? SIZES.length - 1 : above];
  const span = Math.log(next.bytes / row.bytes);
  const t = span === 0 ? 0 : Math.log(bytes / row.bytes) / span;
  const mix = (a: number, b: number): number => Math.exp(Math.log(a) + t * (Math.log(b) - Math.log(a)));
  return { vocab: mix(row.vocab, next.vocab), ratio: mix(row.dim / row.hidden, next.dim / next.hidden), row };
}

/** Share of the characters of a text that shall have a token, as the tokenizer's training sees it. */
const COVERAGE = 0.995;
/** Tokens that are no characters: the end of a document, and halves of bytes. */
const NO_CHARACTERS = 17;
/** More of the file than this is not given to the tokens: embedding, head, tokenizer. */
const TOKENS_SHARE = 0.7;
/** Of a short text's model: bytes for each byte of text, and the fewest. */
const BYTES_PER_BYTE = 0.6;
const LEAST_BYTES = 10_000;
/**
 * A short text gets fewer tokens, each of which it has more often: a novel's first 50 KB reached the same bits per byte with 128 as
 * with 256, in two thirds of the bytes. Characters of text for each token, and the fewest tokens.
 */
const SEEN = 256;
const LEAST_VOCAB = 128;

/**
 * Most tokens for a text and a size: that of the table, more where the script has many characters, fewer where the text is short.
 * @param characters how often each character occurs
 */
export function vocabFor(characters: ReadonlyMap<string, number>, bytes: number): number {
  const { vocab, ratio, row } = between(bytes);
  const counts = [...characters.values()].sort((a, b) => b - a);
  const all = counts.reduce((a, b) => a + b, 0);
  let covered = 0;
  const distinct = counts.findIndex((n) => (covered += n) >= COVERAGE * all) + 1;
  const script = NO_CHARACTERS + distinct;
  // Half of a vocabulary is for merges, where the characters leave room.
  const wanted = Math.max(vocab, Math.round(1.5 * script));
  // A token's bytes: a row of the embedding, one of the head, their scales, its own text.
  const hidden = Math.sqrt(bytes / 4);
  const perToken = (hidden * (1 + ratio) * (typeof row.trits === 'number' ? row.trits : 2)) / 5 + 8;
  const room = Math.max(NO_CHARACTERS + 16, (TOKENS_SHARE * bytes) / perToken);
  const learned = Math.max(LEAST_VOCAB, script + 16, all / SEEN);
  return Math.round(Math.min(wanted, room, learned, MODEL_LIMITS.vocabMax));
}

/**
 * Bytes of a model that a short text can fill: a larger one knows it by heart sooner, and says nothing better.
 * @returns at most `bytes`
 */
export function fittingBytes(bytes: number, documents: readonly string[]): number {
  const text = documents.reduce((sum, d) => sum + utf8Bytes(d), 0);
  return Math.min(bytes, Math.max(LEAST_BYTES, Math.round(BYTES_PER_BYTE * text)));
}

/** How often each character of a text occurs. */
export function characterCounts(documents: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const document of documents) for (const c of document) counts.set(c, (counts.get(c) ?? 0) + 1);
  return counts;
}

/**
 * The largest model in the table's proportions whose file has at most so many bytes.
 * @param vocab tokens that the tokenizer has
 * @param tokenizerBytes of its section in the file
 * @throws TinyLMError `model-size` when not even the narrowest fits
 */
export function shapeFor(
  bytes: number,
  vocab: number,
  { tokenizerBytes = 0, metadataBytes = 0, cache = defaultConfig().cache } = {},
): ModelConfig {
  const { ratio, row } = between(bytes);
  const at = (hidden: number, dim = Math.max(4, Math.round(hidden * ratio))): ModelConfig =>
    configOf({ vocab, dim, hidden, trits: row.trits, cache });
  const fits = (config: ModelConfig): boolean => budget(config, { tokenizerBytes, metadataBytes }).b3Bytes <= bytes;
  const own = at(row.hidden, row.dim);
  if (row.bytes === bytes && vocab >= row.vocab && fits(own)) return own;
  const most = MODEL_LIMITS.widthMax;
  let [low, high] = [4, most];
  if (!fits(at(low)))
    throw new TinyLMError(
      'model-size',
      `no model with ${vocab} tokens fits ${bytes} bytes: the tokenizer alone takes ${tokenizerBytes}`,
      `choose a larger --size, or fewer tokens with --vocab`,
    );
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(at(middle))) low = middle;
    else high = middle - 1;
  }
  return at(low);
}
