/** The tensors of a file, in the only order there is (SPEC.md 1.2). */
import type { ModelConfig } from '../model/config.js';
import { LIMIT, Q, TENSOR } from './constants.js';

/** A product that a matrix takes part in: activations in Q `from`, result in Q `to`. */
export interface LinearUse {
  readonly from: number;
  readonly to: number;
}

export interface PlannedTensor {
  readonly id: number;
  readonly layer: number;
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly kind: 'ternary' | 'int16';
  /** Largest frac of a bias; 0 for a matrix. */
  readonly fracMax: number;
  /** Products of 3.2. */
  readonly uses: readonly LinearUse[];
}

export function tensorPlan(config: ModelConfig, embedFrac: number): PlannedTensor[] {
  const { vocab: V, dim: D, hidden: H, layers, tied } = config;
  const logits = { from: Q.hidden, to: Q.logit };
  const matrix = (id: number, layer: number, name: string, rows: number, cols: number, uses: LinearUse[]):
  PlannedTensor => ({ id, layer, name, rows, cols, kind: 'ternary', fracMax: 0, uses });
  const bias = (id: number, layer: number, name: string, rows: number, fracMax: number): PlannedTensor =>
    ({ id, layer, name, rows, cols: 1, kind: 'int16', fracMax, uses: [] });
  const plan = [matrix(TENSOR.embedWeight, 0, 'embed.weight', V, D, tied ? [logits] : [])];
  for (let l = 0; l < layers; l++) {
    plan.push(
      matrix(TENSOR.rnnWeightIh, l, `rnn.weight_ih_l${l}`, 3 * H, l === 0 ? D : H,
        [{ from: l === 0 ? embedFrac : Q.hidden, to: Q.gate }]),
      matrix(TENSOR.rnnWeightHh, l, `rnn.weight_hh_l${l}`, 3 * H, H, [{ from: Q.hidden, to: Q.gate }]),
      bias(TENSOR.rnnBiasIh, l, `rnn.bias_ih_l${l}`, 3 * H, LIMIT.gateBiasFracMax),
      bias(TENSOR.rnnBiasHh, l, `rnn.bias_hh_l${l}`, 3 * H, LIMIT.gateBiasFracMax),
    );
  }
  if (!tied) plan.push(matrix(TENSOR.fcWeight, 0, 'fc.weight', V, H, [logits]));
  plan.push(bias(TENSOR.fcBias, 0, 'fc.bias', V, LIMIT.logitBiasFracMax));
  return plan;
}
