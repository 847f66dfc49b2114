/** SLIP framing (RFC 1055): frames between C0 bytes; C0 and DB inside are escaped. */

const END = 0xc0;
const ESC = 0xdb;

/** One frame as bytes on the line. */
export function slipEncode(data: Uint8Array): Uint8Array {
  const out: number[] = [END];
  for (const b of data) {
    if (b === END) out.push(ESC, 0xdc);
    else if (b === ESC) out.push(ESC, 0xdd);
    else out.push(b);
  }
  out.push(END);
  return Uint8Array.from(out);
}

/** Takes bytes in any pieces and gives whole frames; bytes outside frames and broken escapes are dropped. */
export class SlipDecoder {
  #frame: number[] | undefined;
  #escaped = false;
  readonly #limit: number;

  /** @param limit longest frame; a longer one is dropped */
  constructor(limit = 0x10000) {
    this.#limit = limit;
  }

  push(data: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (const b of data) {
      if (b === END) {
        if (this.#frame && this.#frame.length > 0) frames.push(Uint8Array.from(this.#frame));
        // Frames may share a delimiter: each END also begins the next frame.
        this.#frame = [];
        this.#escaped = false;
      } else if (this.#frame) this.#inside(b);
    }
    return frames;
  }

  #inside(b: number): void {
    const frame = this.#frame as number[];
    if (this.#escaped) {
      this.#escaped = false;
      if (b === 0xdc) frame.push(END);
      else if (b === 0xdd) frame.push(ESC);
      else this.#frame = undefined;
    } else if (b === ESC) this.#escaped = true;
    else frame.push(b);
    if (frame.length > this.#limit) this.#frame = undefined;
  }

  reset(): void {
    this.#frame = undefined;
    this.#escaped = false;
  }
}
