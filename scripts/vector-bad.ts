/** The refused files of vectors/bad/: one rule of SPEC.md broken in each, the CRC made right again after it. */
import { crc32, spec, type TlmErrorCode } from '../src/format/index.js';

const { ENTRY, FILE, HEADER, TENSOR, TOKENIZER, TYPE } = spec;

export interface BadFile {
  readonly name: string;
  readonly code: TlmErrorCode;
  readonly bytes: Uint8Array;
}

/** Offset of tensor `index`'s directory entry. */
const entry = (index: number): number => FILE.headerBytes + FILE.entryBytes * index;

/**
 * @param good a file of kind bpe, untied, 1 layer, columns that leave padding digits in `embed.weight` and `fc.weight`;
 *   embed.weight is t2 and fc.weight b3
 * @param wide a file whose `rnn.weight_ih_l0` has so many columns that not every mantissa is allowed
 */
export function badFiles(good: Uint8Array, wide: Uint8Array): BadFile[] {
  const files: BadFile[] = [];
  const raw = (name: string, code: TlmErrorCode, bytes: Uint8Array): void => { files.push({ name, code, bytes }); };
  const make = (name: string, code: TlmErrorCode, change: (view: DataView, bytes: Uint8Array) => void,
    from = good): void => {
    const bytes = from.slice();
    const view = new DataView(bytes.buffer);
    change(view, bytes);
    const end = bytes.length - FILE.crcBytes;
    view.setUint32(end, crc32(bytes.subarray(0, end)), true);
    raw(name, code, bytes);
  };
  const u8 = (at: number, value: number) => (view: DataView): void => view.setUint8(at, value);
  const u16 = (at: number, value: number) => (view: DataView): void => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => (view: DataView): void => view.setUint32(at, value, true);
  const good32 = new DataView(good.buffer, good.byteOffset);
  const at32 = (at: number): number => good32.getUint32(at, true);
  const at16 = (at: number): number => good32.getUint16(at, true);

  raw('short-header', 'tlm-short', good.slice(0, 63));
  raw('short-file', 'tlm-short', good.slice(0, good.length - 4));
  make('magic', 'tlm-magic', u8(0, 0x47));
  make('version', 'tlm-version', u16(HEADER.version, 2));
  make('size-header', 'tlm-size', u16(HEADER.headerBytes, 60));
  make('size-odd', 'tlm-size', u32(HEADER.fileBytes, good.length - 2));
  make('size-small', 'tlm-size', u32(HEADER.fileBytes, 96));
  raw('crc', 'tlm-crc', good.map((byte, i) => (i === good.length - 9 ? byte ^ 1 : byte)));

  make('header-flags', 'tlm-header', u32(HEADER.flags, at32(HEADER.flags) | 4));
  make('header-vocab-small', 'tlm-header', u16(HEADER.vocab, 1));
  make('header-vocab-large', 'tlm-header', u16(HEADER.vocab, 4097));
  make('header-dim', 'tlm-header', u16(HEADER.dim, 0));
  make('header-hidden', 'tlm-header', u16(HEADER.hidden, 2049));
  make('header-tied', 'tlm-header', u32(HEADER.flags, at32(HEADER.flags) | 1));
  make('header-layers', 'tlm-header', u8(HEADER.layers, 9));
  make('header-embed-frac', 'tlm-header', u8(HEADER.embedFrac, 8));
  make('header-reserved-a', 'tlm-header', u8(HEADER.reservedA, 1));
  make('header-reserved-b', 'tlm-header', u8(FILE.headerBytes - 1, 1));
  make('header-eod', 'tlm-header', u16(HEADER.eod, 1));
  make('header-directory', 'tlm-header', u32(HEADER.directoryOffset, 80));
  make('header-tokenizer-kind', 'tlm-header', u16(HEADER.tokenizerKind, 4));
  make('header-metadata-size', 'tlm-header', u32(HEADER.metadataBytes, 4097));
  make('cell', 'tlm-cell', u8(HEADER.cell, 2));

  make('directory-count', 'tlm-directory', u16(HEADER.tensorCount, at16(HEADER.tensorCount) + 1));
  make('directory-id', 'tlm-directory', u16(entry(0) + ENTRY.id, TENSOR.fcWeight));
  make('directory-layer', 'tlm-directory', u8(entry(1) + ENTRY.layer, 1));
  make('directory-type', 'tlm-directory', u8(entry(1) + ENTRY.type, TYPE.i16));
  make('directory-type-bias', 'tlm-directory', u8(entry(3) + ENTRY.type, TYPE.t2));
  make('directory-rows', 'tlm-directory', u32(entry(1) + ENTRY.rows, at32(entry(1) + ENTRY.rows) - 1));
  make('directory-cols', 'tlm-directory', u32(entry(1) + ENTRY.cols, at32(entry(1) + ENTRY.cols) + 1));
  make('directory-row-bytes', 'tlm-directory', u32(entry(1) + ENTRY.rowBytes, at32(entry(1) + ENTRY.rowBytes) + 1));
  make('directory-data-bytes', 'tlm-directory', u32(entry(1) + ENTRY.dataBytes, at32(entry(1) + ENTRY.dataBytes) + 1));
  make('directory-reserved', 'tlm-directory', u16(entry(1) + ENTRY.reserved, 1));
  make('directory-bias-scale', 'tlm-directory', u32(entry(3) + ENTRY.scaleOffset, 16));
  make('directory-bias-shift', 'tlm-directory', u8(entry(3) + ENTRY.scaleShift, 1));
  make('directory-weight-frac', 'tlm-directory', u8(entry(1) + ENTRY.frac, 1));

  const dataAt = (index: number): number => at32(entry(index) + ENTRY.dataOffset);
  const scaleAt = (index: number): number => at32(entry(index) + ENTRY.scaleOffset);
  make('layout-unaligned', 'tlm-layout', u32(entry(2) + ENTRY.dataOffset, dataAt(2) + 4));
  make('layout-overlap', 'tlm-layout', u32(entry(2) + ENTRY.dataOffset, scaleAt(2)));
  make('layout-order', 'tlm-layout', u32(entry(2) + ENTRY.scaleOffset, scaleAt(1)));
  make('layout-outside', 'tlm-layout', u32(entry(6) + ENTRY.dataOffset, Math.ceil(good.length / 16) * 16));
  make('layout-wrap', 'tlm-layout', u32(entry(6) + ENTRY.dataOffset, 0xfffffff0));
  make('layout-tokenizer', 'tlm-layout', u32(HEADER.tokenizerOffset, 64));
  make('layout-tokenizer-size', 'tlm-layout', u32(HEADER.tokenizerBytes, 0xffffffff));
  make('layout-metadata', 'tlm-layout', u32(HEADER.metadataOffset, at32(HEADER.metadataOffset) + 1));
  const metadataEnd = at32(HEADER.metadataOffset) + at32(HEADER.metadataBytes);
  make('gap', 'tlm-gap', u8(metadataEnd, 1));

  const tokenizer = at32(HEADER.tokenizerOffset);
  const base = at16(tokenizer);
  const merges = tokenizer + TOKENIZER.recordsOffset + TOKENIZER.recordBytes * base;
  const symbol = (id: number): number => tokenizer + TOKENIZER.recordsOffset + TOKENIZER.recordBytes * id;
  make('tokenizer-count', 'tlm-tokenizer', u16(tokenizer, base + 1));
  make('tokenizer-base', 'tlm-tokenizer', (view) => {
    u16(tokenizer, 16)(view);
    u16(tokenizer + TOKENIZER.mergeCountOffset, at16(HEADER.vocab) - 16)(view);
  });
  make('tokenizer-nibbles', 'tlm-tokenizer', u16(tokenizer + TOKENIZER.nibbleBaseOffset, 0xffff));
  make('tokenizer-reserved', 'tlm-tokenizer', u16(tokenizer + TOKENIZER.reservedOffset, 1));
  make('tokenizer-kind-char', 'tlm-tokenizer', u16(HEADER.tokenizerKind, TOKENIZER.kindChar));
  make('tokenizer-kind-byte', 'tlm-tokenizer', u16(HEADER.tokenizerKind, TOKENIZER.kindByte));
  make('tokenizer-size', 'tlm-tokenizer', u32(HEADER.tokenizerBytes, at32(HEADER.tokenizerBytes) - 4));
  make('tokenizer-nibble-record', 'tlm-tokenizer', u8(symbol(16), 0x41));
  make('tokenizer-empty-symbol', 'tlm-tokenizer', u8(symbol(17), 0));
  make('tokenizer-stray-byte', 'tlm-tokenizer', u8(symbol(17), 0x80));
  make('tokenizer-half-character', 'tlm-tokenizer', u8(symbol(base - 1) + 1, 0x41));
  make('tokenizer-two-characters', 'tlm-tokenizer', u8(symbol(17) + 1, 0x41));
  make('tokenizer-hole', 'tlm-tokenizer', u8(symbol(17) + 2, 0x41));
  make('tokenizer-order', 'tlm-tokenizer', u8(symbol(17), 0x7e));
  make('tokenizer-twice', 'tlm-tokenizer', u8(symbol(18), good[symbol(17)]));
  make('tokenizer-merge-nibble', 'tlm-tokenizer', u16(merges, 16));
  make('tokenizer-merge-itself', 'tlm-tokenizer', u16(merges + 2, base));
  make('tokenizer-merge-long', 'tlm-tokenizer', (view) => {
    // 17 + 17, then each with itself: 2, 4, 8, 16, 32, 64 bytes.
    for (let m = 0; m < 6; m++) {
      const id = m === 0 ? 17 : base + m - 1;
      u16(merges + 4 * m, id)(view);
      u16(merges + 4 * m + 2, id)(view);
    }
  });

  const lastByte = (index: number): number => dataAt(index) + at32(entry(index) + ENTRY.rowBytes) - 1;
  make('weight-t2-code', 'tlm-weight', u8(dataAt(0), 0xff));
  make('weight-t2-padding', 'tlm-weight', (view, bytes) => u8(lastByte(0), bytes[lastByte(0)] ^ 0xc0)(view));
  make('weight-b3-byte', 'tlm-weight', u8(dataAt(5), 243));
  make('weight-b3-padding', 'tlm-weight', u8(lastByte(5), 242));

  make('scale-shift-41', 'tlm-scale', u8(entry(2) + ENTRY.scaleShift, 41));
  make('scale-shift-embed-low', 'tlm-scale', u8(entry(0) + ENTRY.scaleShift, 6));
  make('scale-shift-embed-high', 'tlm-scale', u8(entry(0) + ENTRY.scaleShift, 37));
  make('scale-shift-input-low', 'tlm-scale', u8(entry(1) + ENTRY.scaleShift, 5));
  make('scale-shift-state-low', 'tlm-scale', u8(entry(2) + ENTRY.scaleShift, 4));
  make('scale-shift-state-high', 'tlm-scale', u8(entry(2) + ENTRY.scaleShift, 35));
  make('scale-shift-logit-low', 'tlm-scale', u8(entry(5) + ENTRY.scaleShift, 2));
  make('scale-overflow', 'tlm-scale', u16(new DataView(wide.buffer).getUint32(entry(1) + ENTRY.scaleOffset, true),
    65535),
    wide);
  make('scale-frac-gate', 'tlm-scale', u8(entry(3) + ENTRY.frac, 12));
  make('scale-frac-logit', 'tlm-scale', u8(entry(6) + ENTRY.frac, 10));
  return files;
}
