/** The models of vectors/: small, odd in size, and between them every branch of SPEC.md 1 to 3. */
import {
  configOf,
  elementCount,
  parameterSpecs,
  uniformFrom,
  type FloatModel,
  type ModelConfig,
  type ModelShorthand,
  type ParameterSpec,
} from '../src/model/index.js';
import { quantizeModel, type QuantizedModel, type QuantizeOptions } from '../src/quantize/index.js';
import { byteTable, tableVocab, trainTokenizer, type TokenizerTable } from '../src/tokenizer/index.js';
import type { Packing } from '../src/format/index.js';

export interface VectorModel {
  readonly name: string;
  readonly about: string;
  readonly model: QuantizedModel;
  readonly tokenizer: TokenizerTable;
  readonly packing: Packing | ((name: string) => Packing);
}

const STORY =
  'Once upon a time there was a little cat. The cat had a red ball. "Is it my ball?" said the cat. ' +
  'Era uma vez uma menina chamada Ana. A menina não tinha pão. A avó disse: "Olá, Ana!" O café está à mesa. ';

/** Parameters of this file's own, so that the vectors stay when a training begins in another way. */
function randomTensors(config: ModelConfig, seed: number): Map<string, Float32Array> {
  const uniform = uniformFrom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const deviation = config.tied ? 1 / Math.sqrt(config.dim) : 0.5;
  const bound = 1 / Math.sqrt(config.layers.at(-1)!.width);
  const value = ({ name, rule, oneScale }: ParameterSpec): number => {
    if (name === 'embed.weight') return deviation * normal();
    if (name === 'fc.bias') return 0;
    if (name === 'cache.bias') return 2 * uniform() - 1;
    if (oneScale) return 0.8 * normal(); // in units of the table's scale
    if (rule.role === 'scale') return 0.25;
    return (rule.role === 'gain' ? 1 : 0) + bound * (2 * uniform() - 1);
  };
  return new Map(
    parameterSpecs(config).map((spec) => [
      spec.name,
      Float32Array.from({ length: elementCount(spec.shape) }, () => value(spec)),
    ]),
  );
}

/** Random weights, larger than at the start of a training, so that gates and logits use their range. */
export function lively(config: ModelConfig, seed: number, gain: number): FloatModel {
  const noise = randomTensors(config, seed + 1).get('embed.weight')!;
  const scaled = [...randomTensors(config, seed)].map(([name, values]): [string, Float32Array] => [
    name,
    name === 'fc.bias'
      ? values.map((_, i) => 4 * noise[i % noise.length])
      : /norm|ngram/.test(name)
        ? values
        : values.map((v) => gain * v),
  ]);
  return { config, tensors: new Map(scaled) };
}

type Sizes = Omit<ModelShorthand, 'vocab'>;

function random(
  name: string,
  about: string,
  seed: number,
  gain: number,
  sizes: Sizes,
  tokenizer: TokenizerTable,
  packing: VectorModel['packing'],
  options: QuantizeOptions = {},
): VectorModel {
  const config = configOf({ vocab: tableVocab(tokenizer), ...sizes });
  const { model } = quantizeModel(lively(config, seed, gain), { threshold: 0.7, biasBytes: 1, ...options });
  return { name, about, model, tokenizer, packing };
}

/** Everything at its end: mantissas at the product's limit, biases of ±32768, most weights of a row of one sign. */
function extreme(name: string, about: string, cache = 0): VectorModel {
  const tokenizer = trainTokenizer(['aab'], { kind: 'char', vocab: 19 });
  const config: ModelConfig = configOf({
    vocab: tableVocab(tokenizer),
    dim: 300,
    hidden: 2,
    layers: 1,
    tied: false,
    cache,
  });
  const { model } = quantizeModel(lively(config, 5, 1), { threshold: 0.7, embedFrac: 0, scaleBytes: 2, biasBytes: 2 });
  const tensors = model.tensors.map((tensor, i) => {
    if (tensor.kind === 'fixed') {
      return { ...tensor, frac: 0, values: tensor.values.map((_, r) => [-32768, 32767, 0, -1, 1, 3][(r + i) % 6]) };
    }
    const scaleShift = tensor.name === 'embed.weight' ? 1 : 12;
    // The bound of 3.2 for k = fx + 12 − Q, which is at most 10 here.
    const largest = Math.min(65535, Math.floor((2 ** 31 - 1 - 2 ** 9) / (127 * tensor.cols)));
    return {
      ...tensor,
      scaleShift,
      mantissas: tensor.mantissas.map((_, r) => (r % 3 === 2 ? 0 : largest)),
      levels: tensor.levels.map((w, at) => (Math.floor(at / tensor.cols) % 2 === 0 ? 1 : mostlyNegative(at, w))),
    };
  });
  return { name, about, model: { ...model, tensors }, tokenizer, packing: 'b3' };
}

const mostlyNegative = (at: number, w: number): number => (at % 7 === 0 ? w : -1);

/** Blocks whose stream and products saturate. */
function extremeBlocks(): VectorModel {
  const tokenizer = trainTokenizer(['aab'], { kind: 'char', vocab: 19 });
  const config = configOf({
    vocab: tableVocab(tokenizer),
    dim: 40,
    trits: 3,
    layers: [
      { kind: 'mlgru', width: 3 },
      { kind: 'glu', width: 60 },
    ],
  });
  const { model } = quantizeModel(lively(config, 13, 1), { embedFrac: 0, scaleBytes: 2, biasBytes: 2 });
  const tensors = model.tensors.map((tensor, i) => {
    if (tensor.kind === 'fixed')
      return {
        ...tensor,
        frac: Math.max(1, tensor.frac - 9),
        values: tensor.values.map((_, r) => [-32768, 32767, 0, -1, 1, 300][(r + i) % 6]),
      };
    const scaleShift = tensor.name === 'embed.weight' ? 1 : 12;
    const largest = Math.min(65535, Math.floor((2 ** 31 - 1 - 2 ** 9) / (127 * 13 * tensor.cols)));
    return { ...tensor, scaleShift, mantissas: tensor.mantissas.map((_, r) => (r % 5 === 4 ? 0 : largest)) };
  });
  return {
    name: 'extreme-blocks',
    about: 'blocks that saturate, three trits',
    model: { ...model, tensors },
    tokenizer,
    packing: 't2',
  };
}

export function vectorModels(): VectorModel[] {
  const char = trainTokenizer(['aab'], { kind: 'char', vocab: 19 });
  const bpe = trainTokenizer([STORY, STORY], { kind: 'bpe', vocab: 128 });
  const small = trainTokenizer([STORY], { kind: 'bpe', vocab: 40 });
  const characters = trainTokenizer([STORY], { kind: 'char', vocab: 64 });
  const wide = { scaleBytes: 2, biasBytes: 2 } as const;
  return [
    random('gru-5-7-2', 'char, untied, 2 layers, odd sizes, t2', 1, 3, { dim: 5, hidden: 7, layers: 2 }, char, 't2'),
    random(
      'gru-tied-33',
      'bpe with few characters, tied, b3, two trits',
      2,
      2,
      { dim: 33, tied: true, trits: 2 },
      small,
      'b3',
    ),
    random(
      'gru-33-17',
      'bpe, untied, t2 and b3 mixed, 2 layers, trits by group',
      3,
      3,
      { dim: 33, hidden: 17, layers: 2, trits: { embed: 2, ih: 3, hh: 1, head: 2 } },
      bpe,
      (name) => (name.includes('ih') || name === 'embed.weight' ? 't2' : 'b3'),
    ),
    random(
      'gru-three-trits',
      'char, tied, 3 layers, state kept over eod, embed_frac 7, three trits, wide scales and biases',
      4,
      2,
      { dim: 19, layers: 3, tied: true, trits: 3 },
      characters,
      't2',
      { embedFrac: 7, resetOnEod: false, ...wide },
    ),
    random('gru-64', 'byte, the default sizes, b3', 6, 2, { dim: 64, tied: true }, byteTable(), 'b3'),
    random(
      'gru-sign',
      'byte, untied, all weights by their sign, embed_frac 4',
      7,
      1,
      { dim: 1, hidden: 3 },
      byteTable(),
      'b3',
      { method: 'sign', embedFrac: 4 },
    ),
    random(
      'blocks',
      'char, MLGRU and GLU twice, head on the stream',
      8,
      2,
      {
        dim: 24,
        layers: [
          { kind: 'mlgru', width: 20 },
          { kind: 'glu', width: 31 },
          { kind: 'mlgru', width: 9 },
          { kind: 'glu', width: 48 },
        ],
      },
      characters,
      'b3',
    ),
    random(
      'blocks-tied',
      'bpe, tied, two trits, state kept over eod, wide gains',
      9,
      2,
      {
        dim: 17,
        tied: true,
        trits: 2,
        layers: [
          { kind: 'glu', width: 8 },
          { kind: 'mlgru', width: 33 },
        ],
      },
      small,
      't2',
      { resetOnEod: false, ...wide },
    ),
    random(
      'mixed',
      'bpe, a GRU on a stream, a stream on a GRU, trits by group',
      10,
      2,
      {
        dim: 13,
        trits: { in: 2, out: 3 },
        layers: [
          { kind: 'mlgru', width: 11 },
          { kind: 'gru', width: 21 },
          { kind: 'glu', width: 26 },
          { kind: 'gru', width: 6 },
        ],
      },
      bpe,
      'b3',
    ),
    random(
      'ngrams',
      'bpe, tables for 2, 3 and 4 tokens before a GRU',
      11,
      2,
      {
        dim: 12,
        hidden: 20,
        ngrams: [
          { order: 2, rows: 64, width: 8 },
          { order: 3, rows: 128, width: 5 },
          { order: 4, rows: 16, width: 3 },
        ],
      },
      bpe,
      'b3',
    ),
    random(
      'ngrams-kept',
      'char, two trits in the tables, context kept over eod, before blocks',
      12,
      2,
      {
        dim: 7,
        trits: { ngram: 2 },
        ngrams: [{ order: 2, rows: 32, width: 9 }],
        layers: [
          { kind: 'mlgru', width: 16 },
          { kind: 'glu', width: 16 },
        ],
      },
      characters,
      't2',
      { resetOnEod: false },
    ),
    extreme('extreme', 'saturation everywhere, embed_frac 0'),
    extremeBlocks(),
    random('cache', 'char, a cache of 16 tokens over a GRU', 14, 1, { dim: 6, hidden: 10, cache: 16 }, char, 'b3'),
    random(
      'cache-kept',
      'bpe, tied, a cache that is kept over eod, wide biases',
      15,
      1,
      { dim: 9, tied: true, cache: 16 },
      small,
      't2',
      { resetOnEod: false, ...wide },
    ),
    random(
      'cache-blocks',
      'char, n-gram tables, blocks, two trits, a cache of 32 tokens',
      16,
      1,
      {
        dim: 8,
        trits: 2,
        cache: 32,
        ngrams: [{ order: 2, rows: 32, width: 4 }],
        layers: [
          { kind: 'mlgru', width: 12 },
          { kind: 'glu', width: 14 },
        ],
      },
      characters,
      'b3',
    ),
    extreme('cache-extreme', 'saturation everywhere, with a cache', 16),
  ];
}
