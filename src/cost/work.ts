/**
 * The work of one token, counted from the shapes: what engine/src/tlm_engine.c and tlm_kernels.c do, product by
 * product. Times a few coefficients (instructions.ts) it gives instructions; in order it gives the reads from flash.
 */
import { PACKINGS, rowBytes, TABLE_BUDGET_DEFAULT, tableSlots, type ModelConfig, type Packing } from '../model/index.js';

export type { Packing } from '../model/index.js';

/** Columns that do not fit the tables are cut at whole blocks of so many packed bytes (`linear` of tlm_engine.c). */
const PIECE_UNIT = 16;

/** Rows that go through all blocks of a piece before the next rows do (`ROW_TILE` of tlm_kernels.c). */
export const ROW_TILE = 64;

/** Packed bytes of a row that the kernel works off at a time, through ROW_TILE rows (`table_rows` of tlm_kernels.c). */
export function blocksOf(bytes: number): number[] {
  const blocks: number[] = [];
  for (let left = bytes; left > 0; left -= blocks[blocks.length - 1]) blocks.push(left >= 32 ? 32 : Math.min(left, 16));
  return blocks;
}

/** One product W · x, in the pieces of columns in which the engine makes it. */
export interface Product {
  /** index of the matrix among the tensors of SPEC.md 1.2, e.g. `rnn.weight_hh_l0` */
  readonly matrix: string;
  readonly bias: string;
  readonly rows: number;
  readonly cols: number;
  /** packed bytes a row */
  readonly bytes: number;
  /** [first byte, bytes] of each row */
  readonly pieces: readonly (readonly [first: number, bytes: number])[];
}

/** Amounts of work a token. Their order is that of the coefficients in instructions.ts. */
export const WORK = [
  'bytes',
  'tails',
  'blockRows',
  'builds',
  'embedding',
  'loads',
  'units',
  'vocab',
  'products',
  'tokens',
] as const;
export type WorkName = (typeof WORK)[number];
/**
 * bytes: packed bytes looked up · tails: those of them that do not make four, whose tables stand alone ·
 * blockRows: (row, block) pairs · builds: look-up tables built, two at a time · embedding: values of its row · loads:
 * hidden values made 8-bit · units: hidden units (six rows finished, three gates) · vocab: tokens (a row
 * finished, ranked, weighed) · products: pieces of products · tokens: 1
 */
export type Work = Readonly<Record<WorkName, number>>;

/** The products of a token in the order in which they are made. */
export function productsOf(config: ModelConfig, packing: Packing, tableBudget = TABLE_BUDGET_DEFAULT): Product[] {
  const { dim, vocab, tied } = config;
  const { hidden, layers } = gruShape(config);
  const { slot } = tableSlots(config, packing, tableBudget);
  const most = Math.floor(slot / (2 * PACKINGS[packing].stride));
  const product = (matrix: string, bias: string, rows: number, cols: number): Product => {
    const bytes = rowBytes(packing, cols);
    const piece = bytes <= most ? bytes : most < PIECE_UNIT ? most : most - (most % PIECE_UNIT);
    const pieces: [number, number][] = [];
    for (let first = 0; first < bytes; first += piece) pieces.push([first, Math.min(piece, bytes - first)]);
    return { matrix, bias, rows, cols, bytes, pieces };
  };
  const all: Product[] = [];
  for (let l = 0; l < layers; l++) {
    all.push(product(`rnn.weight_hh_l${l}`, `rnn.bias_hh_l${l}`, 3 * hidden, hidden));
    all.push(product(`rnn.weight_ih_l${l}`, `rnn.bias_ih_l${l}`, 3 * hidden, l === 0 ? dim : hidden));
  }
  all.push(product(tied ? 'embed.weight' : 'fc.weight', 'fc.bias', vocab, hidden));
  return all;
}

/** Width and number of the layers of a stack of GRU layers. */
const gruShape = ({ layers }: ModelConfig): { hidden: number; layers: number } =>
  ({ hidden: layers[0].width, layers: layers.length });

/**
 * @param config a model that could be (validateConfig)
 * @param tableBudget most bytes of look-up tables, 512 or more; the engine's default {@link TABLE_BUDGET_DEFAULT}
 */
export function tokenWork(config: ModelConfig, packing: Packing, tableBudget = TABLE_BUDGET_DEFAULT): Work {
  const { dim, vocab } = config;
  const { hidden, layers } = gruShape(config);
  const products = productsOf(config, packing, tableBudget);
  const { slots } = tableSlots(config, packing, tableBudget);
  let builds = 0;
  let embedding = 0;
  let loads = 0;
  // Inputs: 0 the embedding, l + 1 the hidden state of layer l. Two tokens: the second finds the first one's tables.
  const slotHolds = new Array<number | undefined>(slots).fill(undefined);
  let x: number | undefined;
  const forget = (input: number): void => {
    for (let i = 0; i < slots; i++) if (slotHolds[i] === input) slotHolds[i] = undefined;
    if (x === input) x = undefined;
  };
  const load = (input: number): void => {
    if (x === input) return;
    x = input;
    if (input === 0) embedding += dim;
    else loads += hidden;
  };
  const multiply = ({ bytes, pieces }: Product, input: number): void => {
    if (pieces.length > 1) {
      slotHolds[0] = undefined;
      load(input);
      for (const [, count] of pieces) builds += Math.ceil(count / 2);
      return;
    }
    const slot = (input || 1) % slots;
    if (slotHolds[slot] === input) return;
    load(input);
    builds += Math.ceil(bytes / 2);
    slotHolds[slot] = input;
  };
  for (let token = 0; token < 2; token++) {
    builds = embedding = loads = 0;
    forget(0);
    for (let l = 0; l < layers; l++) {
      multiply(products[2 * l], l + 1);
      multiply(products[2 * l + 1], l);
      forget(l + 1);
    }
    multiply(products[2 * layers], layers);
  }
  const sum = (amount: (p: Product) => number): number => products.reduce((all, p) => all + amount(p), 0);
  return {
    bytes: sum(({ rows, bytes }) => rows * bytes),
    tails: sum(({ rows, pieces }) => rows * pieces.reduce((n, [, bytes]) => n + (bytes % 4), 0)),
    blockRows: sum(({ rows, pieces }) => rows * pieces.reduce((n, [, bytes]) => n + blocksOf(bytes).length, 0)),
    builds,
    embedding,
    loads,
    units: hidden * layers,
    vocab,
    products: sum(({ pieces }) => pieces.length),
    tokens: 1,
  };
}
