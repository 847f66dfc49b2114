/** The rules of SPEC.md 1.4 for a table in memory. */
import { TinyLMError } from '../model/errors.js';
import { TOKENIZER_LIMITS as LIMITS, type TokenizerTable } from './table.js';
import { unitLength } from './units.js';

/** Order of base symbols: bytes as unsigned, compared left to right, the shorter first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

function fail(message: string): never {
  throw new TinyLMError('tokenizer-table', message, 'make the table with trainTokenizer, or export the model again');
}

/** @throws TinyLMError `tokenizer-table` with what was found and what SPEC.md 1.4 wants */
export function checkTable(table: TokenizerTable): void {
  if (table.eod !== LIMITS.eod) fail(`end-of-document token ${table.eod}, expected ${LIMITS.eod}`);
  if (table.kind === 'byte') {
    if (table.base.length !== LIMITS.byteTokens || table.merges.length !== 0 || table.nibbleBase !== -1) {
      fail(
        `kind byte with ${table.base.length} base tokens, ${table.merges.length} merges and nibble base ` +
          `${table.nibbleBase}, expected ${LIMITS.byteTokens}, 0 and -1`,
      );
    }
    table.base.forEach((bytes, id) => {
      if (bytes.length !== 1 || bytes[0] !== id) fail(`kind byte: token ${id} is not the byte ${id}`);
    });
    return;
  }
  if (table.nibbleBase !== LIMITS.firstNibble) {
    fail(`first nibble token ${table.nibbleBase}, expected ${LIMITS.firstNibble}`);
  }
  if (table.base.length < LIMITS.firstSymbol) {
    fail(`${table.base.length} base tokens, expected at least ${LIMITS.firstSymbol}`);
  }
  if (table.kind === 'char' && table.merges.length > 0) {
    fail(`kind char with ${table.merges.length} merges, expected 0`);
  }
  table.base.forEach((bytes, id) => checkBase(table, bytes, id));
  checkMerges(table);
}

function checkBase(table: TokenizerTable, bytes: Uint8Array, id: number): void {
  if (id < LIMITS.firstSymbol) {
    if (bytes.length > 0) fail(`token ${id} is eod or a nibble and has ${bytes.length} bytes, expected none`);
    return;
  }
  const whole = bytes.length > 0 && unitLength(bytes, 0, bytes.length) === bytes.length;
  if (!whole || bytes.includes(0) || (bytes.length === 1 && bytes[0] >= 0x80)) {
    fail(`base token ${id} is [${[...bytes]}], expected one UTF-8 character other than NUL`);
  }
  if (id > LIMITS.firstSymbol && compareBytes(table.base[id - 1], bytes) >= 0) {
    fail(`base token ${id} [${[...bytes]}] does not come after token ${id - 1} [${[...table.base[id - 1]]}]`);
  }
}

function checkMerges(table: TokenizerTable): void {
  const lengths = table.base.map((bytes) => bytes.length);
  table.merges.forEach(([left, right], rank) => {
    const id = table.base.length + rank;
    for (const part of [left, right]) {
      if (!Number.isInteger(part) || part < LIMITS.firstSymbol || part >= id) {
        fail(`merge ${rank} uses token ${part}, expected ${LIMITS.firstSymbol} to ${id - 1}`);
      }
    }
    const length = lengths[left] + lengths[right];
    if (length > LIMITS.tokenBytesMax) {
      fail(`merge ${rank} makes a token of ${length} bytes, expected at most ${LIMITS.tokenBytesMax}`);
    }
    lengths.push(length);
  });
}
