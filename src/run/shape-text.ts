/** Layers, n-gram tables and trits as people write them: on a command line or in a field of a page. */
import { TinyLMError } from '../model/errors.js';
import {
  CACHE_BIAS_MAX,
  CACHE_BIASES,
  LAYER_KINDS,
  TRIT_GROUPS,
  TRITS,
  type LayerConfig,
  type LayerKind,
  type NgramConfig,
  type TritGroup,
  type Trits,
} from '../model/index.js';

const wrong = (message: string): TinyLMError => new TinyLMError('shape-text', message);

/** A number of GRU layers, or a stack, e.g. `mlgru:128,glu:256,gru:96`. @throws TinyLMError `shape-text` */
export function layerList(text: string): number | LayerConfig[] {
  if (/^\d+$/.test(text.trim())) return Number(text);
  return text.split(',').map((part) => {
    const [, kind, width] = /^\s*([a-z0-9]+):(\d+)\s*$/i.exec(part) ?? [];
    if (!LAYER_KINDS.includes(kind as LayerKind))
      throw wrong(
        `Expected a number of GRU layers, or a stack such as mlgru:128,glu:256,gru:96 (kinds: ${LAYER_KINDS.join(', ')}).`,
      );
    return { kind: kind as LayerKind, width: Number(width) };
  });
}

/** N-gram tables, each `<tokens>:<rows>x<width>`, e.g. `2:8192x8,3:16384x8`. @throws TinyLMError `shape-text` */
export function ngramList(text: string): NgramConfig[] {
  return text.split(',').map((part) => {
    const [, order, rows, width] = /^\s*(\d+):(\d+)x(\d+)\s*$/i.exec(part) ?? [];
    if (order === undefined) throw wrong('Expected tables as <tokens>:<rows>x<width>, e.g. 2:8192x8,3:16384x8.');
    return { order: Number(order), rows: Number(rows), width: Number(width) };
  });
}

const tritsOf = (text: string): Trits => {
  const value = Number(text) as Trits;
  if (!TRITS.includes(value)) throw wrong(`Expected ${TRITS.join(', ')} ternary digits a weight.`);
  return value;
};

/** Digits of all weights, or by group, e.g. `embed=2,ih=2,hh=1,head=2`. @throws TinyLMError `shape-text` */
export function tritGroups(text: string): Trits | Partial<Record<TritGroup, Trits>> {
  if (!text.includes('=')) return tritsOf(text.trim());
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [group, value] = part.split('=').map((word) => word.trim());
      if (!TRIT_GROUPS.includes(group as TritGroup))
        throw wrong(`"${group}" is no group of weights; expected ${TRIT_GROUPS.join(', ')}.`);
      return [group, tritsOf(value ?? '')];
    }),
  );
}

/** Several numbers of digits with commas, e.g. `1,2,3`. @throws TinyLMError `shape-text` */
export const tritList = (text: string): Trits[] => text.split(',').map((part) => tritsOf(part.trim()));

/** The numbers of `cache.bias`, with commas. @throws TinyLMError `shape-text` */
export function biasList(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (values.length !== CACHE_BIASES || !values.every((v) => Math.abs(v) <= CACHE_BIAS_MAX))
    throw wrong(
      `expected ${CACHE_BIASES} numbers from ${-CACHE_BIAS_MAX} to ${CACHE_BIAS_MAX} with commas, found "${text}"`,
    );
  return values;
}
