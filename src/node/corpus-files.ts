import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import type { Compressors } from 'hyparquet';
import {
  bytesFile, generateStories, limitDocuments, makeCorpus, MAX_CORPUS_BYTES, readDocuments, textBytesFor,
  utf8Bytes,
  type ByteFile, type Corpus, type ReadOptions,
} from '../corpus/index.js';
import { TinyLMError } from '../model/errors.js';

/** How much of the built-in stories is told when no limit is given. */
export const DEFAULT_STORY_BYTES = 2_000_000;

const FOLDER_EXTENSIONS = /\.(txt|text|md|jsonl|ndjson|parquet)$/i;

export interface LoadOptions extends Omit<ReadOptions, 'compressors'> {
  /** Seed of the built-in stories; default 1. */
  seed?: number;
  /** What `-` reads; default the process's standard input. */
  stdin?: AsyncIterable<Uint8Array | string>;
}

/**
 * Loads a corpus. `spec` is one of
 * - `stories:en`, `stories:pt`: the built-in stories (2 MB, or `maxBytes`)
 * - `-`: standard input (text, or Parquet by its first bytes, or `format`)
 * - a folder: its .txt, .text, .md, .jsonl, .ndjson and .parquet files and those of its folders, in the order of
 *   their paths (compared by code unit, so that it does not depend on the machine); names with a dot first are left out
 * - a file: Parquet, JSONL (.jsonl, .ndjson) or text
 *
 * @throws TinyLMError `corpus-not-found`, `corpus-unreadable`, `corpus-empty`, `corpus-stories`, and what
 *   `readDocuments` throws
 */
export async function loadCorpus(spec: string, options: LoadOptions = {}): Promise<Corpus> {
  if (spec.startsWith('stories:')) return loadStories(spec, options);
  const reading: ReadOptions = { ...options, compressors };
  if (spec === '-') {
    const bytes = await readAll(options.stdin ?? process.stdin, options);
    return makeCorpus(await readDocuments(bytesFile('standard input', bytes), reading), 'standard input');
  }
  const info = await reach(spec, () => stat(spec));
  if (info.isDirectory()) return loadFolder(spec, reading);
  if (!info.isFile()) {
    throw new TinyLMError('corpus-unreadable', `${spec}: neither a file nor a folder.`,
      'For a pipe use - (standard input).');
  }
  return makeCorpus(await readFromDisk(spec, reading), spec);
}

function loadStories(spec: string, { seed = 1, maxBytes = DEFAULT_STORY_BYTES }: LoadOptions): Corpus {
  const lang = spec.slice('stories:'.length);
  if (lang !== 'en' && lang !== 'pt') {
    throw new TinyLMError('corpus-stories', `${spec}: no built-in stories in "${lang}"; there are en and pt.`,
      'Use stories:en or stories:pt.');
  }
  return makeCorpus(limitDocuments(generateStories({ lang, seed, bytes: maxBytes }), maxBytes), spec);
}

async function loadFolder(folder: string, reading: ReadOptions): Promise<Corpus> {
  const paths = await listFiles(folder, '');
  if (paths.length === 0) {
    throw new TinyLMError('corpus-empty',
      `${folder}: no .txt, .md, .jsonl or .parquet file in this folder or those below it.`,
      'Give a folder of text files, or one file by its name.');
  }
  const documents: string[] = [];
  let left = reading.maxBytes;
  for (const path of paths) {
    const found = await readFromDisk(join(folder, path), { ...reading, maxBytes: left });
    for (const document of found) documents.push(document);
    if (left === undefined || reading.maxBytes === undefined) continue;
    left -= found.reduce((sum, d) => sum + utf8Bytes(d) + 1, 0);
    // A file cut at the limit leaves a few bytes over: no reason to take one word of the next.
    if (documents.length > 0 && left < 1000) break;
  }
  return makeCorpus(documents, folder);
}

/** Paths of the folder's files relative to it, with `/`, sorted. */
async function listFiles(root: string, below: string): Promise<string[]> {
  const folder = join(root, below);
  const paths: string[] = [];
  for (const entry of await reach(folder, () => readdir(folder, { withFileTypes: true }))) {
    if (entry.name.startsWith('.')) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...await listFiles(root, path));
    // A linked file counts; a linked folder does not, since links can go in circles.
    else if (!FOLDER_EXTENSIONS.test(entry.name)) continue;
    else if (entry.isFile() || (await stat(join(root, path))).isFile()) paths.push(path);
  }
  return paths.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

async function readFromDisk(path: string, reading: ReadOptions): Promise<string[]> {
  const handle = await reach(path, () => open(path, 'r'));
  try {
    const { size } = await handle.stat();
    const file: ByteFile = {
      name: path,
      byteLength: size,
      async slice(start, end = size) {
        const buffer = new ArrayBuffer(Math.max(0, end - start));
        let filled = 0;
        while (filled < buffer.byteLength) {
          const { bytesRead } = await reach(path, () =>
            handle.read(new Uint8Array(buffer, filled), 0, buffer.byteLength - filled, start + filled));
          if (bytesRead === 0) {
            throw new TinyLMError('corpus-unreadable',
              `${path}: ended at byte ${start + filled}; expected ${size} bytes.`,
              'Is something else writing it? Try again.');
          }
          filled += bytesRead;
        }
        return buffer;
      },
    };
    return await readDocuments(file, reading);
  } finally {
    await handle.close();
  }
}

async function readAll(
  input: AsyncIterable<Uint8Array | string>, { maxBytes, format }: LoadOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const limit = textBytesFor(maxBytes ?? MAX_CORPUS_BYTES);
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    chunks.push(bytes);
    total += bytes.length;
    // Text can be cut anywhere. Of JSONL and Parquet the limit counts the text inside, so all is read.
    const parquet = chunks[0][0] === 0x50 && chunks[0][1] === 0x41;
    if (total > limit && !parquet && (format ?? 'text') === 'text') break;
  }
  return Buffer.concat(chunks);
}

/** Runs a file operation, turning its error into one that says what to do. */
async function reach<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof TinyLMError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new TinyLMError('corpus-not-found', `${path}: no such file or folder.`,
        'Check the path, or use stories:en for the built-in stories.');
    }
    throw new TinyLMError('corpus-unreadable', `${path}: cannot be read (${code || String(error)}).`,
      'Check its permissions.');
  }
}

/** Node's own decompressors for Parquet pages; Zstandard where this Node has it (22.15 and later). */
const compressors: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
};
const zstd = (zlib as unknown as { zstdDecompressSync?: (input: Uint8Array) => Uint8Array }).zstdDecompressSync;
if (zstd) compressors.ZSTD = (input) => zstd(input);
