/** Small random models for tests of quantize, format and reference. */
import fc from './fast-check.js';
import {
  configOf,
  initModel,
  LAYER_KINDS,
  parameterSpecs,
  TRIT_GROUPS,
  TRITS,
  type FloatModel,
  type LayerConfig,
  type ModelConfig,
  type NgramConfig,
  type TritGroup,
  type Trits,
} from '../../src/model/index.js';
import { quantizeModel, type QuantizedModel } from '../../src/quantize/index.js';
import { byteTable, tableVocab, trainTokenizer, type TokenizerTable } from '../../src/tokenizer/index.js';

const TEXT = 'the cat sat on the mat; não é? the cat the hat';

/** One table of each kind. */
export const TABLES: readonly TokenizerTable[] = [
  byteTable(),
  trainTokenizer([TEXT], { kind: 'char', vocab: 24 }),
  trainTokenizer([TEXT], { kind: 'bpe', vocab: 48 }),
];

/** A model's initial weights times `gain`, with biases of the logits too. */
export function livelyModel(config: ModelConfig, seed: number, gain = 2): FloatModel {
  const { tensors } = initModel(config, seed);
  const other = initModel(
    { ...config, ngrams: [], tied: false, vocab: Math.max(64, config.vocab) },
    seed + 1,
  ).tensors.get('embed.weight')!;
  return {
    config,
    tensors: new Map(
      [...tensors].map(([name, values]) => [
        name,
        values.map((v, i) =>
          name === 'fc.bias'
            ? other[i % other.length]
            : name.startsWith('ngram.weight')
              ? 2 * other[(i + 7) % other.length]
              : /norm|ngram/.test(name)
                ? v
                : gain * v,
        ),
      ]),
    ),
  };
}

export interface TinyModel {
  readonly float: FloatModel;
  readonly model: QuantizedModel;
  readonly tokenizer: TokenizerTable;
}

/** Models of awkward sizes over the three kinds of tokenizer. */
export const tinyModels: fc.Arbitrary<TinyModel> = fc
  .record({
    table: fc.constantFrom(...TABLES),
    dim: fc.integer({ min: 1, max: 19 }),
    hidden: fc.integer({ min: 1, max: 19 }),
    layers: fc.integer({ min: 1, max: 3 }),
    tied: fc.boolean(),
    seed: fc.nat(1e6),
    embedFrac: fc.integer({ min: 0, max: 7 }),
    method: fc.constantFrom('threshold' as const, 'sign' as const),
    resetOnEod: fc.boolean(),
  })
  .map(({ table, dim, hidden, layers, tied, seed, ...options }) => {
    const config: ModelConfig = configOf({ vocab: tableVocab(table), dim: tied ? hidden : dim, hidden, layers, tied });
    const float = livelyModel(config, seed);
    // Scales and biases as exact as they can be: what a byte loses is measured elsewhere.
    return { float, model: quantizeModel(float, { ...options, scaleBytes: 2, biasBytes: 2 }).model, tokenizer: table };
  });

const layer: fc.Arbitrary<LayerConfig> = fc.record(
  { kind: fc.constantFrom(...LAYER_KINDS), width: fc.integer({ min: 1, max: 19 }) },
  { noNullPrototype: true },
);
const table: fc.Arbitrary<NgramConfig> = fc.record(
  {
    order: fc.integer({ min: 2, max: 4 }),
    rows: fc.constantFrom(16, 32, 256),
    width: fc.integer({ min: 1, max: 9 }),
  },
  { noNullPrototype: true },
);
const trits = fc.constantFrom<Trits>(...TRITS);

/** Models of any stack, tables and trits, with scales and biases of either size. */
export const anyModels: fc.Arbitrary<TinyModel> = fc
  .record({
    tokens: fc.constantFrom(...TABLES),
    dim: fc.integer({ min: 1, max: 19 }),
    layers: fc.array(layer, { minLength: 1, maxLength: 4 }),
    ngrams: fc.array(table, { maxLength: 3 }),
    tied: fc.boolean(),
    seed: fc.nat(1e6),
    digits: fc.record(
      Object.fromEntries(TRIT_GROUPS.map((group) => [group, trits])) as Record<TritGroup, typeof trits>,
    ),
    cache: fc.constantFrom(0, 16, 32),
    embedFrac: fc.integer({ min: 0, max: 7 }),
    resetOnEod: fc.boolean(),
    scaleBytes: fc.constantFrom<1 | 2>(1, 2),
    biasBytes: fc.constantFrom<1 | 2>(1, 2),
  })
  .map(({ tokens, dim, layers, ngrams, tied, cache, seed, digits, ...options }) => {
    const sizes = { vocab: tableVocab(tokens), layers, trits: digits, cache };
    const top = layers.findLast(({ kind }) => kind === 'gru')?.width;
    const config = tied
      ? configOf({ ...sizes, dim: top ?? dim, ngrams: top === undefined ? [] : ngrams, tied })
      : configOf({ ...sizes, dim, ngrams });
    // A file says nothing of groups that have no tensor.
    const there = new Set(parameterSpecs(config).map(({ rule }) => rule.group));
    const said = Object.fromEntries(TRIT_GROUPS.map((group) => [group, there.has(group) ? config.trits[group] : 1]));
    const float = livelyModel({ ...config, trits: said as typeof config.trits }, seed);
    return { float, model: quantizeModel(float, options).model, tokenizer: tokens };
  });
