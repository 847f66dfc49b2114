/** The quantized model, as the format writes it and the integer reference runs it (SPEC.md 1 and 5). */
import type { ModelConfig, Trits } from '../model/config.js';

/** A matrix of n trits a weight: real weight = mantissa · 2^−scaleShift · levels[r, c]. */
export interface TernaryTensor {
  readonly kind: 'ternary';
  readonly name: string;
  readonly layer: number;
  readonly rows: number;
  readonly cols: number;
  /** Digits a weight (n). */
  readonly trits: Trits;
  /** (rows, cols), each within ±(3ⁿ − 1)/2. */
  readonly levels: Int8Array;
  /** (rows), or the one of an n-gram table; 0 … 65535, or 255 where they are stored in bytes. */
  readonly mantissas: Uint16Array;
  readonly scaleShift: number;
  /** Bytes that a file stores a mantissa in. */
  readonly scaleBytes: 1 | 2;
}

/** A bias or gain in fixed point: real value = values[i] · 2^−frac. */
export interface FixedTensor {
  readonly kind: 'fixed';
  readonly name: string;
  readonly layer: number;
  readonly rows: number;
  readonly cols: 1;
  readonly values: Int16Array;
  readonly frac: number;
  /** Bytes that a file stores a value in. */
  readonly bytes: 1 | 2;
}

export type QuantizedTensor = TernaryTensor | FixedTensor;

/** All that the integer arithmetic needs; tensors in the order of SPEC.md 1.2. */
export interface QuantizedModel {
  readonly config: ModelConfig;
  /** Q of the 8-bit embedding activations, 0 … 7. */
  readonly embedFrac: number;
  /** The end-of-document token. */
  readonly eod: number;
  /** Whether eod sets the hidden state to zero. */
  readonly resetOnEod: boolean;
  /**
   * Those that a file stores: of `rnn.bias_hh` the rows of the gate n alone (a version 1 file has all), of an n-gram table
   * with its scale one tensor.
   */
  readonly tensors: readonly QuantizedTensor[];
}
