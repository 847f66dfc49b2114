import type { ByteFile } from './bytes.js';
import { MAX_CORPUS_BYTES, tooLarge } from './collector.js';
import { decodeBytes, findEncoding, type Decoded } from './encoding.js';
import { remark, type Remark } from './remarks.js';

/** Lines are read by pieces of this many bytes, so that a limit does not mean reading all of a big file. */
const PIECE_BYTES = 1 << 23;

/** How much of a file is looked at to find its format. */
export const SAMPLE_BYTES = 1 << 18;

/** How many bytes of a text to read for documents of `maxBytes`: more, for separators and what cleaning removes. */
export function textBytesFor(maxBytes: number): number {
  return Math.ceil(maxBytes * 1.125) + 65536;
}

export interface ReadOptions {
  /** The id of a format; default: by content (see `detectFormat`). */
  format?: string;
  /** The field or column that holds the text, nested as `messages[].content`; default `text`, or the only text. */
  field?: string;
  /** Documents are taken while their UTF-8 bytes, one more for each, stay within this. */
  maxBytes?: number;
  /** How a text is cut into documents: see `findDocuments`. */
  split?: string;
  /** The encoding by name; default: by the bytes. */
  encoding?: string;
}

/** A file that a format reads: its bytes, or its text by pieces or whole. Remembers how it was decoded. */
export class Source {
  readonly file: ByteFile;
  readonly options: ReadOptions;
  /** The encoding that was found, once some text was read. */
  encoding: string | undefined;
  readonly remarks: Remark[] = [];

  constructor(file: ByteFile, options: ReadOptions) {
    this.file = file;
    this.options = options;
  }

  get name(): string {
    return this.file.name;
  }

  /** The first bytes, at most `length`. */
  async head(length: number): Promise<Uint8Array> {
    return new Uint8Array(await this.file.slice(0, Math.min(length, this.file.byteLength)));
  }

  /** All bytes. @throws TinyLMError `corpus-too-large` */
  async bytes(): Promise<Uint8Array> {
    if (this.file.byteLength > MAX_CORPUS_BYTES) throw tooLarge(this.name);
    return this.head(this.file.byteLength);
  }

  /**
   * The text from the beginning, and whether it was cut.
   * @param most bytes to read; default all
   * @throws TinyLMError `corpus-too-large`, `corpus-binary`
   */
  async text(most = Infinity): Promise<{ text: string; cut: boolean }> {
    if (most > MAX_CORPUS_BYTES && this.file.byteLength > MAX_CORPUS_BYTES) throw tooLarge(this.name);
    const cut = most < this.file.byteLength;
    return { text: this.take(decodeBytes(await this.head(most), this.name, this.decoding(cut))), cut };
  }

  /** Lines with their numbers from 1 on, by pieces. */
  async *lines(): AsyncGenerator<{ line: number; text: string }> {
    const { file } = this;
    const sample = await this.head(SAMPLE_BYTES);
    const encoding = this.options.encoding ?? findEncoding(sample, this.name, sample.length < file.byteLength);
    let line = 0;
    if (encoding !== 'UTF-8' || file.byteLength <= PIECE_BYTES) {
      for (const text of (await this.text()).text.split(LINE_END)) yield { line: ++line, text };
      return;
    }
    let pending = new Uint8Array(0);
    for (let at = 0; at < file.byteLength; at += PIECE_BYTES) {
      const piece = new Uint8Array(await file.slice(at, Math.min(at + PIECE_BYTES, file.byteLength)));
      const bytes = new Uint8Array(pending.length + piece.length);
      bytes.set(pending);
      bytes.set(piece, pending.length);
      const end = at + PIECE_BYTES >= file.byteLength;
      // Lines are cut as bytes: a line feed byte is never part of a longer UTF-8 character.
      const last = end ? bytes.length : bytes.lastIndexOf(10) + 1;
      pending = bytes.slice(last);
      if (last === 0) continue;
      const decoded = decodeBytes(bytes.subarray(0, last), this.name, { encoding });
      const lines = this.take(decoded, line).split(LINE_END);
      if (!end) lines.pop(); // what follows the last line feed: nothing
      for (const text of lines) yield { line: ++line, text };
    }
  }

  private decoding(cut: boolean): { cut: boolean; encoding?: string } {
    const { encoding } = this.options;
    return { cut, ...(encoding !== undefined && { encoding }) };
  }

  private take({ text, encoding, remarks }: Decoded, linesBefore = 0): string {
    this.encoding = encoding;
    for (const one of remarks) {
      const placed =
        one.code === 'stray-bytes' ? remark(one.code, { ...one.values, line: one.values.line + linesBefore }) : one;
      if (this.remarks.length < 5 && !this.remarks.some((r) => r.text === placed.text)) this.remarks.push(placed);
    }
    return text;
  }
}

const LINE_END = /\r\n|[\n\r]/;
