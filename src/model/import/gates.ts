/** The order in which other programs put a GRU's gates. PyTorch's, and ours, is r, z, n: the first of these. */
import { TinyLMError } from '../errors.js';
import type { FloatModel } from '../config.js';

/**
 * An order of the gates: reset r, update z, candidate n. `Z` instead of `z` is a gate turned round: h' = (1 − z)·h +
 * z·n, as in the paper (Cho et al., 2014), where PyTorch has h' = z·h + (1 − z)·n.
 */
export type GateOrder = string;

export const OWN_GATES: GateOrder = 'rzn';

/** All orders, our own first. */
export const GATE_ORDERS: readonly GateOrder[] = ['rzn', 'zrn', 'nrz', 'nzr', 'rnz', 'znr']
  .flatMap((order) => [order, order.replace('z', 'Z')])
  .sort((a, b) => Number(/Z/.test(a)) - Number(/Z/.test(b)));

/**
 * @param text e.g. `zrn`; h may stand for n, as TensorFlow calls it
 * @throws TinyLMError `checkpoint-gates`
 */
export function gateOrder(text: string): GateOrder {
  const order = text
    .replace(/[^a-z]/gi, '')
    .replace(/[Hh]/, 'n')
    .replace(/[RN]/g, (c) => c.toLowerCase());
  if (!GATE_ORDERS.includes(order)) {
    throw new TinyLMError(
      'checkpoint-gates',
      `"${text}" is no order of the gates r, z, n`,
      'give each letter once, e.g. zrn for TensorFlow; Z for a z that is turned round',
    );
  }
  return order;
}

/** "z, r, n", "z, r, n with z turned round" */
export const gateWords = (order: GateOrder): string =>
  `${[...order.toLowerCase()].join(', ')}${order.includes('Z') ? ' with z turned round (1 − z)' : ''}`;

/**
 * A model of GRU layers whose gates were in another order, put into ours: the result is the same model, number by
 * number.
 * σ(−x) = 1 − σ(x), so a z that is turned round has its rows negated.
 */
export function reorderGates({ config, tensors }: FloatModel, order: GateOrder): FloatModel {
  const changed = new Map(tensors);
  config.layers.forEach(({ width }, l) => {
    for (const name of ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((part) => `rnn.${part}_l${l}`)) {
      const values = tensors.get(name)!;
      const block = (values.length / (3 * width)) * width;
      const out = new Float32Array(values.length);
      [...OWN_GATES].forEach((gate, to) => {
        const from = order.toLowerCase().indexOf(gate);
        const sign = gate === 'z' && order.includes('Z') ? -1 : 1;
        for (let i = 0; i < block; i++) out[to * block + i] = sign * values[from * block + i];
      });
      changed.set(name, out);
    }
  });
  return { config, tensors: changed };
}
