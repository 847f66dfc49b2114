/**
 * PyTorch's GRU: r, z, n of the input and of the state; h' = z·h + (1 − z)·n. Reads 8-bit values, gives its state in 8 bits.
 */
import type { LayerRule } from './rules.js';

export const gru: LayerRule = {
  id: 1,
  title: 'GRU',
  state: 1,
  gates: 6,
  stream: false,
  tensors: [
    {
      id: 20,
      name: 'rnn.norm',
      role: 'gain',
      when: 'stream',
      rows: [1, 'input'],
      cols: 'one',
      frac: [1, 14],
      initial: 'one',
    },
    {
      id: 16,
      name: 'rnn.weight_ih',
      role: 'product',
      when: 'always',
      rows: [3, 'width'],
      cols: 'input',
      group: 'ih',
      from: 'input',
      to: 'gate',
      initial: 'uniform',
    },
    {
      id: 17,
      name: 'rnn.weight_hh',
      role: 'product',
      when: 'always',
      rows: [3, 'width'],
      cols: 'width',
      group: 'hh',
      from: 'hidden',
      to: 'gate',
      initial: 'uniform',
    },
    // z's begin with values to about 5, of which one byte keeps steps of 1/16: of a GRU before a gated block that cost 0.005 to 0.011
    // bits per byte (461 and 300 steps of TinyStories). In one byte other biases and gains cost nothing.
    {
      id: 18,
      name: 'rnn.bias_ih',
      role: 'bias',
      when: 'always',
      rows: [3, 'width'],
      cols: 'one',
      frac: [0, 11],
      initial: 'memory',
      keeps: 1,
      bytes: 2,
    },
    // r and z add both biases anyway: a file has their sum in bias_ih, and of bias_hh the gate n alone, which r multiplies.
    {
      id: 19,
      name: 'rnn.bias_hh',
      role: 'bias',
      when: 'always',
      rows: [3, 'width'],
      cols: 'one',
      frac: [0, 11],
      stored: 1,
      storedIn: 'rnn.bias_ih',
      initial: 'uniform',
    },
  ],
};
