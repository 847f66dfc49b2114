/**
 * The trainer's memory as the C kernels lay it out (kernels/trainer.h): the configuration words, the addresses,
 * and the way between PyTorch's tight tensors and the padded ones.
 */
import type { ModelConfig } from '../model/config.js';
import { parameterSpecs } from '../model/index.js';

/** What the kernels are built for; fixed for the life of a trainer. */
export interface KernelConfig {
  readonly model: ModelConfig;
  /** Sequences trained in parallel; a multiple of `shards`. */
  readonly lanes: number;
  /** Steps of truncated back-propagation. */
  readonly segment: number;
  /** Parts of a batch with a gradient of their own: the most threads that can share a step. */
  readonly shards: number;
  /** Ternary weights in the forward pass (straight-through estimator). */
  readonly ternary: boolean;
  /** 8-bit hidden state and embedding in the forward pass. */
  readonly quantizeActivations: boolean;
  /** Q of the embedding activations (SPEC.md 5). */
  readonly embedFrac: number;
  readonly resetOnEod: boolean;
  readonly eod: number;
  /** Tokens a lane that the data buffers hold. */
  readonly stream: number;
  /** Steps that one call runs at most. */
  readonly chunk: number;
  /** τ of `ternarize`. */
  readonly threshold: number;
  /** Largest gradient norm. */
  readonly clip: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Step of a latent weight of a ternary row, relative to the learning rate and the row's mean magnitude. */
  readonly latentRate: number;
}

/** The C struct `Config`: fifteen 32-bit integers and seven floats. */
export function configWords(c: KernelConfig): Uint8Array {
  const ints = [
    c.model.vocab, c.model.dim, c.model.layers[0].width, c.model.layers.length, Number(c.model.tied),
    c.lanes, c.segment, c.shards,
    Number(c.ternary), Number(c.quantizeActivations), c.embedFrac, Number(c.resetOnEod), c.eod,
    c.stream, c.chunk,
  ];
  const floats = [c.threshold, c.clip, c.beta1, c.beta2, c.epsilon, c.weightDecay, c.latentRate];
  const bytes = new Uint8Array((ints.length + floats.length) * 4);
  const view = new DataView(bytes.buffer);
  ints.forEach((value, i) => view.setInt32(i * 4, value, true));
  floats.forEach((value, i) => view.setFloat32((ints.length + i) * 4, value, true));
  return bytes;
}

/** Arguments of the C function `trainer_address`. */
export const ADDRESS = {
  weight: 0, moment1: 1, moment2: 2, gradient: 3, inputs: 4, targets: 5, schedule: 6, stats: 7, totals: 8,
  config: 9, stop: 10, tensor: 11, carry: 12, done: 13, effective: 14,
  scaleMoment1: 15, scaleMoment2: 16,
} as const;

/** The arrays of all parameters that one can read and write by name. */
export type ParameterArray = 'weight' | 'moment1' | 'moment2' | 'gradient' | 'effective' | 'scaleMoment1' | 'scaleMoment2';

/** Whether an array has one value a row instead of one an element. */
export function hasRows(array: ParameterArray): boolean {
  return array === 'scaleMoment1' || array === 'scaleMoment2';
}

/** Where a parameter lies: the C struct `Tensor`. */
export interface PaddedTensor {
  readonly name: string;
  readonly groups: number;
  readonly groupRows: number;
  readonly groupStride: number;
  readonly cols: number;
  readonly stride: number;
  /** Floats from the start of a parameter array. */
  readonly offset: number;
  /** Rows from the start of an array with one value a row. */
  readonly rowOffset: number;
}

/** Reads the C struct `Tensor` number i; names come in the order of SPEC.md 1.2. */
export function readTensor(words: Int32Array, model: ModelConfig, i: number): PaddedTensor {
  const [groups, groupRows, groupStride, cols, stride, , offset, rowOffset] = words;
  return { name: parameterSpecs(model)[i].name, groups, groupRows, groupStride, cols, stride, offset, rowOffset };
}

/** The same tensor in an array with one value a row. */
export function rowsOf(t: PaddedTensor): PaddedTensor {
  return { ...t, cols: 1, stride: 1, offset: t.rowOffset };
}

/** Number of elements without the padding. */
export function tightLength(t: PaddedTensor): number {
  return t.groups * t.groupRows * t.cols;
}

/** Copies between a padded array of all parameters and the tight tensor of one. */
export function copyTensor(t: PaddedTensor, padded: Float32Array, tight: Float32Array, into: 'padded' | 'tight'): void {
  for (let group = 0; group < t.groups; group++) {
    for (let row = 0; row < t.groupRows; row++) {
      const from = t.offset + (group * t.groupStride + row) * t.stride;
      const to = (group * t.groupRows + row) * t.cols;
      if (into === 'tight') tight.set(padded.subarray(from, from + t.cols), to);
      else padded.set(tight.subarray(to, to + t.cols), from);
    }
  }
}
