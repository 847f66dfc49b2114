/** The quantized model, as the format writes it and the integer reference runs it (SPEC.md 1 and 5). */
import type { ModelConfig } from '../model/config.js';

/** A ternary matrix with one scale a row: real weight = mantissa[r] · 2^−scaleShift · trits[r, c]. */
export interface TernaryTensor {
  readonly kind: 'ternary';
  readonly name: string;
  readonly layer: number;
  readonly rows: number;
  readonly cols: number;
  /** (rows, cols), each −1, 0 or +1. */
  readonly trits: Int8Array;
  /** (rows), 0 … 65535. */
  readonly mantissas: Uint16Array;
  readonly scaleShift: number;
}

/** A bias in fixed point: real value = values[i] · 2^−frac. */
export interface Int16Tensor {
  readonly kind: 'int16';
  readonly name: string;
  readonly layer: number;
  readonly rows: number;
  readonly cols: 1;
  readonly values: Int16Array;
  readonly frac: number;
}

export type QuantizedTensor = TernaryTensor | Int16Tensor;

/** All that the integer arithmetic needs; tensors in the order of SPEC.md 1.2. */
export interface QuantizedModel {
  readonly config: ModelConfig;
  /** Q of the 8-bit embedding activations, 0 … 7. */
  readonly embedFrac: number;
  /** The end-of-document token. */
  readonly eod: number;
  /** Whether eod sets the hidden state to zero. */
  readonly resetOnEod: boolean;
  readonly tensors: readonly QuantizedTensor[];
}
