/** Byte-pair merges from word counts (Sennrich, Haddow and Birch, 2016), with incremental pair counts. */
import { PairHeap } from './heap.js';
import { TOKENIZER_LIMITS as LIMITS } from './table.js';
import { mergePair } from './tokenizer.js';
import type { WordCounts } from './train.js';
import { unitKey, unitLength } from './units.js';

/** A pair that occurs once makes no text shorter than its own rule. */
const MIN_COUNT = 2;

interface Word {
  readonly count: number;
  readonly tokens: number[];
}

interface Pair {
  /** Adjacent places in the text, overlapping ones included. */
  count: number;
  /** Words that have had the pair; one that lost it stays listed and is passed over. */
  readonly words: number[];
}

/**
 * Up to `vocab` − base.length merges: each time the pair with the highest count, of equal ones the
 * smallest (left, right).
 */
export function learnMerges(counted: WordCounts, base: readonly Uint8Array[], vocab: number): [number, number][] {
  const words = tokenWords(counted, base);
  const lengths = base.map((bytes) => bytes.length);
  const pairs = new Map<number, Pair>();
  const heap = new PairHeap();
  words.forEach((_, index) => change(words, index, 1, pairs, undefined));
  for (const [key, pair] of pairs) heap.push(pair.count, key);

  const merges: [number, number][] = [];
  while (lengths.length < vocab) {
    const key = next(heap, pairs);
    if (key < 0) break;
    const left = Math.floor(key / 65536);
    const right = key % 65536;
    const pair = pairs.get(key)!;
    const length = lengths[left] + lengths[right];
    if (length > LIMITS.tokenBytesMax) {
      pairs.delete(key);
      continue;
    }
    const into = lengths.length;
    merges.push([left, right]);
    lengths.push(length);
    const touched = new Set<number>();
    for (const index of pair.words) {
      const { tokens } = words[index];
      if (!has(tokens, left, right)) continue;
      change(words, index, -1, pairs, undefined);
      tokens.length = mergePair(tokens, tokens.length, [left, right], into);
      change(words, index, 1, pairs, touched);
    }
    pairs.delete(key);
    for (const changed of touched) {
      const count = pairs.get(changed)?.count ?? 0;
      if (count >= MIN_COUNT) heap.push(count, changed);
    }
  }
  return merges;
}

/** The best pair, or −1. An entry whose count has changed since goes back with the present one. */
function next(heap: PairHeap, pairs: ReadonlyMap<number, Pair>): number {
  while (heap.size > 0) {
    const { count, key } = heap.pop();
    const now = pairs.get(key)?.count ?? 0;
    if (now < MIN_COUNT) continue;
    if (now === count) return key;
    if (now < count) heap.push(now, key);
    // now > count: a newer entry with the higher count is in the heap.
  }
  return -1;
}

function has(tokens: readonly number[], left: number, right: number): boolean {
  for (let i = 0; i + 1 < tokens.length; i++) if (tokens[i] === left && tokens[i + 1] === right) return true;
  return false;
}

/** Adds (sign 1) or takes away (−1) all pairs of a word. */
function change(
  words: readonly Word[],
  index: number,
  sign: 1 | -1,
  pairs: Map<number, Pair>,
  touched: Set<number> | undefined,
): void {
  const { tokens, count } = words[index];
  for (let i = 0; i + 1 < tokens.length; i++) {
    // −1 stands for a character outside the table, which never merges.
    if (tokens[i] < 0 || tokens[i + 1] < 0) continue;
    const key = tokens[i] * 65536 + tokens[i + 1];
    let pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, (pair = { count: 0, words: [] }));
    pair.count += sign * count;
    if (sign > 0) {
      if (pair.words[pair.words.length - 1] !== index) pair.words.push(index);
      touched?.add(key);
    }
  }
}

function tokenWords({ words, counts }: WordCounts, base: readonly Uint8Array[]): Word[] {
  const ids = new Map<number, number>();
  base.forEach((bytes, id) => {
    if (id >= LIMITS.firstSymbol) ids.set(unitKey(bytes, 0, bytes.length), id);
  });
  return counts.map((count, word) => {
    const bytes = words.get(word);
    const tokens: number[] = [];
    for (let i = 0; i < bytes.length; ) {
      const length = unitLength(bytes, i, bytes.length);
      tokens.push(ids.get(unitKey(bytes, i, length)) ?? -1);
      i += length;
    }
    return { count, tokens };
  });
}
