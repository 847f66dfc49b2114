/** A model before training. */
import type { FloatModel, ModelConfig } from './config.js';
import { elementCount, parameterSpecs, validateConfig } from './parameters.js';

/**
 * Random parameters, the same for the same seed: GRU and `fc` uniform in ±1/√hidden as in PyTorch, biases of
 * the GRU likewise, `fc.bias` zero (a start from equal odds). The embedding is normal; PyTorch's deviation
 * of 1 would put many rows beyond the ±1.98 that 8-bit activations hold (SPEC.md 5), so it is 0.5, and
 * 1/√dim when tied, where the same rows make the logits and must start small.
 *
 * @param seed u32
 */
export function initModel(config: ModelConfig, seed: number): FloatModel {
  validateConfig(config);
  const uniform = generator(seed);
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
    tensors.set(name, values);
  }
  return { config, tensors };
}

/** Uniform numbers in (0, 1) from splitmix32. */
function generator(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x9e3779b9) >>> 0;
    let x = a;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (((x ^ (x >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Box and Muller, 1958. */
const normal = (uniform: () => number): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
