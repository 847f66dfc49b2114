/**
 * Runs the cases of the first hour, inputs that people really brought, and writes what is answered today into
 * docs/first-hour-cases.md. The inputs are not part of the repository; where they lie is the argument.
 *
 *   npm run build && node dist/scripts/first-hour-cases.js ../shared/cases
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packageRoot } from '../src/node/assets.js';
import { board } from '../test/helpers/board.js';
import { spawned, start } from '../test/helpers/cli.js';

const PAGE = 'docs/first-hour-cases.md';

interface Case {
  /** the file, as it stands in the command */
  readonly input: string;
  readonly words: readonly string[];
  /** what was answered before */
  readonly before: string;
  /** at a virtual ESP32-C3 with 4 MB of flash, which `vanishes` when this is said */
  readonly board?: true;
  readonly vanishes?: RegExp;
}

const corpus = (input: string, before: string): Case => ({ input, words: ['corpus', input], before });
const quantize = (input: string, before: string, ...more: string[]): Case => ({
  input,
  words: ['quantize', input, ...more, '--out', 'out.tlm'],
  before,
});
const PROSE = 'trained on as prose without a word';
/** Of the folder it was said that these were taken for prose or refused; of some only what is in them. */
const EITHER = 'trained on as prose, or refused whole';
const UNKNOWN = 'not recorded';
const HEADER = '“a header of 578712552184433500 bytes”';
const BYTES = ['--tokenizer-from', 'byte'];

/** In the order of the two folders. */
const CASES: readonly Case[] = [
  corpus('first-hour/array.json', PROSE),
  {
    input: 'first-hour/board-vanishes.sh',
    words: ['flash', 'RUN', '--direct-boot'],
    board: true,
    vanishes: /writing program/,
    before: 'never ended',
  },
  {
    input: 'first-hour/chinese.txt',
    words: ['train', 'first-hour/chinese.txt', '--minutes', '0.5'],
    before: '210 steps, pages of empty lines',
  },
  quantize('first-hour/gru.pt', HEADER, ...BYTES),
  quantize('first-hour/gru.safetensors', '“nothing as embed.weight”', ...BYTES),
  corpus('first-hour/messages.jsonl', '“Name the field that holds the text”'),
  {
    input: 'first-hour/names.txt',
    words: ['train', 'first-hour/names.txt', '--minutes', '0.5'],
    before: 'one document, 135 steps, garbage',
  },
  corpus('first-hour/page.html', PROSE),
  corpus('first-hour/romance-cp1252.txt', 'refused, with a hint that loses the quotes'),
  {
    input: 'first-hour/small.txt',
    words: ['train', 'first-hour/small.txt', '--minutes', '0.5'],
    before: 'trained without a word',
  },
  corpus('first-hour/table.csv', PROSE),
  corpus('first-hour/utf16be-nobom.txt', '“looks like a binary file”'),
  corpus('replay/02-bom-joined.jsonl', UNKNOWN),
  corpus('replay/03-array.json', EITHER),
  corpus('replay/03-chat.jsonl', EITHER),
  corpus('replay/03-lines.json', EITHER),
  corpus('replay/04-lz4.parquet', UNKNOWN),
  corpus('replay/04-messages.parquet', UNKNOWN),
  corpus('replay/04-struct.parquet', UNKNOWN),
  corpus('replay/04-zstd.parquet', UNKNOWN),
  corpus('replay/08-formfeed.txt', 'words joined'),
  corpus('replay/08-vt.txt', 'words joined'),
  ...['09-module', '09-names', '09-orig_mod'].map((name) => quantize(`replay/${name}.safetensors`, UNKNOWN, ...BYTES)),
  quantize('replay/10-tied-both.safetensors', UNKNOWN, ...BYTES),
  quantize('replay/10-tied-fc-only.safetensors', UNKNOWN, ...BYTES),
  quantize('replay/11-zrn.safetensors', 'loaded calmly, at 6 bits per byte and more', ...BYTES),
  ...['17-flashsize8', '17-parts8'].map(
    (name): Case => ({
      input: `replay/${name}`,
      words: ['flash', '--build', `replay/${name}`],
      board: true,
      before: 'written to a chip of 4 MB and “verified”: a boot loop',
    }),
  ),
  corpus('replay/f-eot-text.jsonl', EITHER),
  corpus('replay/f-latin1-sparse.txt', '`café` became `caf`'),
  corpus('replay/f-nb.ipynb', EITHER),
  corpus('replay/f-nulls.jsonl', EITHER),
  corpus('replay/f-sjis.txt', UNKNOWN),
  corpus('replay/f-subs.srt', EITHER),
  corpus('replay/f-utf16le.txt', UNKNOWN),
  quantize('replay/t-nanogpt-char.safetensors', 'noise, exit 0', '--tokenizer-from', 'replay/t-nanogpt-chars.json'),
  quantize(
    'first-hour/gru.safetensors',
    'a new tokenizer, trained on the file: noise, exit 0',
    '--tokenizer-from',
    'replay/t-stoi.json',
  ),
  quantize(
    'first-hour/gru.safetensors',
    'a new tokenizer, trained on the file: noise, exit 0',
    '--tokenizer-from',
    'replay/t-tokenizer.json',
  ),
];

/** Lines of a report that say how the input was taken. */
const TELLING = /^(read as|text from|documents are|documents|left out|trained|exported)\b/;
/** What is written while something happens. */
const PROGRESS = /^(step |epoch |connecting |writing |measuring|compiling|trainer:|\s|ESP32|“|replay\/.*manifest)/;

function answer(code: number | null, out: string, err: string, folder: string): string {
  const said = err.split('\n').filter((line) => line !== '' && !PROGRESS.test(line));
  const told = out.split('\n').filter((line) => TELLING.test(line));
  const lines = [...told.map((line) => line.replace(/\s{2,}/g, ': ')), ...said]
    .map((line) => line.replaceAll(`${folder}/`, '').replace(/^(hint: )/, '→ '))
    .map((line) => (line.length > 220 ? `${line.slice(0, 219)}…` : line));
  return [`*${code === 0 ? 'done' : `exit ${code}`}*`, ...lines]
    .map((line) => line.replaceAll('|', '\\|'))
    .join('<br>');
}

async function run(one: Case, cases: string, folder: string): Promise<string> {
  const words = one.words.map((word) =>
    word === 'RUN' ? join(folder, 'first') : /^(first-hour|replay)\//.test(word) ? join(cases, word) : word,
  );
  if (words[0] === 'train') words.push('--out', join(folder, one.input.replace(/\W/g, '-')));
  if (words.includes('out.tlm')) words[words.indexOf('out.tlm')] = join(folder, `${Math.random()}.tlm`);
  if (!one.board) {
    const { code, out, err } = await spawned(words);
    return answer(code, out, err, cases).replaceAll(folder, '');
  }
  // The manifest is not to be written beside the input.
  if (words.includes('--build')) words.push('--manifest', join(folder, 'manifest.json'));
  const { running, option } = await board(['--tcp', '0']);
  const flashing = start([...words, '--yes', ...option]);
  if (one.vanishes !== undefined) {
    await flashing.seen(one.vanishes);
    running.process.kill('SIGKILL');
  }
  const { code, out, err } = await flashing.result;
  running.process.kill('SIGINT');
  await running.result;
  return answer(code, out, err.replaceAll(/(tcp:\/\/)?127\.0\.0\.1:\d+/g, 'tcp://…'), cases).replaceAll(folder, '');
}

const cases = resolve(process.argv[2] ?? '../shared/cases');
if (!existsSync(join(cases, 'first-hour'))) {
  console.error(`error: no cases in ${cases}\nhint: give the folder that has first-hour and replay in it`);
  process.exitCode = 2;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-cases-'));
  const rows: string[] = [];
  try {
    const first = ['train', 'stories:en', '--max-bytes', '100K', '--epochs', '1', '--backend', 'wasm'];
    await spawned([...first, '--out', join(folder, 'first')]);
    for (const one of CASES) {
      console.error(one.input);
      const command = `tinylm ${one.words.join(' ')}`.replaceAll(/(first-hour|replay)\//g, '');
      rows.push(`| \`${command}\` | ${one.before} | ${await run(one, cases, folder)} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const page = [
    '# The first hour: what people brought',
    '',
    'Inputs that failed, made from what people really bring and from public reports of this field. Each stands for its kind.',
    'The last column is what TinyLM answers today: how it ends, how the input was taken, what is said (→ is a hint). Written by',
    '`node dist/scripts/first-hour-cases.js FOLDER`, which runs them all; the inputs themselves are not in this repository.',
    '',
    `${CASES.length} cases.`,
    '',
    '| command | before | now |',
    '|---|---|---|',
    ...rows,
    '',
  ];
  writeFileSync(join(packageRoot(), PAGE), page.join('\n'));
  console.log(PAGE);
}
