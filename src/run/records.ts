/**
 * What stands in the records of a run on the disk: run.json and a checkpoint's metadata. The model's part is one small
 * schema of its own. What is not known is refused: an option that this version does not have decided the result once.
 */
import * as v from 'valibot';
import {
  CACHE_BIAS_MAX,
  CACHE_BIASES,
  configOf,
  LAYER_KINDS,
  MODEL_LIMITS,
  TRIT_GROUPS,
  TRITS,
  type ModelConfig,
  type TritGroup,
} from '../model/index.js';
import { flag, number, oneOf, text, whole } from '../model/record.js';
import { ARITHMETIC_LIMITS } from '../quantize/limits.js';
import { OPTIMIZERS, type TrainOptions } from '../train/index.js';

const {
  vocabMin,
  vocabMax,
  dimMin,
  dimMax,
  widthMin,
  widthMax,
  layersMin,
  layersMax,
  ngramOrderMin,
  ngramOrderMax,
  ngramRowsLogMin,
  cacheLogMax,
  ngramRowsLogMax,
  ngramWidthMin,
  ngramWidthMax,
} = MODEL_LIMITS;
/** Counts that no run reaches. */
const MANY = 2 ** 40;
const SEED_MAX = 2 ** 32 - 1;
/** Most texts side by side, and most tokens of a segment: what the command line takes too. */
export const BATCH_MAX = 1024;
export const SEGMENT_MAX = 1024;

const trits = v.picklist(TRITS, `one of ${TRITS.join(', ')}`);

/** A stack of GRU layers as it was written before there were other kinds. */
const StackOfGruSchema = v.pipe(
  v.strictObject({
    cell: oneOf(['gru']),
    vocab: whole(vocabMin, vocabMax),
    dim: whole(dimMin, dimMax),
    hidden: whole(widthMin, widthMax),
    layers: whole(layersMin, layersMax),
    tied: flag(),
  }),
  v.transform((old) => configOf(old)),
);

const AnyStackSchema = v.strictObject({
  vocab: whole(vocabMin, vocabMax),
  dim: whole(dimMin, dimMax),
  ngrams: v.array(
    v.strictObject({
      order: whole(ngramOrderMin, ngramOrderMax),
      rows: whole(2 ** ngramRowsLogMin, 2 ** ngramRowsLogMax),
      width: whole(ngramWidthMin, ngramWidthMax),
    }),
  ),
  layers: v.pipe(
    v.array(v.strictObject({ kind: oneOf(LAYER_KINDS), width: whole(widthMin, widthMax) })),
    v.minLength(layersMin, `${layersMin} to ${layersMax} layers`),
    v.maxLength(layersMax, `${layersMin} to ${layersMax} layers`),
  ),
  tied: flag(),
  cache: v.optional(whole(0, 2 ** cacheLogMax), 0),
  trits: v.strictObject(
    Object.fromEntries(TRIT_GROUPS.map((group) => [group, trits])) as Record<TritGroup, typeof trits>,
  ),
});

/** The shape of a model. */
export const ModelSchema: v.GenericSchema<unknown, ModelConfig> = v.lazy((input) =>
  typeof input === 'object' && input !== null && 'cell' in input ? StackOfGruSchema : AnyStackSchema,
);

/** All that decides the result of a run. */
export const OptionsSchema = v.strictObject({
  model: ModelSchema,
  ternary: flag(),
  threshold: number(0, 3),
  quantizeActivations: flag(),
  embedFrac: whole(0, ARITHMETIC_LIMITS.embedFracMax),
  lanes: whole(1, BATCH_MAX),
  segment: whole(1, SEGMENT_MAX),
  steps: whole(1, MANY),
  learningRate: number(1e-9, 10),
  warmup: number(0, 1),
  cacheBias: v.optional(v.pipe(v.array(number(-CACHE_BIAS_MAX, CACHE_BIAS_MAX)), v.length(CACHE_BIASES), v.readonly())),
  finalRate: number(0, 1),
  weightDecay: number(0, 1),
  latentRate: number(0, 1e6),
  clip: number(1e-9, 1e9),
  optimizer: v.optional(oneOf(OPTIMIZERS), 'adam'),
  seed: whole(0, SEED_MAX),
  evaluateEvery: whole(1, MANY),
}) satisfies v.GenericSchema<unknown, TrainOptions>;

const TokenizerKindSchema = oneOf(['byte', 'char', 'bpe']);

/** The build of a trainer. */
const BackendSchema = v.object({
  name: oneOf(['native', 'wasm', 'wasm-relaxed']),
  vector: whole(1, 1024),
  compiler: v.optional(text()),
  target: v.optional(text(64)),
});

const DigestSchema = text(64);

/** run.json. */
export const RunSchema = v.strictObject({
  version: v.literal(1, '1, the version that this tinylm writes'),
  tinylm: text(64),
  node: text(64),
  started: text(64),
  corpus: v.looseObject({
    name: text(),
    spec: text(),
    storySeed: whole(0, SEED_MAX),
    splitSeed: whole(0, SEED_MAX),
    holdOut: v.optional(oneOf(['stretches'])),
    format: v.optional(text(64)),
    field: v.optional(text()),
    maxBytes: v.optional(whole(1, Number.MAX_SAFE_INTEGER)),
  }),
  tokenizer: v.object({ kind: TokenizerKindSchema, vocab: whole(vocabMin, vocabMax) }),
  plan: v.union(
    [
      v.object({ epochs: number(0, 1e9) }),
      v.object({ minutes: number(0, 1e9) }),
      v.object({ steps: whole(1, MANY) }),
      v.object({ usual: v.literal(true) }),
    ],
    'epochs, steps, minutes or usual',
  ),
  from: v.optional(text()),
  cooled: v.optional(v.object({ from: whole(1, MANY), planned: whole(1, MANY) })),
  options: OptionsSchema,
  backend: v.optional(BackendSchema),
  switched: v.optional(v.array(v.object({ step: whole(0, MANY), backend: BackendSchema }))),
  digest: v.optional(v.object({ tokenizer: DigestSchema, data: DigestSchema, model: DigestSchema })),
});

const HistorySchema = v.array(
  v.object({
    step: whole(0, MANY),
    epoch: number(0, MANY),
    // Nothing was trained on since the last point: JSON has no NaN.
    train: v.nullable(number(-1e9, 1e9)),
    valid: number(-1e9, 1e9),
    learningRate: number(0, 10),
  }),
);

/** history.json, and the same in a checkpoint. */
export { HistorySchema };

const byte = whole(0, 255);
const token = whole(0, vocabMax);

/** What a checkpoint knows besides its tensors. */
export const CheckpointSchema = v.object({
  options: OptionsSchema,
  tokenizer: v.strictObject({
    kind: TokenizerKindSchema,
    eod: token,
    nibbleBase: whole(-1, vocabMax),
    base: v.array(v.array(byte)),
    merges: v.array(v.tuple([token, token], 'two tokens')),
  }),
  step: whole(0, MANY),
  best: v.object({ step: whole(0, MANY), valid: v.nullable(number(-1e9, 1e9)) }),
  history: HistorySchema,
  dataDigest: text(64),
  running: v.object({ nats: number(-1e18, 1e18), tokens: whole(0, MANY) }),
});
