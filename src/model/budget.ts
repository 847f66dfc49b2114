/** What a configuration costs before any of it is trained. */
import type { ModelConfig } from './config.js';
import { LAYERS } from './layers/index.js';
import { alignUp, fileLayout, PACKINGS, rowBytes, type Packing } from './layout.js';
import {
  inputWidth,
  parameterCount,
  parameterSpecs,
  stackOf,
  stateWidths,
  validateConfig,
  weightCount,
  type ParameterSpec,
} from './parameters.js';

/** `TLM_TABLE_BUDGET_DEFAULT` of `engine/include/tinylm.h`, bytes. */
export const TABLE_BUDGET_DEFAULT = 32768;

export interface BudgetOptions {
  /** Bytes of the tokenizer section (SPEC.md 1.4); 0, kind `byte`, by default. */
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
  /** Weights that are made of ternary digits, and their digits. */
  readonly weights: number;
  readonly digits: number;
  /** Whole `.tlm` file with 2 bits a digit (`t2`) and with 1.6 (`b3`); exact. */
  readonly t2Bytes: number;
  readonly b3Bytes: number;
  /** Memory that the engine asks for (`tlm_memory_bytes`), with the table kernel and with the reference kernel. */
  readonly ramT2: number;
  readonly ramB3: number;
  readonly ramReference: number;
  /** Whether the original weights, as floats, fit into `limit` bytes. */
  fits(limit: number): boolean;
}

/** Slots of look-up tables that the engine keeps at most (`TLM_TABLE_SLOTS_MAX`). */
export const TABLE_SLOTS_MAX = 4;

/** What the sampler sums in, bytes (`TLM_SAMPLE_BYTES`); it lies where the gates do. */
const SAMPLE_BYTES = 512;

/** Accumulators of a product that is made in pieces of columns: of so many rows at a time. */
export const PIECE_ROWS = 1536;

/**
 * Bytes of one slot of look-up tables, and how many there are: a row whose table is larger than the budget is worked off
 * in pieces; one table is kept for each GRU's state that a layer above or the head reads too, while the budget lasts.
 */
export function tableSlots(config: ModelConfig, packing: Packing, given: number): { slot: number; slots: number } {
  const budget = Math.floor((given === 0 ? TABLE_BUDGET_DEFAULT : given) / 4) * 4;
  const widest = Math.max(...productsOf(config).map(({ cols }) => rowBytes(packing, cols)));
  const slot = Math.min(alignUp(widest * PACKINGS[packing].stride * 2, 4), budget);
  const { layers, head } = stackOf(config);
  const kept = layers.filter(
    ({ kind }, l) => kind === 'gru' && (layers[l + 1]?.input ?? head.input).q === 'hidden',
  ).length;
  return { slot, slots: Math.min(Math.floor(budget / slot), Math.max(1, kept), TABLE_SLOTS_MAX) };
}

const productsOf = (config: ModelConfig): ParameterSpec[] =>
  parameterSpecs(config).filter(({ uses }) => uses.length > 0);

/**
 * The block that the engine is given, as `engine/src/tlm_memory.c` lays it out: states i16, the residual stream i16, gates i16
 * (or the cache's counts (V) u8, then the sampler's sums), logits (V) i16, the 8-bit input, tables, accumulators of products in pieces,
 * and the cache's tokens u16.
 */
function engineBytes(config: ModelConfig, packing: Packing | undefined, given: number): number {
  const { layers } = stackOf(config);
  const { vocab, cache } = config;
  const products = productsOf(config);
  const gates = Math.max(
    ...layers.map(({ kind, width, input }) =>
      Math.max(LAYERS[kind].gates * width, LAYERS[kind].stream ? input.width : 0),
    ),
  );
  const stream = Math.max(
    0,
    ...layers.filter(({ output }) => output.form === 'stream').map(({ output }) => output.width),
  );
  const states = stateWidths(config).reduce((a, b) => a + b, 0);
  const { slot, slots } = packing === undefined ? { slot: 0, slots: 0 } : tableSlots(config, packing, given);
  const pieced =
    packing === undefined
      ? []
      : products
          .filter(({ cols }) => rowBytes(packing, cols) * PACKINGS[packing].stride * 2 > slot)
          .map(({ rows }) => rows);
  const parts = [
    2 * states,
    2 * stream,
    Math.max(2 * gates, SAMPLE_BYTES, cache > 0 ? vocab : 0),
    2 * vocab,
    Math.max(inputWidth(config), ...layers.flatMap(({ input, width }) => [input.width, width])) + 8,
    slot * slots,
    4 * Math.min(PIECE_ROWS, Math.max(0, ...pieced)),
    2 * cache,
  ];
  return parts.reduce((sum, bytes) => sum + alignUp(bytes, 4), 0);
}

/** @throws TinyLMError `model-config` for a configuration that cannot be */
export function budget(config: ModelConfig, options: BudgetOptions = {}): Budget {
  validateConfig(config);
  const { tableBudget = 0, ...sizes } = options;
  const parameters = parameterCount(config);
  const floatBytes = 4 * parameters;
  return {
    parameters,
    floatBytes,
    ...weightCount(config),
    t2Bytes: fileLayout(config, { ...sizes, packing: 't2' }).fileBytes,
    b3Bytes: fileLayout(config, { ...sizes, packing: 'b3' }).fileBytes,
    ramT2: engineBytes(config, 't2', tableBudget),
    ramB3: engineBytes(config, 'b3', tableBudget),
    ramReference: engineBytes(config, undefined, tableBudget),
    fits: (limit) => floatBytes <= limit,
  };
}
