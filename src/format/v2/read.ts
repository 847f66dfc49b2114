/** Reading a version 2 `.tlm` (SPEC.md 1): every offset is derived from what the file says of the model. */
import { configOf, inputWidth, layerKindOf, matrixAlign, LAYERS, parameterSpecs, stackOf } from '../../model/index.js';
import type { LayerConfig, NgramConfig, TritGroup, Trits } from '../../model/config.js';
import type { QuantizedTensor } from '../../quantize/types.js';
import { refuse } from '../bytes.js';
import { checkScales, checkTrits, parseMetadata, tokenizerKind } from '../checks.js';
import { FILE, FLAG, HEADER, LIMIT, RECORD, SAMPLER, TOKENIZER, TYPE } from '../constants.js';
import { rowBytes, type Packing } from '../pack.js';
import { tensorPlan, type PlannedTensor } from '../plan.js';
import type { TensorInfo, TlmFile } from '../types.js';
import type { SamplingDefaults } from '../write.js';
import { Sections } from './sections.js';
import { readTokenizer } from './tokenizer.js';

/** @param file the bytes of the file alone, whose sizes and CRC were checked */
export function readVersion2(file: Uint8Array): TlmFile {
  const r = new Sections(file);
  const range = (what: string, offset: number, value: number, min: number, max: number): number =>
    value >= min && value <= max
      ? value
      : refuse('tlm-header', what, offset, value, min === max ? min : `${min} to ${max}`);
  const flags = r.u8(HEADER.flags);
  if ((flags & ~FLAG.all) !== 0) refuse('tlm-header', 'flags', HEADER.flags, flags, `no bit but those of ${FLAG.all}`);
  const embedFrac = range('embed_frac', HEADER.embedFrac, r.u8(HEADER.embedFrac), 0, LIMIT.embedFracMax);
  const kind = tokenizerKind(r.u8(HEADER.tokenizerKind), HEADER.tokenizerKind);
  const tables = range('n-gram tables', HEADER.ngrams, r.u8(HEADER.ngrams), 0, LIMIT.ngramsMax);
  const vocab = range('vocabulary', HEADER.vocab, r.u16(HEADER.vocab), LIMIT.vocabMin, LIMIT.vocabMax);
  const dim = range('dim', HEADER.dim, r.u16(HEADER.dim), LIMIT.dimMin, LIMIT.dimMax);
  const layerCount = range('layers', HEADER.layers, r.u8(HEADER.layers), LIMIT.layersMin, LIMIT.layersMax);
  const eod = range('end-of-document token', HEADER.eod, r.u16(HEADER.eod), TOKENIZER.eod, TOKENIZER.eod);
  const metadataBytes = range(
    'metadata size',
    HEADER.metadataBytes,
    r.u16(HEADER.metadataBytes),
    0,
    FILE.metadataBytesMax,
  );
  range('reserved field', HEADER.reserved, r.u16(HEADER.reserved), 0, 0);
  const sampling = readSampling(r, range);
  const cacheLog = r.u8(HEADER.cacheLog);
  const cache =
    cacheLog === 0
      ? 0
      : 2 ** range('tokens of the cache (logarithm)', HEADER.cacheLog, cacheLog, LIMIT.cacheLogMin, LIMIT.cacheLogMax);

  const ngramsAt = r.take('n-gram tables', HEADER.ngrams, FILE.ngramBytes * tables, 1);
  const ngrams = Array.from({ length: tables }, (_, i) => readNgram(r, range, ngramsAt + FILE.ngramBytes * i));
  const width = inputWidth({ dim, ngrams });
  if (width > LIMIT.widthMax)
    refuse('tlm-header', 'width of all sources', HEADER.dim, width, `at most ${LIMIT.widthMax}`);
  const layersAt = r.take('layers', HEADER.layers, FILE.layerBytes * layerCount, 1);
  const layers = Array.from({ length: layerCount }, (_, l) => readLayer(r, range, layersAt + FILE.layerBytes * l));
  const tied = (flags & FLAG.tied) !== 0;
  const shape = configOf({ vocab, dim, ngrams, layers, tied, cache });
  if (tied)
    range('dim of a tied model', HEADER.dim, dim, stackOf(shape).head.input.width, stackOf(shape).head.input.width);
  const stored = parameterSpecs(shape).filter((spec) => spec.stored > 0);
  const count = r.u8(HEADER.tensorCount);
  if (count !== stored.length) refuse('tlm-directory', 'tensor count', HEADER.tensorCount, count, stored.length);
  const recordsAt = r.take('tensor records', HEADER.tensorCount, FILE.tensorBytes * count, 1);
  const recordAt = (i: number): number => recordsAt + FILE.tensorBytes * i;

  const tokenizerBytes = r.u32(HEADER.tokenizerBytes);
  const tokenizerOffset = r.take('tokenizer', HEADER.tokenizerBytes, tokenizerBytes, FILE.align);
  const tokenizer = readTokenizer(r, kind, vocab, tokenizerOffset, tokenizerBytes);
  const metadataOffset = r.take('metadata', HEADER.metadataBytes, metadataBytes, FILE.align);

  // A group of tensors has the trits of its first one.
  const trits: Partial<Record<TritGroup, Trits>> = {};
  stored.forEach(({ rule, name }, i) => {
    const at = recordAt(i) + RECORD.tensorTrits;
    const found = r.u8(at);
    if (rule.group === undefined) {
      if (found !== 0) refuse('tlm-directory', `trits of ${name}`, at, found, 0);
      return;
    }
    const first = trits[rule.group];
    if (found < LIMIT.tritsMin || found > LIMIT.tritsMax || (first !== undefined && found !== first)) {
      refuse('tlm-directory', `trits of ${name}`, at, found, first ?? `${LIMIT.tritsMin} to ${LIMIT.tritsMax}`);
    }
    trits[rule.group] = found as Trits;
  });
  const config = configOf({ vocab, dim, ngrams, layers, tied, cache, trits });
  const read = tensorPlan(config, embedFrac).map((planned, i) => readTensor(r, planned, recordAt(i)));
  r.finish();
  return {
    model: { config, embedFrac, eod, resetOnEod: (flags & FLAG.resetOnEod) !== 0, tensors: read.map((t) => t.tensor) },
    tokenizer,
    metadata: parseMetadata(file.subarray(metadataOffset, metadataOffset + metadataBytes)),
    sampling,
    info: {
      version: FILE.version,
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

type Range = (what: string, offset: number, value: number, min: number, max: number) => number;

function readSampling(r: Sections, range: Range): SamplingDefaults | undefined {
  const temperature = r.u16(HEADER.temperature);
  const topK = r.u16(HEADER.topK);
  const penalty = r.u16(HEADER.penalty);
  const penaltyWindow = r.u8(HEADER.penaltyWindow);
  const there = penalty !== 0;
  if (!there || temperature !== 0) {
    range(
      'temperature',
      HEADER.temperature,
      temperature,
      there ? SAMPLER.temperatureMin : 0,
      there ? SAMPLER.temperatureMax : 0,
    );
  }
  range('top-k', HEADER.topK, topK, 0, there ? 65535 : 0);
  range('penalty', HEADER.penalty, penalty, there ? SAMPLER.penaltyOff : 0, there ? SAMPLER.penaltyMax : 0);
  range('penalty window', HEADER.penaltyWindow, penaltyWindow, 0, there ? SAMPLER.penaltyWindowMax : 0);
  return there ? { temperature, topK, penalty, penaltyWindow } : undefined;
}

function readNgram(r: Sections, range: Range, at: number): NgramConfig {
  const order = range(
    'order of an n-gram table',
    at + RECORD.ngramOrder,
    r.u8(at + RECORD.ngramOrder),
    LIMIT.ngramOrderMin,
    LIMIT.ngramOrderMax,
  );
  const log = range(
    'rows of an n-gram table (logarithm)',
    at + RECORD.ngramRowsLog,
    r.u8(at + RECORD.ngramRowsLog),
    LIMIT.ngramRowsLogMin,
    LIMIT.ngramRowsLogMax,
  );
  const width = range(
    'width of an n-gram table',
    at + RECORD.ngramWidth,
    r.u16(at + RECORD.ngramWidth),
    LIMIT.ngramWidthMin,
    LIMIT.ngramWidthMax,
  );
  range('reserved field', at + RECORD.ngramReserved, r.u32(at + RECORD.ngramReserved), 0, 0);
  return { order, rows: 2 ** log, width };
}

function readLayer(r: Sections, range: Range, at: number): LayerConfig {
  const id = r.u8(at + RECORD.layerKind);
  const kind = layerKindOf(id);
  if (kind === undefined) {
    return refuse(
      'tlm-cell',
      'kind of a layer',
      at + RECORD.layerKind,
      id,
      Object.values(LAYERS)
        .map((rule) => `${rule.id} (${rule.title})`)
        .join(', '),
    );
  }
  range('reserved byte', at + RECORD.layerReserved, r.u8(at + RECORD.layerReserved), 0, 0);
  return {
    kind,
    width: range(
      'width of a layer',
      at + RECORD.layerWidth,
      r.u16(at + RECORD.layerWidth),
      LIMIT.widthMin,
      LIMIT.widthMax,
    ),
  };
}

function readTensor(r: Sections, planned: PlannedTensor, at: number): { tensor: QuantizedTensor; info: TensorInfo } {
  const { name, layer, rows, cols, trits } = planned;
  const [typeAt, shiftAt, scaleBytesAt] = [
    at + RECORD.tensorType,
    at + RECORD.tensorShift,
    at + RECORD.tensorScaleBytes,
  ];
  const type = r.u8(typeAt);
  const shift = r.u8(shiftAt);
  const scaleBytes = r.u8(scaleBytesAt);
  if (planned.kind === 'fixed' || trits === 0) {
    if (type !== TYPE.i16 && type !== TYPE.i8)
      refuse('tlm-directory', `type of ${name}`, typeAt, type, `${TYPE.i16} or ${TYPE.i8}`);
    if (scaleBytes !== 0) refuse('tlm-directory', `scale bytes of ${name}`, scaleBytesAt, scaleBytes, 0);
    const fracMax = type === TYPE.i8 ? Math.min(planned.fracMax, LIMIT.byteFracMax) : planned.fracMax;
    if (shift < planned.fracMin || shift > fracMax) {
      refuse('tlm-scale', `frac of ${name}`, shiftAt, shift, `${planned.fracMin} to ${fracMax}`);
    }
    const bytes = type === TYPE.i8 ? 1 : 2;
    const dataOffset = r.take(name, typeAt, rows * bytes, bytes);
    const values = Int16Array.from({ length: rows }, (_, i) =>
      bytes === 1 ? r.view.getInt8(dataOffset + i) : r.view.getInt16(dataOffset + 2 * i, true),
    );
    return {
      tensor: { kind: 'fixed', name, layer, rows, cols: 1, values, frac: shift, bytes },
      info: {
        name,
        type: bytes === 1 ? 'i8' : 'i16',
        rows,
        cols,
        trits: 0,
        rowBytes: bytes,
        dataOffset,
        dataBytes: rows * bytes,
        scaleOffset: 0,
        scaleBytes: 0,
      },
    };
  }
  if (type !== TYPE.t2 && type !== TYPE.b3)
    refuse('tlm-directory', `type of ${name}`, typeAt, type, `${TYPE.t2} or ${TYPE.b3}`);
  if (scaleBytes !== 1 && scaleBytes !== 2)
    refuse('tlm-directory', `scale bytes of ${name}`, scaleBytesAt, scaleBytes, '1 or 2');
  if (shift > LIMIT.scaleShiftMax)
    refuse('tlm-scale', `scale shift of ${name}`, shiftAt, shift, `at most ${LIMIT.scaleShiftMax}`);
  const packing: Packing = type === TYPE.t2 ? 't2' : 'b3';
  const stride = rowBytes(packing, cols);
  const dataBytes = trits * rows * stride;
  const scaleOffset = r.take(`scales of ${name}`, scaleBytesAt, planned.scales * scaleBytes, scaleBytes);
  const dataOffset = r.take(name, typeAt, dataBytes, matrixAlign(dataBytes));
  const mantissas = Uint16Array.from({ length: planned.scales }, (_, i) =>
    scaleBytes === 1 ? r.u8(scaleOffset + i) : r.u16(scaleOffset + 2 * i),
  );
  const levels = checkTrits(planned, r.bytes.subarray(dataOffset, dataOffset + dataBytes), packing, dataOffset);
  checkScales(planned, mantissas, shift, shiftAt, scaleOffset, scaleBytes);
  return {
    tensor: { kind: 'ternary', name, layer, rows, cols, trits, levels, mantissas, scaleShift: shift, scaleBytes },
    info: { name, type: packing, rows, cols, trits, rowBytes: stride, dataOffset, dataBytes, scaleOffset, scaleBytes },
  };
}
