/**
 * The work of one token, counted from a model's parts: what the engine does (engine/src/tlm_step.c, tlm_linear.c, tlm_layer_*.c,
 * tlm_kernels.c), product by product. Times a few coefficients (instructions.ts) it gives instructions; in order it
 * gives the reads from flash.
 */
import {
  inputWidth,
  PACKINGS,
  rowBytes,
  stackOf,
  TABLE_BUDGET_DEFAULT,
  tableSlots,
  type ModelConfig,
  type Packing,
  type ParameterSpec,
  type PlacedLayer,
} from '../model/index.js';

export type { Packing } from '../model/index.js';

/** Columns that do not fit the tables are cut at whole blocks of so many packed bytes (`in_pieces` of tlm_linear.c). */
const PIECE_UNIT = 16;

/** Rows that go through all blocks of a piece, and all planes, before the next rows do (`ROW_TILE` of tlm_linear.c). */
export const ROW_TILE = 64;

/** Packed bytes of a row that the kernel works off at a time, through ROW_TILE rows (`table_rows` of tlm_kernels.c). */
export function blocksOf(bytes: number): number[] {
  const blocks: number[] = [];
  for (let left = bytes; left > 0; left -= blocks[blocks.length - 1]) blocks.push(left >= 32 ? 32 : Math.min(left, 16));
  return blocks;
}

/** What a product multiplies: the sources, the state of a layer, or what a normalisation or a gate has just written. */
export type Input = 'sources' | 'other' | { readonly state: number };

/** One product W · x, in the pieces of columns in which the engine makes it. */
export interface Product {
  /** its name, e.g. `rnn.weight_hh_l0` */
  readonly matrix: string;
  /** name of the bias, if it has one */
  readonly bias: string | undefined;
  /** rows that have a bias: the last ones */
  readonly biasRows: number;
  readonly input: Input;
  readonly rows: number;
  readonly cols: number;
  /** digits a weight: planes of packed rows */
  readonly trits: number;
  /** packed bytes a row of a plane */
  readonly bytes: number;
  /** [first byte, bytes] of each row */
  readonly pieces: readonly (readonly [first: number, bytes: number])[];
}

/** Amounts of work a token. Their order is that of the coefficients in instructions.ts. */
export const WORK = [
  'bytes',
  'tails',
  'blockRows',
  'planeRows',
  'builds',
  'lookedUp',
  'loads',
  'units',
  'mlgruUnits',
  'gluUnits',
  'normed',
  'norms',
  'streamed',
  'ngrams',
  'cached',
  'cacheVocab',
  'vocab',
  'products',
  'tokens',
] as const;
export type WorkName = (typeof WORK)[number];
/**
 * bytes: packed bytes looked up, of all planes · tails: those of them that do not make four, whose tables stand alone ·
 * blockRows: (row, block) pairs of all planes · planeRows: rows of planes after the first · builds: look-up tables built, two at a
 * time · lookedUp: values of the sources' rows · loads: hidden values made 8-bit · units: GRU units (six rows finished, three
 * gates) · mlgruUnits, gluUnits: units of blocks (three and two rows finished, gates) · normed: values normed · norms: vectors
 * normed · streamed: values of the stream that a block adds to (a row finished) · ngrams: rows of tables looked up · cached: tokens that
 * a cache goes over · cacheVocab: tokens whose counts it clears and reads · vocab: tokens (a row finished, ranked, weighed) · products: pieces of products, of each plane · tokens: 1
 */
export type Work = Readonly<Record<WorkName, number>>;

/** The products of a token in the order in which they are made. */
export function productsOf(config: ModelConfig, packing: Packing, tableBudget = TABLE_BUDGET_DEFAULT): Product[] {
  const { slot } = tableSlots(config, packing, tableBudget);
  const most = Math.floor(slot / (2 * PACKINGS[packing].stride));
  const {
    sources: [embedding],
    layers,
    head,
  } = stackOf(config);
  const product = (spec: ParameterSpec, bias: ParameterSpec | undefined, input: Input): Product => {
    const { name, rows, cols, trits } = spec;
    const bytes = rowBytes(packing, cols);
    const piece = bytes <= most ? bytes : most < PIECE_UNIT ? most : most - (most % PIECE_UNIT);
    const pieces: [number, number][] = [];
    for (let first = 0; first < bytes; first += piece) pieces.push([first, Math.min(piece, bytes - first)]);
    return { matrix: name, bias: bias?.name, biasRows: bias?.stored ?? 0, input, rows, cols, trits, bytes, pieces };
  };
  const read = (l: number): Input => (l === 0 ? 'sources' : { state: l - 1 });
  const all = layers.flatMap(({ kind, input, tensors }, l) => {
    const tensor = (part: string): ParameterSpec =>
      tensors.find(({ rule }) => rule.name === `${PREFIX[kind]}.${part}`)!;
    if (kind !== 'gru')
      return [
        product(tensor('weight_in'), kind === 'mlgru' ? tensor('bias_in') : undefined, 'other'),
        product(tensor('weight_out'), undefined, 'other'),
      ];
    return [
      product(tensor('weight_hh'), tensor('bias_hh'), { state: l }),
      product(tensor('weight_ih'), tensor('bias_ih'), input.form === 'stream' ? 'other' : read(l)),
    ];
  });
  const bias = head.tensors.find(({ rule }) => rule.role === 'bias')!;
  const matrix = config.tied ? embedding : head.tensors.find(({ rule }) => rule.role === 'product')!;
  return [...all, product(matrix, bias, head.input.form === 'stream' ? 'other' : read(layers.length))];
}

const PREFIX: Readonly<Record<PlacedLayer['kind'], string>> = { gru: 'rnn', mlgru: 'mlgru', glu: 'glu' };

/** Slot of an input's tables (`place_inputs` of tlm_memory.c). */
function slotOf(config: ModelConfig, slots: number): (input: Input) => number {
  const { layers, head } = stackOf(config);
  const others = 1 % slots;
  let kept = 0;
  const ofState = layers.map(({ output }, l) => {
    const above = layers[l + 1]?.input ?? head.input;
    return output.form === 'i8' && above.form === 'i8' ? ++kept % slots : others;
  });
  return (input) => (typeof input === 'string' ? others : ofState[input.state]);
}

/**
 * @param config a model that could be (validateConfig)
 * @param tableBudget most bytes of look-up tables, 512 or more; the engine's default {@link TABLE_BUDGET_DEFAULT}
 */
export function tokenWork(config: ModelConfig, packing: Packing, tableBudget = TABLE_BUDGET_DEFAULT): Work {
  const products = productsOf(config, packing, tableBudget);
  const { slots } = tableSlots(config, packing, tableBudget);
  const { layers, head } = stackOf(config);
  const slot = slotOf(config, slots);
  const same = (a: Input | undefined, b: Input): boolean =>
    a === b || (typeof a === 'object' && typeof b === 'object' && a.state === b.state);
  let builds = 0;
  let lookedUp = 0;
  let loads = 0;
  const slotHolds = new Array<Input | undefined>(slots).fill(undefined);
  let x: Input | undefined;
  const forget = (input: Input): void => {
    for (let i = 0; i < slots; i++) if (same(slotHolds[i], input)) slotHolds[i] = undefined;
    if (same(x, input)) x = undefined;
  };
  const load = (input: Input): void => {
    if (input === 'other' || same(x, input)) return;
    x = input;
    if (input === 'sources') lookedUp += inputWidth(config);
    else loads += layers[input.state].width;
  };
  const wrote = (): void => {
    forget('other');
    x = 'other';
  };
  const multiply = ({ rows, bytes, pieces, input }: Product): void => {
    if (pieces.length > 1) {
      slotHolds[0] = undefined;
      load(input);
      const chunks = Math.ceil(rows / 1536);
      for (const [, count] of pieces) builds += chunks * Math.ceil(count / 2);
      return;
    }
    const at = slot(input);
    if (same(slotHolds[at], input)) return;
    load(input);
    builds += Math.ceil(bytes / 2);
    slotHolds[at] = input;
  };
  // Two tokens: the second finds the first one's tables.
  for (let token = 0; token < 2; token++) {
    builds = lookedUp = loads = 0;
    forget('sources');
    let next = 0;
    layers.forEach(({ kind, input }, l) => {
      if (kind !== 'gru' && l === 0) load('sources');
      if (kind !== 'gru') wrote();
      multiply(products[next++]);
      if (kind !== 'gru' || input.form === 'stream') wrote();
      multiply(products[next++]);
      if (kind === 'gru') forget({ state: l });
    });
    if (head.input.form === 'stream') wrote();
    multiply(products[next]);
  }
  const sum = (amount: (p: Product) => number): number => products.reduce((all, p) => all + amount(p), 0);
  const over = (amount: (layer: PlacedLayer) => number): number =>
    layers.reduce((all, layer) => all + amount(layer), 0);
  const width =
    (kind: PlacedLayer['kind']) =>
    (layer: PlacedLayer): number =>
      layer.kind === kind ? layer.width : 0;
  const stream = (layer: PlacedLayer): number => (layer.input.form === 'stream' ? layer.input.width : 0);
  const top = head.input.form === 'stream' ? head.input.width : 0;
  return {
    bytes: sum(({ rows, bytes, trits }) => trits * rows * bytes),
    tails: sum(({ rows, pieces, trits }) => trits * rows * pieces.reduce((n, [, bytes]) => n + (bytes % 4), 0)),
    blockRows: sum(
      ({ rows, pieces, trits }) => trits * rows * pieces.reduce((n, [, bytes]) => n + blocksOf(bytes).length, 0),
    ),
    planeRows: sum(({ rows, pieces, trits }) => (trits - 1) * rows * pieces.length),
    builds,
    lookedUp,
    loads,
    units: over(width('gru')),
    mlgruUnits: over(width('mlgru')),
    gluUnits: over(width('glu')),
    normed: over((layer) => stream(layer) + width('glu')(layer)) + top,
    norms: over((layer) => Number(stream(layer) > 0) + Number(layer.kind === 'glu')) + Number(top > 0),
    streamed: over((layer) => (layer.kind === 'gru' ? 0 : stream(layer))),
    ngrams: config.ngrams.length,
    cached: config.cache,
    cacheVocab: config.cache > 0 ? config.vocab : 0,
    vocab: config.vocab,
    products: sum(({ pieces, trits }) => trits * pieces.length),
    tokens: 1,
  };
}
