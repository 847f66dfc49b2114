/**
 * Every number of SPEC.md, once, by group. `scripts/generate-header.ts` turns each entry into
 * `TLM_<GROUP>_<NAME>` of `engine/src/tlm_spec.h`; a test compares the two. Limits that belong to
 * a room lower down (model, quantize, tokenizer) are defined there and passed on here.
 */
import { CACHE_COUNTS, CACHE_ORDERS } from '../model/cache.js';
import { EMBEDDING, HEAD, LAYERS, NGRAM } from '../model/layers/index.js';
import { FILE_LAYOUT, PACKINGS } from '../model/layout.js';
import { MODEL_LIMITS } from '../model/limits.js';
import { ARITHMETIC_LIMITS, Q } from '../quantize/limits.js';
import { NGRAM_CONTEXT } from '../model/ngram.js';
import { TOKENIZER_LIMITS } from '../tokenizer/table.js';

/** Section 1: the file as a whole, version 2. */
export const FILE = {
  /** "TLM", 0x1A read as a little-endian u32. */
  magic: 0x1a4d4c54,
  version: 2,
  bytesMin: 44,
  ...FILE_LAYOUT,
  /** IEEE CRC-32, reflected. */
  crcPolynomial: 0xedb88320,
  crcInitial: 0xffffffff,
  crcFinal: 0xffffffff,
  metadataBytesMax: 4096,
} as const;

/** Section 1.1: byte offsets of the header's fields. */
export const HEADER = {
  magic: 0,
  version: 4,
  headerBytes: 6,
  fileBytes: 8,
  flags: 12,
  embedFrac: 13,
  tokenizerKind: 14,
  ngrams: 15,
  vocab: 16,
  dim: 18,
  layers: 20,
  tensorCount: 21,
  eod: 22,
  tokenizerBytes: 24,
  metadataBytes: 28,
  reserved: 30,
  temperature: 32,
  topK: 34,
  penalty: 36,
  penaltyWindow: 38,
  cacheLog: 39,
} as const;

/** Section 1.1: byte offsets within the record of an n-gram table, of a layer, and of a tensor. */
export const RECORD = {
  ngramOrder: 0,
  ngramRowsLog: 1,
  ngramWidth: 2,
  ngramReserved: 4,
  layerKind: 0,
  layerReserved: 1,
  layerWidth: 2,
  tensorType: 0,
  tensorTrits: 1,
  tensorShift: 2,
  tensorScaleBytes: 3,
} as const;

/** Appendix A: a version 1 file as a whole. */
export const V1 = {
  version: 1,
  headerBytes: 64,
  entryBytes: 32,
  bytesMin: 100,
  /** Alignment of sections, scales and tensor data within the file. */
  align: 16,
  cellGru: 1,
  hiddenMin: 1,
  hiddenMax: 2048,
  layersMin: 1,
  layersMax: 8,
  tensorsPerLayer: 4,
  /** Values and byte offsets of its tokenizer section. */
  baseCountOffset: 0,
  mergeCountOffset: 2,
  nibbleBaseOffset: 4,
  tokenizerReservedOffset: 6,
  recordsOffset: 8,
  recordBytes: 4,
  mergeBytes: 4,
  noNibbles: 0xffff,
} as const;

/** Appendix A: byte offsets of a version 1 header's fields. */
export const V1_HEADER = {
  magic: 0,
  version: 4,
  headerBytes: 6,
  fileBytes: 8,
  flags: 12,
  vocab: 16,
  dim: 18,
  hidden: 20,
  layers: 22,
  cell: 23,
  embedFrac: 24,
  reservedA: 25,
  eod: 26,
  directoryOffset: 28,
  tensorCount: 32,
  tokenizerKind: 34,
  tokenizerOffset: 36,
  tokenizerBytes: 40,
  metadataOffset: 44,
  metadataBytes: 48,
  reservedB: 52,
} as const;

export const FLAG = { tied: 1, resetOnEod: 2, all: 3 } as const;

/** Appendix A: byte offsets within a directory entry of version 1. */
export const V1_ENTRY = {
  id: 0,
  layer: 2,
  type: 3,
  rows: 4,
  cols: 8,
  rowBytes: 12,
  dataOffset: 16,
  dataBytes: 20,
  scaleOffset: 24,
  scaleShift: 28,
  frac: 29,
  reserved: 30,
} as const;

/** Section 1.2. */
export const TYPE = { t2: 1, b3: 2, i16: 3, i8: 4 } as const;

const camel = (name: string): string => name.replace(/[._]+([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Section 1.2: numbers of the tensors, by name. */
export const TENSOR: Readonly<Record<string, number>> = Object.fromEntries(
  [EMBEDDING, ...NGRAM, ...Object.values(LAYERS).flatMap(({ tensors }) => tensors), ...HEAD]
    .map(({ name, id }): [string, number] => [camel(name), id])
    .sort(([, a], [, b]) => a - b),
);

/** Section 1.1: numbers of the kinds of layers. */
export const LAYER = Object.fromEntries(Object.entries(LAYERS).map(([kind, { id }]) => [kind, id]));

/** Section 1.3. */
export const PACKING = {
  t2Weights: PACKINGS.t2.group,
  t2Stride: PACKINGS.t2.stride,
  t2BadCode: 3,
  b3Weights: PACKINGS.b3.group,
  b3Stride: PACKINGS.b3.stride,
  b3ByteMax: 242,
  zeroDigit: 1,
} as const;

/** Section 1.4: values. */
export const TOKENIZER = {
  kindByte: 1,
  kindChar: 2,
  kindBpe: 3,
  /** Bytes of the four counts of base symbols before the symbols. */
  countsBytes: 8,
  /** Up to so many tokens, an id of a merge is a byte; above, two are three bytes. */
  byteIdsMax: 256,
  /** Above so many tokens, an index of the merges, sorted by what they merge, follows them. */
  indexAbove: 1024,
  ...TOKENIZER_LIMITS,
} as const;

/** Section 1.5: the state snapshot. */
export const SNAPSHOT = {
  /** "TLS", 0x1A. */
  magic: 0x1a534c54,
  version: 1,
  versionOffset: 4,
  reservedOffset: 6,
  modelCrcOffset: 8,
  hOffset: 12,
  generatorWords: 4,
  recentSlots: 64,
  /** Tokens before the last that n-gram tables look back on. */
  contextTokens: NGRAM_CONTEXT,
} as const;

export const LIMIT = { ...MODEL_LIMITS, ...ARITHMETIC_LIMITS } as const;

export { Q };

/** Section 3.3. */
export const SIGMOID = { last: 192, shift: 7, mask: 127, one: 32768, tanhMax: 32767 } as const;

/** Section 3.4: the reciprocal square root, R[i] = round(one · sqrt(first / (first + i))), i = 0 … last. */
export const ROOT = {
  last: 192,
  first: 64,
  shift: 7,
  mask: 127,
  one: 32768,
  magnitudeMax: 1024,
  shiftBase: 10,
} as const;

/** Section 3.1: the hash of the last tokens. */
export const NGRAM_HASH = { multiplier: 0x9e3779b1 } as const;

/** Section 3.9: lengths of the contexts that are looked for, and counts that are told apart. */
export const CACHE = { orders: CACHE_ORDERS, counts: CACHE_COUNTS } as const;

/** Section 4, step 3. */
export const EXP = { last: 178, shift: 5, mask: 31, one: 32768 } as const;

/** Section 4. */
export const SAMPLER = {
  /** Temperature, Q8; 0 is greedy. */
  temperatureOne: 256,
  temperatureMin: 13,
  temperatureMax: 2560,
  /** What applies where nothing is said: 0.5 keeps models of this size from making up words. */
  temperatureDefault: 128,
  topKDefault: 40,
  inverseTemperatureBits: 18,
  inverseTemperatureShift: 10,
  /** top_p, Q15; 0 or this is off. */
  topPOff: 32768,
  topPShift: 15,
  topPMask: 32767,
  /** Repetition penalty, Q10. */
  penaltyOff: 1024,
  penaltyMax: 4096,
  inversePenaltyBits: 20,
  penaltyShift: 10,
  penaltyRounding: 512,
  penaltyWindowMax: 64,
  splitmixIncrement: 0x9e3779b9,
  splitmixMultiplierA: 0x21f0aaad,
  splitmixMultiplierB: 0x735a2d97,
  xoshiroMultiplierA: 5,
  xoshiroMultiplierB: 9,
} as const;

/** All groups, in the order of the C header. */
export const SPEC_GROUPS: readonly {
  readonly prefix: string;
  readonly section: string;
  readonly values: Readonly<Record<string, number>>;
}[] = [
  { prefix: 'FILE', section: '1', values: FILE },
  { prefix: 'HEADER', section: '1.1 byte offsets', values: HEADER },
  { prefix: 'RECORD', section: '1.1 byte offsets', values: RECORD },
  { prefix: 'FLAG', section: '1.1', values: FLAG },
  { prefix: 'LAYER', section: '1.1', values: LAYER },
  { prefix: 'TYPE', section: '1.2', values: TYPE },
  { prefix: 'TENSOR', section: '1.2', values: TENSOR },
  { prefix: 'PACKING', section: '1.3', values: PACKING },
  { prefix: 'TOKENIZER', section: '1.4 and 2', values: TOKENIZER },
  { prefix: 'SNAPSHOT', section: '1.5', values: SNAPSHOT },
  { prefix: 'V1', section: 'A', values: V1 },
  { prefix: 'V1_HEADER', section: 'A byte offsets', values: V1_HEADER },
  { prefix: 'V1_ENTRY', section: 'A byte offsets', values: V1_ENTRY },
  { prefix: 'LIMIT', section: '1.1, 3 and 5', values: LIMIT },
  { prefix: 'Q', section: '3', values: Q },
  { prefix: 'SIGMOID', section: '3.3', values: SIGMOID },
  { prefix: 'ROOT', section: '3.4', values: ROOT },
  { prefix: 'NGRAM_HASH', section: '3.1', values: NGRAM_HASH },
  { prefix: 'CACHE', section: '3.9', values: CACHE },
  { prefix: 'EXP', section: '4', values: EXP },
  { prefix: 'SAMPLER', section: '4', values: SAMPLER },
];
