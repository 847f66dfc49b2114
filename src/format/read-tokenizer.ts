/** The tokenizer section of a file (SPEC.md 1.4). */
import type { TokenizerKind, TokenizerTable } from '../tokenizer/table.js';
import { refuse } from './bytes.js';
import { HEADER, TOKENIZER } from './constants.js';
import type { SectionReader } from './reader.js';

/** @param at where the section begins; it was checked to lie inside the file */
export function readTokenizer(r: SectionReader, kind: TokenizerKind, vocab: number, at: number,
  bytes: number): TokenizerTable {
  const equal = (what: string, offset: number, found: number, expected: number): void => {
    if (found !== expected) refuse('tlm-tokenizer', what, offset, found, expected);
  };
  if (bytes < TOKENIZER.recordsOffset) {
    refuse('tlm-tokenizer', 'size of the tokenizer', HEADER.tokenizerBytes, bytes,
      `at least ${TOKENIZER.recordsOffset}`);
  }
  const baseCount = r.u16(at + TOKENIZER.baseCountOffset);
  const mergeCount = r.u16(at + TOKENIZER.mergeCountOffset);
  const nibbleBase = r.u16(at + TOKENIZER.nibbleBaseOffset);
  equal('reserved field of the tokenizer', at + TOKENIZER.reservedOffset, r.u16(at + TOKENIZER.reservedOffset), 0);
  equal('base tokens and merges together', at, baseCount + mergeCount, vocab);
  if (kind !== 'bpe') equal(`merges of kind ${kind}`, at + TOKENIZER.mergeCountOffset, mergeCount, 0);
  if (kind === 'byte') {
    equal('base tokens of kind byte', at, baseCount, TOKENIZER.byteTokens);
    equal('nibble base of kind byte', at + TOKENIZER.nibbleBaseOffset, nibbleBase, TOKENIZER.noNibbles);
    equal('size of the tokenizer', HEADER.tokenizerBytes, bytes, TOKENIZER.recordsOffset);
    const base = Array.from({ length: baseCount }, (_, byte) => Uint8Array.of(byte));
    return { kind, eod: TOKENIZER.eod, nibbleBase: -1, base, merges: [] };
  }
  if (baseCount < TOKENIZER.firstSymbol) {
    refuse('tlm-tokenizer', 'base tokens', at, baseCount, `at least ${TOKENIZER.firstSymbol}`);
  }
  equal('nibble base', at + TOKENIZER.nibbleBaseOffset, nibbleBase, TOKENIZER.firstNibble);
  const records = at + TOKENIZER.recordsOffset;
  const merges = records + TOKENIZER.recordBytes * baseCount;
  equal('size of the tokenizer', HEADER.tokenizerBytes, bytes, merges + TOKENIZER.mergeBytes * mergeCount - at);
  const base = readSymbols(r, records, baseCount);
  return { kind, eod: TOKENIZER.eod, nibbleBase, base, merges: readMerges(r, merges, mergeCount, base) };
}

/** Zero records for eod and nibbles, then UTF-8 characters in increasing order. */
function readSymbols(r: SectionReader, records: number, count: number): Uint8Array[] {
  const base: Uint8Array[] = [];
  let last = 0;
  for (let id = 0; id < count; id++) {
    const at = records + TOKENIZER.recordBytes * id;
    const record = r.bytes.subarray(at, at + TOKENIZER.recordBytes);
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

/** One whole character as SPEC.md 2.1 counts them, not NUL. */
function isCharacter(bytes: Uint8Array): boolean {
  const lead = bytes[0];
  if (lead === undefined || lead === 0) return false;
  const length = lead < 0x80 ? 1 : lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return bytes.length === length && bytes.subarray(1).every((byte) => (byte & 0xc0) === 0x80);
}

function readMerges(r: SectionReader, start: number, count: number, base: readonly Uint8Array[]): [number, number][] {
  const lengths = base.map((symbol) => symbol.length);
  return Array.from({ length: count }, (_, m) => {
    const at = start + TOKENIZER.mergeBytes * m;
    const pair: [number, number] = [r.u16(at), r.u16(at + 2)];
    pair.forEach((id, side) => {
      if (id < TOKENIZER.firstSymbol || id >= lengths.length) {
        refuse('tlm-tokenizer', `merge ${m}`, at + 2 * side, `token ${id}`,
          `${TOKENIZER.firstSymbol} to ${lengths.length - 1}`);
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
