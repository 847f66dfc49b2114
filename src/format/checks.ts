/** Checks that both versions of the format share. */
import { refuse } from './bytes.js';
import { LIMIT, TOKENIZER } from './constants.js';
import { levelsOf, rowBytes, unpack, type Packing } from './pack.js';
import type { PlannedTensor } from './plan.js';
import { largestMantissa, shiftOf } from '../quantize/uses.js';
import type { TokenizerKind } from '../tokenizer/table.js';

export function tokenizerKind(kind: number, field: number): TokenizerKind {
  switch (kind) {
    case TOKENIZER.kindByte:
      return 'byte';
    case TOKENIZER.kindChar:
      return 'char';
    case TOKENIZER.kindBpe:
      return 'bpe';
    default:
      return refuse('tlm-header', 'tokenizer kind', field, kind, `${TOKENIZER.kindByte} to ${TOKENIZER.kindBpe}`);
  }
}

/**
 * The metadata as an object. They are words for people: a text that is no JSON object is taken for none, as the C engine, which does
 * not look at them, takes it.
 */
export function parseMetadata(text: Uint8Array): Record<string, unknown> {
  if (text.length === 0) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

/** The weights of all planes of a matrix; every byte must be one that the packing can yield. */
export function checkTrits(
  { name, rows, cols, trits }: PlannedTensor,
  data: Uint8Array,
  packing: Packing,
  offset: number,
): Int8Array {
  const bytes = rows * rowBytes(packing, cols);
  return levelsOf(
    Array.from({ length: trits }, (_, p) => {
      const plane = unpack(data.subarray(p * bytes, (p + 1) * bytes), rows, cols, packing);
      return plane instanceof Int8Array
        ? plane
        : refuse('tlm-weight', `weights of ${name}`, offset + p * bytes + plane.offset, plane.found, plane.expected);
    }),
  );
}

/** k of every use, and that no product can overflow 32 bits (SPEC.md 3.1 and 3.2). */
export function checkScales(
  { name, cols, trits, uses }: PlannedTensor,
  mantissas: Uint16Array,
  scaleShift: number,
  field: number,
  scaleOffset: number,
  scaleBytes: number,
): void {
  for (const use of uses) {
    const k = shiftOf(use, scaleShift);
    if (k < LIMIT.shiftMin || k > LIMIT.shiftMax) {
      refuse(
        'tlm-scale',
        `scale shift of ${name}`,
        field,
        scaleShift,
        `${scaleShift - k + LIMIT.shiftMin} to ${scaleShift - k + LIMIT.shiftMax}`,
      );
    }
    if (use.kind === 'embedding') continue;
    const limit = largestMantissa(use, scaleShift, cols, trits);
    const row = mantissas.findIndex((mantissa) => mantissa > limit);
    if (row >= 0) {
      refuse(
        'tlm-scale',
        `scale of ${name} row ${row}`,
        scaleOffset + scaleBytes * row,
        mantissas[row],
        `at most ${limit}`,
      );
    }
  }
}
