/** Float weights → ternary → `.tlm`. */
import { writeTlm, type Packing } from '../format/index.js';
import type { FloatModel, ModelConfig } from '../model/index.js';
import { quantizeModel, type QuantizeOptions, type QuantizeResult, type TernaryMethod } from '../quantize/index.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import { VERSION } from './version.js';

export interface ExportOptions extends Pick<QuantizeOptions, 'method' | 'threshold' | 'embedFrac' | 'biasBytes'> {
  readonly packing?: Packing;
  /** Words about the model that travel in the file. */
  readonly about?: Readonly<Record<string, string | number>>;
}

export interface Exported extends QuantizeResult {
  readonly bytes: Uint8Array;
}

/**
 * How weights become ternary where nobody says: as in training, if it was ternary. Otherwise docs/checkpoints.md: of five float
 * models, fitted levels of two and three trits lose about half as much; of one trit four did better by the threshold.
 */
export const usualMethod = (ternaryTrained: boolean, { trits }: Pick<ModelConfig, 'trits'>): TernaryMethod =>
  !ternaryTrained && Object.values(trits).some((n) => n > 1) ? 'fit' : 'threshold';

/** The same weights and options give the same bytes: there is no date in the file. */
export function exportModel(float: FloatModel, tokenizer: TokenizerTable, options: ExportOptions = {}): Exported {
  const { packing = 'b3', about = {}, ...quantizing } = options;
  const result = quantizeModel(float, { ...quantizing, eod: tokenizer.eod });
  const metadata = { made_by: `tinylm ${VERSION}`, ...about };
  return { ...result, bytes: writeTlm({ model: result.model, tokenizer, metadata, packing }) };
}
