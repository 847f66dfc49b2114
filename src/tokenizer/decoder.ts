/** Token by token to text, never half a character (SPEC.md 2.3). */
import { leadLength } from './units.js';

export class StreamingDecoder {
  private readonly bytesOf: (token: number) => Uint8Array;
  private readonly nibbleOf: (token: number) => number;
  /** First half of a byte, or −1. */
  private nibble = -1;
  /** Bytes of an unfinished character: 0 to 3. */
  private held: number[] = [];

  /**
   * @param bytesOf the bytes of a token that is no nibble
   * @param nibbleOf 0 … 15 for a nibble token, else −1
   */
  constructor(bytesOf: (token: number) => Uint8Array, nibbleOf: (token: number) => number) {
    this.bytesOf = bytesOf;
    this.nibbleOf = nibbleOf;
  }

  /** The text that a token completes; bytes that cannot become UTF-8 are given as U+FFFD. */
  push(token: number): string {
    return text(this.pushBytes(token));
  }

  /** What is still held, at the end of the text. */
  end(): string {
    return text(this.endBytes());
  }

  /** As `push`, in bytes: exactly those of the whole decode, cut between characters. */
  pushBytes(token: number): Uint8Array {
    const half = this.nibbleOf(token);
    if (half >= 0 && this.nibble < 0) {
      this.nibble = half;
      return new Uint8Array();
    }
    const bytes = half >= 0 ? [this.nibble * 16 + half] : this.bytesOf(token);
    this.nibble = -1;
    const out: number[] = [];
    for (const byte of bytes) this.take(byte, out);
    return Uint8Array.from(out);
  }

  endBytes(): Uint8Array {
    const out = Uint8Array.from(this.held);
    this.held = [];
    this.nibble = -1;
    return out;
  }

  private take(byte: number, out: number[]): void {
    if (this.held.length > 0) {
      if ((byte & 0xc0) === 0x80) {
        this.held.push(byte);
        if (this.held.length < leadLength(this.held[0])) return;
        out.push(...this.held);
        this.held = [];
        return;
      }
      // The character was broken off: its bytes go out as they are, and this byte starts anew.
      out.push(...this.held);
      this.held = [];
    }
    if (leadLength(byte) > 1) this.held.push(byte);
    else out.push(byte);
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
