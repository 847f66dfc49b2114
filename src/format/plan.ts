/** The tensors of a file, in the only order there is (SPEC.md 1.2). */
import type { ModelConfig, Trits } from '../model/config.js';
import { parameterSpecs } from '../model/index.js';
import { usesOf, type MatrixUse } from '../quantize/uses.js';

export interface PlannedTensor {
  readonly id: number;
  readonly layer: number;
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly kind: 'ternary' | 'fixed';
  /** Digits a weight; 0 for a bias or gain. */
  readonly trits: Trits | 0;
  /** Scales: one a row, or one for all; 0 for a bias or gain. */
  readonly scales: number;
  /** Smallest and largest frac of a bias or gain; 0 for a matrix. */
  readonly fracMin: number;
  readonly fracMax: number;
  /** Look-ups of 3.1 and products of 3.2. */
  readonly uses: readonly MatrixUse[];
}

/** @param version of the format: version 1 stores all of `rnn.bias_hh` */
export function tensorPlan(config: ModelConfig, embedFrac: number, version: 1 | 2 = 2): PlannedTensor[] {
  return parameterSpecs(config)
    .filter(({ stored }) => stored > 0)
    .map((spec) => {
      const { rule, layer, name, cols, trits, oneScale } = spec;
      const rows = version === 1 ? spec.rows : spec.stored;
      const matrix = spec.kind === 'weight';
      const [fracMin, fracMax] = rule.frac ?? [0, 0];
      return {
        id: rule.id,
        layer,
        name,
        rows,
        cols,
        kind: matrix ? 'ternary' : 'fixed',
        trits,
        scales: matrix ? (oneScale ? 1 : rows) : 0,
        fracMin,
        fracMax,
        uses: matrix ? usesOf(spec, embedFrac) : [],
      };
    });
}
