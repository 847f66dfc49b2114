/**
 * The cache of recent text (SPEC.md 3.9): tokens that followed the same last tokens earlier in this text get higher logits. It knows what
 * the model has just said, a name above all, and costs nine numbers. A cache language model (Kuhn and De Mori, 1990; Grave, Joulin and
 * Usunier, 2017) by matches of the last one, two and three tokens instead of by their number or by hidden states.
 */

/** Lengths of the context that is looked for: the last 1 … CACHE_ORDERS tokens. */
export const CACHE_ORDERS = 3;
/** How often a token followed it: 1, 2, … and CACHE_COUNTS times or more are told apart. */
export const CACHE_COUNTS = 3;

/** Numbers of `cache.bias`, and the most that one may be, either way. */
export const CACHE_BIASES = CACHE_ORDERS * CACHE_COUNTS;
export const CACHE_BIAS_MAX = 16;

/**
 * What the cache starts with, (CACHE_ORDERS, CACHE_COUNTS) as in `cache.bias`: about half of what it learns on stories.
 */
export const CACHE_INITIAL: readonly number[] = [0.4, 0.6, 0.9, 0.4, 0.8, 1.1, 0.4, 0.5, 0.6];

/** How often a token followed the last 1, 2 and 3 tokens, each at most CACHE_COUNTS. */
export type CacheCounts = Map<number, number[]>;

/**
 * @param recent the tokens of the text so far that the cache still knows, the newest last; the one being fed included
 */
export function cacheCounts(recent: ArrayLike<number>): CacheCounts {
  const counts: CacheCounts = new Map();
  const n = recent.length;
  for (let j = 1; j < n; j++) {
    for (let k = 0; k < CACHE_ORDERS && k < j && recent[j - 1 - k] === recent[n - 1 - k]; k++) {
      const of = counts.get(recent[j]) ?? new Array<number>(CACHE_ORDERS).fill(0);
      of[k] = Math.min(of[k] + 1, CACHE_COUNTS);
      counts.set(recent[j], of);
    }
  }
  return counts;
}

/** The tokens that the cache knows after one more. */
export function cacheAfter(recent: readonly number[], token: number, window: number, resets: boolean): number[] {
  return resets ? [token] : [...recent, token].slice(-window);
}

/** What the cache adds to the logit of a token. `bias` has (CACHE_ORDERS, CACHE_COUNTS) numbers. */
export function cacheBonus(counts: readonly number[], bias: ArrayLike<number>): number {
  return counts.reduce((sum, count, k) => sum + (count > 0 ? bias[k * CACHE_COUNTS + count - 1] : 0), 0);
}
