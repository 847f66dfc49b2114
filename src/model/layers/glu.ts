/**
 * A gated feed-forward block (Shazeer, "GLU variants improve Transformer", arXiv 2002.05202): silu(a)·b of the normed
 * stream, normed again, goes back into the stream.
 */
import type { LayerRule } from './rules.js';

export const glu: LayerRule = {
  id: 3,
  title: 'GLU',
  state: 0,
  gates: 2,
  stream: true,
  tensors: [
    {
      id: 40,
      name: 'glu.norm',
      role: 'gain',
      when: 'always',
      rows: [1, 'input'],
      cols: 'one',
      frac: [1, 14],
      initial: 'one',
    },
    {
      id: 41,
      name: 'glu.weight_in',
      role: 'product',
      when: 'always',
      rows: [2, 'width'],
      cols: 'input',
      group: 'in',
      from: 'norm',
      to: 'gate',
      initial: 'uniform',
    },
    {
      id: 42,
      name: 'glu.weight_out',
      role: 'product',
      when: 'always',
      rows: [1, 'input'],
      cols: 'width',
      group: 'out',
      from: 'norm',
      to: 'gate',
      initial: 'small',
    },
  ],
};
