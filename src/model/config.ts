/**
 * Sizes and options of a TinyLM: Embedding + recurrent cell + Linear, as in PyTorch.
 */

/** Recurrent cells that the trainer, the format and the engine know. */
export type CellKind = 'gru';

/** Shape of a model. All sizes are counts of elements. */
export interface ModelConfig {
  readonly cell: CellKind;
  /** Tokens in the vocabulary (V), 2 … 4096. */
  readonly vocab: number;
  /** Width of an embedding row (D), 1 … 2048. */
  readonly dim: number;
  /** Width of the hidden state (H), 1 … 2048. */
  readonly hidden: number;
  /** Recurrent layers (L), 1 … 8. */
  readonly layers: number;
  /** Share `embed.weight` with the output layer (needs dim = hidden). */
  readonly tied: boolean;
}

/** A tensor's name (PyTorch's) and shape, rows first; a bias has the shape [n]. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Weights are made ternary; biases stay numbers. */
  readonly kind: 'weight' | 'bias';
  /** Layer of a recurrent tensor, 0 otherwise. */
  readonly layer: number;
}

/** A float model: parameters under PyTorch's names, row-major. */
export interface FloatModel {
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}
