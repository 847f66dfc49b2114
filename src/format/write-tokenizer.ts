/** The tokenizer section of a version 2 file (SPEC.md 1.4). */
import { TinyLMError } from '../model/errors.js';
import type { TokenizerTable } from '../tokenizer/table.js';
import { TOKENIZER } from './constants.js';

/** Bytes of the section: counts, symbols, merges, and an index of the merges for a large vocabulary. */
export function encodeTokenizer(table: TokenizerTable): Uint8Array {
  if (table.kind === 'byte') return new Uint8Array();
  const symbols = table.base.slice(TOKENIZER.firstSymbol);
  const counts = Array.from(
    { length: TOKENIZER.symbolBytesMax },
    (_, i) => symbols.filter((s) => s.length === i + 1).length,
  );
  if (counts.reduce((a, b) => a + b) !== symbols.length) {
    const id =
      symbols.findIndex(({ length }) => length < 1 || length > TOKENIZER.symbolBytesMax) + TOKENIZER.firstSymbol;
    throw new TinyLMError(
      'tlm-write',
      `base token ${id} has ${table.base[id].length} bytes, expected 1 to ${TOKENIZER.symbolBytesMax}`,
    );
  }
  const out: number[] = [];
  for (const count of counts) out.push(count & 255, count >> 8);
  for (const symbol of symbols) out.push(...symbol);
  if (out.length % 2 === 1) out.push(0);
  const vocab = table.base.length + table.merges.length;
  for (const [left, right] of table.merges) {
    if (vocab <= TOKENIZER.byteIdsMax) out.push(left, right);
    else out.push(left & 255, (left >> 8) | ((right & 15) << 4), right >> 4);
  }
  if (vocab > TOKENIZER.indexAbove) {
    if (out.length % 2 === 1) out.push(0);
    for (const m of mergeOrder(table.merges)) out.push(m & 255, m >> 8);
  }
  return Uint8Array.from(out);
}

/** Numbers of the merges, sorted by (left, right). */
export function mergeOrder(merges: TokenizerTable['merges']): number[] {
  return merges.map((_, m) => m).sort((a, b) => merges[a][0] - merges[b][0] || merges[a][1] - merges[b][1] || a - b);
}
