/** Small random models for tests of quantize, format and reference. */
import fc from 'fast-check';
import { configOf, initModel, type FloatModel, type ModelConfig } from '../../src/model/index.js';
import { quantizeModel, type QuantizedModel } from '../../src/quantize/index.js';
import { byteTable, tableVocab, trainTokenizer, type TokenizerTable } from '../../src/tokenizer/index.js';

const TEXT = 'the cat sat on the mat; não é? the cat the hat';

/** One table of each kind. */
export const TABLES: readonly TokenizerTable[] = [
  byteTable(), trainTokenizer([TEXT], { kind: 'char', vocab: 24 }), trainTokenizer([TEXT], { kind: 'bpe', vocab: 48 }),
];

/** A model's initial weights times `gain`, with biases of the logits too. */
export function livelyModel(config: ModelConfig, seed: number, gain = 2): FloatModel {
  const { tensors } = initModel(config, seed);
  const other = initModel({ ...config, vocab: Math.max(64, config.vocab) }, seed + 1).tensors.get('embed.weight')!;
  return {
    config,
    tensors: new Map([...tensors].map(([name, values]) =>
      [name, values.map((v, i) => (name === 'fc.bias' ? other[i % other.length] : gain * v))])),
  };
}

export interface TinyModel {
  readonly float: FloatModel;
  readonly model: QuantizedModel;
  readonly tokenizer: TokenizerTable;
}

/** Models of awkward sizes over the three kinds of tokenizer. */
export const tinyModels: fc.Arbitrary<TinyModel> = fc.record({
  table: fc.constantFrom(...TABLES), dim: fc.integer({ min: 1, max: 19 }), hidden: fc.integer({ min: 1, max: 19 }),
  layers: fc.integer({ min: 1, max: 3 }), tied: fc.boolean(), seed: fc.nat(1e6),
  embedFrac: fc.integer({ min: 0, max: 7 }),
  method: fc.constantFrom('threshold' as const, 'sign' as const), resetOnEod: fc.boolean(),
}).map(({ table, dim, hidden, layers, tied, seed, ...options }) => {
  const config: ModelConfig = configOf({ vocab: tableVocab(table), dim: tied ? hidden : dim, hidden, layers, tied });
  const float = livelyModel(config, seed);
  return { float, model: quantizeModel(float, options).model, tokenizer: table };
});
