/** What a configuration costs before any of it is trained. */
import type { ModelConfig } from './config.js';
import { parameterCount, parameterSpecs, validateConfig } from './parameters.js';

/** `TLM_TABLE_BUDGET_DEFAULT` of `engine/include/tinylm.h`, bytes. */
export const TABLE_BUDGET_DEFAULT = 32768;
/** Of what a matrix's offset in a `.tlm` is a multiple; a large one begins with a cache line (SPEC.md 1). */
export const dataAlign = (bytes: number): number => (bytes < 4096 ? 16 : 64);

export interface BudgetOptions {
  /** Bytes of the tokenizer section (SPEC.md 1.4); 8, kind `byte`, by default. */
  readonly tokenizerBytes?: number;
  /** Bytes of the metadata text; 0 by default. */
  readonly metadataBytes?: number;
  /** Most bytes of look-up tables in the engine's memory; 0 = {@link TABLE_BUDGET_DEFAULT}. */
  readonly tableBudget?: number;
}

/** Sizes in bytes. */
export interface Budget {
  readonly parameters: number;
  readonly floatBytes: number;
  /** Whole `.tlm` file with 2 bits a weight (`t2`) and with 1.6 (`b3`); exact. */
  readonly t2Bytes: number;
  readonly b3Bytes: number;
  /** Memory that the engine asks for (`tlm_memory_bytes`), with the table kernel and with the reference kernel. */
  readonly ramT2: number;
  readonly ramB3: number;
  readonly ramReference: number;
  /** Whether the original weights, as floats, fit into `limit` bytes. */
  fits(limit: number): boolean;
}

const up = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

/** Bytes of a `.tlm` by the layout of SPEC.md 1: every section on a multiple of 16, the data of a large matrix
 * on one of 64, the file on one of 4. */
function fileBytes(config: ModelConfig, weightsPerByte: number, tokenizer: number, metadata: number): number {
  const specs = parameterSpecs(config);
  let at = up(64 + 32 * specs.length, 16);
  at = up(at + tokenizer, 16) + metadata;
  for (const { shape, kind } of specs) {
    const [rows, cols = 1] = shape;
    if (kind === 'bias') at = up(at, 16) + rows * 2;
    else {
      at = up(at, 16) + rows * 2;
      const bytes = rows * Math.ceil(cols / weightsPerByte);
      at = up(at, dataAlign(bytes)) + bytes;
    }
  }
  return up(at, 4) + 4;
}

/** A look-up table of the engine: weights a byte, and i16 partial sums kept for each byte of a row. */
interface Table {
  readonly perByte: number;
  readonly stride: number;
}

/** `TLM_T2_STRIDE` and `TLM_B3_STRIDE` of `engine/src/tlm_internal.h`: the largest byte of a packing, and one. */
const T2_TABLE: Table = { perByte: 4, stride: 172 };
const B3_TABLE: Table = { perByte: 5, stride: 243 };

/**
 * The block that the engine is given, as `plan` in `engine/src/tlm_engine.c` lays it out: h (L, H) i16, gx and gh
 * (3H) i16, logits (V) i16, the 8-bit input (max(D, H) + 8), tables, and scratch that is the accumulators of a
 * product (3H i32) or what the sampler sorts (6 bytes a token). A row whose table is larger than the budget for
 * tables is worked off in pieces; one table is kept for each layer while the budget lasts (4 at most).
 */
function engineBytes(config: ModelConfig, table: Table | undefined, given: number): number {
  const { vocab, dim, hidden, layers } = config;
  let tables = 0;
  if (table !== undefined) {
    const budget = Math.floor((given === 0 ? TABLE_BUDGET_DEFAULT : given) / 4) * 4;
    // An untied embedding is only read row by row.
    const products = parameterSpecs(config)
      .filter(({ kind, name }) => kind === 'weight' && (config.tied || name !== 'embed.weight'));
    const widest = Math.max(...products.map(({ shape }) => Math.ceil(shape[1] / table.perByte))) * table.stride * 2;
    const slot = Math.min(up(widest, 4), budget);
    tables = slot * Math.min(Math.floor(budget / slot), layers, 4);
  }
  const parts = [2 * hidden * layers, 6 * hidden, 6 * hidden, 2 * vocab, Math.max(dim, hidden) + 8, tables,
    Math.max(12 * hidden, 6 * vocab + 2)];
  return parts.reduce((sum, bytes) => sum + up(bytes, 4), 0);
}

/** @throws TinyLMError `model-config` for a configuration that cannot be */
export function budget(config: ModelConfig, options: BudgetOptions = {}): Budget {
  validateConfig(config);
  const { tokenizerBytes = 8, metadataBytes = 0, tableBudget = 0 } = options;
  const parameters = parameterCount(config);
  const floatBytes = 4 * parameters;
  return {
    parameters,
    floatBytes,
    t2Bytes: fileBytes(config, 4, tokenizerBytes, metadataBytes),
    b3Bytes: fileBytes(config, 5, tokenizerBytes, metadataBytes),
    ramT2: engineBytes(config, T2_TABLE, tableBudget),
    ramB3: engineBytes(config, B3_TABLE, tableBudget),
    ramReference: engineBytes(config, undefined, tableBudget),
    fits: (limit) => floatBytes <= limit,
  };
}
