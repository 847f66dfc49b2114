/** A place in a version 1 file that is being read: sections that say where they begin, in order, inside the file, zeros between them. */
import { alignUp, refuse } from '../bytes.js';
import { FILE, V1 } from '../constants.js';

export class SectionReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the CRC begins. */
  readonly end: number;
  /** First byte after the last section taken. */
  private cursor: number = V1.headerBytes;

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
    if (offset % V1.align !== 0) {
      refuse(
        'tlm-layout',
        `offset of ${what}`,
        field,
        offset,
        `a multiple of ${V1.align}, say ${alignUp(offset, V1.align)}`,
      );
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
