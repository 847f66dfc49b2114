/**
 * A gated linear recurrence without a product of the state ("MLGRU" of Zhu et al., "Scalable MatMul-free Language Modeling",
 * arXiv 2406.02528; Feng et al., "Were RNNs all we needed?", arXiv 2410.01201): forget gate f, output gate g and candidate c come
 * from the normed stream alone, h' = f·h + (1 − f)·c, and g·h' goes back into the stream.
 */
import type { LayerRule } from './rules.js';

export const mlgru: LayerRule = {
  id: 2,
  title: 'MLGRU',
  state: 1,
  gates: 3,
  stream: true,
  tensors: [
    {
      id: 36,
      name: 'mlgru.norm',
      role: 'gain',
      when: 'always',
      rows: [1, 'input'],
      cols: 'one',
      frac: [1, 14],
      initial: 'one',
    },
    {
      id: 37,
      name: 'mlgru.weight_in',
      role: 'product',
      when: 'always',
      rows: [3, 'width'],
      cols: 'input',
      group: 'in',
      from: 'norm',
      to: 'gate',
      initial: 'uniform',
    },
    {
      id: 38,
      name: 'mlgru.bias_in',
      role: 'bias',
      when: 'always',
      rows: [3, 'width'],
      cols: 'one',
      frac: [0, 11],
      initial: 'memory',
      keeps: 0,
    },
    {
      id: 39,
      name: 'mlgru.weight_out',
      role: 'product',
      when: 'always',
      rows: [1, 'input'],
      cols: 'width',
      group: 'out',
      from: 'hidden',
      to: 'gate',
      initial: 'small',
    },
  ],
};
