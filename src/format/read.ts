/** Reading a `.tlm` (SPEC.md 1): nothing is accepted unchecked; the order is that of the C engine's `tlm_open`. */
import type { ModelConfig } from '../model/config.js';
import type { QuantizedModel, QuantizedTensor } from '../quantize/types.js';
import type { TokenizerKind, TokenizerTable } from '../tokenizer/table.js';
import { crc32, refuse } from './bytes.js';
import { CELL, ENTRY, FILE, FLAG, HEADER, LIMIT, TENSOR, TOKENIZER, TYPE } from './constants.js';
import { rowBytes, unpack, type Packing } from './pack.js';
import { tensorPlan, type PlannedTensor } from './plan.js';
import { readTokenizer } from './read-tokenizer.js';
import { SectionReader } from './reader.js';

/** A tensor as it lies in the file. */
export interface TensorInfo {
  readonly name: string;
  readonly type: Packing | 'i16';
  readonly rows: number;
  readonly cols: number;
  readonly rowBytes: number;
  readonly dataOffset: number;
  readonly dataBytes: number;
  /** 0 for a bias. */
  readonly scaleOffset: number;
}

export interface TlmInfo {
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
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly info: TlmInfo;
}

/**
 * Reads a `.tlm`. `region` may be longer than the file, as a flash partition is; what follows is not looked at.
 * @throws TinyLMError with a `TlmErrorCode`; the message has the byte, what was found and what was expected
 */
export function readTlm(region: Uint8Array): TlmFile {
  const file = checkedFile(region);
  const r = new SectionReader(file);
  const header = readHeader(r);
  const { config, embedFrac } = header;
  const plan = tensorPlan(config, embedFrac);
  if (r.u16(HEADER.tensorCount) !== plan.length) {
    refuse('tlm-directory', 'tensor count', HEADER.tensorCount, r.u16(HEADER.tensorCount), plan.length);
  }
  const kind = tokenizerKind(r);
  zeros(r, 'tlm-header', HEADER.reservedB, FILE.headerBytes);
  r.take('directory', HEADER.directoryOffset, FILE.headerBytes, FILE.entryBytes * plan.length);

  const tokenizerOffset = r.u32(HEADER.tokenizerOffset);
  const tokenizerBytes = r.u32(HEADER.tokenizerBytes);
  r.take('tokenizer', HEADER.tokenizerOffset, tokenizerOffset, tokenizerBytes);
  const tokenizer = readTokenizer(r, kind, config.vocab, tokenizerOffset, tokenizerBytes);

  const metadataOffset = r.u32(HEADER.metadataOffset);
  const metadataBytes = r.u32(HEADER.metadataBytes);
  if (metadataBytes > FILE.metadataBytesMax) {
    refuse('tlm-header', 'metadata size', HEADER.metadataBytes, metadataBytes, `at most ${FILE.metadataBytesMax}`);
  }
  const text = r.take('metadata', HEADER.metadataOffset, metadataOffset, metadataBytes);

  const read = plan.map((planned, i) => readTensor(r, planned, FILE.headerBytes + FILE.entryBytes * i, embedFrac));
  r.gap(r.end);
  return {
    model: { ...header, tensors: read.map((t) => t.tensor) },
    tokenizer,
    metadata: parseMetadata(text, metadataOffset),
    info: {
      fileBytes: file.length, crc: r.u32(r.end), tokenizerOffset, tokenizerBytes, metadataOffset, metadataBytes,
      tensors: read.map((t) => t.info),
    },
  };
}

/** Sizes and CRC: the bytes of the file alone. */
function checkedFile(region: Uint8Array): Uint8Array {
  if (region.length < FILE.bytesMin) {
    refuse('tlm-short', 'size', 0, `${region.length} bytes`, `at least ${FILE.bytesMin}`);
  }
  const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
  const hex = (v: number): string => `0x${v.toString(16).padStart(8, '0')}`;
  const magic = view.getUint32(HEADER.magic, true);
  if (magic !== FILE.magic) refuse('tlm-magic', 'magic', HEADER.magic, hex(magic), hex(FILE.magic));
  const version = view.getUint16(HEADER.version, true);
  if (version !== FILE.version) refuse('tlm-version', 'version', HEADER.version, version, FILE.version);
  const headerBytes = view.getUint16(HEADER.headerBytes, true);
  if (headerBytes !== FILE.headerBytes) {
    refuse('tlm-size', 'header size', HEADER.headerBytes, headerBytes, FILE.headerBytes);
  }
  const fileBytes = view.getUint32(HEADER.fileBytes, true);
  if (fileBytes < FILE.bytesMin || fileBytes % FILE.bytesMultiple !== 0) {
    refuse('tlm-size', 'file size', HEADER.fileBytes, fileBytes,
      `a multiple of ${FILE.bytesMultiple}, at least ${FILE.bytesMin}`);
  }
  if (fileBytes > region.length) {
    refuse('tlm-short', 'file size', HEADER.fileBytes, `${region.length} bytes`, `${fileBytes}, as its header says`);
  }
  const crcAt = fileBytes - FILE.crcBytes;
  const stored = view.getUint32(crcAt, true);
  const computed = crc32(region.subarray(0, crcAt));
  if (stored !== computed) {
    refuse('tlm-crc', 'CRC-32', crcAt, hex(stored), `${hex(computed)}, computed from the bytes before it`);
  }
  return region.subarray(0, fileBytes);
}

function readHeader(r: SectionReader): Omit<QuantizedModel, 'tensors'> {
  const range = (what: string, offset: number, value: number, min: number, max: number): number =>
    value >= min && value <= max ? value : refuse('tlm-header', what, offset, value,
      min === max ? min : `${min} to ${max}`);
  const flags = r.u32(HEADER.flags);
  if ((flags & ~FLAG.all) !== 0) refuse('tlm-header', 'flags', HEADER.flags, flags, `no bit but those of ${FLAG.all}`);
  const tied = (flags & FLAG.tied) !== 0;
  const vocab = range('vocabulary', HEADER.vocab, r.u16(HEADER.vocab), LIMIT.vocabMin, LIMIT.vocabMax);
  const dim = range('dim', HEADER.dim, r.u16(HEADER.dim), LIMIT.dimMin, LIMIT.dimMax);
  const hidden = range('hidden', HEADER.hidden, r.u16(HEADER.hidden), LIMIT.hiddenMin, LIMIT.hiddenMax);
  if (tied) range('hidden of a tied model', HEADER.hidden, hidden, dim, dim);
  const layers = range('layers', HEADER.layers, r.u8(HEADER.layers), LIMIT.layersMin, LIMIT.layersMax);
  const cell = r.u8(HEADER.cell);
  if (cell !== CELL.gru) refuse('tlm-cell', 'recurrent cell', HEADER.cell, cell, `${CELL.gru} (GRU)`);
  const embedFrac = range('embed_frac', HEADER.embedFrac, r.u8(HEADER.embedFrac), 0, LIMIT.embedFracMax);
  range('reserved byte', HEADER.reservedA, r.u8(HEADER.reservedA), 0, 0);
  const eod = range('end-of-document token', HEADER.eod, r.u16(HEADER.eod), TOKENIZER.eod, TOKENIZER.eod);
  range('directory offset', HEADER.directoryOffset, r.u32(HEADER.directoryOffset), FILE.headerBytes, FILE.headerBytes);
  const config: ModelConfig = { cell: 'gru', vocab, dim, hidden, layers, tied };
  return { config, embedFrac, eod, resetOnEod: (flags & FLAG.resetOnEod) !== 0 };
}

function tokenizerKind(r: SectionReader): TokenizerKind {
  const kind = r.u16(HEADER.tokenizerKind);
  switch (kind) {
    case TOKENIZER.kindByte: return 'byte';
    case TOKENIZER.kindChar: return 'char';
    case TOKENIZER.kindBpe: return 'bpe';
    default: return refuse('tlm-header', 'tokenizer kind', HEADER.tokenizerKind, kind,
      `${TOKENIZER.kindByte} to ${TOKENIZER.kindBpe}`);
  }
}

function zeros(r: SectionReader, code: 'tlm-header', from: number, to: number): void {
  for (let i = from; i < to; i++) if (r.u8(i) !== 0) refuse(code, 'reserved byte', i, r.u8(i), 0);
}

function parseMetadata(text: Uint8Array, offset: number): Record<string, unknown> {
  if (text.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text));
  } catch (error) {
    refuse('tlm-metadata', 'metadata', offset, error instanceof Error ? error.message : String(error), 'JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse('tlm-metadata', 'metadata', offset, Array.isArray(value) ? 'an array' : `a ${typeof value}`,
      'a JSON object');
  }
  return value as Record<string, unknown>;
}

function readTensor(r: SectionReader, planned: PlannedTensor, at: number, embedFrac: number):
  { tensor: QuantizedTensor; info: TensorInfo } {
  const { name, layer, rows, cols } = planned;
  const equal = (what: string, offset: number, found: number, expected: number): void => {
    if (found !== expected) refuse('tlm-directory', `${what} of ${name}`, at + offset, found, expected);
  };
  equal('tensor id', ENTRY.id, r.u16(at + ENTRY.id), planned.id);
  equal('layer', ENTRY.layer, r.u8(at + ENTRY.layer), layer);
  const type = r.u8(at + ENTRY.type);
  const bias = planned.kind === 'int16';
  if (bias ? type !== TYPE.i16 : type !== TYPE.t2 && type !== TYPE.b3) {
    refuse('tlm-directory', `type of ${name}`, at + ENTRY.type, type, bias ? TYPE.i16 : `${TYPE.t2} or ${TYPE.b3}`);
  }
  equal('rows', ENTRY.rows, r.u32(at + ENTRY.rows), rows);
  equal('cols', ENTRY.cols, r.u32(at + ENTRY.cols), cols);
  const packing: Packing = type === TYPE.t2 ? 't2' : 'b3';
  const stride = bias ? 2 * cols : rowBytes(packing, cols);
  const dataBytes = rows * stride;
  equal('row bytes', ENTRY.rowBytes, r.u32(at + ENTRY.rowBytes), stride);
  equal('data bytes', ENTRY.dataBytes, r.u32(at + ENTRY.dataBytes), dataBytes);
  equal('reserved field', ENTRY.reserved, r.u16(at + ENTRY.reserved), 0);
  const scaleOffset = r.u32(at + ENTRY.scaleOffset);
  const scaleShift = r.u8(at + ENTRY.scaleShift);
  const frac = r.u8(at + ENTRY.frac);
  const dataOffset = r.u32(at + ENTRY.dataOffset);
  const info = { name, rows, cols, rowBytes: stride, dataOffset, dataBytes, scaleOffset };
  if (bias) {
    equal('scale offset', ENTRY.scaleOffset, scaleOffset, 0);
    equal('scale shift', ENTRY.scaleShift, scaleShift, 0);
    if (frac > planned.fracMax) {
      refuse('tlm-scale', `frac of ${name}`, at + ENTRY.frac, frac, `at most ${planned.fracMax}`);
    }
    r.take(name, at + ENTRY.dataOffset, dataOffset, dataBytes);
    const values = Int16Array.from({ length: rows }, (_, i) => r.view.getInt16(dataOffset + 2 * i, true));
    return { tensor: { kind: 'int16', name, layer, rows, cols: 1, values, frac }, info: { ...info, type: 'i16' } };
  }
  equal('frac', ENTRY.frac, frac, 0);
  if (scaleShift > LIMIT.scaleShiftMax) {
    refuse('tlm-scale', `scale shift of ${name}`, at + ENTRY.scaleShift, scaleShift, `at most ${LIMIT.scaleShiftMax}`);
  }
  r.take(`scales of ${name}`, at + ENTRY.scaleOffset, scaleOffset, 2 * rows);
  const mantissas = Uint16Array.from({ length: rows }, (_, i) => r.u16(scaleOffset + 2 * i));
  const trits = unpack(r.take(name, at + ENTRY.dataOffset, dataOffset, dataBytes), rows, cols, packing);
  if (!(trits instanceof Int8Array)) {
    refuse('tlm-weight', `weights of ${name}`, dataOffset + trits.offset, trits.found, trits.expected);
  }
  checkScales(planned, mantissas, scaleShift, embedFrac, at + ENTRY.scaleShift, scaleOffset);
  return {
    tensor: { kind: 'ternary', name, layer, rows, cols, trits, mantissas, scaleShift },
    info: { ...info, type: packing },
  };
}

/** k of every use, and that no product can overflow 32 bits (SPEC.md 3.1 and 3.2). */
function checkScales(planned: PlannedTensor, mantissas: Uint16Array, scaleShift: number, embedFrac: number,
  field: number, scaleOffset: number): void {
  const shifts = planned.uses.map(({ from, to }) => to - from);
  if (planned.id === TENSOR.embedWeight) shifts.unshift(embedFrac);
  for (const down of shifts) {
    const k = scaleShift - down;
    if (k < LIMIT.shiftMin || k > LIMIT.shiftMax) {
      refuse('tlm-scale', `scale shift of ${planned.name}`, field, scaleShift,
        `${down + LIMIT.shiftMin} to ${down + LIMIT.shiftMax}`);
    }
  }
  for (const { from, to } of planned.uses) {
    const half = 2 ** (from + scaleShift - to - 1);
    const limit = Math.floor((LIMIT.productMax - half) / (LIMIT.activationMax * planned.cols));
    const row = mantissas.findIndex((mantissa) => mantissa > limit);
    if (row >= 0) {
      refuse('tlm-scale', `scale of ${planned.name} row ${row}`, scaleOffset + 2 * row, mantissas[row],
        `at most ${limit}`);
    }
  }
}
