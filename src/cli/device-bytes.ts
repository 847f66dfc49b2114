/** Bytes from a board for a person's eyes: text as text, the rest as \xNN, the time at the beginning of a line. */

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

/** Bytes that a character with this first byte has; 0 for what begins none. */
function lengthOf(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

const ESC = 0x1b;
const isText = (byte: number): boolean =>
  (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x09 || byte === 0x0d;

/**
 * Where a colour ends, which ESP-IDF's log has: ESC [ digits and semicolons m. No other command reaches the terminal.
 * `open`: it may still become one.
 */
const colourEnd = (bytes: readonly number[], from: number): number | 'open' | 'none' => {
  if (from + 1 >= bytes.length) return 'open';
  if (bytes[from + 1] !== 0x5b) return 'none';
  for (let i = from + 2; i < bytes.length && i < from + 16; i++) {
    if (bytes[i] === 0x6d) return i + 1;
    if (bytes[i] !== 0x3b && (bytes[i] < 0x30 || bytes[i] > 0x39)) return 'none';
  }
  return bytes.length >= from + 16 ? 'none' : 'open';
};

/** Takes bytes in any split. A character that has not come whole waits for the rest of it. */
export class PrintableBytes {
  #waiting: number[] = [];

  /** @returns text that a terminal can be given */
  push(data: Uint8Array): string {
    const bytes = [...this.#waiting, ...data];
    let text = '';
    let at = 0;
    while (at < bytes.length) {
      const byte = bytes[at];
      let end = at + 1;
      if (byte === ESC) {
        const colour = colourEnd(bytes, at);
        if (colour === 'open') break;
        if (colour === 'none') text += hex(byte);
        else text += String.fromCharCode(...bytes.slice(at, colour));
        at = colour === 'none' ? end : colour;
        continue;
      }
      if (byte < 0x80) {
        text += isText(byte) ? String.fromCharCode(byte) : hex(byte);
        at = end;
        continue;
      }
      const length = lengthOf(byte);
      while (end < bytes.length && end < at + length && bytes[end] >= 0x80 && bytes[end] < 0xc0) end++;
      if (length > 0 && end < at + length && end === bytes.length) break;
      text += this.#character(bytes.slice(at, end), length);
      at = end;
    }
    this.#waiting = bytes.slice(at);
    return text;
  }

  /** What still waits for its rest, as bytes. */
  end(): string {
    const text = this.#waiting.map(hex).join('');
    this.#waiting = [];
    return text;
  }

  #character(bytes: readonly number[], length: number): string {
    if (bytes.length === length) {
      try {
        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
        // The second set of control characters, U+0080 to U+009F, commands some terminals too.
        if (!/[\u0080-\u009f]/.test(text)) return text;
      } catch {
        // no character: shown as bytes
      }
    }
    return bytes.map(hex).join('');
  }
}

/** Puts a stamp before each line, when its first byte comes. */
export class LineStamps {
  #atStart = true;
  readonly #stamp: () => string;

  constructor(stamp: () => string = clock) {
    this.#stamp = stamp;
  }

  push(data: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let i = 0; i < data.length; i++) {
      if (this.#atStart) {
        parts.push(data.subarray(from, i), Buffer.from(`[${this.#stamp()}] `));
        from = i;
      }
      this.#atStart = data[i] === 0x0a;
    }
    return Buffer.concat([...parts, data.subarray(from)]);
  }
}

/** 09:15:02.041 */
function clock(): string {
  const now = new Date();
  const pad = (n: number, digits = 2): string => String(n).padStart(digits, '0');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map((n) => pad(n)).join(':');
  return `${time}.${pad(now.getMilliseconds(), 3)}`;
}
