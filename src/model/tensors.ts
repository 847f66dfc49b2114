/** Float tensors as a model, and back. */
import type { FloatModel, ModelConfig } from './config.js';
import { TinyLMError } from './errors.js';
import { importTensors } from './import/import.js';
import { elementCount, parameterSpecs } from './parameters.js';

/** A tensor of a checkpoint, row-major. */
export interface ShapedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const shown = (shape: readonly number[] | undefined): string => (shape ? `(${shape.join(', ')})` : 'nothing');

/** The configuration that names and shapes speak of; see `importTensors`. */
export const configOfTensors = (tensors: ReadonlyMap<string, ShapedTensor>): ModelConfig =>
  importTensors(tensors).config;

/**
 * A model of the tensors of a checkpoint.
 *
 * @param expected the configuration it must have, under our names; else it is another program's: see `importTensors`.
 *   A checkpoint that repeats a tied embedding as an equal `fc.weight`, as PyTorch's state_dict does, is taken for a
 *   tied model.
 * @throws TinyLMError `checkpoint-shape` for a tensor missing, left over or of another shape,
 *   `checkpoint-value` for a number that is not finite
 */
export function modelFromTensors(tensors: ReadonlyMap<string, ShapedTensor>, expected?: ModelConfig): FloatModel {
  if (expected !== undefined) return modelOfNamed(tensors, expected);
  const { config, tensors: values } = importTensors(tensors);
  return { config, tensors: values };
}

/** The tensors under our names as a model of this configuration; throws as `modelFromTensors` does. */
export function modelOfNamed(tensors: ReadonlyMap<string, ShapedTensor>, config: ModelConfig): FloatModel {
  const specs = parameterSpecs(config);
  const model = new Map<string, Float32Array>();
  for (const { name, shape } of specs) {
    const found = tensors.get(name);
    if (found === undefined || shown(found.shape) !== shown(shape) || found.data.length !== elementCount(shape)) {
      throw new TinyLMError(
        'checkpoint-shape',
        `checkpoint of another shape: ${name} is ${shown(found?.shape)}, ` + `expected ${shown(shape)}`,
        'give the sizes that the checkpoint was trained with, or another checkpoint',
      );
    }
    const bad = found.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new TinyLMError(
        'checkpoint-value',
        `${name}[${bad}] is ${found.data[bad]}, expected a finite number`,
        'the training has diverged; take an earlier checkpoint',
      );
    }
    model.set(name, found.data);
  }
  for (const [name, tensor] of tensors) {
    const repeated = config.tied && name === 'fc.weight' && equals(tensor.data, model.get('embed.weight')!);
    if (model.has(name) || repeated) continue;
    throw new TinyLMError(
      'checkpoint-shape',
      `checkpoint of another shape: it has ${name} ${shown(tensor.shape)}, ` +
        `which a model of ${config.layers.length} layer(s), ${config.tied ? 'tied' : 'untied'}, has not`,
      'give the sizes that the checkpoint was trained with, or another checkpoint',
    );
  }
  return { config, tensors: model };
}

/** A model's tensors with their shapes, in the order of SPEC.md 1.2. */
export function tensorsOfModel(model: FloatModel): Map<string, ShapedTensor> {
  return new Map(
    parameterSpecs(model.config).map(({ name, shape }) => {
      const data = model.tensors.get(name);
      if (data?.length !== elementCount(shape)) {
        throw new TinyLMError('model-tensor', `${name} has ${data?.length ?? 0} numbers, expected ${shown(shape)}`);
      }
      return [name, { shape, data }];
    }),
  );
}

const equals = (a: Float32Array, b: Float32Array): boolean => a.length === b.length && a.every((v, i) => v === b[i]);
