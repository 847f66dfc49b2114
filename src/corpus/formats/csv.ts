import Papa from 'papaparse';
import { RecordReader } from '../records.js';
import { quoted } from '../remarks.js';
import type { Collector } from '../collector.js';
import type { ReadOptions } from '../source.js';
import { readGrowing } from './whole.js';
import type { CorpusFormat, ReadResult, Sample } from './types.js';

const DELIMITERS = [',', ';', '\t', '|'] as const;
const SAMPLE_ROWS = 200;

/** Rows of cells between commas, semicolons, tabs or bars, quoted or not, with names in the first row or without. */
export const csv: CorpusFormat = {
  id: 'csv',
  title: 'a table (CSV, TSV)',
  extensions: ['csv', 'tsv', 'tab', 'psv'],

  detect(sample) {
    const table = tableOf(sample.text, sample.cut);
    if (this.extensions.includes(sample.extension)) return true;
    return table === undefined ? isQuotedColumn(sample.text) : plainlyTable(sample, table);
  },

  read: (source, out) => readGrowing(source, out, (text, cut) => readTable(text, cut, source.options, out)),
};

interface Table {
  readonly delimiter: string;
  /** `"`, or a character that does not occur where quotation marks are part of the text. */
  readonly quoteChar: string;
  readonly rows: readonly (readonly string[])[];
  readonly width: number;
  /** Share of the rows that have this width. */
  readonly even: number;
}

/** A table of one column has no delimiter: one that does not occur. */
const NONE = '\x1f';

/** The delimiter that cuts the rows most evenly; undefined when none does. */
function tableOf(text: string, cut: boolean): Table | undefined {
  const named = /^sep=(.)\r?\n/.exec(text)?.[1];
  const tables = (named === undefined ? DELIMITERS : [named]).flatMap((delimiter): Table[] => {
    const parse = (quoteChar: string): Papa.ParseResult<string[]> =>
      Papa.parse<string[]>(text, { delimiter, quoteChar, preview: SAMPLE_ROWS, skipEmptyLines: 'greedy' });
    let quoteChar = '"';
    let { data, errors } = parse(quoteChar);
    if (errors.some((e) => e.type === 'Quotes' && !(cut && e.row === data.length - 1)))
      ({ data, errors } = parse((quoteChar = '\0')));
    const rows = cut && data.length > 1 && data.length < SAMPLE_ROWS ? data.slice(0, -1) : data;
    if (named !== undefined) rows.shift();
    if (rows.length < 2) return [];
    const width = rows[0].length;
    const even = rows.filter((row) => row.length === width).length / rows.length;
    return width > 1 && even >= 0.9 ? [{ delimiter, quoteChar, rows, width, even }] : [];
  });
  return tables.sort((a, b) => b.even - a.even || b.width - a.width)[0];
}

/** For a file of any name: prose with commas must not be taken for a table. */
function plainlyTable({ text }: Sample, { delimiter, rows, width, even }: Table): boolean {
  const lines = text.trimEnd().split('\n').length;
  const quotes = (text.match(/(?:^|[\n,;\t|])"(?:[^"]|"")*"(?=[,;\t|\r\n]|$)/g)?.length ?? 0) >= 0.3 * lines;
  // A comma in prose has a space after it.
  const spaced = text.split(`${delimiter} `).length - 1;
  if (rows.length < 3 || even < (quotes ? 0.9 : 0.98)) return false;
  // An indented text has a tab at the beginning of each line.
  if (delimiter === '\t') return rows.filter((row) => row[0].trim() !== '').length >= 0.5 * rows.length;
  if (!quotes && spaced > 0.3 * lines * (width - 1)) return false;
  if (!hasHeader(rows)) return quotes && delimiter !== '|' && rows.length >= 5;
  return (
    quotes ||
    width >= 3 ||
    rows.slice(1).some((row) => row.some(isNumber)) ||
    rows[0].some((name) => /^(id|text|content|body|title|name|label|story|sentence|date|source)$/i.test(name.trim()))
  );
}

/** One column with a name: all lines but the first are in quotation marks. */
function isQuotedColumn(text: string): boolean {
  const [first, ...rest] = text.trim().split('\n', SAMPLE_ROWS);
  return rest.length >= 3 && NAME.test(first.trim()) && rest.slice(0, -1).every((line) => /^".*"\s*$/.test(line));
}

const isNumber = (cell: string): boolean => cell.trim() !== '' && Number.isFinite(Number(cell));

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_ ()/.%#-]*[^.!?]$|^\p{L}$/u;

/** What columns of texts are called. */
const USUAL_NAMES =
  /^(id|_?text|content|body|title|name|label|story|sentence|lang|source|prompt|question|answer|input|output|response|completion|message|comment|review|description|summary|category)$/i;

/** The first row has the names that somebody asks for. */
const namesAsked = (first: readonly string[], field: string | undefined): boolean =>
  field !== undefined &&
  /\p{L}/u.test(field) &&
  field.split(',').every((name) => first.some((cell) => cell.trim() === name.trim()));

/** The first row is names: short, all different, no numbers, and unlike what is below them. */
function hasHeader(rows: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = rows;
  const names = first.map((cell) => cell.trim());
  if (names.some((n) => n === '' || isNumber(n) || n.length > 40 || !NAME.test(n))) return false;
  if (new Set(names).size < names.length || rest.length === 0) return false;
  if (names.some((n) => USUAL_NAMES.test(n))) return true;
  return names.some((name, i) => {
    const cells = rest.map((row) => row[i] ?? '');
    const mean = cells.reduce((sum, cell) => sum + cell.length, 0) / cells.length;
    return mean > 3 * name.length + 10 || cells.filter(isNumber).length > 0.9 * cells.length;
  });
}

function readTable(text: string, cut: boolean, options: ReadOptions, out: Collector): ReadResult {
  const table = tableOf(text.slice(0, 1 << 18), text.length > 1 << 18 || cut);
  const sample =
    table?.rows ?? Papa.parse<string[]>(text, { delimiter: NONE, preview: SAMPLE_ROWS, skipEmptyLines: 'greedy' }).data;
  const header = sample.length > 1 && (hasHeader(sample) || namesAsked(sample[0], options.field));
  const width = sample[0]?.length ?? 1;
  const names = header ? sample[0].map((n) => n.trim()) : Array.from({ length: width }, (_, i) => String(i + 1));
  const reader = new RecordReader(out, { noun: 'column', unit: 'row', code: 'corpus-csv' }, options);
  // The last row may have been cut by us: it is held back until the next comes.
  let held: { cells: string[]; row: number } | undefined;
  let row = 0;
  const give = ({ cells, row: number }: { cells: string[]; row: number }): void => {
    if (cells.length !== names.length) {
      out.skip(
        `${cells.length} cells where the table has ${names.length}`,
        `row ${number}, "${quoted(cells.join(' '))}"`,
      );
      return;
    }
    // Tables that were joined have their names more than once.
    if (header && cells.every((cell, i) => cell.trim() === names[i])) return;
    // An empty cell is what other formats call null.
    reader.push(
      Object.fromEntries(names.map((name, i) => [name, cells[i].trim() === '' ? null : cells[i]])),
      `row ${number}`,
    );
  };
  Papa.parse<string[]>(text.replace(/^sep=.\r?\n/, ''), {
    delimiter: table?.delimiter ?? NONE,
    quoteChar: table?.quoteChar ?? '"',
    skipEmptyLines: 'greedy',
    step: ({ data }, parser) => {
      row++;
      if (row === 1 && header) return;
      if (held) give(held);
      held = { cells: data, row };
      if (reader.full) parser.abort();
    },
  });
  if (held && !cut && !reader.full) give(held);
  reader.end();
  return { ...(reader.field !== undefined && { field: reader.field }), words: 'one a row' };
}
