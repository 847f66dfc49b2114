/** Books of one's own: bits per byte of the last tenth, of models trained on the rest, beside compressors that have read the same. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { tinylmJson } from './cli.js';
import { circumstances, type Circumstances } from './measure.js';

export interface BookModel {
  readonly size: string;
  readonly bytes: number;
  readonly bits: number;
  readonly seconds: number;
  readonly epochs: number;
}

export interface BookRow {
  readonly name: string;
  readonly bytes: number;
  readonly held: number;
  readonly models: readonly BookModel[];
  /** Bits per byte of the held-out part after the rest; undefined without the program. */
  readonly xz?: number;
  readonly ppmd?: number;
}

export interface BookResults {
  readonly circumstances: Circumstances;
  readonly train: string;
  readonly books: readonly BookRow[];
}

const SIZES = ['16K', '100K'] as const;
/** Of all trainings. */
const FLAGS = ['--epochs', '20', '--seed', '1'] as const;

/** Compressors, as programs that read a file and say how long it becomes. */
const COMPRESSORS = {
  xz: (path: string): number | undefined => lengthOf('xz', ['-9e', '--keep', '--stdout', path]),
  ppmd: (path: string): number | undefined => {
    const archive = `${path}.7z`;
    rmSync(archive, { force: true });
    const { status } = spawnSync('7z', ['a', '-m0=PPMd:o=16:mem=256m', archive, path], { stdio: 'ignore' });
    return status === 0 ? statSync(archive).size : undefined;
  },
} as const;

function lengthOf(command: string, words: readonly string[]): number | undefined {
  const { status, stdout } = spawnSync(command, words, { maxBuffer: 2 ** 28 });
  return status === 0 ? stdout.length : undefined;
}

/** The first nine tenths and the last, cut where a character begins. */
function cut(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  let at = Math.floor(bytes.length * 0.9);
  while ((bytes[at] & 0xc0) === 0x80) at++;
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

async function measureBook(path: string, folder: string, say: (line: string) => void): Promise<BookRow> {
  const name = basename(path, '.txt');
  const all = readFileSync(path);
  const [train, held] = cut(all);
  const [trainPath, heldPath] = [join(folder, `${name}-train.txt`), join(folder, `${name}-held.txt`)];
  writeFileSync(trainPath, train);
  writeFileSync(heldPath, held);
  const after = (compressor: (path: string) => number | undefined): number | undefined => {
    const [both, first] = [compressor(path), compressor(trainPath)];
    return both === undefined || first === undefined ? undefined : (8 * (both - first)) / held.length;
  };
  const row = { name, bytes: all.length, held: held.length, xz: after(COMPRESSORS.xz), ppmd: after(COMPRESSORS.ppmd) };
  say(`${name}: xz ${row.xz?.toFixed(3)}, PPMd ${row.ppmd?.toFixed(3)}`);
  const models: BookModel[] = [];
  for (const size of SIZES) {
    const out = join(folder, `${name}-${size}`);
    const { training, tlmBytes } = await tinylmJson<{
      training: { seconds: number; epochs: number };
      tlmBytes: number;
    }>(['train', trainPath, '--size', size, ...FLAGS, '--out', out]);
    const { bitsPerByte } = await tinylmJson<{ bitsPerByte: number }>(['eval', out, heldPath]);
    models.push({ size, bytes: tlmBytes, bits: bitsPerByte, seconds: training.seconds, epochs: training.epochs });
    say(`${name}, ${size}: ${bitsPerByte.toFixed(3)} bits per byte, ${training.seconds.toFixed(0)} s`);
  }
  return { ...row, models };
}

export async function benchBooks(books: readonly string[], say: (line: string) => void): Promise<BookResults> {
  if (books.length === 0) throw new Error('--books is missing: text files, space between them');
  const where = circumstances('npm run bench -- books --books …');
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-books-'));
  try {
    const rows: BookRow[] = [];
    for (const path of books) rows.push(await measureBook(path, folder, say));
    return { circumstances: where, train: `tinylm train … --size … ${FLAGS.join(' ')}`, books: rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A section of RESULTS.md. */
export function booksSection({ train, books }: BookResults, circumstances: string): string {
  const bits = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(3));
  return [
    '## Texts of one’s own',
    '',
    `Bits per byte of the last tenth of a text; models were trained on the rest (\`${train}\`), and the compressors have read the rest before (what both parts take, less what the first takes alone). ${circumstances}`,
    '',
    `| text | bytes | ${SIZES.join(' | ')} | xz -9e | PPMd, order 16 | training |`,
    `|---|---:|${'---:|'.repeat(SIZES.length + 3)}`,
    ...books.map(
      ({ name, bytes, models, xz, ppmd }) =>
        `| ${name} | ${bytes.toLocaleString('en-US')} | ${models.map((m) => bits(m.bits)).join(' | ')} | ${bits(xz)} | ${bits(ppmd)} | ` +
        `${models.map((m) => m.seconds.toFixed(0)).join(' / ')} s |`,
    ),
  ].join('\n');
}
