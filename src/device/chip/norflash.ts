/** A NOR flash chip: erasing sets bits by whole sectors, programming can only clear them. */
import { TinyLMError } from '../../model/errors.js';

export const SECTOR_BYTES = 4096;

export class NorFlash {
  readonly bytes: Uint8Array;
  /** sectors erased and bytes programmed, ever */
  erasedSectors = 0;
  programmedBytes = 0;

  /** @param bytes the memory itself; its size is a power of two from 64 KB. It is left as it is. */
  constructor(bytes: Uint8Array) {
    if (!Number.isInteger(Math.log2(bytes.length)) || bytes.length < 65536) {
      throw new RangeError(`a flash chip of ${bytes.length} bytes; expected a power of two from 65536`);
    }
    this.bytes = bytes;
  }

  /** A new, erased chip. */
  static blank(bytes: number): NorFlash {
    return new NorFlash(new Uint8Array(bytes).fill(0xff));
  }

  /** JEDEC id as RDID (0x9F) returns it, first byte lowest: manufacturer, type, log2 of the size. */
  get jedecId(): number {
    return 0xc8 | (0x40 << 8) | (Math.log2(this.bytes.length) << 16);
  }

  #check(what: string, offset: number, bytes: number): void {
    if (offset < 0 || bytes < 0 || offset + bytes > this.bytes.length) {
      throw new TinyLMError(
        'flash-range',
        `${what} of ${bytes} bytes at 0x${offset.toString(16)}, but the flash has ` + `${this.bytes.length} bytes`,
      );
    }
  }

  /** Erases every sector that [offset, offset + bytes) touches. */
  erase(offset: number, bytes: number): void {
    const first = Math.floor(offset / SECTOR_BYTES) * SECTOR_BYTES;
    const end = Math.ceil((offset + bytes) / SECTOR_BYTES) * SECTOR_BYTES;
    this.#check('an erase', first, end - first);
    this.bytes.fill(0xff, first, end);
    this.erasedSectors += (end - first) / SECTOR_BYTES;
  }

  /** Programs: each bit becomes old AND new. */
  program(offset: number, data: Uint8Array): void {
    this.#check('a write', offset, data.length);
    for (let i = 0; i < data.length; i++) this.bytes[offset + i] &= data[i];
    this.programmedBytes += data.length;
  }

  read(offset: number, bytes: number): Uint8Array {
    this.#check('a read', offset, bytes);
    return this.bytes.slice(offset, offset + bytes);
  }
}
