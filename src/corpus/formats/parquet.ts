import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type Compressors,
  type FileMetaData,
} from 'hyparquet';
import { compressors as codecs, decompressZstd } from 'hyparquet-compressors';
import { TinyLMError } from '../../model/errors.js';
import { MAX_CORPUS_BYTES } from '../collector.js';
import { RecordReader } from '../records.js';
import type { CorpusFormat } from './types.js';

/** A page of Parquet usually has one megabyte; one that unpacks to more than this is refused. */
const MAX_PAGE_BYTES = 64 << 20;
/** With a limit of the caller's: so much of it a page may have, but not less than this. */
const MIN_PAGE_BYTES = 8 << 20;
/** Rows of the first piece, from which the column is chosen; later pieces grow. */
const FIRST_ROWS = 200;
const MOST_ROWS = 100_000;

/** Tables in Apache Parquet, compressed by any codec but LZO. */
export const parquet: CorpusFormat = {
  id: 'parquet',
  title: 'Parquet',
  extensions: ['parquet'],

  detect: ({ bytes, extension }) =>
    String.fromCharCode(...bytes.subarray(0, 4)) === 'PAR1' || (extension === 'parquet' && bytes.length === 0),

  async read(source, out) {
    const { file, name, options } = source;
    const failed = (error: unknown): TinyLMError =>
      error instanceof TinyLMError
        ? error
        : new TinyLMError(
            'corpus-parquet',
            `${name}: not readable as Parquet: ${error instanceof Error ? error.message : String(error)}.`,
            'The file may be cut off: download or copy it again. Or save it as JSON lines: ' +
              'python3 -c "import pandas; ' +
              "pandas.read_parquet('FILE').to_json('text.jsonl', orient='records', lines=True)\"",
          );
    let metadata: FileMetaData;
    let columns: { name: string; nested: boolean }[];
    try {
      metadata = await parquetMetadataAsync(file);
      columns = parquetSchema(metadata).children.map(({ element, children }) => ({
        name: element.name,
        nested: children.length > 0,
      }));
    } catch (error) {
      throw failed(error);
    }
    const names = columns.map((c) => c.name);
    const columnsFor = (field: string): string[] =>
      (names.includes(field) ? [field] : field.split(','))
        .map((f) => f.trim())
        .map((f) => names.find((n) => n === f) ?? f.split(/[.[]/)[0]);
    const asked = options.field === undefined ? undefined : columnsFor(options.field);
    if (asked?.some((column) => !names.includes(column)))
      throw new TinyLMError(
        'corpus-parquet',
        `${name}: found the columns ${names.join(', ')}; expected "${options.field}".`,
        'Name the column that holds the text with --field.',
      );
    const reader = new RecordReader(out, { noun: 'column', unit: 'row', code: 'corpus-parquet' }, options);
    const compressors = guarded(name, options.maxBytes);
    let wanted = asked;
    let groupStart = 0;
    for (const group of metadata.row_groups) {
      const groupEnd = groupStart + Number(group.num_rows);
      let rows = FIRST_ROWS;
      for (let rowStart = groupStart; rowStart < groupEnd && !reader.full; ) {
        // Nested columns are decoded whole in any case: then all rows at once.
        const nested = wanted !== undefined && columns.some((c) => wanted!.includes(c.name) && c.nested);
        const rowEnd = Math.min(groupEnd, nested ? groupEnd : rowStart + rows);
        let objects: Record<string, unknown>[];
        try {
          objects = await parquetReadObjects({
            file,
            metadata,
            rowStart,
            rowEnd,
            compressors,
            ...(wanted && { columns: wanted }),
          });
        } catch (error) {
          throw failed(error);
        }
        for (const [i, row] of objects.entries()) {
          reader.push(row, `row ${rowStart + i}`);
          if (reader.full) break;
        }
        if (wanted === undefined) {
          reader.choose();
          wanted = reader.field === undefined ? undefined : columnsFor(reader.field);
        }
        rowStart = rowEnd;
        rows = Math.min(MOST_ROWS, rows * 8);
      }
      if (reader.full) break;
      groupStart = groupEnd;
    }
    reader.end();
    return { ...(reader.field !== undefined && { field: reader.field }), words: 'one a row' };
  },
};

/** The codecs with a limit on what they unpack: a small file may hold pages of gigabytes. */
function guarded(name: string, maxBytes: number | undefined): Compressors {
  const page =
    maxBytes === undefined ? MAX_PAGE_BYTES : Math.min(MAX_PAGE_BYTES, Math.max(MIN_PAGE_BYTES, 4 * maxBytes));
  const all: Compressors = { ...codecs, ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)) };
  // What is read twice (a dictionary, for each piece of rows) counts twice: hence the factor.
  let left = 16 * MAX_CORPUS_BYTES;
  return Object.fromEntries(
    Object.entries(all).map(([codec, unpack]) => [
      codec,
      (input: Uint8Array, length: number) => {
        left -= length;
        if (length > page || left < 0)
          throw new TinyLMError(
            'corpus-too-large',
            `${name}: a page of ${input.length} bytes unpacks to ${length}; expected at most ${page}.`,
            'A page of text has about a megabyte: this file is damaged, or made to fill the memory. ' +
              'Save it again, or as JSON lines.',
          );
        return unpack(input, length);
      },
    ]),
  );
}
