/** A model before training. */
import type { FloatModel, ModelConfig } from './config.js';
import { elementCount, parameterSpecs, validateConfig } from './parameters.js';
import { uniformFrom } from './random.js';

/** Steps after which the slowest unit has forgotten at the start of training. */
const LONGEST_MEMORY = 100;

/**
 * Random parameters, the same for the same seed: GRU and `fc` uniform in ±1/√hidden as in PyTorch, biases of
 * the GRU likewise, `fc.bias` zero (a start from equal odds). The embedding is normal; PyTorch's deviation
 * of 1 would put many rows beyond the ±1.98 that 8-bit activations hold (SPEC.md 5), so it is 0.5, and
 * 1/√dim when tied, where the same rows make the logits and must start small.
 *
 * The bias of the gate z starts at log(1 … LONGEST_MEMORY − 1), so that the units forget at different speeds, from one
 * step to about that many (Tallec and Ollivier, "Can recurrent neural networks warp time?", 2018).
 *
 * @param seed u32
 */
export function initModel(config: ModelConfig, seed: number): FloatModel {
  validateConfig(config);
  const uniform = uniformFrom(seed);
  const bound = 1 / Math.sqrt(config.hidden);
  const deviation = config.tied ? 1 / Math.sqrt(config.dim) : 0.5;
  const tensors = new Map<string, Float32Array>();
  for (const { name, shape } of parameterSpecs(config)) {
    const values = new Float32Array(elementCount(shape));
    if (name === 'embed.weight') {
      for (let i = 0; i < values.length; i++) values[i] = deviation * normal(uniform);
    } else if (name !== 'fc.bias') {
      for (let i = 0; i < values.length; i++) values[i] = bound * (2 * uniform() - 1);
    }
    if (name.startsWith('rnn.bias_ih')) {
      for (let j = 0; j < config.hidden; j++)
        values[config.hidden + j] = Math.log(1 + ((LONGEST_MEMORY - 2) * j) / Math.max(1, config.hidden - 1));
    }
    tensors.set(name, values);
  }
  return { config, tensors };
}

/** Box and Muller, 1958. */
const normal = (uniform: () => number): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
