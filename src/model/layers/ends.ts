/** What stands before and behind the stack: the sources and the head. */
import { CACHE_COUNTS, CACHE_ORDERS } from '../cache.js';
import type { TensorRule } from './rules.js';

/** The token's own row. Where the head is tied, it is the head's matrix too. */
export const EMBEDDING: TensorRule = {
  id: 1,
  name: 'embed.weight',
  role: 'lookup',
  when: 'always',
  rows: [1, 'vocab'],
  cols: 'dim',
  group: 'embed',
  initial: 'embedding',
};

/**
 * The row of the last tokens, chosen by their hash, in units of the table's one scale: a scale for each row of 8 or 16 weights would
 * cost more than the weights.
 */
export const NGRAM: readonly TensorRule[] = [
  {
    id: 32,
    name: 'ngram.weight',
    role: 'lookup',
    when: 'always',
    rows: [1, 'rows'],
    cols: 'width',
    group: 'ngram',
    initial: 'zero',
  },
  {
    id: 33,
    name: 'ngram.scale',
    role: 'scale',
    when: 'always',
    rows: [1, 'one'],
    cols: 'one',
    stored: 0,
    initial: 'eighth',
  },
];

/** Logits of the last layer's output. */
export const HEAD: readonly TensorRule[] = [
  {
    id: 4,
    name: 'fc.norm',
    role: 'gain',
    when: 'stream',
    rows: [1, 'input'],
    cols: 'one',
    frac: [1, 14],
    initial: 'one',
  },
  {
    id: 2,
    name: 'fc.weight',
    role: 'product',
    when: 'untied',
    rows: [1, 'vocab'],
    cols: 'input',
    group: 'head',
    from: 'input',
    to: 'logit',
    initial: 'uniform',
  },
  {
    id: 3,
    name: 'fc.bias',
    role: 'bias',
    when: 'always',
    rows: [1, 'vocab'],
    cols: 'one',
    frac: [0, 9],
    initial: 'zero',
  },
  {
    id: 5,
    name: 'cache.bias',
    role: 'bias',
    when: 'cache',
    rows: [CACHE_ORDERS * CACHE_COUNTS, 'one'],
    cols: 'one',
    frac: [0, 9],
    initial: 'cache',
  },
];
