/** A place in a version 2 file that is being read: every section follows the one before it, at the next multiple of its alignment. */
import { alignUp, refuse } from '../bytes.js';
import { FILE } from '../constants.js';

export class Sections {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the CRC begins. */
  readonly end: number;
  /** First byte after the last section taken. */
  #cursor: number = FILE.headerBytes;

  /** @param bytes the file; its sizes were checked */
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
   * Takes the next section; the bytes up to it are zero.
   * @param field where what decides its size stands in the file, for the message
   * @returns where it begins
   */
  take(what: string, field: number, bytes: number, align: number): number {
    const at = alignUp(this.#cursor, align);
    if (at + bytes > this.end) refuse('tlm-layout', `end of ${what}`, field, at + bytes, `at most ${this.end}`);
    this.#zeros(at);
    this.#cursor = at + bytes;
    return at;
  }

  /** Nothing follows but zeros up to a multiple of 4. */
  finish(): void {
    const end = alignUp(this.#cursor, FILE.bytesMultiple);
    if (end !== this.end) refuse('tlm-layout', 'end of the last tensor', 8, end, `${this.end}, where the CRC begins`);
    this.#zeros(end);
  }

  #zeros(to: number): void {
    for (let i = this.#cursor; i < to; i++) {
      if (this.bytes[i] !== 0) refuse('tlm-gap', 'a byte between sections', i, this.bytes[i], 0);
    }
  }
}
