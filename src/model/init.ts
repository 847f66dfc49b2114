/** A model before training. */
import { CACHE_INITIAL } from './cache.js';
import type { FloatModel, ModelConfig } from './config.js';
import { elementCount, stackOf, validateConfig, type ParameterSpec } from './parameters.js';
import { uniformFrom } from './random.js';

/** Steps after which the slowest unit has forgotten at the start of training. */
const LONGEST_MEMORY = 100;

/**
 * Random parameters, the same for the same seed. Matrices are uniform in ±1/√fan as in PyTorch: a GRU's fan is its width, a block's
 * and the head's what they read; what goes back into a residual stream starts at half of that. Biases of the GRU likewise,
 * `fc.bias` zero (a start from equal odds), gains one, n-gram tables zero (a row that no text chose adds nothing). The embedding is
 * normal; PyTorch's deviation of 1 would put many rows beyond the ±1.98 that 8-bit activations hold (SPEC.md 5), so it is 0.5, and
 * 1/√dim when tied, where the same rows make the logits and must start small.
 *
 * The bias of the gate that keeps the state (z, f) starts at log(1 … LONGEST_MEMORY − 1), so that the units forget at different
 * speeds, from one step to about that many (Tallec and Ollivier, "Can recurrent neural networks warp time?", 2018).
 *
 * @param seed u32
 */
export function initModel(config: ModelConfig, seed: number): FloatModel {
  validateConfig(config);
  const uniform = uniformFrom(seed);
  const { sources, layers, head } = stackOf(config);
  const tensors = new Map<string, Float32Array>();
  const add = ({ name, shape, rule }: ParameterSpec, fan: number, width: number): void => {
    const values = new Float32Array(elementCount(shape));
    const bound = 1 / Math.sqrt(fan);
    switch (rule.initial) {
      case 'embedding': {
        const deviation = config.tied ? 1 / Math.sqrt(config.dim) : 0.5;
        for (let i = 0; i < values.length; i++) values[i] = deviation * normal(uniform);
        break;
      }
      case 'uniform':
      case 'memory':
        for (let i = 0; i < values.length; i++) values[i] = bound * (2 * uniform() - 1);
        break;
      case 'small':
        for (let i = 0; i < values.length; i++) values[i] = 0.5 * bound * (2 * uniform() - 1);
        break;
      case 'one':
        values.fill(1);
        break;
      case 'eighth':
        values.fill(1 / 8);
        break;
      case 'cache':
        values.set(CACHE_INITIAL);
        break;
      case 'zero':
        break;
      default:
        rule.initial satisfies never;
    }
    if (rule.keeps !== undefined) {
      for (let j = 0; j < width; j++)
        values[rule.keeps * width + j] = Math.log(1 + ((LONGEST_MEMORY - 2) * j) / Math.max(1, width - 1));
    }
    tensors.set(name, values);
  };
  for (const spec of sources) add(spec, spec.cols, 0);
  for (const { kind, width, input, tensors: specs } of layers)
    for (const spec of specs) add(spec, kind === 'gru' ? width : spec.cols === 1 ? input.width : spec.cols, width);
  for (const spec of head.tensors) add(spec, head.input.width, 0);
  return { config, tensors };
}

/** Box and Muller, 1958. */
const normal = (uniform: () => number): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
