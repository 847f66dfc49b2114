/** A quantized model to latent weights that training goes on from: made ternary again, they give the same levels and scales. */
import { tritLevels, type FloatModel } from '../model/config.js';
import { dequantize } from './quantize.js';
import { TRIT_STEP } from './ternary.js';
import type { QuantizedModel, TernaryTensor } from './types.js';

/** A weight rounds to its level within this distance of it, in steps; a little less than one half. */
const WITHIN = 0.49;

/**
 * Of one trit, level · scale is such a weight already: the mean of those kept is the scale. Of more the step is a fixed share of the
 * row's mean magnitude, so that the weights, within their levels, must have the right mean: all are moved away from zero or towards
 * it by the same part of a step, and what is left is put on those of the highest level, which have no upper end. A row that has no
 * such weights (hardly any level but the highest, or but zero) gets the nearest scale there is.
 */
export function latentWeights(model: QuantizedModel): FloatModel {
  const float = dequantize(model);
  const tensors = new Map(float.tensors);
  for (const tensor of model.tensors) {
    // A table's rows are in units of one scale, which is a parameter: its levels are its weights.
    if (tensor.kind !== 'ternary' || tensor.trits === 1 || tensor.name.startsWith('ngram.')) continue;
    tensors.set(tensor.name, latentRows(tensor, TRIT_STEP[tensor.trits]));
  }
  return { config: float.config, tensors };
}

function latentRows({ rows, cols, levels, mantissas, scaleShift, trits }: TernaryTensor, step: number): Float32Array {
  const out = new Float32Array(rows * cols);
  const top = tritLevels(trits);
  for (let r = 0; r < rows; r++) {
    const scale = mantissas[r] / 2 ** scaleShift;
    const row = levels.subarray(r * cols, (r + 1) * cols);
    const sizes = Float64Array.from(row, Math.abs);
    const missing = (): number => cols / step - sizes.reduce((a, b) => a + b, 0);
    const needed = missing();
    const movable = needed > 0 ? cols : row.reduce((n, w) => n + Number(w !== 0), 0);
    const move = movable === 0 ? 0 : Math.max(-WITHIN, Math.min(WITHIN, needed / movable));
    row.forEach((w, i) => {
      if (needed > 0 || w !== 0) sizes[i] += move;
    });
    const highest = row.reduce((n, w) => n + Number(Math.abs(w) === top), 0);
    const left = missing();
    if (left > 0 && highest > 0)
      row.forEach((w, i) => {
        if (Math.abs(w) === top) sizes[i] += left / highest;
      });
    // Zeros have no sign of their own: every other one is negative.
    row.forEach((w, i) => {
      out[r * cols + i] = scale * sizes[i] * (w < 0 || (w === 0 && i % 2 === 1) ? -1 : 1);
    });
  }
  return out;
}
