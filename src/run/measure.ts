/** Bits per byte of float weights and of exported files. */
import type { FloatModel } from '../model/index.js';
import { evaluateModel, type TokenizedDocument, type TrainerKernels, type TrainOptions } from '../train/index.js';
import type { OpenEngine } from './engine-model.js';

export interface FloatMeasure {
  readonly kernels: TrainerKernels;
  readonly threads: number;
  readonly eod: number;
  /** Use the weights as a ternary run does, with its threshold and 8-bit activations; default: as floats. */
  readonly ternary?: Pick<TrainOptions, 'threshold' | 'embedFrac'>;
}

/** Bits per byte in the trainer's arithmetic. */
export function bitsOfFloat(
  model: FloatModel,
  documents: readonly TokenizedDocument[],
  { kernels, threads, eod, ternary }: FloatMeasure,
): Promise<number> {
  const options =
    ternary === undefined
      ? { model: model.config, ternary: false, quantizeActivations: false }
      : {
          model: model.config,
          ternary: true,
          quantizeActivations: true,
          threshold: ternary.threshold,
          embedFrac: ternary.embedFrac,
        };
  return evaluateModel(model.tensors, options, documents, { kernels, threads, eod });
}

/** Bits per byte of a `.tlm` in the C engine's integer arithmetic. */
export async function bitsOfTlm(
  tlm: Uint8Array,
  documents: readonly TokenizedDocument[],
  open: OpenEngine,
): Promise<number> {
  return (await open(tlm)).bitsPerByte(documents);
}
