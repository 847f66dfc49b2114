/** Writing a `.tlm` (SPEC.md 1). */
import { TinyLMError } from '../model/errors.js';
import type { QuantizedModel, QuantizedTensor } from '../quantize/types.js';
import type { TokenizerTable } from '../tokenizer/table.js';
import { alignUp, crc32 } from './bytes.js';
import { CELL, ENTRY, FILE, FLAG, HEADER, TOKENIZER, TYPE } from './constants.js';
import { pack, rowBytes, type Packing } from './pack.js';
import { tensorPlan, type PlannedTensor } from './plan.js';
import { readTlm } from './read.js';

export interface WriteOptions {
  readonly model: QuantizedModel;
  readonly tokenizer: TokenizerTable;
  /** Any JSON object, at most 4096 bytes as text; keys keep their order. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Of all matrices, or of each by its name. `b3` by default. */
  readonly packing?: Packing | ((name: string) => Packing);
}

/**
 * The bytes of a `.tlm`: the same for the same input. What was written is read again with every check,
 * so a file that a reader would refuse is never returned.
 *
 * @throws TinyLMError `tlm-write` for what has no place in the format, or as `readTlm`
 */
export function writeTlm(options: WriteOptions): Uint8Array {
  const { model, tokenizer, metadata = {}, packing = 'b3' } = options;
  const packingOf = typeof packing === 'function' ? packing : (): Packing => packing;
  const plan = tensorPlan(model.config, model.embedFrac);
  if (model.tensors.length !== plan.length) {
    throw new TinyLMError('tlm-write', `a model of ${model.tensors.length} tensors, expected ${plan.length}`);
  }
  const tables = encodeTokenizer(tokenizer);
  const text = new TextEncoder().encode(JSON.stringify(metadata));
  if (text.length > FILE.metadataBytesMax) {
    throw new TinyLMError('tlm-write', `metadata of ${text.length} bytes, expected at most ${FILE.metadataBytesMax}`,
      'keep the run\'s details in its folder and only a few words in the file');
  }

  const directory = FILE.headerBytes + FILE.entryBytes * plan.length;
  const tokenizerAt = alignUp(directory, FILE.align);
  const metadataAt = alignUp(tokenizerAt + tables.length, FILE.align);
  let end = metadataAt + text.length;
  const parts = [{ at: tokenizerAt, bytes: tables }, { at: metadataAt, bytes: text }];
  const place = (bytes: Uint8Array, align: number = FILE.align): number => {
    const at = alignUp(end, align);
    parts.push({ at, bytes });
    end = at + bytes.length;
    return at;
  };
  const entries = plan.map((planned, i) => entry(planned, model.tensors[i], packingOf(planned.name), place));
  const fileBytes = alignUp(end, FILE.bytesMultiple) + FILE.crcBytes;

  const out = new Uint8Array(fileBytes);
  writeHeader(new DataView(out.buffer), model, tokenizer, plan.length,
    { fileBytes, tokenizerAt, tokenizerBytes: tables.length, metadataAt, metadataBytes: text.length });
  entries.forEach((bytes, i) => out.set(bytes, FILE.headerBytes + FILE.entryBytes * i));
  for (const { at, bytes } of parts) out.set(bytes, at);
  const crcAt = fileBytes - FILE.crcBytes;
  new DataView(out.buffer).setUint32(crcAt, crc32(out.subarray(0, crcAt)), true);
  readTlm(out);
  return out;
}

const KINDS = { byte: TOKENIZER.kindByte, char: TOKENIZER.kindChar, bpe: TOKENIZER.kindBpe } as const;

interface Places {
  readonly fileBytes: number;
  readonly tokenizerAt: number;
  readonly tokenizerBytes: number;
  readonly metadataAt: number;
  readonly metadataBytes: number;
}

function writeHeader(view: DataView, model: QuantizedModel, tokenizer: TokenizerTable, tensors: number,
  places: Places): void {
  const { config } = model;
  view.setUint32(HEADER.magic, FILE.magic, true);
  view.setUint16(HEADER.version, FILE.version, true);
  view.setUint16(HEADER.headerBytes, FILE.headerBytes, true);
  view.setUint32(HEADER.fileBytes, places.fileBytes, true);
  view.setUint32(HEADER.flags, (config.tied ? FLAG.tied : 0) | (model.resetOnEod ? FLAG.resetOnEod : 0), true);
  view.setUint16(HEADER.vocab, config.vocab, true);
  view.setUint16(HEADER.dim, config.dim, true);
  view.setUint16(HEADER.hidden, config.hidden, true);
  view.setUint8(HEADER.layers, config.layers);
  view.setUint8(HEADER.cell, CELL[config.cell]);
  view.setUint8(HEADER.embedFrac, model.embedFrac);
  view.setUint16(HEADER.eod, model.eod, true);
  view.setUint32(HEADER.directoryOffset, FILE.headerBytes, true);
  view.setUint16(HEADER.tensorCount, tensors, true);
  view.setUint16(HEADER.tokenizerKind, KINDS[tokenizer.kind], true);
  view.setUint32(HEADER.tokenizerOffset, places.tokenizerAt, true);
  view.setUint32(HEADER.tokenizerBytes, places.tokenizerBytes, true);
  view.setUint32(HEADER.metadataOffset, places.metadataAt, true);
  view.setUint32(HEADER.metadataBytes, places.metadataBytes, true);
}

/** A directory entry (32 bytes); `place` puts the scales and the data into the file. */
function entry(planned: PlannedTensor, tensor: QuantizedTensor, packing: Packing,
  place: (bytes: Uint8Array, align?: number) => number): Uint8Array {
  if (tensor.name !== planned.name || tensor.kind !== planned.kind || tensor.rows !== planned.rows ||
    tensor.cols !== planned.cols) {
    const shown = (t: PlannedTensor | QuantizedTensor): string => `${t.kind} ${t.name} (${t.rows}, ${t.cols})`;
    throw new TinyLMError('tlm-write', `found ${shown(tensor)}, expected ${shown(planned)}`);
  }
  const out = new Uint8Array(FILE.entryBytes);
  const view = new DataView(out.buffer);
  const ternary = tensor.kind === 'ternary';
  const type = ternary ? TYPE[packing] : TYPE.i16;
  const stride = ternary ? rowBytes(packing, tensor.cols) : 2 * tensor.cols;
  view.setUint16(ENTRY.id, planned.id, true);
  view.setUint8(ENTRY.layer, planned.layer);
  view.setUint8(ENTRY.type, type);
  view.setUint32(ENTRY.rows, tensor.rows, true);
  view.setUint32(ENTRY.cols, tensor.cols, true);
  view.setUint32(ENTRY.rowBytes, stride, true);
  view.setUint32(ENTRY.dataBytes, tensor.rows * stride, true);
  if (ternary) {
    view.setUint32(ENTRY.scaleOffset, place(littleEndian(tensor.mantissas)), true);
    view.setUint8(ENTRY.scaleShift, tensor.scaleShift);
    const data = pack(tensor.trits, tensor.rows, tensor.cols, packing);
    const align = data.length < FILE.largeBytes ? FILE.align : FILE.largeAlign;
    view.setUint32(ENTRY.dataOffset, place(data, align), true);
  } else {
    view.setUint8(ENTRY.frac, tensor.frac);
    view.setUint32(ENTRY.dataOffset, place(littleEndian(tensor.values)), true);
  }
  return out;
}

function littleEndian(values: Uint16Array | Int16Array): Uint8Array {
  const out = new Uint8Array(values.length * 2);
  const view = new DataView(out.buffer);
  values.forEach((v: number, i: number) => view.setInt16(2 * i, v, true));
  return out;
}

/** The tokenizer section (SPEC.md 1.4). */
export function encodeTokenizer(table: TokenizerTable): Uint8Array {
  const records = table.kind === 'byte' ? [] : table.base;
  const mergesAt = TOKENIZER.recordsOffset + TOKENIZER.recordBytes * records.length;
  const out = new Uint8Array(mergesAt + TOKENIZER.mergeBytes * table.merges.length);
  const view = new DataView(out.buffer);
  view.setUint16(TOKENIZER.baseCountOffset, table.base.length, true);
  view.setUint16(TOKENIZER.mergeCountOffset, table.merges.length, true);
  view.setUint16(TOKENIZER.nibbleBaseOffset, table.nibbleBase < 0 ? TOKENIZER.noNibbles : table.nibbleBase, true);
  records.forEach((symbol, id) => {
    if (symbol.length > TOKENIZER.symbolBytesMax) {
      throw new TinyLMError('tlm-write',
        `base token ${id} has ${symbol.length} bytes, expected at most ${TOKENIZER.symbolBytesMax}`);
    }
    out.set(symbol, TOKENIZER.recordsOffset + TOKENIZER.recordBytes * id);
  });
  table.merges.forEach(([left, right], m) => {
    view.setUint16(mergesAt + TOKENIZER.mergeBytes * m, left, true);
    view.setUint16(mergesAt + TOKENIZER.mergeBytes * m + 2, right, true);
  });
  return out;
}
