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
