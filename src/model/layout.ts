/** How a `.tlm` is laid out (SPEC.md 1): where each part begins, and so how large the file is. */
import type { ModelConfig } from './config.js';
import { parameterSpecs } from './parameters.js';

/** Sizes and alignments of a version 2 file, bytes. `src/format/constants.ts` passes them on. */
export const FILE_LAYOUT = {
  headerBytes: 40,
  /** Records of an n-gram table, a layer and a tensor. */
  ngramBytes: 8,
  layerBytes: 4,
  tensorBytes: 4,
  crcBytes: 4,
  bytesMultiple: 4,
  /** Alignment of the tokenizer, the metadata and small matrices within the file. */
  align: 4,
  /** The data of a matrix of so many bytes begins with a line of any chip's flash cache. */
  largeBytes: 4096,
  largeAlign: 64,
} as const;

/** Packing of ternary digits: 2 bits a digit, or 1.6. */
export type Packing = 't2' | 'b3';

/** Digits a byte, and entries of the engine's look-up table for a byte: the largest byte of the packing, and one (SPEC.md 1.3). */
export const PACKINGS = { t2: { group: 4, stride: 172 }, b3: { group: 5, stride: 243 } } as const satisfies Record<
  Packing,
  { group: number; stride: number }
>;

/** Bytes of a row of `cols` digits. */
export const rowBytes = (packing: Packing, cols: number): number => Math.ceil(cols / PACKINGS[packing].group);

/** n rounded up to a multiple. */
export const alignUp = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

/** Where the data of a matrix of so many bytes begin: at a multiple of this. */
export const matrixAlign = (bytes: number): number =>
  bytes < FILE_LAYOUT.largeBytes ? FILE_LAYOUT.align : FILE_LAYOUT.largeAlign;

export interface LayoutOptions {
  /** Bytes of the tokenizer section (SPEC.md 1.4) and of the metadata text; 0 by default. */
  readonly tokenizerBytes?: number;
  readonly metadataBytes?: number;
  /** `b3` by default. */
  readonly packing?: Packing | ((name: string) => Packing);
  /** Bytes of a scale of a matrix, 1 by default, and of a value of a bias or gain, by default what its rule says. */
  readonly scaleBytes?: (name: string) => 1 | 2;
  readonly valueBytes?: (name: string) => 1 | 2;
}

/** Where a tensor lies, bytes from the beginning of the file. */
export interface Place {
  readonly name: string;
  /** Of the scales; that of the data for a bias or gain, which has none. */
  readonly scale: number;
  readonly scaleBytes: 0 | 1 | 2;
  readonly data: number;
  /** Of the data: all planes. */
  readonly bytes: number;
}

export interface FileLayout {
  readonly tokenizer: number;
  readonly metadata: number;
  /** In the order of SPEC.md 1.2. */
  readonly places: readonly Place[];
  /** Where the CRC begins, and what the file has with it. */
  readonly end: number;
  readonly fileBytes: number;
}

/** Exact for a file of these sizes. */
export function fileLayout(config: ModelConfig, options: LayoutOptions = {}): FileLayout {
  const { tokenizerBytes = 0, metadataBytes = 0, packing = 'b3', scaleBytes = () => 1, valueBytes } = options;
  const packingOf = typeof packing === 'function' ? packing : (): Packing => packing;
  const specs = parameterSpecs(config).filter(({ stored }) => stored > 0);
  const { headerBytes, ngramBytes, layerBytes, tensorBytes, align, bytesMultiple, crcBytes } = FILE_LAYOUT;
  let at =
    headerBytes + ngramBytes * config.ngrams.length + layerBytes * config.layers.length + tensorBytes * specs.length;
  const take = (bytes: number, multiple: number): number => {
    const from = alignUp(at, multiple);
    at = from + bytes;
    return from;
  };
  const tokenizer = take(tokenizerBytes, align);
  const metadata = take(metadataBytes, align);
  const places = specs.map(({ name, rule, kind, stored, cols, trits, oneScale }): Place => {
    if (kind === 'bias') {
      const each = valueBytes?.(name) ?? rule.bytes ?? 1;
      const bytes = stored * each;
      const data = take(bytes, each);
      return { name, scale: data, scaleBytes: 0, data, bytes };
    }
    const each = scaleBytes(name);
    const scale = take((oneScale ? 1 : stored) * each, each);
    const bytes = trits * stored * rowBytes(packingOf(name), cols);
    return { name, scale, scaleBytes: each, data: take(bytes, matrixAlign(bytes)), bytes };
  });
  const end = alignUp(at, bytesMultiple);
  return { tokenizer, metadata, places, end, fileBytes: end + crcBytes };
}
