/**
 * How a part of a model (a source, a kind of layer, the head) says which tensors it has. The rules are data: the parameters of a
 * model, the plan of its file, the checks of both readers, the trainer's memory and the cost of a token are derived from
 * them, and `scripts/generate-header.ts` writes them as C.
 */
import type { TritGroup } from '../config.js';

/**
 * What a size of a tensor is: 1, the vocabulary (V), the embedding's width (D), the width of the part's input, the
 * layer's own width, the rows of an n-gram table.
 */
export const SIZES = ['one', 'vocab', 'dim', 'input', 'width', 'rows'] as const;
export type Size = (typeof SIZES)[number];

/**
 * lookup: a row at a time is read · product: multiplied with activations · bias: added · gain: multiplied, number by number · scale:
 * the one scale of the table before it
 */
export const ROLES = ['lookup', 'product', 'bias', 'gain', 'scale'] as const;
export type Role = (typeof ROLES)[number];

/**
 * stream: the part's input is a residual stream, which a normalisation turns into 8 bits · untied: the head has weights of its own ·
 * cache: the model has a cache of recent text
 */
export const CONDITIONS = ['always', 'stream', 'untied', 'cache'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Fixed-point formats by name (`Q` of src/quantize/limits.ts); `input`: whatever the part's input has. */
export type QName = 'hidden' | 'norm' | 'gate' | 'logit';

/** Values before training (src/model/init.ts). */
export type Initial = 'embedding' | 'uniform' | 'small' | 'memory' | 'zero' | 'one' | 'eighth' | 'cache';

export interface TensorRule {
  /** Number in the file (SPEC.md 1.2). */
  readonly id: number;
  /** PyTorch's where PyTorch has one; layers and tables add `_l{index}` and `_{index}`. */
  readonly name: string;
  readonly role: Role;
  readonly when: Condition;
  /** Rows: so many times a size. Times that are not 1 are gates, in their order. */
  readonly rows: readonly [times: number, of: Size];
  readonly cols: Size;
  /** Of a lookup or product: whose digits it shares. */
  readonly group?: TritGroup;
  /** Of a product: formats of what goes in and what comes out. */
  readonly from?: QName | 'input';
  readonly to?: QName;
  /** Largest and smallest frac of a bias or gain. */
  readonly frac?: readonly [min: number, max: number];
  /**
   * The gates that a version 2 file stores, counted from the last; all by default. Gates of a bias that are left out are added to
   * those of `storedIn`; a scale is stored with its table.
   */
  readonly stored?: number;
  readonly storedIn?: string;
  /** Bytes that a version 2 file has for a value of a bias or gain where nothing else is asked for; 1 by default. */
  readonly bytes?: 1 | 2;
  readonly initial: Initial;
  /** The gate of a bias that decides how long the state is kept. */
  readonly keeps?: number;
}

/** What enters a layer or the head. */
export interface Signal {
  /** i8: 8-bit values · stream: the residual stream, 16 bits, Q11 */
  readonly form: 'i8' | 'stream';
  readonly width: number;
  /** Format of the 8-bit values; that of a stream is the one after its normalisation. */
  readonly q: QName | 'embed';
}

/** A kind of layer. */
export interface LayerRule {
  /** Number in the file (SPEC.md 1.1). */
  readonly id: number;
  /** For people, e.g. "GRU". */
  readonly title: string;
  readonly tensors: readonly TensorRule[];
  /** Numbers of 16 bits that it keeps from token to token, in widths. */
  readonly state: 0 | 1;
  /** Gates before their non-linearities, in widths: the memory that a step needs. */
  readonly gates: number;
  /** Whether it reads and gives the residual stream, or 8-bit values in and its state out. */
  readonly stream: boolean;
}
