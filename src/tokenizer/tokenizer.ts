/** Text ↔ tokens (SPEC.md 2), with the same result as the C engine's `tlm_encode` and `tlm_decode`. */
import { TinyLMError } from '../model/errors.js';
import { StreamingDecoder } from './decoder.js';
import { TOKENIZER_LIMITS, type TokenizerTable } from './table.js';
import { unitKey, unitLength, wordEnd } from './units.js';
import { checkTable } from './check.js';
import { WordSet } from './words.js';

/** Words whose tokens are remembered; beyond this the cache starts anew, so memory stays bounded. */
const CACHED_WORDS = 1 << 17;

/** Tokens of a table: base and merged. */
export const tableVocab = (table: TokenizerTable): number => table.base.length + table.merges.length;

/** The bytes of every token, by id; empty for eod (kinds char and bpe) and for nibbles. */
export function allTokenBytes(table: TokenizerTable): Uint8Array[] {
  const bytes = table.base.map((symbol) => symbol.slice());
  for (const [left, right] of table.merges) {
    const joined = new Uint8Array(bytes[left].length + bytes[right].length);
    joined.set(bytes[left]);
    joined.set(bytes[right], bytes[left].length);
    bytes.push(joined);
  }
  return bytes;
}

/** The bytes of one token; see `allTokenBytes`. Throws `tokenizer-token` for an id outside the table. */
export function tokenBytes(table: TokenizerTable, id: number): Uint8Array {
  if (!Number.isInteger(id) || id < 0 || id >= tableVocab(table)) {
    throw new TinyLMError('tokenizer-token', `token ${id} is not in the table of ${tableVocab(table)} tokens`);
  }
  if (id < table.base.length) return table.base[id].slice();
  const [left, right] = table.merges[id - table.base.length];
  return Uint8Array.from([...tokenBytes(table, left), ...tokenBytes(table, right)]);
}

export class Tokenizer {
  readonly table: TokenizerTable;
  /** Number of tokens (V). */
  readonly vocab: number;
  private readonly bytesOf: readonly Uint8Array[];
  private readonly symbols = new Map<number, number>();
  /** Rank of each merge by left · 65536 + right. */
  private readonly ranks = new Map<number, number>();
  /** Tokens of each cached word, by its number in `words`. */
  private words = new WordSet();
  private cache: Uint16Array[] = [];

  /** @throws TinyLMError `tokenizer-table` when the table breaks SPEC.md 1.4 */
  constructor(table: TokenizerTable) {
    checkTable(table);
    this.table = table;
    this.vocab = tableVocab(table);
    this.bytesOf = allTokenBytes(table);
    if (table.kind !== 'byte') {
      for (let id = TOKENIZER_LIMITS.firstSymbol; id < table.base.length; id++) {
        this.symbols.set(unitKey(table.base[id], 0, table.base[id].length), id);
      }
    }
    table.merges.forEach(([left, right], rank) => {
      // Of two equal merges the first has left none for the second to replace.
      const key = left * 65536 + right;
      if (!this.ranks.has(key)) this.ranks.set(key, rank);
    });
  }

  /** Tokens of a text (as UTF-8) or of any bytes. No eod is added. */
  encode(text: string | Uint8Array): Uint16Array {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    if (this.table.kind === 'byte') return Uint16Array.from(bytes);
    // Two tokens a byte at most (nibbles).
    const tokens = new Uint16Array(bytes.length * 2);
    let count = 0;
    if (this.table.kind === 'char') {
      count = this.encodeUnits(bytes, 0, bytes.length, tokens, 0);
    } else {
      for (let i = 0; i < bytes.length; ) {
        const end = wordEnd(bytes, i, bytes.length);
        const word = this.encodeWord(bytes, i, end);
        // A loop: `set` costs more than the one to four tokens that a word has.
        for (let j = 0; j < word.length; j++) tokens[count++] = word[j];
        i = end;
      }
    }
    return tokens.slice(0, count);
  }

  /** The bytes that tokens stand for (SPEC.md 2.3). */
  decode(tokens: ArrayLike<number>): Uint8Array {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let nibble = -1;
    for (let i = 0; i < tokens.length; i++) {
      const half = this.nibbleOf(tokens[i]);
      if (half >= 0 && nibble < 0) {
        nibble = half;
        continue;
      }
      const bytes = half >= 0 ? Uint8Array.of(nibble * 16 + half) : this.bytes(tokens[i]);
      nibble = -1;
      chunks.push(bytes);
      length += bytes.length;
    }
    const out = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  /** The decoded bytes as text; bytes that are no UTF-8 become U+FFFD. */
  decodeText(tokens: ArrayLike<number>): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.decode(tokens));
  }

  /** A decoder that takes one token at a time. */
  stream(): StreamingDecoder {
    return new StreamingDecoder(
      (token) => this.bytes(token),
      (token) => this.nibbleOf(token),
    );
  }

  /** The bytes of a token: a view, not to be written. */
  bytes(token: number): Uint8Array {
    const bytes = this.bytesOf[token];
    if (bytes === undefined) {
      throw new TinyLMError('tokenizer-token', `token ${token} is not in the table of ${this.vocab} tokens`);
    }
    return bytes;
  }

  /** 0 … 15 for a nibble token, else −1. */
  private nibbleOf(token: number): number {
    const half = token - this.table.nibbleBase;
    return this.table.nibbleBase >= 0 && half >= 0 && half < TOKENIZER_LIMITS.nibbleCount ? half : -1;
  }

  private encodeUnits(bytes: Uint8Array, start: number, end: number, out: Uint16Array, at: number): number {
    for (let i = start; i < end; ) {
      const length = unitLength(bytes, i, end);
      const symbol = this.symbols.get(unitKey(bytes, i, length));
      if (symbol !== undefined) out[at++] = symbol;
      else {
        for (let j = i; j < i + length; j++) {
          out[at++] = this.table.nibbleBase + (bytes[j] >> 4);
          out[at++] = this.table.nibbleBase + (bytes[j] & 15);
        }
      }
      i += length;
    }
    return at;
  }

  private encodeWord(bytes: Uint8Array, start: number, end: number): Uint16Array {
    if (this.words.size > CACHED_WORDS) {
      this.words = new WordSet();
      this.cache = [];
    }
    const word = this.words.add(bytes, start, end);
    if (word < this.cache.length) return this.cache[word];
    const tokens = new Uint16Array((end - start) * 2);
    const count = this.merge(tokens, this.encodeUnits(bytes, start, end, tokens, 0));
    this.cache.push(tokens.slice(0, count));
    return this.cache[word];
  }

  /**
   * Merges in place; the new count. Taking the lowest rank present again and again equals going
   * through m = 0, 1, …: a merge makes a token that only later merges can use.
   */
  private merge(tokens: Uint16Array, count: number): number {
    for (;;) {
      let rank = Infinity;
      for (let i = 0; i + 1 < count; i++) {
        rank = Math.min(rank, this.ranks.get(tokens[i] * 65536 + tokens[i + 1]) ?? Infinity);
      }
      if (rank === Infinity) return count;
      count = mergePair(tokens, count, this.table.merges[rank], this.table.base.length + rank);
    }
  }
}

/** Replaces a pair by a token from left to right, without overlap, in place; the new count. */
export function mergePair(
  tokens: Uint16Array | number[],
  count: number,
  [left, right]: readonly [number, number],
  into: number,
): number {
  let at = 0;
  for (let i = 0; i < count; at++) {
    if (i + 1 < count && tokens[i] === left && tokens[i + 1] === right) {
      tokens[at] = into;
      i += 2;
    } else tokens[at] = tokens[i++];
  }
  return at;
}
