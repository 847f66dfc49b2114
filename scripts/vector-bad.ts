/** The refused files of vectors/v2/bad/: one rule of SPEC.md broken in each, the CRC made right again after it. */
import { crc32, readTlm, spec, type TlmErrorCode } from '../src/format/index.js';

const { FILE, HEADER, RECORD, TOKENIZER, TYPE } = spec;

export interface BadFile {
  readonly name: string;
  readonly code: TlmErrorCode;
  readonly bytes: Uint8Array;
}

/**
 * @param good a file of kind bpe (at most 256 tokens, symbols of 1 and 2 bytes), untied, an n-gram table, a GRU and a GLU; columns that
 *   leave padding digits; embed.weight is t2 and fc.weight b3; rnn.weight_hh has two trits
 * @param wide a file with scales of two bytes whose `rnn.weight_ih_l0` has so many columns that not every mantissa is allowed
 * @param large a file whose vocabulary is so large that an index of its merges follows them
 */
export function badFiles(good: Uint8Array, wide: Uint8Array, large: Uint8Array): BadFile[] {
  const files: BadFile[] = [];
  const raw = (name: string, code: TlmErrorCode, bytes: Uint8Array): void => {
    files.push({ name, code, bytes });
  };
  const make = (
    name: string,
    code: TlmErrorCode,
    change: (view: DataView, bytes: Uint8Array) => void,
    from = good,
  ): void => {
    const bytes = from.slice();
    const view = new DataView(bytes.buffer);
    change(view, bytes);
    const end = bytes.length - FILE.crcBytes;
    view.setUint32(end, crc32(bytes.subarray(0, end)), true);
    raw(name, code, bytes);
  };
  const u8 =
    (at: number, value: number) =>
    (view: DataView): void =>
      view.setUint8(at, value);
  const u16 =
    (at: number, value: number) =>
    (view: DataView): void =>
      view.setUint16(at, value, true);
  const u32 =
    (at: number, value: number) =>
    (view: DataView): void =>
      view.setUint32(at, value, true);
  const file = readTlm(good);
  const {
    info,
    model: { config },
  } = file;
  const ngramsAt = FILE.headerBytes;
  const layersAt = ngramsAt + FILE.ngramBytes * config.ngrams.length;
  const recordsAt = layersAt + FILE.layerBytes * config.layers.length;
  const indexOf = (name: string): number => info.tensors.findIndex((t) => t.name === name);
  const record = (name: string): number => recordsAt + FILE.tensorBytes * indexOf(name);
  const place = (name: string): (typeof info.tensors)[number] => info.tensors[indexOf(name)];

  raw('short-header', 'tlm-short', good.slice(0, FILE.bytesMin - 1));
  raw('short-file', 'tlm-short', good.slice(0, good.length - 4));
  make('magic', 'tlm-magic', u8(0, 0x47));
  make('version', 'tlm-version', u16(HEADER.version, 3));
  make('version-1', 'tlm-size', u16(HEADER.version, 1));
  make('size-header', 'tlm-size', u16(HEADER.headerBytes, 44));
  make('size-odd', 'tlm-size', u32(HEADER.fileBytes, good.length - 2));
  make('size-small', 'tlm-size', u32(HEADER.fileBytes, FILE.bytesMin - 4));
  const damaged = good.slice();
  damaged[good.length - 1] ^= 1;
  raw('crc', 'tlm-crc', damaged);

  make('header-flags', 'tlm-header', u8(HEADER.flags, 4));
  make('header-embed-frac', 'tlm-header', u8(HEADER.embedFrac, 8));
  make('header-tokenizer-kind', 'tlm-header', u8(HEADER.tokenizerKind, 0));
  make('header-ngrams', 'tlm-header', u8(HEADER.ngrams, 5));
  make('header-vocab-small', 'tlm-header', u16(HEADER.vocab, 1));
  make('header-vocab-large', 'tlm-header', u16(HEADER.vocab, 4097));
  make('header-dim', 'tlm-header', u16(HEADER.dim, 0));
  make('header-dim-large', 'tlm-header', u16(HEADER.dim, 2046));
  make('header-tied', 'tlm-header', u8(HEADER.flags, 1));
  make('header-layers-none', 'tlm-header', u8(HEADER.layers, 0));
  make('header-layers', 'tlm-header', u8(HEADER.layers, 17));
  make('header-eod', 'tlm-header', u16(HEADER.eod, 1));
  make('header-metadata-size', 'tlm-header', u16(HEADER.metadataBytes, 4097));
  make('header-reserved', 'tlm-header', u16(HEADER.reserved, 1));
  make('header-cache-small', 'tlm-header', u8(HEADER.cacheLog, 3));
  make('header-cache-large', 'tlm-header', u8(HEADER.cacheLog, 11));
  make('header-temperature-alone', 'tlm-header', u16(HEADER.temperature, 128));
  make('header-top-k-alone', 'tlm-header', u16(HEADER.topK, 40));
  make('header-penalty', 'tlm-header', u16(HEADER.penalty, 1023));
  const sampling =
    (temperature: number, window: number) =>
    (view: DataView): void => {
      u16(HEADER.penalty, 1024)(view);
      u16(HEADER.temperature, temperature)(view);
      u8(HEADER.penaltyWindow, window)(view);
    };
  make('header-temperature-low', 'tlm-header', sampling(12, 0));
  make('header-temperature-high', 'tlm-header', sampling(2561, 0));
  make('header-penalty-window', 'tlm-header', sampling(0, 65));
  make('ngram-order', 'tlm-header', u8(ngramsAt + RECORD.ngramOrder, 1));
  make('ngram-rows', 'tlm-header', u8(ngramsAt + RECORD.ngramRowsLog, 21));
  make('ngram-width', 'tlm-header', u16(ngramsAt + RECORD.ngramWidth, 65));
  make('ngram-reserved', 'tlm-header', u32(ngramsAt + RECORD.ngramReserved, 0x1000000));
  make('layer-kind', 'tlm-cell', u8(layersAt + RECORD.layerKind, 9));
  make('layer-reserved', 'tlm-header', u8(layersAt + RECORD.layerReserved, 1));
  make('layer-width', 'tlm-header', u16(layersAt + FILE.layerBytes + RECORD.layerWidth, 0));

  make('tensor-count', 'tlm-directory', u8(HEADER.tensorCount, info.tensors.length + 1));
  make('tensor-type', 'tlm-directory', u8(record('embed.weight') + RECORD.tensorType, TYPE.i8));
  make('tensor-type-bias', 'tlm-directory', u8(record('fc.bias') + RECORD.tensorType, TYPE.t2));
  make('tensor-type-none', 'tlm-directory', u8(record('fc.weight') + RECORD.tensorType, 5));
  make('tensor-trits-none', 'tlm-directory', u8(record('embed.weight') + RECORD.tensorTrits, 0));
  make('tensor-trits-four', 'tlm-directory', u8(record('fc.weight') + RECORD.tensorTrits, 4));
  make('tensor-trits-bias', 'tlm-directory', u8(record('fc.bias') + RECORD.tensorTrits, 1));
  make('tensor-scale-bytes', 'tlm-directory', u8(record('fc.weight') + RECORD.tensorScaleBytes, 3));
  make('tensor-scale-bytes-bias', 'tlm-directory', u8(record('fc.bias') + RECORD.tensorScaleBytes, 1));
  const longer = new Uint8Array(good.length + 4);
  longer.set(good);
  make('layout-end', 'tlm-layout', u32(HEADER.fileBytes, longer.length), longer.fill(0, good.length - 4));
  make('layout-trits', 'tlm-layout', u8(record('fc.weight') + RECORD.tensorTrits, 3));
  make('layout-tokenizer', 'tlm-layout', u32(HEADER.tokenizerBytes, 0xfffffff0));
  make('layout-metadata', 'tlm-layout', u16(HEADER.metadataBytes, 4000));

  const tokenizer = info.tokenizerOffset;
  const [ones, twos] = [0, 2].map((at) => new DataView(good.buffer).getUint16(tokenizer + at, true));
  const symbols = tokenizer + TOKENIZER.countsBytes;
  const symbolsEnd = symbols + ones + 2 * twos;
  const merges = symbolsEnd + ((ones + 2 * twos) % 2);
  const base = TOKENIZER.firstSymbol + ones + twos;
  make('tokenizer-short', 'tlm-tokenizer', u32(HEADER.tokenizerBytes, 7));
  make('tokenizer-size', 'tlm-tokenizer', u32(HEADER.tokenizerBytes, info.tokenizerBytes - 1));
  make('tokenizer-kind-char', 'tlm-tokenizer', u8(HEADER.tokenizerKind, TOKENIZER.kindChar));
  make('tokenizer-kind-byte', 'tlm-tokenizer', u8(HEADER.tokenizerKind, TOKENIZER.kindByte));
  make('tokenizer-base', 'tlm-tokenizer', u16(tokenizer, 60000));
  make('tokenizer-zero', 'tlm-tokenizer', u8(symbols, 0));
  make('tokenizer-stray-byte', 'tlm-tokenizer', u8(symbols, 0x80));
  make('tokenizer-half-character', 'tlm-tokenizer', u8(symbolsEnd - 1, 0x41));
  make('tokenizer-lengths', 'tlm-tokenizer', (view) => {
    u16(tokenizer, ones + 2)(view);
    u16(tokenizer + 2, twos - 1)(view);
  });
  make('tokenizer-order', 'tlm-tokenizer', u8(symbols, 0x7e));
  make('tokenizer-twice', 'tlm-tokenizer', u8(symbols + 1, good[symbols]));
  if (merges !== symbolsEnd) make('tokenizer-padding', 'tlm-gap', u8(symbolsEnd, 1));
  make('tokenizer-merge-nibble', 'tlm-tokenizer', u8(merges, 16));
  make('tokenizer-merge-itself', 'tlm-tokenizer', u8(merges + 1, base));
  make('tokenizer-merge-long', 'tlm-tokenizer', (view) => {
    // 17 + 17, then each with itself: 2, 4, 8, 16, 32, 64 bytes.
    for (let m = 0; m < 6; m++) {
      const id = m === 0 ? TOKENIZER.firstSymbol : base + m - 1;
      u8(merges + 2 * m, id)(view);
      u8(merges + 2 * m + 1, id)(view);
    }
  });
  const {
    info: { tokenizerOffset, tokenizerBytes },
    tokenizer: { merges: many },
  } = readTlm(large);
  const index = tokenizerOffset + tokenizerBytes - 2 * many.length;
  make('tokenizer-index-outside', 'tlm-tokenizer', u16(index, many.length), large);
  make(
    'tokenizer-index-order',
    'tlm-tokenizer',
    (view) => {
      const first = view.getUint16(index, true);
      u16(index, view.getUint16(index + 2, true))(view);
      u16(index + 2, first)(view);
    },
    large,
  );
  make('tokenizer-index-twice', 'tlm-tokenizer', (view) => u16(index + 2, view.getUint16(index, true))(view), large);
  make('gap', 'tlm-gap', u8(place('embed.weight').dataOffset - 1, 1));

  const rowEnd = (name: string): number => place(name).dataOffset + place(name).rowBytes - 1;
  make('weight-t2-code', 'tlm-weight', u8(place('embed.weight').dataOffset, 0xff));
  make('weight-t2-padding', 'tlm-weight', (view, bytes) =>
    u8(rowEnd('embed.weight'), bytes[rowEnd('embed.weight')] ^ 0xc0)(view),
  );
  make('weight-b3-byte', 'tlm-weight', u8(place('fc.weight').dataOffset, 243));
  make('weight-b3-padding', 'tlm-weight', u8(rowEnd('fc.weight'), 242));
  const { dataOffset, dataBytes } = place('rnn.weight_hh_l0');
  make('weight-second-plane', 'tlm-weight', u8(dataOffset + dataBytes / 2, 255));

  const shift = (name: string): number => record(name) + RECORD.tensorShift;
  make('scale-shift-41', 'tlm-scale', u8(shift('rnn.weight_hh_l0'), 41));
  make('scale-shift-embed-low', 'tlm-scale', u8(shift('embed.weight'), 6));
  make('scale-shift-embed-high', 'tlm-scale', u8(shift('embed.weight'), 37));
  make('scale-shift-ngram-low', 'tlm-scale', u8(shift('ngram.weight_0'), 6));
  make('scale-shift-input-low', 'tlm-scale', u8(shift('rnn.weight_ih_l0'), 5));
  make('scale-shift-state-low', 'tlm-scale', u8(shift('rnn.weight_hh_l0'), 4));
  make('scale-shift-state-high', 'tlm-scale', u8(shift('rnn.weight_hh_l0'), 35));
  make('scale-shift-norm-low', 'tlm-scale', u8(shift('glu.weight_in_l1'), 6));
  make('scale-shift-logit-low', 'tlm-scale', u8(shift('fc.weight'), 4));
  make(
    'scale-overflow',
    'tlm-scale',
    (view) => u16(readTlm(wide).info.tensors.find(({ name }) => name === 'rnn.weight_ih_l0')!.scaleOffset, 65535)(view),
    wide,
  );
  make('scale-frac-gate', 'tlm-scale', u8(shift('rnn.bias_ih_l0'), 8));
  make('scale-frac-gain', 'tlm-scale', u8(shift('glu.norm_l1'), 0));
  return files;
}
