/** Where a command's words go: results to stdout, everything else to stderr. */

export interface Stream {
  write(text: string | Uint8Array): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  once(event: 'drain', listener: () => void): unknown;
}

export interface Terminal {
  /** Results: what a script would read. */
  out(line?: string): void;
  /** Results as they come, without a line end; resolves when more can be taken. */
  stream(text: string | Uint8Array): Promise<void>;
  /** Progress and remarks, for people. */
  note(line?: string): void;
  /** What should not be overlooked. */
  warn(line: string): void;
  json(value: unknown): void;
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** Escape codes only for a terminal, and not where NO_COLOR (no-color.org) is set. */
export function coloured(stream: Stream, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** Text in a style when the stream shows it. */
export function styled(stream: Stream, style: keyof typeof CODES, text: string): string {
  const [on, off] = CODES[style];
  return coloured(stream, process.env) ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

export function makeTerminal(stdout: Stream, stderr: Stream): Terminal {
  return {
    stdout,
    stderr,
    out: (line = '') => void stdout.write(`${line}\n`),
    async stream(text) {
      if (!stdout.write(text)) await new Promise<void>((resolve) => void stdout.once('drain', resolve));
    },
    note: (line = '') => void stderr.write(`${line}\n`),
    warn: (line) => void stderr.write(`${styled(stderr, 'yellow', 'warning:')} ${line}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
  };
}

/** Columns padded to their width; the first to the left, the others to the right unless told. */
export function table(rows: readonly (readonly string[])[], leftColumns: readonly number[] = [0]): string {
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
  const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replace(/\|/g, '\\|')).join(' | ')} |`;
  const rule = rows[0].map((_, column) => (leftColumns.includes(column) ? '---' : '---:'));
  return [line(rows[0]), line(rule), ...rows.slice(1).map(line)].join('\n');
}

const width = (text: string): number => [...text].length;
