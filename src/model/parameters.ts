/** What a configuration consists of: its tensors, in the order of SPEC.md 1.2. */
import type { ModelConfig, ParameterSpec } from './config.js';
import { TinyLMError } from './errors.js';
import { MODEL_LIMITS } from './limits.js';

/** The default: 43,648 parameters, 174,592 bytes as floats, about 13 KB as a `.tlm`. */
export function defaultConfig(): ModelConfig {
  return { cell: 'gru', vocab: 256, dim: 32, hidden: 64, layers: 1, tied: false };
}

/** @throws TinyLMError `model-config` naming the size, its range, or what contradicts what */
export function validateConfig(config: ModelConfig): void {
  const fail = (message: string, hint: string): never => {
    throw new TinyLMError('model-config', message, hint);
  };
  if (config.cell !== 'gru') fail(`cell "${String(config.cell)}", expected "gru"`, 'choose the cell "gru"');
  const sizes = [
    ['vocab', config.vocab, MODEL_LIMITS.vocabMin, MODEL_LIMITS.vocabMax],
    ['dim', config.dim, MODEL_LIMITS.dimMin, MODEL_LIMITS.dimMax],
    ['hidden', config.hidden, MODEL_LIMITS.hiddenMin, MODEL_LIMITS.hiddenMax],
    ['layers', config.layers, MODEL_LIMITS.layersMin, MODEL_LIMITS.layersMax],
  ] as const;
  for (const [name, value, min, max] of sizes) {
    if (!Number.isInteger(value) || value < min || value > max) {
      fail(`${name} is ${value}, expected a whole number from ${min} to ${max}`, `choose another ${name}`);
    }
  }
  if (config.tied && config.dim !== config.hidden) {
    fail(`a tied embedding with dim ${config.dim} and hidden ${config.hidden}, expected both equal`,
      'make dim and hidden equal, or do not tie the embedding');
  }
}

/** The tensors of a model, in the order of SPEC.md 1.2. A bias has the shape [n]. */
export function parameterSpecs(config: ModelConfig): ParameterSpec[] {
  const { vocab, dim, hidden } = config;
  const specs: ParameterSpec[] = [{ name: 'embed.weight', shape: [vocab, dim], kind: 'weight', layer: 0 }];
  for (let layer = 0; layer < config.layers; layer++) {
    specs.push(
      { name: `rnn.weight_ih_l${layer}`, shape: [3 * hidden, layer === 0 ? dim : hidden], kind: 'weight', layer },
      { name: `rnn.weight_hh_l${layer}`, shape: [3 * hidden, hidden], kind: 'weight', layer },
      { name: `rnn.bias_ih_l${layer}`, shape: [3 * hidden], kind: 'bias', layer },
      { name: `rnn.bias_hh_l${layer}`, shape: [3 * hidden], kind: 'bias', layer },
    );
  }
  if (!config.tied) specs.push({ name: 'fc.weight', shape: [vocab, hidden], kind: 'weight', layer: 0 });
  specs.push({ name: 'fc.bias', shape: [vocab], kind: 'bias', layer: 0 });
  return specs;
}

/** Numbers in a tensor of this shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Trained numbers of a model; a tied embedding counts once. */
export function parameterCount(config: ModelConfig): number {
  return parameterSpecs(config).reduce((sum, spec) => sum + elementCount(spec.shape), 0);
}
