/** The tokenizer's table, as it travels in a `.tlm` (SPEC.md 1.4 and 2). */

export type TokenizerKind = 'byte' | 'char' | 'bpe';

export interface TokenizerTable {
  readonly kind: TokenizerKind;
  /** End-of-document token id (0). */
  readonly eod: number;
  /** First of 16 nibble tokens, or −1 for none (kind byte). */
  readonly nibbleBase: number;
  /**
   * UTF-8 bytes of each base token, by id; empty for eod and nibbles.
   * For kind byte: 256 entries of one byte each.
   */
  readonly base: readonly Uint8Array[];
  /** Merges in order of rank; merge m makes token base.length + m. */
  readonly merges: readonly (readonly [left: number, right: number])[];
}

/** Numbers of SPEC.md 1.4 and 2. They stand here once; `src/format/constants.ts` passes them on. */
export const TOKENIZER_LIMITS = {
  /** Tokens of kind `byte`. */
  byteTokens: 256,
  /** End of document. */
  eod: 0,
  /** Nibble tokens of `char` and `bpe`: high and low halves of bytes outside the table. */
  firstNibble: 1,
  nibbleCount: 16,
  /** First base symbol of `char` and `bpe`. */
  firstSymbol: 17,
  /** A base symbol is one UTF-8 character of 1 to 4 bytes. */
  symbolBytesMax: 4,
  tokenBytesMax: 32,
  /** Merges never cross a word, and a word ends here at the latest. */
  wordBytesMax: 32,
} as const;
