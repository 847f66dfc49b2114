/** The tokenizer section of a version 1 file (SPEC.md, appendix A). */
import type { TokenizerKind, TokenizerTable } from '../../tokenizer/table.js';
import { refuse } from '../bytes.js';
import { TOKENIZER, V1, V1_HEADER as HEADER } from '../constants.js';
import { isCharacter } from '../characters.js';
import type { SectionReader } from './sections.js';

/** @param at where the section begins; it was checked to lie inside the file */
export function readTokenizer(
  r: SectionReader,
  kind: TokenizerKind,
  vocab: number,
  at: number,
  bytes: number,
): TokenizerTable {
  const equal = (what: string, offset: number, found: number, expected: number): void => {
    if (found !== expected) refuse('tlm-tokenizer', what, offset, found, expected);
  };
  if (bytes < V1.recordsOffset) {
    refuse('tlm-tokenizer', 'size of the tokenizer', HEADER.tokenizerBytes, bytes, `at least ${V1.recordsOffset}`);
  }
  const baseCount = r.u16(at + V1.baseCountOffset);
  const mergeCount = r.u16(at + V1.mergeCountOffset);
  const nibbleBase = r.u16(at + V1.nibbleBaseOffset);
  equal('reserved field of the tokenizer', at + V1.tokenizerReservedOffset, r.u16(at + V1.tokenizerReservedOffset), 0);
  equal('base tokens and merges together', at, baseCount + mergeCount, vocab);
  if (kind !== 'bpe') equal(`merges of kind ${kind}`, at + V1.mergeCountOffset, mergeCount, 0);
  if (kind === 'byte') {
    equal('base tokens of kind byte', at, baseCount, TOKENIZER.byteTokens);
    equal('nibble base of kind byte', at + V1.nibbleBaseOffset, nibbleBase, V1.noNibbles);
    equal('size of the tokenizer', HEADER.tokenizerBytes, bytes, V1.recordsOffset);
    const base = Array.from({ length: baseCount }, (_, byte) => Uint8Array.of(byte));
    return { kind, eod: TOKENIZER.eod, nibbleBase: -1, base, merges: [] };
  }
  if (baseCount < TOKENIZER.firstSymbol) {
    refuse('tlm-tokenizer', 'base tokens', at, baseCount, `at least ${TOKENIZER.firstSymbol}`);
  }
  equal('nibble base', at + V1.nibbleBaseOffset, nibbleBase, TOKENIZER.firstNibble);
  const records = at + V1.recordsOffset;
  const merges = records + V1.recordBytes * baseCount;
  equal('size of the tokenizer', HEADER.tokenizerBytes, bytes, merges + V1.mergeBytes * mergeCount - at);
  const base = readSymbols(r, records, baseCount);
  return { kind, eod: TOKENIZER.eod, nibbleBase, base, merges: readMerges(r, merges, mergeCount, base) };
}

/** Zero records for eod and nibbles, then UTF-8 characters in increasing order. */
function readSymbols(r: SectionReader, records: number, count: number): Uint8Array[] {
  const base: Uint8Array[] = [];
  let last = 0;
  for (let id = 0; id < count; id++) {
    const at = records + V1.recordBytes * id;
    const record = r.bytes.subarray(at, at + V1.recordBytes);
    // The record read as a big-endian number has the order of its bytes.
    const order = r.view.getUint32(at, false);
    const shown = `[${[...record]}]`;
    if (id < TOKENIZER.firstSymbol) {
      if (order !== 0) refuse('tlm-tokenizer', `base token ${id}`, at, shown, 'zeros, as for eod and every nibble');
      base.push(new Uint8Array());
      continue;
    }
    const zero = record.indexOf(0);
    const symbol = record.slice(0, zero < 0 ? record.length : zero);
    if (!isCharacter(symbol) || record.subarray(symbol.length).some((b) => b !== 0)) {
      refuse('tlm-tokenizer', `base token ${id}`, at, shown, 'one UTF-8 character, padded with zeros');
    }
    if (order <= last) {
      refuse('tlm-tokenizer', `base token ${id}`, at, shown, 'a character after that of the token before');
    }
    last = order;
    base.push(symbol);
  }
  return base;
}

function readMerges(r: SectionReader, start: number, count: number, base: readonly Uint8Array[]): [number, number][] {
  const lengths = base.map((symbol) => symbol.length);
  return Array.from({ length: count }, (_, m) => {
    const at = start + V1.mergeBytes * m;
    const pair: [number, number] = [r.u16(at), r.u16(at + 2)];
    pair.forEach((id, side) => {
      if (id < TOKENIZER.firstSymbol || id >= lengths.length) {
        refuse(
          'tlm-tokenizer',
          `merge ${m}`,
          at + 2 * side,
          `token ${id}`,
          `${TOKENIZER.firstSymbol} to ${lengths.length - 1}`,
        );
      }
    });
    const length = lengths[pair[0]] + lengths[pair[1]];
    if (length > TOKENIZER.tokenBytesMax) {
      refuse('tlm-tokenizer', `merge ${m}`, at, `a token of ${length} bytes`, `at most ${TOKENIZER.tokenBytesMax}`);
    }
    lengths.push(length);
    return pair;
  });
}
