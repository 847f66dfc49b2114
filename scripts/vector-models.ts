/** The models of vectors/: small, odd in size, and between them every branch of SPEC.md 1 to 3. */
import { configOf, elementCount, parameterSpecs, uniformFrom, type FloatModel, type ModelConfig } from '../src/model/index.js';
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

const STORY = 'Once upon a time there was a little cat. The cat had a red ball. "Is it my ball?" said the cat. ' +
  'Era uma vez uma menina chamada Ana. A menina não tinha pão. A avó disse: "Olá, Ana!" O café está à mesa. ';

/** Parameters of this file's own, so that the vectors stay when a training begins in another way. */
function randomTensors(config: ModelConfig, seed: number): Map<string, Float32Array> {
  const uniform = uniformFrom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const deviation = config.tied ? 1 / Math.sqrt(config.dim) : 0.5;
  const bound = 1 / Math.sqrt(config.hidden);
  return new Map(parameterSpecs(config).map(({ name, shape }) => [name,
    Float32Array.from({ length: elementCount(shape) }, () =>
      (name === 'embed.weight' ? deviation * normal() : name === 'fc.bias' ? 0 : bound * (2 * uniform() - 1)))]));
}

/** Random weights, larger than at the start of a training, so that gates and logits use their range. */
export function lively(config: ModelConfig, seed: number, gain: number): FloatModel {
  const noise = randomTensors(config, seed + 1).get('embed.weight')!;
  const scaled = [...randomTensors(config, seed)].map(([name, values]): [string, Float32Array] =>
    [name, name === 'fc.bias' ? values.map((_, i) => 4 * noise[i % noise.length]) : values.map((v) => gain * v)]);
  return { config, tensors: new Map(scaled) };
}

type Sizes = Omit<ModelConfig, 'cell' | 'vocab'>;

function random(name: string, about: string, seed: number, gain: number, sizes: Sizes, tokenizer: TokenizerTable,
  packing: VectorModel['packing'], options: QuantizeOptions = {}): VectorModel {
  const config: ModelConfig = configOf({ vocab: tableVocab(tokenizer), ...sizes });
  const { model } = quantizeModel(lively(config, seed, gain), { threshold: 0.7, ...options });
  return { name, about, model, tokenizer, packing };
}

/** Everything at its end: mantissas at the product's limit, biases of ±32768, most weights of a row of one sign. */
function extreme(): VectorModel {
  const tokenizer = trainTokenizer(['aab'], { kind: 'char', vocab: 19 });
  const config: ModelConfig = configOf({ vocab: tableVocab(tokenizer), dim: 300, hidden: 2, layers: 1,
    tied: false });
  const { model } = quantizeModel(lively(config, 5, 1), { threshold: 0.7, embedFrac: 0 });
  const tensors = model.tensors.map((tensor, i) => {
    if (tensor.kind === 'int16') {
      return { ...tensor, frac: 0, values: tensor.values.map((_, r) => [-32768, 32767, 0, -1, 1, 3][(r + i) % 6]) };
    }
    const scaleShift = tensor.name === 'embed.weight' ? 1 : 12;
    // The bound of 3.2 for k = fx + 12 − Q, which is at most 10 here.
    const largest = Math.min(65535, Math.floor((2 ** 31 - 1 - 2 ** 9) / (127 * tensor.cols)));
    return {
      ...tensor, scaleShift,
      mantissas: tensor.mantissas.map((_, r) => (r % 3 === 2 ? 0 : largest)),
      trits: tensor.trits.map((w, at) => (Math.floor(at / tensor.cols) % 2 === 0 ? 1 : mostlyNegative(at, w))),
    };
  });
  return { name: 'extreme', about: 'saturation everywhere, embed_frac 0', model: { ...model, tensors }, tokenizer,
    packing: 'b3' };
}

const mostlyNegative = (at: number, w: number): number => (at % 7 === 0 ? w : -1);

export function vectorModels(): VectorModel[] {
  const char = trainTokenizer(['aab'], { kind: 'char', vocab: 19 });
  const bpe = trainTokenizer([STORY, STORY], { kind: 'bpe', vocab: 128 });
  const small = trainTokenizer([STORY], { kind: 'bpe', vocab: 40 });
  const characters = trainTokenizer([STORY], { kind: 'char', vocab: 64 });
  return [
    random('char-5-7-2', 'char, untied, 2 layers, odd sizes, t2', 1, 3,
      { dim: 5, hidden: 7, layers: 2, tied: false }, char, 't2'),
    random('bpe-33', 'bpe with few characters, tied, b3', 2, 2,
      { dim: 33, hidden: 33, layers: 1, tied: true }, small, 'b3'),
    random('bpe-33-17', 'bpe, untied, t2 and b3 mixed, 2 layers', 3, 3,
      { dim: 33, hidden: 17, layers: 2, tied: false }, bpe, (name) => (name.includes('ih') || name === 'embed.weight' ?
        't2' : 'b3')),
    random('char-tied-3', 'char, tied, 3 layers, state kept over eod, embed_frac 7', 4, 2,
      { dim: 19, hidden: 19, layers: 3, tied: true }, characters, 't2', { embedFrac: 7, resetOnEod: false }),
    random('byte-64-t2', 'byte, the default sizes, t2', 6, 2, { dim: 64, hidden: 64, layers: 1, tied: true },
      byteTable(), 't2'),
    random('byte-64-b3', 'the same model, b3', 6, 2, { dim: 64, hidden: 64, layers: 1, tied: true }, byteTable(), 'b3'),
    random('byte-sign', 'byte, untied, all weights by their sign, embed_frac 4', 7, 1,
      { dim: 1, hidden: 3, layers: 1, tied: false }, byteTable(), 'b3', { method: 'sign', embedFrac: 4 }),
    extreme(),
  ];
}
