import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bytesFile,
  detectFormat,
  FORMATS,
  makeCorpus,
  MAX_CORPUS_BYTES,
  readTexts,
  storyTexts,
  textBytesFor,
  utf8Bytes,
  type ByteFile,
  type Corpus,
  type Reading,
  type ReadOptions,
  type Said,
} from '../corpus/index.js';
import { TinyLMError } from '../model/errors.js';
import type { CorpusOptions } from '../run/run-record.js';
import { aboutFiles, howRead, listFiles, readable, seen, withoutName, type FileRow } from './corpus-folder.js';
import { RunFolder } from './run-folder.js';
import { shellWord } from './shell.js';

/** Standard input is looked at when so much has come: enough to know its format. */
const LOOK_BYTES = 1 << 16;
/** Of formats whose limit counts the text inside, no more than this is read from standard input. */
const MAX_STDIN_BYTES = 2_000_000_000;

export interface LoadOptions extends CorpusOptions {
  /** Seed of the built-in stories; default 1. */
  seed?: number;
  /** What `-` reads; default the process's standard input. */
  stdin?: AsyncIterable<Uint8Array | string>;
}

export type { CorpusOptions };

/** A corpus, and how it was read. */
export interface OpenedCorpus extends Corpus {
  /** Of a single file or standard input. */
  readonly reading?: Omit<Reading, 'documents' | 'remarks'>;
  /** Of a folder. */
  readonly files?: readonly FileRow[];
  readonly remarks: readonly Said[];
}

/** As `openCorpus`, without what was found on the way. */
export async function loadCorpus(spec: string, options: LoadOptions = {}): Promise<Corpus> {
  const { documents, source } = await openCorpus(spec, options);
  return { documents, source };
}

/**
 * Loads a corpus. `spec` is one of
 * - `stories:en`, `stories:pt`: the built-in stories (2 MB, or `maxBytes`)
 * - `-`: standard input
 * - a folder: the files in it and in its folders that have a known extension, in the order of their paths (compared
 *   by code unit, so that it does not depend on the machine)
 * - a file; what it is, its content says (docs/texts.md)
 *
 * @throws TinyLMError `corpus-not-found`, `corpus-unreadable`, `corpus-empty`, `corpus-stories`, `corpus-run`, and
 *   what `readTexts` throws
 */
export async function openCorpus(spec: string, options: LoadOptions = {}): Promise<OpenedCorpus> {
  if (spec.startsWith('stories:')) return { ...loadStories(spec, options), remarks: [] };
  if (spec === '-') {
    const bytes = await readAll(options.stdin ?? process.stdin, options);
    return opened(await readTexts(bytesFile('standard input', bytes), options), 'standard input');
  }
  const info = await reach(spec, () => stat(spec));
  if (info.isDirectory()) return openFolder(spec, options);
  if (!info.isFile()) {
    throw new TinyLMError(
      'corpus-unreadable',
      `${spec}: neither a file nor a folder.`,
      'For a pipe use - (standard input).',
    );
  }
  return opened(await readFromDisk(spec, options), spec);
}

function opened({ documents, remarks, ...reading }: Reading, source: string): OpenedCorpus {
  return { ...makeCorpus(documents, source), reading, remarks };
}

function loadStories(spec: string, { seed = 1, maxBytes }: LoadOptions): Corpus {
  const lang = spec.slice('stories:'.length);
  if (lang !== 'en' && lang !== 'pt') {
    throw new TinyLMError(
      'corpus-stories',
      `${spec}: no built-in stories in "${lang}"; there are en and pt.`,
      'Use stories:en or stories:pt.',
    );
  }
  return makeCorpus(storyTexts(lang, seed, maxBytes), spec);
}

async function openFolder(folder: string, options: LoadOptions): Promise<OpenedCorpus> {
  if (RunFolder.is(folder)) {
    throw new TinyLMError(
      'corpus-run',
      `${folder}: this is a run folder of tinylm, with a model; expected a text.`,
      `Go on with the run by tinylm train --resume ${shellWord(folder)}, or give the text itself.`,
    );
  }
  const extensions = options.ext ?? FORMATS.flatMap((f) => f.extensions);
  const all = await reach(folder, () => listFiles(folder, extensions));
  const files = readable(all, options.ext !== undefined);
  const kept = files.filter((f) => f.leftOut === undefined);
  if (kept.length === 0) {
    throw new TinyLMError(
      'corpus-empty',
      `${folder}: ${
        options.ext === undefined
          ? 'no .txt, .md, .jsonl, .csv, .parquet or other known file'
          : `no .${options.ext.join(', .')} file`
      } in this folder or those below it${seen(files)}.`,
      'Name the extensions with --ext, as in --ext log,srt; or give one file by its name.',
    );
  }
  const documents: string[] = [];
  const rows: FileRow[] = [];
  const remarks: Said[] = [];
  let failure: TinyLMError | undefined;
  let left = options.maxBytes;
  let enough = false;
  for (const { path, leftOut } of files) {
    if (leftOut !== undefined || enough) {
      rows.push({ path, documents: 0, how: `left out: ${leftOut ?? 'the limit is reached'}` });
      continue;
    }
    let found: Reading;
    try {
      found = await readFromDisk(join(folder, path), { ...options, maxBytes: left });
    } catch (error) {
      if (!(error instanceof TinyLMError) || error.code === 'corpus-limit') throw error;
      failure ??= error;
      const how = `left out: ${withoutName(error.message, join(folder, path))}`;
      rows.push({ path, documents: 0, how, failed: true });
      continue;
    }
    for (const document of found.documents) documents.push(document);
    rows.push({
      path,
      documents: found.documents.length,
      how: found.documents.length === 0 ? 'left out: no text in it' : howRead(found),
    });
    for (const { kind, text } of found.remarks)
      if (kind === 'warning') remarks.push({ kind, text: `${path}: ${text}` });
    if (left === undefined || options.maxBytes === undefined) continue;
    left -= found.documents.reduce((sum, d) => sum + utf8Bytes(d) + 1, 0);
    // A file cut at the limit leaves a few bytes over: no reason to take one word of the next.
    enough = documents.length > 0 && left < 1000;
  }
  if (documents.length === 0 && failure !== undefined) throw failure;
  return { ...makeCorpus(documents, folder), files: rows, remarks: aboutFiles(rows, remarks) };
}

async function readFromDisk(path: string, reading: ReadOptions): Promise<Reading> {
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
            handle.read(new Uint8Array(buffer, filled), 0, buffer.byteLength - filled, start + filled),
          );
          if (bytesRead === 0) {
            throw new TinyLMError(
              'corpus-unreadable',
              `${path}: ended at byte ${start + filled}; expected ${size} bytes.`,
              'Is something else writing it? Try again.',
            );
          }
          filled += bytesRead;
        }
        return buffer;
      },
    };
    return await readTexts(file, reading);
  } finally {
    await handle.close();
  }
}

async function readAll(
  input: AsyncIterable<Uint8Array | string>,
  { maxBytes, format }: LoadOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  let found = format;
  const limit = textBytesFor(maxBytes ?? MAX_CORPUS_BYTES);
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    chunks.push(bytes);
    total += bytes.length;
    // Text can be cut anywhere. Of other formats the limit counts the text inside, so all is read.
    if (total > LOOK_BYTES) found ??= detectFormat('', Buffer.concat(chunks));
    if (total > limit && (found ?? 'text') === 'text') break;
    if (total > MAX_STDIN_BYTES) {
      throw new TinyLMError(
        'corpus-too-large',
        `standard input: more than ${MAX_STDIN_BYTES} bytes; expected less.`,
        'Write it into a file, and give that with --max-bytes.',
      );
    }
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
      throw new TinyLMError(
        'corpus-not-found',
        `${path}: no such file or folder.`,
        'Check the path, or use stories:en for the built-in stories.',
      );
    }
    throw new TinyLMError(
      'corpus-unreadable',
      `${path}: cannot be read (${code || String(error)}).`,
      'Check its permissions.',
    );
  }
}
