/** What reading a `.tlm` gives. */
import type { QuantizedModel } from '../quantize/types.js';
import type { TokenizerTable } from '../tokenizer/table.js';
import type { Packing } from './pack.js';
import type { SamplingDefaults } from './write.js';

/** A tensor as it lies in the file. */
export interface TensorInfo {
  readonly name: string;
  readonly type: Packing | 'i16' | 'i8';
  readonly rows: number;
  readonly cols: number;
  /** Digits a weight: planes of (rows, cols) that follow one another; 0 for a bias or gain. */
  readonly trits: number;
  /** Of a plane. */
  readonly rowBytes: number;
  readonly dataOffset: number;
  /** Of all planes. */
  readonly dataBytes: number;
  /** 0 for a bias or gain. */
  readonly scaleOffset: number;
  readonly scaleBytes: number;
}

export interface TlmInfo {
  readonly version: 1 | 2;
  readonly fileBytes: number;
  /** The model's identity: the file's last four bytes. */
  readonly crc: number;
  readonly tokenizerOffset: number;
  readonly tokenizerBytes: number;
  readonly metadataOffset: number;
  readonly metadataBytes: number;
  readonly tensors: readonly TensorInfo[];
}

export interface TlmFile {
  readonly model: QuantizedModel;
  readonly tokenizer: TokenizerTable;
  /** A JSON object; empty where the file's text is none (the engine does not look at it). */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** What the model is best sampled with, where the file says. */
  readonly sampling: SamplingDefaults | undefined;
  readonly info: TlmInfo;
}
