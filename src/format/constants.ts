/**
 * Every number of SPEC.md, once, by group. `scripts/generate-header.ts` turns each entry into
 * `TLM_<GROUP>_<NAME>` of `engine/src/tlm_spec.h`; a test compares the two. Limits that belong to
 * a room lower down (model, quantize, tokenizer) are defined there and passed on here.
 */
import { MODEL_LIMITS } from '../model/limits.js';
import { ARITHMETIC_LIMITS, Q } from '../quantize/limits.js';
import { TOKENIZER_LIMITS } from '../tokenizer/table.js';

/** Section 1: the file as a whole. */
export const FILE = {
  /** "TLM", 0x1A read as a little-endian u32. */
  magic: 0x1a4d4c54,
  version: 1,
  headerBytes: 64,
  entryBytes: 32,
  crcBytes: 4,
  bytesMin: 100,
  bytesMultiple: 4,
  /** Alignment of sections, scales and tensor data within the file. */
  align: 16,
  /** The data of a matrix of so many bytes begins with a line of any chip's flash cache. */
  largeBytes: 4096,
  largeAlign: 64,
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

export const CELL = { gru: 1 } as const;

/** Section 1.2: byte offsets within a directory entry. */
export const ENTRY = {
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

export const TYPE = { t2: 1, b3: 2, i16: 3 } as const;

export const TENSOR = {
  embedWeight: 1,
  fcWeight: 2,
  fcBias: 3,
  rnnWeightIh: 16,
  rnnWeightHh: 17,
  rnnBiasIh: 18,
  rnnBiasHh: 19,
  perLayer: 4,
} as const;

/** Section 1.3. */
export const PACKING = { t2Weights: 4, t2BadCode: 3, b3Weights: 5, b3ByteMax: 242, zeroDigit: 1 } as const;

/** Section 1.4: values, and byte offsets within the tokenizer section. */
export const TOKENIZER = {
  kindByte: 1,
  kindChar: 2,
  kindBpe: 3,
  baseCountOffset: 0,
  mergeCountOffset: 2,
  nibbleBaseOffset: 4,
  reservedOffset: 6,
  recordsOffset: 8,
  recordBytes: 4,
  mergeBytes: 4,
  noNibbles: 0xffff,
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
} as const;

export const LIMIT = { ...MODEL_LIMITS, ...ARITHMETIC_LIMITS } as const;

export { Q };

/** Section 3.3. */
export const SIGMOID = { last: 192, shift: 7, mask: 127, one: 32768, tanhMax: 32767 } as const;

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
export const SPEC_GROUPS: readonly { readonly prefix: string; readonly section: string;
  readonly values: Readonly<Record<string, number>> }[] = [
  { prefix: 'FILE', section: '1', values: FILE },
  { prefix: 'HEADER', section: '1.1 byte offsets', values: HEADER },
  { prefix: 'FLAG', section: '1.1', values: FLAG },
  { prefix: 'CELL', section: '1.1', values: CELL },
  { prefix: 'ENTRY', section: '1.2 byte offsets', values: ENTRY },
  { prefix: 'TYPE', section: '1.2', values: TYPE },
  { prefix: 'TENSOR', section: '1.2', values: TENSOR },
  { prefix: 'PACKING', section: '1.3', values: PACKING },
  { prefix: 'TOKENIZER', section: '1.4 and 2', values: TOKENIZER },
  { prefix: 'SNAPSHOT', section: '1.5', values: SNAPSHOT },
  { prefix: 'LIMIT', section: '1.1, 3 and 5', values: LIMIT },
  { prefix: 'Q', section: '3', values: Q },
  { prefix: 'SIGMOID', section: '3.3', values: SIGMOID },
  { prefix: 'EXP', section: '4', values: EXP },
  { prefix: 'SAMPLER', section: '4', values: SAMPLER },
];
