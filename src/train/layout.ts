/**
 * The trainer's memory as the C kernels lay it out: the configuration words, and the way between PyTorch's tight tensors and the
 * padded ones.
 */
import { TRIT_GROUPS, type ModelConfig } from '../model/config.js';
import { TinyLMError } from '../model/errors.js';
import { LAYER_KINDS, MODEL_LIMITS, parameterSpecs } from '../model/index.js';
import { TRIT_STEP } from '../quantize/ternary.js';
import {
  ANSWERS,
  CONFIG_WORDS,
  FLOAT_WORDS,
  INTEGER_WORDS,
  LAYER_WORDS,
  NGRAM_WORDS,
  TENSOR_WORDS,
  type FloatWord,
  type IntegerWord,
  type TensorWord,
} from './abi.js';

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
  /** The cache's numbers are not learned. */
  readonly cacheHeld: boolean;
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
  /** Ternary matrices of products move by Muon instead of Adam. */
  readonly muon: boolean;
  readonly muonMomentum: number;
  /** Root mean square of Muon's step, in the units of Adam's. */
  readonly muonStep: number;
}

/** The words of the C struct `Config` (abi.ts). */
export function configWords(c: KernelConfig): Uint8Array {
  const { model } = c;
  const integers: Record<IntegerWord, number> = {
    vocab: model.vocab,
    dim: model.dim,
    tied: Number(model.tied),
    cache: model.cache,
    cache_held: Number(c.cacheHeld),
    lanes: c.lanes,
    segment: c.segment,
    shards: c.shards,
    ternary: Number(c.ternary),
    quantize_activations: Number(c.quantizeActivations),
    embed_frac: c.embedFrac,
    reset_on_eod: Number(c.resetOnEod),
    eod: c.eod,
    stream: c.stream,
    chunk: c.chunk,
    muon: Number(c.muon),
  };
  const floats: Record<FloatWord, number> = {
    threshold: c.threshold,
    step2: TRIT_STEP[2],
    step3: TRIT_STEP[3],
    clip: c.clip,
    beta1: c.beta1,
    beta2: c.beta2,
    epsilon: c.epsilon,
    weight_decay: c.weightDecay,
    latent_rate: c.latentRate,
    muon_momentum: c.muonMomentum,
    muon_step: c.muonStep,
  };
  /** A count and so many records, those that are not used zero. */
  const list = (records: readonly (readonly number[])[], most: number, words: number): number[] => [
    records.length,
    ...records.flat(),
    ...new Array<number>(Math.max(0, most - records.length) * words).fill(0),
  ];
  const words = [
    ...INTEGER_WORDS.map(([name]) => integers[name]),
    ...FLOAT_WORDS.map(([name]) => floats[name]),
    ...TRIT_GROUPS.map((group) => model.trits[group]),
    ...list(
      model.ngrams.map(({ order, rows, width }) => [order, Math.log2(rows), width]),
      MODEL_LIMITS.ngramsMax,
      NGRAM_WORDS.length,
    ),
    ...list(
      model.layers.map(({ kind, width }) => [LAYER_KINDS.indexOf(kind), width]),
      MODEL_LIMITS.layersMax,
      LAYER_WORDS.length,
    ),
  ];
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((value, i) => {
    if (i >= INTEGER_WORDS.length && i < INTEGER_WORDS.length + FLOAT_WORDS.length) view.setFloat32(i * 4, value, true);
    else view.setInt32(i * 4, value, true);
  });
  return bytes;
}

/** @throws TinyLMError `train-config` for the number of a word that cannot be, plus 1, as `trainer_check` gives it; 0 is none */
export function refuseConfig(word: number, config: Uint8Array): void {
  if (word === 0) return;
  const at = (word - 1) * 4;
  const view = new DataView(config.buffer, config.byteOffset);
  const float = word > INTEGER_WORDS.length && word <= INTEGER_WORDS.length + FLOAT_WORDS.length;
  throw new TinyLMError(
    'train-config',
    `the trainer cannot work with ${CONFIG_WORDS[word - 1]} = ` +
      `${float ? view.getFloat32(at, true) : view.getInt32(at, true)}`,
    'choose other sizes of the model or of the batch',
  );
}

/** @throws TinyLMError `train-data` for an answer of the kernels that is not 0 */
export function refuseAnswer(answer: number): void {
  if (answer === 0) return;
  throw new TinyLMError(
    'train-data',
    `the kernels refuse what they were asked: ${ANSWERS[answer]?.[1] ?? `answer ${answer}`}`,
    'encode the text with the tokenizer that the model was made for',
  );
}

/** The arrays of all parameters that one can read and write by name. */
export type ParameterArray =
  | 'weight'
  | 'moment1'
  | 'moment2'
  | 'gradient'
  | 'effective'
  | 'scaleMoment1'
  | 'scaleMoment2';

/** Whether an array has one value a row instead of one an element. */
export function hasRows(array: ParameterArray): boolean {
  return array === 'scaleMoment1' || array === 'scaleMoment2';
}

/** Whether an array holds the rows of n-gram tables too. */
export function hasTables(array: ParameterArray): boolean {
  return array === 'weight' || array === 'moment1' || array === 'moment2';
}

/** Where a parameter lies: the C struct `Tensor`. */
export type PaddedTensor = Readonly<Record<TensorWord, number>> & { readonly name: string };

/** Reads the C struct `Tensor` number i; names come in the order of SPEC.md 1.2. */
export function readTensor(words: Int32Array, model: ModelConfig, i: number): PaddedTensor {
  const fields = Object.fromEntries(TENSOR_WORDS.map(([name], word) => [name, words[word]])) as Record<
    TensorWord,
    number
  >;
  return { name: parameterSpecs(model)[i].name, ...fields };
}

/** The same tensor in an array with one value a row. */
export function rowsOf(t: PaddedTensor): PaddedTensor {
  return { ...t, cols: 1, stride: 1, offset: t.row_offset };
}

/** Number of elements without the padding. */
export function tightLength(t: PaddedTensor): number {
  return t.groups * t.group_rows * t.cols;
}

/** Copies between a padded array of all parameters and the tight tensor of one. */
export function copyTensor(t: PaddedTensor, padded: Float32Array, tight: Float32Array, into: 'padded' | 'tight'): void {
  for (let group = 0; group < t.groups; group++) {
    for (let row = 0; row < t.group_rows; row++) {
      const from = t.offset + (group * t.group_stride + row) * t.stride;
      const to = (group * t.group_rows + row) * t.cols;
      if (into === 'tight') tight.set(padded.subarray(from, from + t.cols), to);
      else padded.set(tight.subarray(to, to + t.cols), from);
    }
  }
}
