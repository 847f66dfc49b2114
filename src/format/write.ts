/** Writing a `.tlm` (SPEC.md 1): always version 2. */
import { TinyLMError } from '../model/errors.js';
import type { ModelConfig } from '../model/config.js';
import { fileLayout, LAYERS } from '../model/index.js';
import type { FixedTensor, QuantizedModel, QuantizedTensor, TernaryTensor } from '../quantize/types.js';
import type { TokenizerTable } from '../tokenizer/table.js';
import { crc32 } from './bytes.js';
import { FILE, FLAG, HEADER, RECORD, TOKENIZER, TYPE } from './constants.js';
import { pack, planesOf, type Packing } from './pack.js';
import { tensorPlan, type PlannedTensor } from './plan.js';
import { readTlm } from './read.js';
import { foldBiases } from './v1/fold.js';
import { encodeTokenizer } from './write-tokenizer.js';

/** Sampling options that a model brings with it, in the integers of SPEC.md 4; 0 throughout: none. */
export interface SamplingDefaults {
  /** Q8, 0 … 2560. */
  readonly temperature: number;
  readonly topK: number;
  /** Q10, 1024 (off) … 4096. */
  readonly penalty: number;
  /** 0 … 64 tokens. */
  readonly penaltyWindow: number;
}

export interface WriteOptions {
  readonly model: QuantizedModel;
  readonly tokenizer: TokenizerTable;
  /** Any JSON object, at most 4096 bytes as text; keys keep their order. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Of all matrices, or of each by its name. `b3` by default. */
  readonly packing?: Packing | ((name: string) => Packing);
  /** What the model is best sampled with. */
  readonly sampling?: SamplingDefaults;
}

/**
 * The bytes of a `.tlm`: the same for the same input, which may be what a version 1 file held. What was written is read again with every check,
 * so a file that a reader would refuse is never returned.
 *
 * @throws TinyLMError `tlm-write` for what has no place in the format, or as `readTlm`
 */
export function writeTlm(options: WriteOptions): Uint8Array {
  const { tokenizer, metadata = {}, packing = 'b3', sampling } = options;
  const model = foldBiases(options.model);
  const packingOf = typeof packing === 'function' ? packing : (): Packing => packing;
  const plan = tensorPlan(model.config, model.embedFrac);
  if (model.tensors.length !== plan.length) {
    throw new TinyLMError('tlm-write', `a model of ${model.tensors.length} tensors, expected ${plan.length}`);
  }
  const tables = encodeTokenizer(tokenizer);
  const text =
    Object.keys(metadata).length === 0 ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(metadata));
  if (text.length > FILE.metadataBytesMax) {
    throw new TinyLMError(
      'tlm-write',
      `metadata of ${text.length} bytes, expected at most ${FILE.metadataBytesMax}`,
      "keep the run's details in its folder and only a few words in the file",
    );
  }
  const head = header(model, tokenizer, tables.length, text.length, sampling);
  const records = plan.map((planned, i) => record(planned, model.tensors[i], packingOf(planned.name)));
  const tensors = new Map(model.tensors.map((t) => [t.name, t]));
  const {
    tokenizer: tokenizerAt,
    metadata: metadataAt,
    places,
    end,
    fileBytes,
  } = fileLayout(model.config, {
    tokenizerBytes: tables.length,
    metadataBytes: text.length,
    packing: packingOf,
    scaleBytes: (name) => (tensors.get(name) as TernaryTensor).scaleBytes,
    valueBytes: (name) => (tensors.get(name) as FixedTensor).bytes,
  });
  const out = new Uint8Array(fileBytes);
  let at = 0;
  for (const bytes of [head, modelRecords(model.config), ...records]) {
    out.set(bytes, at);
    at += bytes.length;
  }
  out.set(tables, tokenizerAt);
  out.set(text, metadataAt);
  places.forEach(({ scale, data }, i) => {
    const bytes = tensorBytes(plan[i], model.tensors[i], packingOf(plan[i].name));
    out.set(bytes.scales, scale);
    out.set(bytes.data, data);
  });
  const view = new DataView(out.buffer);
  view.setUint32(HEADER.fileBytes, fileBytes, true);
  view.setUint32(end, crc32(out.subarray(0, end)), true);
  readTlm(out);
  return out;
}

const KINDS = { byte: TOKENIZER.kindByte, char: TOKENIZER.kindChar, bpe: TOKENIZER.kindBpe } as const;

function header(
  { config, embedFrac, resetOnEod, eod, tensors }: QuantizedModel,
  { kind }: TokenizerTable,
  tokenizerBytes: number,
  metadataBytes: number,
  sampling: SamplingDefaults | undefined,
): Uint8Array {
  const out = new Uint8Array(FILE.headerBytes);
  const view = new DataView(out.buffer);
  view.setUint32(HEADER.magic, FILE.magic, true);
  view.setUint16(HEADER.version, FILE.version, true);
  view.setUint16(HEADER.headerBytes, FILE.headerBytes, true);
  view.setUint8(HEADER.flags, (config.tied ? FLAG.tied : 0) | (resetOnEod ? FLAG.resetOnEod : 0));
  view.setUint8(HEADER.embedFrac, embedFrac);
  view.setUint8(HEADER.tokenizerKind, KINDS[kind]);
  view.setUint8(HEADER.ngrams, config.ngrams.length);
  view.setUint16(HEADER.vocab, config.vocab, true);
  view.setUint16(HEADER.dim, config.dim, true);
  view.setUint8(HEADER.layers, config.layers.length);
  view.setUint8(HEADER.tensorCount, tensors.length);
  view.setUint16(HEADER.eod, eod, true);
  view.setUint32(HEADER.tokenizerBytes, tokenizerBytes, true);
  view.setUint16(HEADER.metadataBytes, metadataBytes, true);
  view.setUint8(HEADER.cacheLog, config.cache === 0 ? 0 : Math.log2(config.cache));
  if (sampling !== undefined) {
    view.setUint16(HEADER.temperature, sampling.temperature, true);
    view.setUint16(HEADER.topK, sampling.topK, true);
    view.setUint16(HEADER.penalty, sampling.penalty, true);
    view.setUint8(HEADER.penaltyWindow, sampling.penaltyWindow);
  }
  return out;
}

/** The records of n-gram tables and layers. */
function modelRecords({ ngrams, layers }: ModelConfig): Uint8Array {
  const out = new Uint8Array(FILE.ngramBytes * ngrams.length + FILE.layerBytes * layers.length);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { order, rows, width } of ngrams) {
    view.setUint8(at + RECORD.ngramOrder, order);
    view.setUint8(at + RECORD.ngramRowsLog, Math.log2(rows));
    view.setUint16(at + RECORD.ngramWidth, width, true);
    at += FILE.ngramBytes;
  }
  for (const { kind, width } of layers) {
    view.setUint8(at + RECORD.layerKind, LAYERS[kind].id);
    view.setUint16(at + RECORD.layerWidth, width, true);
    at += FILE.layerBytes;
  }
  return out;
}

function record(planned: PlannedTensor, tensor: QuantizedTensor, packing: Packing): Uint8Array {
  const trits = tensor.kind === 'ternary' ? tensor.trits : 0;
  if (
    tensor.name !== planned.name ||
    tensor.kind !== planned.kind ||
    tensor.rows !== planned.rows ||
    tensor.cols !== planned.cols ||
    trits !== planned.trits
  ) {
    const shown = (t: PlannedTensor | QuantizedTensor, n: number): string =>
      `${t.kind} ${t.name} (${t.rows}, ${t.cols})${n > 0 ? ` of ${n} trits` : ''}`;
    throw new TinyLMError('tlm-write', `found ${shown(tensor, trits)}, expected ${shown(planned, planned.trits)}`);
  }
  const out = new Uint8Array(FILE.tensorBytes);
  out[RECORD.tensorTrits] = trits;
  if (tensor.kind === 'ternary') {
    out[RECORD.tensorType] = TYPE[packing];
    out[RECORD.tensorShift] = tensor.scaleShift;
    out[RECORD.tensorScaleBytes] = tensor.scaleBytes;
  } else {
    out[RECORD.tensorType] = tensor.bytes === 1 ? TYPE.i8 : TYPE.i16;
    out[RECORD.tensorShift] = tensor.frac;
  }
  return out;
}

/** The bytes of a tensor: scales and planes, or values alone. */
function tensorBytes(
  planned: PlannedTensor,
  tensor: QuantizedTensor,
  packing: Packing,
): { scales: Uint8Array; data: Uint8Array } {
  if (tensor.kind === 'fixed') return { scales: new Uint8Array(), data: littleEndian(tensor.values, tensor.bytes) };
  if (tensor.mantissas.length !== planned.scales) {
    throw new TinyLMError(
      'tlm-write',
      `${tensor.name} has ${tensor.mantissas.length} scales, expected ${planned.scales}`,
    );
  }
  const planes = planesOf(tensor.levels, tensor.trits).map((plane) => pack(plane, tensor.rows, tensor.cols, packing));
  const data = new Uint8Array(planes.reduce((sum, { length }) => sum + length, 0));
  planes.forEach((plane, p) => data.set(plane, p * plane.length));
  return { scales: littleEndian(tensor.mantissas, tensor.scaleBytes), data };
}

function littleEndian(values: Uint16Array | Int16Array, bytes: 1 | 2): Uint8Array {
  const out = new Uint8Array(values.length * bytes);
  values.forEach((v: number, i: number) => {
    out[bytes * i] = v;
    if (bytes === 2) out[2 * i + 1] = v >> 8;
  });
  return out;
}
