/** A person at a terminal, played by a script: commands and keys in, what the screen shows out, as text or as a picture. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import xterm from '@xterm/headless';
import { openPty } from '../src/node/ports/pty.js';

/** Columns and rows of the window. */
export const WINDOW = { cols: 100, rows: 40 };

/** What is typed once the screen shows something new that matches. */
export type Key = readonly [seen: RegExp, typed: string];

/** What one command showed. */
export interface Recorded {
  readonly command: string;
  readonly code: number;
  readonly seconds: number;
  /** the lines of the screen, as they stand at the end */
  readonly lines: readonly Line[];
}

/** Some characters of one look. */
export interface Piece {
  readonly text: string;
  /** one of the 16 colours of a terminal, -1 for the usual one */
  readonly color: number;
  readonly bold: boolean;
  readonly dim: boolean;
}
export type Line = readonly Piece[];

export const textOf = (line: Line): string =>
  line
    .map((piece) => piece.text)
    .join('')
    .trimEnd();

interface Where {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Text without movements of the cursor and colours. */
const plain = (text: string): string => text.replace(/\x1b\[[\d;?]*[A-Za-z]/g, '').replace(/\r+\n/g, '\n');

/**
 * Runs a command of bash at a pseudo-terminal (needs socat), as somebody sees it there.
 * @param keys typed one after the other, each when the screen has shown what it waits for
 * @throws Error when it fails, or a key's turn has not come within ten minutes
 */
export async function record(command: string, { cwd, env }: Where, keys: readonly Key[] = []): Promise<Recorded> {
  const pty = await openPty(spawn);
  spawnSync('stty', ['-F', pty.path, 'sane', 'cols', String(WINDOW.cols), 'rows', String(WINDOW.rows)]);
  const file = openSync(pty.path, 'r+');
  const begun = performance.now();
  const child = spawn('bash', ['-c', command], { cwd, env: { ...env, TERM: 'xterm' }, stdio: [file, file, file] });
  closeSync(file);
  const terminal = new xterm.Terminal({ ...WINDOW, scrollback: 100_000, allowProposedApi: true });
  const waiting = [...keys];
  let fresh = '';
  pty.onData((data) => {
    terminal.write(data);
    fresh += Buffer.from(data).toString('latin1');
    if (!waiting[0]?.[0].test(plain(Buffer.from(fresh, 'latin1').toString('utf8')))) return;
    fresh = '';
    const [, typed] = waiting.shift()!;
    // As fast as nobody types, but after the prompt is there.
    setTimeout(() => pty.write(Buffer.from(typed)), 200);
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), 600_000);
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearTimeout(limit);
  const seconds = (performance.now() - begun) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 200)); // what the terminal still holds
  await new Promise<void>((resolve) => terminal.write('', resolve));
  pty.close();
  const lines = linesOf(terminal);
  if (code === null || code !== 0 || waiting.length > 0)
    throw new Error(`${command}: exit ${code}, ${waiting.length} keys not typed\n${lines.map(textOf).join('\n')}`);
  return { command, code, seconds, lines };
}

/** The lines that were written, without the empty ones at the end. */
function linesOf(terminal: InstanceType<typeof xterm.Terminal>): Line[] {
  const buffer = terminal.buffer.active;
  const lines: Line[] = [];
  for (let y = 0; y < buffer.length; y++) {
    const row = buffer.getLine(y)!;
    const pieces: Piece[] = [];
    for (let x = 0; x < WINDOW.cols; x++) {
      const cell = row.getCell(x)!;
      if (cell.getWidth() === 0) continue;
      const look = {
        color: cell.isFgPalette() ? cell.getFgColor() : -1,
        bold: cell.isBold() !== 0,
        dim: cell.isDim() !== 0,
      };
      const last = pieces.at(-1);
      const text = cell.getChars() || ' ';
      const same = last && last.color === look.color && last.bold === look.bold && last.dim === look.dim;
      if (same) pieces[pieces.length - 1] = { ...last, text: last.text + text };
      else pieces.push({ text, ...look });
    }
    // What did not fit a line goes on in the next one.
    if (row.isWrapped && lines.length > 0) lines[lines.length - 1] = [...lines.at(-1)!, ...pieces];
    else lines.push(pieces);
  }
  while (lines.length > 0 && textOf(lines.at(-1)!) === '') lines.pop();
  return lines;
}

const COLOURS = [
  '#3b4252',
  '#bf616a',
  '#a3be8c',
  '#ebcb8b',
  '#81a1c1',
  '#b48ead',
  '#88c0d0',
  '#e5e9f0',
  '#4c566a',
  '#bf616a',
  '#a3be8c',
  '#ebcb8b',
  '#81a1c1',
  '#b48ead',
  '#8fbcbb',
  '#eceff4',
] as const;
const CELL = { width: 8.4, height: 19 };

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** Lines broken at words where they are wider than the window. */
function broken(line: Line): Line[] {
  const text = textOf(line);
  if (text.length <= WINDOW.cols) return [line];
  const at = text.lastIndexOf(' ', WINDOW.cols);
  const cut = at > 0 ? at : WINDOW.cols;
  const [whole] = line;
  return [[{ ...whole, text: text.slice(0, cut) }], ...broken([{ ...whole, text: text.slice(cut).trimStart() }])];
}

/** A window with these lines, as SVG. */
export function picture(lines: readonly Line[], title: string): string {
  const shown = lines.flatMap(broken);
  const [width, height] = [Math.round(WINDOW.cols * CELL.width) + 32, shown.length * CELL.height + 56];
  const row = (line: Line, y: number): string => {
    let x = 16;
    const pieces = line.map((piece, i) => {
      const text = i === line.length - 1 ? piece.text.trimEnd() : piece.text;
      const looks = [
        piece.color >= 0 && piece.color < 16 ? ` fill="${COLOURS[piece.color]}"` : '',
        piece.bold ? ' font-weight="bold"' : '',
        piece.dim ? ' opacity="0.6"' : '',
      ];
      const span = text === '' ? '' : `<tspan x="${x.toFixed(1)}"${looks.join('')}>${escaped(text)}</tspan>`;
      x += piece.text.length * CELL.width;
      return span;
    });
    return `<text y="${y}">${pieces.join('')}</text>`;
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<style>text{font:14px "DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#e5e9f0;white-space:pre}</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#242933"/>`,
    ...['#bf616a', '#ebcb8b', '#a3be8c'].map((fill, i) => `<circle cx="${20 + 18 * i}" cy="18" r="6" fill="${fill}"/>`),
    `<text x="${width / 2}" y="23" text-anchor="middle" opacity="0.7">${escaped(title)}</text>`,
    ...shown.map((line, i) => row(line, 54 + i * CELL.height)),
    '</svg>',
    '',
  ].join('\n');
}
