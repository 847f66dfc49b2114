/**
 * What TypeScript and the C kernels tell each other: the words of a configuration, the fields of a tensor, the numbers of addresses
 * and of answers. They stand here once; `scripts/generate-header.ts` writes them as C (`kernels/abi.h`), and a test compares.
 */
import { TRIT_GROUPS } from '../model/config.js';
import { CACHE_COUNTS, CACHE_ORDERS, MODEL_LIMITS as LIMITS } from '../model/index.js';
import { ARITHMETIC_LIMITS } from '../quantize/index.js';

/** A word of the configuration: its name in C, the least and the most it may be, and what it says. */
type Word = readonly [name: string, min: number, max: number, says: string];

const FLAG = [0, 1] as const;

/** Most parts of a batch with a gradient of their own, and so most threads. */
export const MAX_SHARDS = 16;

/** 32-bit integers of the configuration, in order. */
export const INTEGER_WORDS = [
  ['vocab', LIMITS.vocabMin, LIMITS.vocabMax, 'tokens'],
  ['dim', LIMITS.dimMin, LIMITS.dimMax, 'width of an embedding row'],
  ['tied', ...FLAG, 'the head takes the embedding for its matrix'],
  ['cache', 0, 2 ** LIMITS.cacheLogMax, 'tokens that the cache of recent text looks back on; 0 for none'],
  ['cache_held', ...FLAG, "the cache's numbers are not learned"],
  ['lanes', 1, 4096, 'sequences in parallel; a multiple of shards'],
  ['segment', 1, 65536, 'steps of truncated back-propagation'],
  ['shards', 1, MAX_SHARDS, 'parts of a batch with a gradient of their own; fixes the order of every sum'],
  ['ternary', ...FLAG, 'weights are made of ternary digits in the forward pass'],
  ['quantize_activations', ...FLAG, '8-bit activations in the forward pass'],
  ['embed_frac', 0, ARITHMETIC_LIMITS.embedFracMax, 'Q of the embedding activations'],
  ['reset_on_eod', ...FLAG, 'the state is zero before an end-of-document token'],
  ['eod', 0, LIMITS.vocabMax - 1, 'the end-of-document token'],
  ['stream', 1, 2 ** 30, 'tokens a lane that the data buffers hold; at least a segment'],
  ['chunk', 1, 65536, 'steps that one call may run at most'],
  ['muon', ...FLAG, 'ternary matrices of products move by Muon; 0: all by Adam'],
] as const satisfies readonly Word[];

/** Floats of the configuration, after the integers. */
export const FLOAT_WORDS = [
  ['threshold', 'of one trit: weights beyond this many mean magnitudes of their row are kept'],
  ['step2', 'of two trits: a level is this many mean magnitudes of its row'],
  ['step3', 'of three trits'],
  ['clip', 'largest gradient norm'],
  ['beta1', "Adam's"],
  ['beta2', "Adam's"],
  ['epsilon', "Adam's"],
  ['weight_decay', 'of weights that are floats'],
  ['latent_rate', "step of a latent weight, relative to the learning rate and its row's mean magnitude"],
  ['muon_momentum', "Muon's"],
  ['muon_step', "root mean square of Muon's step in these units; Adam's is about 0.2"],
] as const;

export type IntegerWord = (typeof INTEGER_WORDS)[number][0];
export type FloatWord = (typeof FLOAT_WORDS)[number][0];

/** After the floats: trits by group, then so many tables and layers, each a few integers. What is not used is zero. */
export const NGRAM_WORDS = ['order', 'rows_log', 'width'] as const;
export const LAYER_WORDS = ['kind', 'width'] as const;

/** Names of all words of a configuration, in order; for messages. */
export const CONFIG_WORDS: readonly string[] = [
  ...INTEGER_WORDS.map(([name]) => name),
  ...FLOAT_WORDS.map(([name]) => name),
  ...TRIT_GROUPS.map((group) => `trits of ${group}`),
  'n-gram tables',
  ...Array.from({ length: LIMITS.ngramsMax }, (_, i) =>
    NGRAM_WORDS.map((name) => `${name} of n-gram table ${i}`),
  ).flat(),
  'layers',
  ...Array.from({ length: LIMITS.layersMax }, (_, i) => LAYER_WORDS.map((name) => `${name} of layer ${i}`)).flat(),
];

/** 32-bit integers of the C struct `Tensor`. */
export const TENSOR_WORDS = [
  ['groups', 'rows = groups · group_rows'],
  ['group_rows', ''],
  ['group_stride', 'stored with this many rows a group'],
  ['cols', ''],
  ['stride', 'floats from one row to the next'],
  ['role', 'MODEL_ROLE_… of model_rules.h'],
  ['trits', 'digits a weight; 0 for a number that is no weight'],
  ['table', '1 for the rows of an n-gram table: they lie behind all others and have gradients of their own kind'],
  ['offset', 'floats from the start of the parameter arrays'],
  ['row_offset', 'rows from the start of the arrays with a value a row; a table has none'],
] as const;
export type TensorWord = (typeof TENSOR_WORDS)[number][0];

/** What `trainer_address` gives the address of, in the order of its numbers. */
export const ADDRESSES = [
  'weight',
  'moment1',
  'moment2',
  'gradient',
  'effective',
  'scaleMoment1',
  'scaleMoment2',
  'inputs',
  'targets',
  'schedule',
  'stats',
  'totals',
  'stop',
  'done',
  'tensor',
  'carry',
  'context',
  'touchedRows',
  'touchedGradient',
] as const;
export type AddressName = (typeof ADDRESSES)[number];
export const ADDRESS = Object.fromEntries(ADDRESSES.map((name, i) => [name, i])) as Record<AddressName, number>;

/** What `trainer_count` counts, in the order of its numbers. */
export const COUNTS = ['tensors', 'parameters', 'all_floats', 'rows', 'touched', 'width_stride'] as const;
export type CountName = (typeof COUNTS)[number];
export const COUNT = Object.fromEntries(COUNTS.map((name, i) => [name, i])) as Record<CountName, number>;

/** What a call of the kernels answers. */
export const ANSWERS = [
  ['ok', ''],
  ['token', 'a token of the data is not in the vocabulary'],
  ['steps', 'more steps than one call may run, or a negative number of them'],
  ['place', 'the steps lie outside the data buffers'],
  ['worker', 'a worker that was not asked for'],
] as const;

/** Where the header stands, from the repository root. */
export const ABI_HEADER = 'src/train/kernels/abi.h';

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase();
const listed = (prefix: string, names: readonly string[]): string => {
  const words = names.map((name) => prefix + snake(name));
  const lines = [''];
  for (const word of words) {
    if (lines.at(-1)!.length + word.length > 116) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '  ' : ' '}${word},`;
  }
  return `enum {\n${lines.join('\n')}\n};`;
};

/** The text of `kernels/abi.h`. */
export function abiHeader(): string {
  const field = (type: string, name: string, says: string): string =>
    `  ${type} ${name};${says === '' ? '' : ` /* ${says} */`}`;
  return [
    '/* What TypeScript and the kernels tell each other. Generated by scripts/generate-header.ts from src/train/abi.ts; do not edit. */',
    '#ifndef TLM_TRAIN_ABI_H',
    '#define TLM_TRAIN_ABI_H',
    '',
    '#include <stdint.h>',
    '',
    `#define MAX_SHARDS ${MAX_SHARDS}`,
    `#define MAX_LAYERS ${LIMITS.layersMax}`,
    `#define MAX_NGRAMS ${LIMITS.ngramsMax}`,
    `#define TRIT_GROUPS ${TRIT_GROUPS.length}`,
    `#define MAX_TRITS ${LIMITS.tritsMax}`,
    `#define MAX_WIDTH ${LIMITS.widthMax}`,
    `#define CACHE_ORDERS ${CACHE_ORDERS}`,
    `#define CACHE_COUNTS ${CACHE_COUNTS}`,
    `#define NGRAM_ORDER_MIN ${LIMITS.ngramOrderMin}`,
    `#define NGRAM_ORDER_MAX ${LIMITS.ngramOrderMax}`,
    `#define NGRAM_ROWS_LOG_MIN ${LIMITS.ngramRowsLogMin}`,
    `#define NGRAM_ROWS_LOG_MAX ${LIMITS.ngramRowsLogMax}`,
    `#define NGRAM_WIDTH_MAX ${LIMITS.ngramWidthMax}`,
    '',
    '/* Written by the caller as 32-bit words in this order. */',
    'typedef struct {',
    ...INTEGER_WORDS.map(([name, , , says]) => field('int32_t', name, says)),
    ...FLOAT_WORDS.map(([name, says]) => field('float', name, says)),
    '  int32_t trits[TRIT_GROUPS]; /* MODEL_GROUP_… of model_rules.h */',
    '  int32_t ngrams;',
    `  struct { int32_t ${NGRAM_WORDS.join(', ')}; } ngram[MAX_NGRAMS];`,
    '  int32_t layers;',
    `  struct { int32_t ${LAYER_WORDS.join(', ')}; } layer[MAX_LAYERS]; /* MODEL_KIND_… */`,
    '} Config;',
    `_Static_assert(sizeof(Config) == 4 * ${CONFIG_WORDS.length}, "words of Config");`,
    '',
    '/* The least and the most that its first words may be. */',
    `#define CONFIG_INTEGERS ${INTEGER_WORDS.length}`,
    `#define CONFIG_FLOATS ${FLOAT_WORDS.length}`,
    'static const struct { int32_t min, max; } config_range[CONFIG_INTEGERS] = {',
    ...INTEGER_WORDS.map(([name, min, max]) => `  { ${min}, ${max} }, /* ${name} */`),
    '};',
    '',
    '/* A parameter. */',
    'typedef struct {',
    ...TENSOR_WORDS.map(([name, says]) => field('int32_t', name, says)),
    '} Tensor;',
    `_Static_assert(sizeof(Tensor) == 4 * ${TENSOR_WORDS.length}, "words of Tensor");`,
    '',
    listed('ADDRESS_', ADDRESSES),
    '',
    listed('COUNT_', COUNTS),
    '',
    '/* Answers. */',
    'enum {',
    ...ANSWERS.map(([name, says]) => `  ANSWER_${snake(name)},${says === '' ? '' : ` /* ${says} */`}`),
    '};',
    '',
    '#endif',
    '',
  ].join('\n');
}
