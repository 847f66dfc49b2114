/** Float tensors from elsewhere (a PyTorch checkpoint, say) as a model, and back. */
import { configOf, type FloatModel, type ModelConfig } from './config.js';
import { TinyLMError } from './errors.js';
import { elementCount, parameterSpecs, validateConfig } from './parameters.js';

/** A tensor of a checkpoint, row-major. */
export interface ShapedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const shown = (shape: readonly number[] | undefined): string => shape ? `(${shape.join(', ')})` : 'nothing';

/** The configuration of a stack of GRU layers that PyTorch's names and shapes speak of; a checkpoint without `fc.weight` is tied. */
export function configOfTensors(tensors: ReadonlyMap<string, ShapedTensor>): ModelConfig {
  const shapeOf = (name: string): readonly number[] => {
    const shape = tensors.get(name)?.shape;
    if (shape?.length !== 2) {
      throw new TinyLMError('checkpoint-shape', `the checkpoint has ${shown(shape)} as ${name}, expected a matrix`,
        'a checkpoint needs embed.weight, rnn.weight_ih_l0 and so on, as PyTorch names them');
    }
    return shape;
  };
  const [vocab, dim] = shapeOf('embed.weight');
  const hidden = shapeOf('rnn.weight_hh_l0')[1];
  let layers = 0;
  while (tensors.has(`rnn.weight_hh_l${layers}`)) layers++;
  const config = configOf({ vocab, dim, hidden, layers, tied: !tensors.has('fc.weight') });
  validateConfig(config);
  return config;
}

/**
 * A model of the tensors of a checkpoint.
 *
 * @param expected the configuration it must have; else it is read from the shapes. A checkpoint that repeats a
 *   tied embedding as an equal `fc.weight`, as PyTorch's state_dict does, is taken for a tied model.
 * @throws TinyLMError `checkpoint-shape` for a tensor missing, left over or of another shape,
 *   `checkpoint-value` for a number that is not finite
 */
export function modelFromTensors(tensors: ReadonlyMap<string, ShapedTensor>, expected?: ModelConfig): FloatModel {
  const config = expected ?? configOfTensors(tensors);
  const specs = parameterSpecs(config);
  const model = new Map<string, Float32Array>();
  for (const { name, shape } of specs) {
    const found = tensors.get(name);
    if (found === undefined || shown(found.shape) !== shown(shape) || found.data.length !== elementCount(shape)) {
      throw new TinyLMError('checkpoint-shape', `checkpoint of another shape: ${name} is ${shown(found?.shape)}, ` +
        `expected ${shown(shape)}`, 'give the sizes that the checkpoint was trained with, or another checkpoint');
    }
    const bad = found.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new TinyLMError('checkpoint-value', `${name}[${bad}] is ${found.data[bad]}, expected a finite number`,
        'the training has diverged; take an earlier checkpoint');
    }
    model.set(name, found.data);
  }
  for (const [name, tensor] of tensors) {
    const repeated = config.tied && name === 'fc.weight' && equals(tensor.data, model.get('embed.weight')!);
    if (model.has(name) || repeated) continue;
    throw new TinyLMError('checkpoint-shape', `checkpoint of another shape: it has ${name} ${shown(tensor.shape)}, ` +
      `which a model of ${config.layers.length} layer(s), ${config.tied ? 'tied' : 'untied'}, has not`,
      'give the sizes that the checkpoint was trained with, or another checkpoint');
  }
  return { config, tensors: model };
}

/** A model's tensors with their shapes, in the order of SPEC.md 1.2. */
export function tensorsOfModel(model: FloatModel): Map<string, ShapedTensor> {
  return new Map(parameterSpecs(model.config).map(({ name, shape }) => {
    const data = model.tensors.get(name);
    if (data?.length !== elementCount(shape)) {
      throw new TinyLMError('model-tensor', `${name} has ${data?.length ?? 0} numbers, expected ${shown(shape)}`);
    }
    return [name, { shape, data }];
  }));
}

const equals = (a: Float32Array, b: Float32Array): boolean => a.length === b.length && a.every((v, i) => v === b[i]);
