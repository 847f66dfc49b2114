import {
  parquetMetadataAsync, parquetReadObjects, parquetSchema, type Compressors, type FileMetaData,
} from 'hyparquet';
import { TinyLMError } from '../model/errors.js';
import { cleanDocuments, cleanText, decodeText } from './clean.js';
import { limitDocuments } from './corpus.js';
import { utf8Bytes } from './utf8.js';

/** Without a limit of the caller's, no more than this is read: JavaScript strings end at about 512 MB. */
export const MAX_CORPUS_BYTES = 400_000_000;

/** JSONL is read by pieces of this many bytes, so that a limit does not mean reading all of a big file. */
const PIECE_BYTES = 1 << 23;

/** A file, wherever it lies. `slice` takes byte offsets, the end exclusive (the shape of hyparquet's AsyncBuffer). */
export interface ByteFile {
  /** What it is called in errors and in `Corpus.source`; its extension tells the format. */
  name: string;
  byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

export type CorpusFormat = 'text' | 'jsonl' | 'parquet';

export interface ReadOptions {
  /** Default: by extension and first bytes (see `detectFormat`). */
  format?: CorpusFormat;
  /** The JSONL field or Parquet column that holds the text; default `text`. */
  field?: string;
  /** Documents are taken while their UTF-8 bytes, one more for each, stay within this. */
  maxBytes?: number;
  /** Parquet decompressors beyond Snappy, which is built in. */
  compressors?: Compressors;
}

/** A ByteFile over bytes in memory. */
export function bytesFile(name: string, bytes: Uint8Array): ByteFile {
  return {
    name,
    byteLength: bytes.length,
    // A copy through the constructor: a Buffer's own slice would share memory with its neighbours in the pool.
    slice: async (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
}

/** Parquet by its first four bytes `PAR1` or its extension; JSONL by `.jsonl` or `.ndjson`; else text. */
export function detectFormat(name: string, head: Uint8Array): CorpusFormat {
  if (head.length >= 4 && String.fromCharCode(...head.subarray(0, 4)) === 'PAR1') return 'parquet';
  const extension = /\.([^./\\]+)$/.exec(name)?.[1].toLowerCase();
  if (extension === 'parquet') return 'parquet';
  return extension === 'jsonl' || extension === 'ndjson' ? 'jsonl' : 'text';
}

/**
 * Reads a file's clean documents; empty documents are dropped, so there may be none.
 * @throws TinyLMError `corpus-binary`, `corpus-jsonl`, `corpus-parquet`, `corpus-too-large`
 */
export async function readDocuments(file: ByteFile, options: ReadOptions = {}): Promise<string[]> {
  const { maxBytes, field = 'text' } = options;
  if (maxBytes !== undefined && !(maxBytes >= 1)) {
    throw new TinyLMError('corpus-limit', `The limit is ${maxBytes} bytes; expected at least 1.`,
      'Leave it out to read all.');
  }
  const head = new Uint8Array(await file.slice(0, Math.min(4, file.byteLength)));
  const format = options.format ?? detectFormat(file.name, head);
  if (format === 'parquet') return readParquet(file, field, maxBytes, options.compressors);
  if (format === 'jsonl') return readJsonl(file, field, maxBytes);
  if (maxBytes === undefined && file.byteLength > MAX_CORPUS_BYTES) throw tooLarge(file.name);
  const take = Math.min(file.byteLength, textBytesFor(maxBytes ?? Infinity));
  const cut = take < file.byteLength;
  const bytes = new Uint8Array(await file.slice(0, take));
  return textDocuments(bytes, file.name, { cut, maxBytes });
}

/** How many bytes of a text to read for documents of `maxBytes`: more, for separators and what cleaning removes. */
export function textBytesFor(maxBytes: number): number {
  return Math.ceil(maxBytes * 1.125) + 65536;
}

/**
 * Documents of a text: separated by `<|endoftext|>`, usually a line by itself; without one, the whole text is one.
 * With `cut`, the bytes are the start of something longer: the unfinished last document is left out, unless it is the
 * only one.
 */
export function textDocuments(
  bytes: Uint8Array, name: string, { cut = false, maxBytes = Infinity }: { cut?: boolean; maxBytes?: number } = {},
): string[] {
  const parts = decodeText(bytes, name, cut).split('<|endoftext|>');
  if (cut && parts.length > 1) parts.pop();
  return limitDocuments(cleanDocuments(parts), maxBytes);
}

async function readJsonl(file: ByteFile, field: string, maxBytes: number | undefined): Promise<string[]> {
  const documents = new Gatherer(file.name, maxBytes);
  let pending = new Uint8Array(0);
  let line = 0;
  for (let at = 0; at < file.byteLength && !documents.full; at += PIECE_BYTES) {
    const piece = new Uint8Array(await file.slice(at, Math.min(at + PIECE_BYTES, file.byteLength)));
    const bytes = new Uint8Array(pending.length + piece.length);
    bytes.set(pending);
    bytes.set(piece, pending.length);
    // Lines are cut as bytes: a line feed byte is never part of a longer UTF-8 character.
    const last = at + PIECE_BYTES >= file.byteLength ? bytes.length : bytes.lastIndexOf(10) + 1;
    pending = bytes.slice(last);
    if (last === 0) continue;
    const lines = decodeText(bytes.subarray(0, last), file.name).split('\n');
    if (at + PIECE_BYTES < file.byteLength) lines.pop(); // what follows the last line feed: nothing
    for (const text of lines) {
      line++;
      if (text.trim() === '') continue;
      documents.add(jsonText(text, field, `${file.name}, line ${line}`));
      if (documents.full) break;
    }
  }
  return documents.list;
}

function jsonText(line: string, field: string, where: string): string {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    throw new TinyLMError('corpus-jsonl',
      `${where}: "${line.slice(0, 40)}" is not JSON; expected one JSON object a line.`,
      'For plain text give the file another extension, or choose the format text.');
  }
  const isObject = typeof record === 'object' && record !== null && !Array.isArray(record);
  const value = isObject ? (record as Record<string, unknown>)[field] : undefined;
  if (typeof value === 'string') return value;
  const found = !isObject ? 'no JSON object'
    : value === undefined ? `the fields ${Object.keys(record as object).slice(0, 10).join(', ') || '(none)'}`
      : `${value === null ? 'null' : typeof value} in the field "${field}"`;
  throw new TinyLMError('corpus-jsonl', `${where}: found ${found}; expected a text in the field "${field}".`,
    'Name the field that holds the text.');
}

async function readParquet(
  file: ByteFile, column: string, maxBytes: number | undefined, compressors: Compressors | undefined,
): Promise<string[]> {
  const documents = new Gatherer(file.name, maxBytes);
  const failed = (error: unknown): TinyLMError => new TinyLMError('corpus-parquet',
    `${file.name}: not readable as Parquet: ${error instanceof Error ? error.message : String(error)}.`,
    'The file may be cut off or compressed in a way that is not supported (Snappy, gzip and Brotli are).');
  let metadata: FileMetaData;
  let columns: string[];
  try {
    metadata = await parquetMetadataAsync(file);
    columns = parquetSchema(metadata).children.map((child) => child.element.name);
  } catch (error) {
    throw failed(error);
  }
  if (!columns.includes(column)) {
    throw new TinyLMError('corpus-parquet',
      `${file.name}: found the columns ${columns.join(', ')}; expected "${column}".`,
      'Name the column that holds the text.');
  }
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    let rows: Record<string, unknown>[];
    try {
      rows = await parquetReadObjects({ file, metadata, columns: [column], rowStart, rowEnd, compressors });
    } catch (error) {
      throw failed(error);
    }
    for (const [i, row] of rows.entries()) {
      const value = row[column];
      if (value === null || value === undefined) continue;
      if (typeof value !== 'string') {
        throw new TinyLMError('corpus-parquet',
          `${file.name}, row ${rowStart + i}: found ${typeof value} in the column "${column}"; expected text.`,
          `Name a column of text; the columns are ${columns.join(', ')}.`);
      }
      documents.add(value);
      if (documents.full) return documents.list;
    }
    rowStart = rowEnd;
  }
  return documents.list;
}

/** Cleans documents as they come and says when the limit is reached. */
class Gatherer {
  readonly list: string[] = [];
  full = false;
  private total = 0;
  private readonly name: string;
  private readonly maxBytes: number | undefined;

  constructor(name: string, maxBytes: number | undefined) {
    this.name = name;
    this.maxBytes = maxBytes;
  }

  add(document: string): void {
    const text = cleanText(document);
    if (text === '') return;
    this.total += utf8Bytes(text) + 1;
    if (this.total <= (this.maxBytes ?? MAX_CORPUS_BYTES)) {
      this.list.push(text);
      return;
    }
    if (this.maxBytes === undefined) throw tooLarge(this.name);
    if (this.list.length === 0) this.list.push(...limitDocuments([text], this.maxBytes));
    this.full = true;
  }
}

function tooLarge(name: string): TinyLMError {
  return new TinyLMError('corpus-too-large', `${name}: more than ${MAX_CORPUS_BYTES} bytes of text; expected less.`,
    'Set a limit: a tiny model learns nothing more from that much.');
}
