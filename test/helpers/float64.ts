/**
 * A batch's loss by the float64 reference (src/reference/float.ts), and its gradients by central differences: the oracle for the
 * trainer's kernels.
 */
import { parameterSpecs, type ModelConfig } from '../../src/model/index.js';
import { FloatReference, logProb } from '../../src/reference/index.js';

export type Parameters = Map<string, Float64Array>;

export interface OracleBatch {
  /** (lanes, segment) */
  readonly inputs: readonly (readonly number[])[];
  /** (lanes, segment); −1 does not count. */
  readonly targets: readonly (readonly number[])[];
  readonly eod: number;
  /** 8-bit activations (SPEC.md 5), embeddings with f fractional bits. */
  readonly quantize?: { readonly embedFrac: number };
}

/** Mean nats a position (positions that do not count included in the mean, as the trainer's scale has it). */
export function oracleLoss(config: ModelConfig, tensors: Parameters, batch: OracleBatch): number {
  const { inputs, targets, eod, quantize } = batch;
  const reference = new FloatReference(
    { config, tensors },
    { resetOn: eod, eod, quantizeActivations: quantize !== undefined, ...quantize },
  );
  let nats = 0;
  inputs.forEach((tokens, lane) => {
    reference.reset();
    tokens.forEach((token, t) => {
      const logits = reference.step(token);
      if (targets[lane][t] >= 0) nats -= logProb(logits, targets[lane][t], 1);
    });
  });
  return nats / (inputs.length * inputs[0].length);
}

/** Central differences (step 1e-5, error about 1e-9) of the loss in every element of every parameter. */
export function oracleGradients(config: ModelConfig, p: Parameters, batch: OracleBatch): Parameters {
  const step = 1e-5;
  return new Map(
    parameterSpecs(config).map(({ name }) => {
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
    }),
  );
}
