/**
 * Embedding + GRU + Linear in float64, written plainly from PyTorch's formulas: the oracle for the trainer's kernels.
 * Gradients come from central differences.
 */
import { parameterSpecs, type ModelConfig } from '../../src/model/index.js';

export type Parameters = Map<string, Float64Array>;

export interface OracleBatch {
  /** (lanes, segment) */
  readonly inputs: readonly (readonly number[])[];
  /** (lanes, segment); −1 does not count. */
  readonly targets: readonly (readonly number[])[];
  readonly eod: number;
  /** 8-bit hidden state in the products and 8-bit embeddings (SPEC.md 5), with f fractional bits. */
  readonly quantize?: { readonly embedFrac: number };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const q8 = (x: number): number => Math.min(127, Math.max(-127, Math.floor(x * 128 + 0.5))) / 128;

/** Mean nats a position (positions that do not count included in the mean, as the trainer's scale has it). */
export function oracleLoss(config: ModelConfig, p: Parameters, batch: OracleBatch): number {
  const { dim, layers: { length: layers }, vocab, tied } = config;
  const H = config.layers[0].width;
  const get = (name: string): Float64Array => p.get(name)!;
  const product = (w: Float64Array, row: number, x: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += w[row * x.length + i] * x[i];
    return sum;
  };
  const activation = batch.quantize ? q8 : (x: number) => x;
  const embed = (value: number): number => {
    if (!batch.quantize) return value;
    const unit = 2 ** batch.quantize.embedFrac;
    return (Math.sign(value) * Math.min(127, Math.floor(Math.abs(value) * unit + 0.5))) / unit;
  };
  let nats = 0;
  batch.inputs.forEach((tokens, lane) => {
    const h = Array.from({ length: layers }, () => new Array<number>(H).fill(0));
    tokens.forEach((token, t) => {
      if (token === batch.eod) for (const state of h) state.fill(0);
      let x = Array.from({ length: dim }, (_, i) => embed(get('embed.weight')[token * dim + i]));
      for (let l = 0; l < layers; l++) {
        const hq = h[l].map(activation);
        const gx = (row: number): number => product(get(`rnn.weight_ih_l${l}`), row, x) + get(`rnn.bias_ih_l${l}`)[row];
        const gh = (row: number): number => product(get(`rnn.weight_hh_l${l}`), row, hq) + get(`rnn.bias_hh_l${l}`)[row];
        h[l] = h[l].map((old, j) => {
          const r = sigmoid(gx(j) + gh(j));
          const z = sigmoid(gx(H + j) + gh(H + j));
          const n = Math.tanh(gx(2 * H + j) + r * gh(2 * H + j));
          return (1 - z) * n + z * old;
        });
        x = h[l].map(activation);
      }
      const target = batch.targets[lane][t];
      if (target < 0) return;
      const head = get(tied ? 'embed.weight' : 'fc.weight');
      const logits = Array.from({ length: vocab }, (_, v) => product(head, v, x) + get('fc.bias')[v]);
      const top = Math.max(...logits);
      nats += Math.log(logits.reduce((sum, l) => sum + Math.exp(l - top), 0)) + top - logits[target];
    });
  });
  return nats / (batch.inputs.length * batch.inputs[0].length);
}

/** Central differences (step 1e-5, error about 1e-9) of the loss in every element of every parameter. */
export function oracleGradients(config: ModelConfig, p: Parameters, batch: OracleBatch): Parameters {
  const step = 1e-5;
  return new Map(parameterSpecs(config).map(({ name }) => {
    const values = p.get(name)!;
    const gradient = values.map((value, i) => {
      values[i] = value + step;
      const up = oracleLoss(config, p, batch);
      values[i] = value - step;
      const down = oracleLoss(config, p, batch);
      values[i] = value;
      return (up - down) / (2 * step);
    });
    return [name, gradient];
  }));
}
