/** How tensors of other programs are named in messages. */
import { TinyLMError } from '../errors.js';
import type { ShapedTensor } from '../tensors.js';

export type Tensors = ReadonlyMap<string, ShapedTensor>;

/** The most tensors that a message lists. */
const LISTED = 12;

/** A name from a file, fit for a terminal: control characters are spelled out. */
export const shownName = (name: string): string =>
  name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);

/** (192, 64) */
export const shownShape = (shape: readonly number[]): string => `(${shape.join(', ')})`;

/** emb.weight (256, 64), gru.weight_ih_l0 (192, 64), … */
export function listed(names: Iterable<string>, tensors: Tensors): string {
  const all = [...names];
  const shown = all.slice(0, LISTED).map((name) => `${shownName(name)} ${shownShape(tensors.get(name)!.shape)}`);
  return shown.join(', ') + (all.length > LISTED ? ` and ${all.length - LISTED} more` : '');
}

/** @throws TinyLMError `checkpoint-shape` */
export function refuse(message: string, hint: string): never {
  throw new TinyLMError('checkpoint-shape', message, hint);
}

export const MAP_HINT =
  'say which is which by --map theirs=ours; ours are embed.weight, rnn.weight_ih_l0, rnn.weight_hh_l0, ' +
  'rnn.bias_ih_l0, rnn.bias_hh_l0 (_l1 and so on for more layers), fc.weight and fc.bias';
