/**
 * Where a command's words go: results to stdout, everything else to stderr. All words pass the filter of visible.ts;
 * colours are put around them here, by whoever asks for a style, so none comes from foreign text.
 */
import { visible, visibleJson, visibleLine } from './visible.js';

export interface Stream {
  write(text: string | Uint8Array): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  once(event: 'drain', listener: () => void): unknown;
}

export interface Terminal {
  /** Results: what a script would read. */
  out(line?: string): void;
  /**
   * Text as it is made, without a line end; resolves when more can be taken. A terminal gets it filtered, a file or a
   * pipe byte by byte.
   */
  stream(text: string | Uint8Array): Promise<void>;
  /** Bytes as they are, also to a terminal: filtered by the caller, or asked for by the user. */
  raw(bytes: string | Uint8Array): Promise<void>;
  /** Progress and remarks, for people. */
  note(...words: Words[]): void;
  /** What should not be overlooked. */
  warn(line: string): void;
  json(value: unknown): void;
  /** JSON on one line. */
  jsonLine(value: unknown): void;
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** Escape codes only for a terminal, and not where NO_COLOR (no-color.org) is set. */
export function coloured(stream: Stream, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

type Style = keyof typeof CODES;

/** A part of a line in a style, where the stream shows it. */
export interface Styled {
  readonly style: Style;
  readonly text: string;
}
export type Words = string | Styled;

export const styled = (style: Style, text: string): Styled => ({ style, text });

/** A line as the stream is to get it. */
function rendered(stream: Stream, words: readonly Words[]): string {
  return words
    .map((part) => {
      if (typeof part === 'string') return visible(part);
      const [on, off] = CODES[part.style];
      const text = visible(part.text);
      return coloured(stream, process.env) ? `\x1b[${on}m${text}\x1b[${off}m` : text;
    })
    .join('');
}

export function makeTerminal(stdout: Stream, stderr: Stream): Terminal {
  const raw = async (bytes: string | Uint8Array): Promise<void> => {
    if (!stdout.write(bytes)) await new Promise<void>((resolve) => void stdout.once('drain', resolve));
  };
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const note = (...words: Words[]): void => void stderr.write(`${rendered(stderr, words)}\n`);
  return {
    stdout,
    stderr,
    raw,
    note,
    out: (line = '') => void stdout.write(`${visible(line)}\n`),
    stream(text) {
      if (!stdout.isTTY) return raw(text);
      return raw(visible(typeof text === 'string' ? text : decoder.decode(text, { stream: true })));
    },
    warn: (line) => note(styled('yellow', 'warning:'), ` ${line}`),
    json: (value) => void stdout.write(`${visibleJson(value, 2)}\n`),
    jsonLine: (value) => void stdout.write(`${visibleJson(value)}\n`),
  };
}

/** Columns padded to their width; the first to the left, the others to the right unless told. */
export function table(cells: readonly (readonly string[])[], leftColumns: readonly number[] = [0]): string {
  const rows = cells.map((row) => row.map(visibleLine));
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const pad = ' '.repeat(widths[column] - width(cell));
          return leftColumns.includes(column) ? cell + pad : pad + cell;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The same as a table in Markdown. */
export function markdownTable(rows: readonly (readonly string[])[], leftColumns: readonly number[] = [0]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((c) => visibleLine(c).replace(/\|/g, '\\|')).join(' | ')} |`;
  const rule = rows[0].map((_, column) => (leftColumns.includes(column) ? '---' : '---:'));
  return [line(rows[0]), line(rule), ...rows.slice(1).map(line)].join('\n');
}

const width = (text: string): number => [...text].length;
