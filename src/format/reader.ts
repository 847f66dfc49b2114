/** A place in a `.tlm` that is being read: sections in order, aligned, inside the file, zeros between them. */
import { alignUp, refuse } from './bytes.js';
import { FILE } from './constants.js';

export class SectionReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the CRC begins. */
  readonly end: number;
  /** First byte after the last section taken. */
  private cursor: number = FILE.headerBytes;

  /** @param bytes the file; the sizes in its header were checked */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length - FILE.crcBytes;
  }

  u8(offset: number): number {
    return this.view.getUint8(offset);
  }

  u16(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /**
   * Takes the next section.
   * @param field where its offset stands in the file, for the message
   */
  take(what: string, field: number, offset: number, bytes: number): Uint8Array {
    if (offset % FILE.align !== 0) {
      refuse('tlm-layout', `offset of ${what}`, field, offset,
        `a multiple of ${FILE.align}, say ${alignUp(offset, FILE.align)}`);
    }
    if (offset < this.cursor) refuse('tlm-layout', `offset of ${what}`, field, offset, `at least ${this.cursor}`);
    if (offset + bytes > this.end) {
      refuse('tlm-layout', `end of ${what}`, field, offset + bytes, `at most ${this.end}`);
    }
    this.gap(offset);
    this.cursor = offset + bytes;
    return this.bytes.subarray(offset, offset + bytes);
  }

  /** Bytes from the last section to `to` are zero. */
  gap(to: number): void {
    for (let i = this.cursor; i < to; i++) {
      if (this.bytes[i] !== 0) refuse('tlm-gap', 'a byte between sections', i, this.bytes[i], 0);
    }
  }
}
