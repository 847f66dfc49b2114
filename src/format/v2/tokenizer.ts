/** The tokenizer section of a version 2 file (SPEC.md 1.4). */
import type { TokenizerKind, TokenizerTable } from '../../tokenizer/table.js';
import { refuse } from '../bytes.js';
import { isCharacter } from '../characters.js';
import { HEADER, TOKENIZER } from '../constants.js';
import type { Sections } from './sections.js';

/** @param at where the section begins; it was checked to lie inside the file */
export function readTokenizer(
  r: Sections,
  kind: TokenizerKind,
  vocab: number,
  at: number,
  bytes: number,
): TokenizerTable {
  const size = (expected: number): void => {
    if (bytes !== expected) refuse('tlm-tokenizer', 'size of the tokenizer', HEADER.tokenizerBytes, bytes, expected);
  };
  if (kind === 'byte') {
    if (vocab !== TOKENIZER.byteTokens)
      refuse('tlm-tokenizer', 'vocabulary of kind byte', HEADER.vocab, vocab, TOKENIZER.byteTokens);
    size(0);
    return {
      kind,
      eod: TOKENIZER.eod,
      nibbleBase: -1,
      base: Array.from({ length: vocab }, (_, byte) => Uint8Array.of(byte)),
      merges: [],
    };
  }
  if (bytes < TOKENIZER.countsBytes) {
    refuse('tlm-tokenizer', 'size of the tokenizer', HEADER.tokenizerBytes, bytes, `at least ${TOKENIZER.countsBytes}`);
  }
  const counts = Array.from({ length: TOKENIZER.symbolBytesMax }, (_, i) => r.u16(at + 2 * i));
  const baseCount = TOKENIZER.firstSymbol + counts.reduce((a, b) => a + b, 0);
  if (baseCount > vocab) refuse('tlm-tokenizer', 'base tokens', at, baseCount, `at most ${vocab}`);
  const mergeCount = vocab - baseCount;
  if (kind !== 'bpe' && mergeCount > 0) refuse('tlm-tokenizer', `base tokens of kind ${kind}`, at, baseCount, vocab);
  const even = (n: number): number => n + (n % 2);
  const symbols = at + TOKENIZER.countsBytes;
  const symbolBytes = counts.reduce((sum, count, i) => sum + count * (i + 1), 0);
  const merges = symbols + even(symbolBytes);
  const mergeBytes = mergeCount * (vocab <= TOKENIZER.byteIdsMax ? 2 : 3);
  const indexed = vocab > TOKENIZER.indexAbove;
  size(merges - at + (indexed ? even(mergeBytes) + 2 * mergeCount : mergeBytes));
  const pad = (offset: number, from: number): void => {
    if (from % 2 === 1 && r.u8(offset) !== 0) refuse('tlm-gap', 'a byte of the tokenizer', offset, r.u8(offset), 0);
  };
  const base = readSymbols(r, symbols, counts);
  pad(symbols + symbolBytes, symbolBytes);
  const table = readMerges(r, merges, mergeCount, base, vocab);
  if (indexed) {
    pad(merges + mergeBytes, mergeBytes);
    checkIndex(r, merges + even(mergeBytes), table);
  }
  return { kind, eod: TOKENIZER.eod, nibbleBase: TOKENIZER.firstNibble, base, merges: table };
}

/** eod and nibbles have no symbol; then UTF-8 characters in increasing order of their bytes, and so of their lengths. */
function readSymbols(r: Sections, start: number, counts: readonly number[]): Uint8Array[] {
  const base: Uint8Array[] = Array.from({ length: TOKENIZER.firstSymbol }, () => new Uint8Array());
  let at = start;
  let last = 0;
  counts.forEach((count, i) => {
    for (let n = 0; n < count; n++) {
      const symbol = r.bytes.slice(at, at + i + 1);
      // Padded with zeros and read as a big-endian number they have the order of their bytes.
      const order = symbol.reduce((sum, byte, place) => sum + byte * 2 ** (24 - 8 * place), 0);
      if (!isCharacter(symbol)) {
        refuse(
          'tlm-tokenizer',
          `base token ${base.length}`,
          at,
          `[${[...symbol]}]`,
          `one UTF-8 character of ${i + 1} bytes`,
        );
      }
      if (order <= last) {
        refuse(
          'tlm-tokenizer',
          `base token ${base.length}`,
          at,
          `[${[...symbol]}]`,
          'a character after that of the token before',
        );
      }
      last = order;
      base.push(symbol);
      at += symbol.length;
    }
  });
  return base;
}

function readMerges(
  r: Sections,
  start: number,
  count: number,
  base: readonly Uint8Array[],
  vocab: number,
): [number, number][] {
  const lengths = base.map((symbol) => symbol.length);
  return Array.from({ length: count }, (_, m) => {
    const narrow = vocab <= TOKENIZER.byteIdsMax;
    const at = start + (narrow ? 2 : 3) * m;
    const pair: [number, number] = narrow
      ? [r.u8(at), r.u8(at + 1)]
      : [r.u8(at) | ((r.u8(at + 1) & 15) << 8), (r.u8(at + 1) >> 4) | (r.u8(at + 2) << 4)];
    for (const id of pair) {
      if (id < TOKENIZER.firstSymbol || id >= lengths.length) {
        refuse('tlm-tokenizer', `merge ${m}`, at, `token ${id}`, `${TOKENIZER.firstSymbol} to ${lengths.length - 1}`);
      }
    }
    const length = lengths[pair[0]] + lengths[pair[1]];
    if (length > TOKENIZER.tokenBytesMax) {
      refuse('tlm-tokenizer', `merge ${m}`, at, `a token of ${length} bytes`, `at most ${TOKENIZER.tokenBytesMax}`);
    }
    lengths.push(length);
    return pair;
  });
}

/** Numbers of all merges, in increasing order of (left, right, number). */
function checkIndex(r: Sections, start: number, merges: readonly (readonly [number, number])[]): void {
  let last = -1;
  merges.forEach((_, i) => {
    const at = start + 2 * i;
    const m = r.u16(at);
    if (m >= merges.length) refuse('tlm-tokenizer', 'index of the merges', at, m, `at most ${merges.length - 1}`);
    const [left, right] = merges[m];
    const key = (left * 4096 + right) * 4096 + m;
    if (key <= last)
      refuse(
        'tlm-tokenizer',
        'index of the merges',
        at,
        `merge ${m}`,
        'one after the merge before, by what they merge',
      );
    last = key;
  });
}
