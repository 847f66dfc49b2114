/** Which row of an n-gram table the last tokens choose (SPEC.md 3.1). */

/** Tokens before the current one that a model looks back on. */
export const NGRAM_CONTEXT = 3;

/**
 * The row of a table.
 * @param recent the last tokens, the newest first; at least `order` of them
 * @param rows a power of two
 */
export function ngramRow(recent: ArrayLike<number>, order: number, rows: number): number {
  let hash = 0;
  for (let i = order - 1; i >= 0; i--) hash = Math.imul(hash + recent[i] + 1, 0x9e3779b1);
  return (hash >>> 0) >>> (32 - Math.log2(rows));
}

/**
 * The last tokens after one more, the newest first: `NGRAM_CONTEXT` + 1 of them.
 * @param before those before it, or none at the start of a text
 * @param resets whether this token is an end of a document that makes the model forget
 */
export function ngramContext(
  before: readonly number[] | undefined,
  token: number,
  eod: number,
  resets: boolean,
): number[] {
  const old =
    before === undefined || resets ? new Array<number>(NGRAM_CONTEXT).fill(eod) : before.slice(0, NGRAM_CONTEXT);
  return [token, ...old];
}
