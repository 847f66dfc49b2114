/** A float model to the one of ternary digits that the format writes and the engine runs (SPEC.md 5), and back. */
import type { FloatModel } from '../model/config.js';
import { parameterSpecs, TinyLMError, validateConfig, type ParameterSpec } from '../model/index.js';
import { fixBiases, fixScales } from './fixed.js';
import { ARITHMETIC_LIMITS as LIMITS } from './limits.js';
import { levelOf, ternarize, type TernaryMethod } from './ternary.js';
import type { FixedTensor, QuantizedModel, QuantizedTensor, TernaryTensor } from './types.js';
import { usesOf } from './uses.js';

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
  /** Bytes that the file has for a scale; 1 by default. */
  readonly scaleBytes?: 1 | 2;
  /** Bytes that it has for a bias or gain; what the tensor's rule says by default. */
  readonly biasBytes?: 1 | 2;
}

/** What became of one tensor. */
export interface TensorReport {
  readonly name: string;
  readonly shape: readonly number[];
  /** Digits a weight; 0 for a bias. */
  readonly trits: number;
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
  const { embedFrac = LIMITS.embedFracDefault, eod = 0, resetOnEod = true, threshold = DEFAULT_THRESHOLD } = options;
  const { config } = model;
  validateConfig(config);
  if (!(threshold >= 0 && threshold <= 3)) {
    throw new TinyLMError('quantize-option', `threshold ${threshold}, expected 0 to 3`, 'the usual threshold is 0.7');
  }
  if (!Number.isInteger(embedFrac) || embedFrac < 0 || embedFrac > LIMITS.embedFracMax) {
    throw new TinyLMError(
      'quantize-option',
      `embedFrac ${embedFrac}, expected a whole number from 0 to ${LIMITS.embedFracMax}`,
    );
  }
  if (!Number.isInteger(eod) || eod < 0 || eod >= config.vocab) {
    throw new TinyLMError('quantize-option', `end-of-document token ${eod}, expected 0 to ${config.vocab - 1}`);
  }
  const values = storedValues(model);
  const tensors: QuantizedTensor[] = [];
  const report: TensorReport[] = [];
  for (const spec of parameterSpecs(config).filter(({ stored }) => stored > 0)) {
    const { tensor, clamped } =
      spec.kind === 'weight'
        ? matrix(spec, values, embedFrac, options)
        : numbers(spec, values.get(spec.name)!, options.biasBytes);
    tensors.push(tensor);
    report.push(tensorReport(spec, realValues(spec, values), tensor, clamped));
  }
  return { model: { config, embedFrac, eod, resetOnEod, tensors }, report };
}

/** The float model of a quantized one's effective weights: scale · level, and biases as they were rounded. */
export function dequantize(model: QuantizedModel): FloatModel {
  const stored = new Map(model.tensors.map((t) => [t.name, t]));
  return {
    config: model.config,
    tensors: new Map(
      parameterSpecs(model.config).map(({ name, rows, shape, oneScale, rule, layer }) => {
        // A table's rows are in units of its scale, which is a parameter of its own.
        if (rule.role === 'scale') return [name, Float32Array.of(scaleOf(stored.get(`ngram.weight_${layer}`)!))];
        const tensor = stored.get(name)!;
        if (oneScale && tensor.kind === 'ternary') return [name, Float32Array.from(tensor.levels)];
        const values = effective(tensor);
        if (values.length === shape.reduce((a, b) => a * b, 1)) return [name, values];
        const all = new Float32Array(rows); // gates that stand in another bias are zero here
        all.set(values, rows - values.length);
        return [name, all];
      }),
    ),
  };
}

const scaleOf = (tensor: QuantizedTensor): number =>
  tensor.kind === 'ternary' ? tensor.mantissas[0] / 2 ** tensor.scaleShift : 0;

/**
 * The weights that the trainer's forward pass uses: each matrix row as scale · level, unrounded; biases as they are.
 * This is `dequantize` before anything is put into fixed point.
 */
export function ternaryWeights(
  model: FloatModel,
  { method = 'threshold', threshold = DEFAULT_THRESHOLD }: Pick<QuantizeOptions, 'method' | 'threshold'> = {},
): FloatModel {
  const tensors = parameterSpecs(model.config).map((spec): [string, Float32Array] => {
    const values = checked(model, spec);
    if (spec.kind === 'bias' || spec.trits === 0) return [spec.name, values.slice()];
    const { cols, trits } = spec;
    if (spec.oneScale) return [spec.name, values.map((v) => levelOf(v, 1, trits))];
    const levels = new Int8Array(cols);
    const out = new Float32Array(values.length);
    for (let at = 0; at < values.length; at += cols) {
      const scale = ternarize(values.subarray(at, at + cols), threshold, levels, method, trits);
      levels.forEach((w, c) => {
        out[at + c] = scale * w;
      });
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
    throw new TinyLMError(
      'quantize-value',
      `${name}[${bad}] is ${values[bad]}, expected a finite number`,
      'the training has diverged; take an earlier checkpoint or a lower learning rate',
    );
  }
  return values;
}

/** All parameters, checked, with the gates of a bias that a file does not store added to the bias that takes them. */
function storedValues(model: FloatModel): Map<string, Float32Array> {
  const specs = parameterSpecs(model.config);
  const values = new Map(specs.map((spec) => [spec.name, checked(model, spec)]));
  for (const { name, rule, layer, rows, stored } of specs) {
    if (rule.storedIn === undefined) continue;
    const left = values.get(name)!;
    const to = `${rule.storedIn}_l${layer}`;
    values.set(
      to,
      values.get(to)!.map((v, i) => (i < rows - stored ? v + left[i] : v)),
    );
    values.set(name, left.slice(rows - stored));
  }
  return values;
}

/** What a stored tensor stands for: a table's rows times its scale. */
function realValues({ name, layer, oneScale }: ParameterSpec, values: ReadonlyMap<string, Float32Array>): Float32Array {
  const own = values.get(name)!;
  if (!oneScale) return own;
  const scale = values.get(`ngram.scale_${layer}`)![0];
  return own.map((v) => v * scale);
}

function matrix(
  spec: ParameterSpec,
  all: ReadonlyMap<string, Float32Array>,
  embedFrac: number,
  options: QuantizeOptions,
): { tensor: TernaryTensor; clamped: number } {
  const { method = 'threshold', threshold = DEFAULT_THRESHOLD, scaleBytes = 1 } = options;
  const { name, rows, cols, layer, looked, oneScale } = spec;
  const trits = spec.trits === 0 ? 1 : spec.trits;
  const values = all.get(name)!;
  const levels = new Int8Array(rows * cols);
  const scales = new Float64Array(oneScale ? 1 : rows);
  if (oneScale) {
    scales[0] = Math.abs(all.get(`ngram.scale_${layer}`)![0]);
    values.forEach((v, i) => {
      levels[i] = levelOf(v, 1, trits) * (all.get(`ngram.scale_${layer}`)![0] < 0 ? -1 : 1);
    });
  }
  for (let r = 0; r < rows && !oneScale; r++) {
    const from = r * cols;
    scales[r] = ternarize(
      values.subarray(from, from + cols),
      threshold,
      levels.subarray(from, from + cols),
      method,
      trits,
    );
  }
  const fixed = fixScales(name, scales, cols, usesOf(spec, embedFrac), { trits, scaleBytes });
  // A row whose scale rounds to nothing says nothing: one pattern for it, so that quantizing again changes nothing.
  fixed.mantissas.forEach((mantissa, row) => {
    if (mantissa === 0) levels.fill(0, row * cols, oneScale ? levels.length : (row + 1) * cols);
  });
  const top = (LIMITS.activationMax + 0.5) / 2 ** embedFrac;
  const clamped = looked ? scales.filter((s) => s >= top).length : 0;
  return { tensor: { kind: 'ternary', name, layer, rows, cols, trits, levels, ...fixed }, clamped };
}

function numbers(
  { name, layer, rule, stored }: ParameterSpec,
  values: Float32Array,
  bytes: 1 | 2 = rule.bytes ?? 1,
): { tensor: FixedTensor; clamped: number } {
  const [fracMin, fracMax] = rule.frac!;
  const { values: rounded, frac, clamped } = fixBiases(values, fracMax, fracMin, bytes);
  return { tensor: { kind: 'fixed', name, layer, rows: stored, cols: 1, values: rounded, frac, bytes }, clamped };
}

/** Real values of a quantized tensor, row-major. */
export function effective(tensor: QuantizedTensor): Float32Array {
  if (tensor.kind === 'fixed') return Float32Array.from(tensor.values, (v) => v / 2 ** tensor.frac);
  const { cols, levels, mantissas, scaleShift } = tensor;
  const one = mantissas.length === 1;
  return Float32Array.from(levels, (w, i) => (w * mantissas[one ? 0 : Math.floor(i / cols)]) / 2 ** scaleShift);
}

function tensorReport(
  { name, shape, stored, kind }: ParameterSpec,
  values: Float32Array,
  tensor: QuantizedTensor,
  clamped: number,
): TensorReport {
  const back = effective(tensor);
  let squaredError = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    squaredError += (values[i] - back[i]) ** 2;
    squares += values[i] ** 2;
  }
  const relativeError = squares === 0 ? 0 : Math.sqrt(squaredError / squares);
  const base = { name, shape: kind === 'bias' ? [stored] : shape, squaredError, relativeError, clamped };
  if (tensor.kind === 'fixed') return { ...base, trits: 0, zeros: 0, scaleMin: 0, scaleMax: 0, shift: tensor.frac };
  const scales = Array.from(tensor.mantissas, (m) => m / 2 ** tensor.scaleShift);
  return {
    ...base,
    trits: tensor.trits,
    zeros: tensor.levels.reduce((n, w) => n + Number(w === 0), 0) / tensor.levels.length,
    scaleMin: scales.reduce((a, b) => Math.min(a, b)),
    scaleMax: scales.reduce((a, b) => Math.max(a, b)),
    shift: tensor.scaleShift,
  };
}
