/** Reading a version 1 `.tlm` (SPEC.md, appendix A): nothing is accepted unchecked; the order is that of the C engine's. */
import { configOf } from '../../model/index.js';
import type { QuantizedModel, QuantizedTensor } from '../../quantize/types.js';
import { refuse } from '../bytes.js';
import { checkScales, checkTrits, parseMetadata, tokenizerKind } from '../checks.js';
import { FILE, FLAG, LIMIT, TOKENIZER, TYPE, V1, V1_ENTRY as ENTRY, V1_HEADER as HEADER } from '../constants.js';
import { rowBytes, type Packing } from '../pack.js';
import { tensorPlan, type PlannedTensor } from '../plan.js';
import type { TensorInfo, TlmFile } from '../types.js';
import { readTokenizer } from './tokenizer.js';
import { SectionReader } from './sections.js';

/** @param file the bytes of the file alone, whose sizes and CRC were checked */
export function readVersion1(file: Uint8Array): TlmFile {
  const r = new SectionReader(file);
  const header = readHeader(r);
  const { config, embedFrac } = header;
  const plan = tensorPlan(config, embedFrac, V1.version);
  if (r.u16(HEADER.tensorCount) !== plan.length) {
    refuse('tlm-directory', 'tensor count', HEADER.tensorCount, r.u16(HEADER.tensorCount), plan.length);
  }
  const kind = tokenizerKind(r.u16(HEADER.tokenizerKind), HEADER.tokenizerKind);
  zeros(r, 'tlm-header', HEADER.reservedB, V1.headerBytes);
  r.take('directory', HEADER.directoryOffset, V1.headerBytes, V1.entryBytes * plan.length);

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

  const read = plan.map((planned, i) => readTensor(r, planned, V1.headerBytes + V1.entryBytes * i));
  r.gap(r.end);
  return {
    model: { ...header, tensors: read.map((t) => t.tensor) },
    tokenizer,
    metadata: parseMetadata(text),
    sampling: undefined,
    info: {
      version: V1.version,
      fileBytes: file.length,
      crc: r.u32(r.end),
      tokenizerOffset,
      tokenizerBytes,
      metadataOffset,
      metadataBytes,
      tensors: read.map((t) => t.info),
    },
  };
}

function readHeader(r: SectionReader): Omit<QuantizedModel, 'tensors'> {
  const range = (what: string, offset: number, value: number, min: number, max: number): number =>
    value >= min && value <= max
      ? value
      : refuse('tlm-header', what, offset, value, min === max ? min : `${min} to ${max}`);
  const flags = r.u32(HEADER.flags);
  if ((flags & ~FLAG.all) !== 0) refuse('tlm-header', 'flags', HEADER.flags, flags, `no bit but those of ${FLAG.all}`);
  const tied = (flags & FLAG.tied) !== 0;
  const vocab = range('vocabulary', HEADER.vocab, r.u16(HEADER.vocab), LIMIT.vocabMin, LIMIT.vocabMax);
  const dim = range('dim', HEADER.dim, r.u16(HEADER.dim), LIMIT.dimMin, LIMIT.dimMax);
  const hidden = range('hidden', HEADER.hidden, r.u16(HEADER.hidden), V1.hiddenMin, V1.hiddenMax);
  if (tied) range('hidden of a tied model', HEADER.hidden, hidden, dim, dim);
  const layers = range('layers', HEADER.layers, r.u8(HEADER.layers), V1.layersMin, V1.layersMax);
  const cell = r.u8(HEADER.cell);
  if (cell !== V1.cellGru) refuse('tlm-cell', 'recurrent cell', HEADER.cell, cell, `${V1.cellGru} (GRU)`);
  const embedFrac = range('embed_frac', HEADER.embedFrac, r.u8(HEADER.embedFrac), 0, LIMIT.embedFracMax);
  range('reserved byte', HEADER.reservedA, r.u8(HEADER.reservedA), 0, 0);
  const eod = range('end-of-document token', HEADER.eod, r.u16(HEADER.eod), TOKENIZER.eod, TOKENIZER.eod);
  range('directory offset', HEADER.directoryOffset, r.u32(HEADER.directoryOffset), V1.headerBytes, V1.headerBytes);
  return {
    config: configOf({ vocab, dim, hidden, layers, tied }),
    embedFrac,
    eod,
    resetOnEod: (flags & FLAG.resetOnEod) !== 0,
  };
}

function zeros(r: SectionReader, code: 'tlm-header', from: number, to: number): void {
  for (let i = from; i < to; i++) if (r.u8(i) !== 0) refuse(code, 'reserved byte', i, r.u8(i), 0);
}

function readTensor(
  r: SectionReader,
  planned: PlannedTensor,
  at: number,
): { tensor: QuantizedTensor; info: TensorInfo } {
  const { name, layer, rows, cols } = planned;
  const equal = (what: string, offset: number, found: number, expected: number): void => {
    if (found !== expected) refuse('tlm-directory', `${what} of ${name}`, at + offset, found, expected);
  };
  equal('tensor id', ENTRY.id, r.u16(at + ENTRY.id), planned.id);
  equal('layer', ENTRY.layer, r.u8(at + ENTRY.layer), layer);
  const type = r.u8(at + ENTRY.type);
  const bias = planned.kind === 'fixed';
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
  const info = {
    name,
    rows,
    cols,
    trits: planned.trits,
    rowBytes: stride,
    dataOffset,
    dataBytes,
    scaleOffset,
    scaleBytes: bias ? 0 : 2,
  };
  if (bias) {
    equal('scale offset', ENTRY.scaleOffset, scaleOffset, 0);
    equal('scale shift', ENTRY.scaleShift, scaleShift, 0);
    if (frac > planned.fracMax) {
      refuse('tlm-scale', `frac of ${name}`, at + ENTRY.frac, frac, `at most ${planned.fracMax}`);
    }
    r.take(name, at + ENTRY.dataOffset, dataOffset, dataBytes);
    const values = Int16Array.from({ length: rows }, (_, i) => r.view.getInt16(dataOffset + 2 * i, true));
    return {
      tensor: { kind: 'fixed', name, layer, rows, cols: 1, values, frac, bytes: 2 },
      info: { ...info, type: 'i16' },
    };
  }
  equal('frac', ENTRY.frac, frac, 0);
  if (scaleShift > LIMIT.scaleShiftMax) {
    refuse('tlm-scale', `scale shift of ${name}`, at + ENTRY.scaleShift, scaleShift, `at most ${LIMIT.scaleShiftMax}`);
  }
  r.take(`scales of ${name}`, at + ENTRY.scaleOffset, scaleOffset, 2 * rows);
  const mantissas = Uint16Array.from({ length: rows }, (_, i) => r.u16(scaleOffset + 2 * i));
  const data = r.take(name, at + ENTRY.dataOffset, dataOffset, dataBytes);
  const levels = checkTrits(planned, data, packing, dataOffset);
  checkScales(planned, mantissas, scaleShift, at + ENTRY.scaleShift, scaleOffset, 2);
  return {
    tensor: { kind: 'ternary', name, layer, rows, cols, trits: 1, levels, mantissas, scaleShift, scaleBytes: 2 },
    info: { ...info, type: packing },
  };
}
