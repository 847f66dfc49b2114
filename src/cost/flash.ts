/**
 * Which lines of flash a token has to fetch: the engine's reads in their order, replayed over a cache of the chip's
 * shape. A matrix larger than the cache is fetched anew for each token, and more than once where a block of the
 * kernel's columns ends within a line and the rest of that line is only read in a later pass over the rows.
 */
import { fileLayout, parameterSpecs, rowBytes, stackOf, type ModelConfig, type ParameterSpec } from '../model/index.js';
import type { Cache, Chip } from './chips.js';
import { ROW_TILE, blocksOf, productsOf, type Packing, type Product } from './work.js';

/**
 * Code and constants that a token runs through, bytes, in parts that come by turns. Together they are the 235 and 22
 * lines that the direct-boot image touched in a token; how they are parted is an estimate. A cache's 646 bytes count as far as
 * they make the default model miss there.
 */
const CODE = { product: 1600, gates: 800, sample: 1440, application: 3680, cache: 320 } as const;
const CONSTANTS = { gates: 384, sample: 320 } as const;

/**
 * What runs lies scattered over the program in functions of some 160 bytes: so some sets of the cache get more of it
 * than others, as on the direct-boot image. (Among so many functions the default model misses as often as it does there.)
 */
const FUNCTION_BYTES = 160;
const PROGRAM_FUNCTIONS = 235;
const codeAt = (from: number): number =>
  CODE_AT + (((from / FUNCTION_BYTES) * 83) % PROGRAM_FUNCTIONS) * FUNCTION_BYTES;

/** Where a matrix or bias lies, bytes from the beginning of the flash. */
interface Place {
  readonly scale: number;
  readonly scaleBytes: number;
  readonly data: number;
  readonly bytes: number;
}

/** Model partition of firmware/partitions.csv; the application is below. */
const MODEL_AT = 0x1a0000;
const CODE_AT = 0x10000;

/** The tensors as SPEC.md 1 lays them out, with a byte tokenizer and without metadata. */
const layout = (config: ModelConfig, packing: Packing): Map<string, Place> =>
  new Map(
    fileLayout(config, { packing }).places.map(({ name, scale, scaleBytes, data, bytes }) => [
      name,
      { scale: MODEL_AT + scale, scaleBytes, data: MODEL_AT + data, bytes },
    ]),
  );

/** Least recently used line of a set is replaced; counts fills. */
class Lines {
  fills = 0;
  readonly #tags: Int32Array;
  readonly #sets: number;
  readonly #ways: number;
  readonly #line: number;

  constructor({ bytes, line, ways }: Cache) {
    this.#sets = bytes / line / ways;
    this.#ways = ways;
    this.#line = line;
    this.#tags = new Int32Array(this.#sets * ways).fill(-1);
  }

  /** Reads `bytes` from `at` on. */
  read(at: number, bytes: number): void {
    const last = Math.floor((at + bytes - 1) / this.#line);
    for (let line = Math.floor(at / this.#line); line <= last; line++) this.#touch(line);
  }

  #touch(line: number): void {
    const first = (line % this.#sets) * this.#ways;
    const tags = this.#tags;
    let at = first;
    const end = first + this.#ways - 1;
    while (at < end && tags[at] !== line) at++;
    if (tags[at] !== line) this.fills++;
    tags.copyWithin(first + 1, first, at);
    tags[first] = line;
  }
}

export interface FlashReads {
  /** lines fetched a token, in the long run */
  readonly lines: number;
  /** bytes that this many lines are */
  readonly bytes: number;
  /** bytes of matrices that are read from SRAM instead */
  readonly copied: number;
  /** names of those matrices */
  readonly inSram: readonly string[];
  /** bytes of weights, scales and biases that a token needs from flash, each counted once */
  readonly needed: number;
  /** lines that no order of reads could avoid: those of `needed`, if they exceed the cache; else 0 */
  readonly leastLines: number;
}

/** A matrix, or a plane of digits of it. */
interface Plane {
  readonly matrix: string;
  readonly plane: number;
  readonly bytes: number;
}

/** Its name where people read it: planes are told apart where there is more than one. */
const planeName = ({ matrix, plane }: Plane, trits: number): string =>
  trits > 1 ? `${matrix}, plane ${plane}` : matrix;

/** The planes that the firmware copies to SRAM (firmware/main/speed.c): the largest first, while they fit. */
function copies(config: ModelConfig, packing: Packing, room: number, block: number): Plane[] {
  let left = room;
  return parameterSpecs(config)
    .filter(({ uses }) => uses.length > 0)
    .flatMap(({ name, rows, cols, trits }) =>
      Array.from(
        { length: trits },
        (_, plane): Plane => ({ matrix: name, plane, bytes: rows * rowBytes(packing, cols) }),
      ),
    )
    .sort((a, b) => b.bytes - a.bytes)
    .filter(({ bytes }) => {
      if (bytes > left || bytes > block) return false;
      left -= bytes;
      return true;
    });
}

/** Names of what the firmware copies to SRAM. */
export function copiesToSram(config: ModelConfig, packing: Packing, room: number, block: number): string[] {
  const trits = new Map(parameterSpecs(config).map((spec) => [spec.name, spec.trits]));
  return copies(config, packing, room, block).map((plane) => planeName(plane, trits.get(plane.matrix)!));
}

/**
 * @param room bytes of SRAM for copies of matrices; 0: everything is read in place
 * @param tableBudget as in tokenWork
 */
export function flashReads(
  config: ModelConfig,
  packing: Packing,
  chip: Chip,
  room: number,
  tableBudget?: number,
): FlashReads {
  const { cache } = chip;
  const places = layout(config, packing);
  const copied = copies(config, packing, room, chip.copyBlock);
  const inSram = new Set(copied.map(({ matrix, plane }) => `${matrix} ${plane}`));
  const products = productsOf(config, packing, tableBudget);
  const lines = new Lines(cache);
  const place = (name: string): Place => places.get(name)!;
  const code = (from: number, bytes: number): void => {
    if (!cache.code) return;
    for (let at = from; at < from + bytes; at += FUNCTION_BYTES) lines.read(codeAt(at), FUNCTION_BYTES);
  };
  const constants = CODE_AT + PROGRAM_FUNCTIONS * FUNCTION_BYTES;

  const multiply = ({ matrix, bias, biasRows, rows, bytes, trits, pieces }: Product): void => {
    const { data, scale, scaleBytes } = place(matrix);
    code(0, CODE.product);
    for (const [first, count] of pieces) {
      for (let from = 0; from < rows; from += ROW_TILE) {
        for (let plane = 0; plane < trits; plane++) {
          if (inSram.has(`${matrix} ${plane}`)) continue;
          let at = data + plane * rows * bytes + first;
          for (const block of blocksOf(count)) {
            for (let r = from; r < Math.min(rows, from + ROW_TILE); r++) lines.read(at + r * bytes, block);
            at += block;
          }
        }
      }
    }
    for (let r = 0; r < rows; r++) {
      lines.read(scale + scaleBytes * r, scaleBytes);
      if (bias !== undefined && r >= rows - biasRows) {
        const { data: values, bytes: all } = place(bias);
        const each = all / biasRows;
        lines.read(values + each * (r - (rows - biasRows)), each);
      }
    }
  };
  let random = 1;
  /** A row of a table, where a random token or hash chose it. */
  const lookUp = ({ name, rows, cols, trits, oneScale }: ParameterSpec): void => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const row = (random >>> 8) % rows;
    const width = rowBytes(packing, cols);
    const { data, scale, scaleBytes } = place(name);
    for (let plane = 0; plane < trits; plane++) {
      if (!inSram.has(`${name} ${plane}`)) lines.read(data + (plane * rows + row) * width, width);
    }
    lines.read(scale + (oneScale ? 0 : scaleBytes * row), scaleBytes);
  };
  const { sources } = stackOf(config);
  const tables = sources.filter(({ looked }) => looked);
  const firstSources = products.findIndex(({ input }) => input === 'sources');
  const token = (): void => {
    code(CODE.product + CODE.gates + CODE.sample, CODE.application);
    // A block takes the sources up before its first product, a GRU after the product of its state.
    if (firstSources < 0) tables.forEach(lookUp);
    products.forEach((product, i) => {
      if (i === firstSources) tables.forEach(lookUp);
      multiply(product);
      if (i % 2 === 1) {
        code(CODE.product, CODE.gates);
        lines.read(constants, CONSTANTS.gates);
      }
    });
    if (config.cache > 0) {
      code(CODE.product + CODE.gates + CODE.sample + CODE.application, CODE.cache);
      const { data, bytes } = place('cache.bias');
      lines.read(data, bytes);
    }
    code(CODE.product + CODE.gates, CODE.sample);
    lines.read(constants + CONSTANTS.gates, CONSTANTS.sample);
  };

  // Two to fill the cache, then as many as make the sources' rows average ones.
  for (let i = 0; i < 2; i++) token();
  const before = lines.fills;
  const tokens = 8;
  for (let i = 0; i < tokens; i++) token();
  const perToken = (lines.fills - before) / tokens;
  const copiedBytes = copied.reduce((sum, { bytes }) => sum + bytes, 0);
  const needed =
    products.reduce(
      (sum, { matrix, bias, rows }) =>
        sum + place(matrix).bytes + place(matrix).scaleBytes * rows + (bias === undefined ? 0 : place(bias).bytes),
      0,
    ) - copiedBytes;
  return {
    lines: perToken,
    bytes: perToken * cache.line,
    copied: copiedBytes,
    inSram: copiesToSram(config, packing, room, chip.copyBlock),
    needed,
    leastLines: needed > cache.bytes ? Math.ceil(needed / cache.line) : 0,
  };
}
