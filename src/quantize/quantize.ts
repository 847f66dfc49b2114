/** A float model to the ternary one that the format writes and the engine runs (SPEC.md 5), and back. */
import type { FloatModel, ModelConfig, ParameterSpec } from '../model/config.js';
import { parameterSpecs, TinyLMError, validateConfig } from '../model/index.js';
import { fixBiases, fixScales, usesOf } from './fixed.js';
import { ARITHMETIC_LIMITS as LIMITS } from './limits.js';
import { ternarize, type TernaryMethod } from './ternary.js';
import type { Int16Tensor, QuantizedModel, QuantizedTensor, TernaryTensor } from './types.js';

export interface QuantizeOptions {
  /** `threshold` by default. */
  readonly method?: TernaryMethod;
  /** τ, 0 … 3; 0.7 by default. */
  readonly threshold?: number;
  /** Q of the embedding activations, 0 … 7; 6 by default. Must be the trainer's. */
  readonly embedFrac?: number;
  /** End-of-document token; 0 by default, which every tokenizer has. */
  readonly eod?: number;
  /** Whether eod resets the hidden state; true by default. */
  readonly resetOnEod?: boolean;
}

/** What became of one tensor. */
export interface TensorReport {
  readonly name: string;
  readonly shape: readonly number[];
  /** Share of zeros among the ternary weights; 0 for a bias. */
  readonly zeros: number;
  /** Σ (w − ŵ)², and its root over that of Σ w² (0 for an all-zero tensor). */
  readonly squaredError: number;
  readonly relativeError: number;
  /** Smallest and largest scale of a row, real; 0 for a bias. */
  readonly scaleMin: number;
  readonly scaleMax: number;
  /** scale_shift of a matrix, frac of a bias. */
  readonly shift: number;
  /** Values that did not fit: clamped biases, or embedding rows whose activation is clamped to 127. */
  readonly clamped: number;
}

export interface QuantizeResult {
  readonly model: QuantizedModel;
  readonly report: readonly TensorReport[];
}

export const DEFAULT_THRESHOLD = 0.7;

/**
 * Quantizes a model. The same model and options give the same result.
 *
 * @throws TinyLMError `quantize-option`, `quantize-scale`, `quantize-value` (a number that is not finite)
 */
export function quantizeModel(model: FloatModel, options: QuantizeOptions = {}): QuantizeResult {
  const { method = 'threshold', threshold = DEFAULT_THRESHOLD, embedFrac = LIMITS.embedFracDefault, eod = 0,
    resetOnEod = true } = options;
  const { config } = model;
  validateConfig(config);
  if (!(threshold >= 0 && threshold <= 3)) {
    throw new TinyLMError('quantize-option', `threshold ${threshold}, expected 0 to 3`, 'the usual threshold is 0.7');
  }
  if (!Number.isInteger(embedFrac) || embedFrac < 0 || embedFrac > LIMITS.embedFracMax) {
    throw new TinyLMError('quantize-option',
      `embedFrac ${embedFrac}, expected a whole number from 0 to ${LIMITS.embedFracMax}`);
  }
  if (!Number.isInteger(eod) || eod < 0 || eod >= config.vocab) {
    throw new TinyLMError('quantize-option', `end-of-document token ${eod}, expected 0 to ${config.vocab - 1}`);
  }
  const tensors: QuantizedTensor[] = [];
  const report: TensorReport[] = [];
  for (const spec of parameterSpecs(config)) {
    const values = checked(model, spec);
    const { tensor, clamped } = spec.kind === 'weight'
      ? matrix(spec, values, config, embedFrac, method, threshold) : bias(spec, values);
    tensors.push(tensor);
    report.push(tensorReport(spec, values, tensor, clamped));
  }
  return { model: { config, embedFrac, eod, resetOnEod, tensors }, report };
}

/** The float model of a quantized one's effective weights: scale · w, and biases as they were rounded. */
export function dequantize(model: QuantizedModel): FloatModel {
  return { config: model.config, tensors: new Map(model.tensors.map((t) => [t.name, effective(t)])) };
}

/**
 * The weights that the trainer's forward pass uses: each matrix row as scale · w, unrounded; biases as they are.
 * This is `dequantize` before anything is put into fixed point.
 */
export function ternaryWeights(model: FloatModel, { method = 'threshold', threshold = DEFAULT_THRESHOLD }:
  Pick<QuantizeOptions, 'method' | 'threshold'> = {}): FloatModel {
  const tensors = parameterSpecs(model.config).map((spec): [string, Float32Array] => {
    const values = checked(model, spec);
    if (spec.kind === 'bias') return [spec.name, values.slice()];
    const cols = spec.shape[1];
    const trits = new Int8Array(cols);
    const out = new Float32Array(values.length);
    for (let at = 0; at < values.length; at += cols) {
      const scale = ternarize(values.subarray(at, at + cols), threshold, trits, method);
      trits.forEach((w, c) => { out[at + c] = scale * w; });
    }
    return [spec.name, out];
  });
  return { config: model.config, tensors: new Map(tensors) };
}

function checked(model: FloatModel, { name, shape }: ParameterSpec): Float32Array {
  const values = model.tensors.get(name);
  const wanted = shape.reduce((a, b) => a * b, 1);
  if (values?.length !== wanted) {
    throw new TinyLMError('quantize-value', `${name} has ${values?.length ?? 0} numbers, expected ${wanted}`);
  }
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) {
    throw new TinyLMError('quantize-value', `${name}[${bad}] is ${values[bad]}, expected a finite number`,
      'the training has diverged; take an earlier checkpoint or a lower learning rate');
  }
  return values;
}

function matrix({ name, shape, layer }: ParameterSpec, values: Float32Array, config: ModelConfig, embedFrac: number,
  method: TernaryMethod, threshold: number): { tensor: TernaryTensor; clamped: number } {
  const [rows, cols] = shape;
  const trits = new Int8Array(rows * cols);
  const scales = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const from = r * cols;
    scales[r] = ternarize(values.subarray(from, from + cols), threshold, trits.subarray(from, from + cols), method);
  }
  const fixed = fixScales(name, scales, cols, usesOf(name, layer, config.tied, embedFrac));
  const top = (LIMITS.activationMax + 0.5) / 2 ** embedFrac;
  const clamped = name === 'embed.weight' ? scales.filter((s) => s >= top).length : 0;
  return { tensor: { kind: 'ternary', name, layer, rows, cols, trits, ...fixed }, clamped };
}

function bias({ name, shape, layer }: ParameterSpec, values: Float32Array): { tensor: Int16Tensor; clamped: number } {
  const fixed = fixBiases(values, name === 'fc.bias' ? LIMITS.logitBiasFracMax : LIMITS.gateBiasFracMax);
  const { values: rounded, frac, clamped } = fixed;
  return { tensor: { kind: 'int16', name, layer, rows: shape[0], cols: 1, values: rounded, frac }, clamped };
}

/** Real values of a quantized tensor, row-major. */
export function effective(tensor: QuantizedTensor): Float32Array {
  if (tensor.kind === 'int16') return Float32Array.from(tensor.values, (v) => v / 2 ** tensor.frac);
  const { cols, trits, mantissas, scaleShift } = tensor;
  return Float32Array.from(trits, (w, i) => (w * mantissas[Math.floor(i / cols)]) / 2 ** scaleShift);
}

function tensorReport({ name, shape }: ParameterSpec, values: Float32Array, tensor: QuantizedTensor,
  clamped: number): TensorReport {
  const back = effective(tensor);
  let squaredError = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    squaredError += (values[i] - back[i]) ** 2;
    squares += values[i] ** 2;
  }
  const relativeError = squares === 0 ? 0 : Math.sqrt(squaredError / squares);
  const base = { name, shape, squaredError, relativeError, clamped };
  if (tensor.kind === 'int16') return { ...base, zeros: 0, scaleMin: 0, scaleMax: 0, shift: tensor.frac };
  const scales = Array.from(tensor.mantissas, (m) => m / 2 ** tensor.scaleShift);
  return {
    ...base,
    zeros: tensor.trits.reduce((n, w) => n + Number(w === 0), 0) / tensor.trits.length,
    scaleMin: scales.reduce((a, b) => Math.min(a, b)),
    scaleMax: scales.reduce((a, b) => Math.max(a, b)),
    shift: tensor.scaleShift,
  };
}
