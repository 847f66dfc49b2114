/** Models for tests of imports. */
import assert from 'node:assert/strict';
import {
  configOf,
  importTensors,
  initModel,
  parameterSpecs,
  tensorsOfModel,
  type FloatModel,
  type ModelShorthand,
  type ShapedTensor,
} from '../../src/model/index.js';

export const SIZES: ModelShorthand = { vocab: 40, dim: 6, hidden: 10, layers: 2 };
export const TIED: ModelShorthand = { vocab: 40, dim: 8, tied: true };
export const SQUARE: ModelShorthand = { vocab: 40, dim: 8 };

/** A model in which no tensor is zero, so that a tensor taken for another one shows. */
export function modelOf(sizes: ModelShorthand): FloatModel {
  const model = initModel(configOf(sizes), 5);
  const tensors = parameterSpecs(model.config).map(({ name }, i): [string, Float32Array] => [
    name,
    model.tensors.get(name)!.map((v, j) => v + 0.01 * Math.sin(i + j)),
  ]);
  return { config: model.config, tensors: new Map(tensors) };
}

export type Rename = (name: string) => string;
export const renamed = (model: FloatModel, rename: Rename): Map<string, ShapedTensor> =>
  new Map([...tensorsOfModel(model)].map(([name, tensor]) => [rename(name), tensor]));
export const without = (model: FloatModel, pattern: RegExp): Map<string, ShapedTensor> =>
  new Map([...tensorsOfModel(model)].filter(([name]) => !pattern.test(name)));
export const modules =
  (embed: string, rnn: string, fc: string): Rename =>
  (name) =>
    name
      .replace(/^embed/, embed)
      .replace(/^rnn/, rnn)
      .replace(/^fc/, fc);

/** Imports tensors, and compares with a model. @returns the notes */
export const same = (
  tensors: ReadonlyMap<string, ShapedTensor>,
  model: FloatModel,
  why: string,
  options = {},
): readonly string[] => {
  const { config, tensors: values, notes } = importTensors(tensors, options);
  assert.deepEqual(config, model.config, why);
  assert.deepEqual(new Map(values), new Map(model.tensors), why);
  return notes;
};
