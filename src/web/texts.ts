/** Texts of a page: files, pasted words, the built-in stories; read as the CLI reads them. */
import {
  corpusStats,
  makeCorpus,
  readTexts,
  sizeRemark,
  storyTexts,
  utf8Bytes,
  type ByteFile,
  type Reading,
} from '../corpus/index.js';
import { TinyLMError } from '../model/errors.js';
import { RUN_FILES, SPLIT, STORY_SEED, type CorpusRecord } from '../run/index.js';
import type { CorpusFlags, CorpusFound, CorpusSource } from './protocol.js';

/** A text that was read; `record` says how a run finds it again. */
export interface ReadText {
  readonly documents: string[];
  readonly record: CorpusRecord;
  readonly found: Omit<CorpusFound, 'corpus'>;
}

const PREVIEWS = 5;
const PREVIEW_LENGTH = 400;
/** A file cut at the limit leaves a few bytes over: no reason to take one word of the next. */
const LEAST = 1000;

export function blobFile(name: string, blob: Blob): ByteFile {
  return { name, byteLength: blob.size, slice: (start, end = blob.size) => blob.slice(start, end).arrayBuffer() };
}

const nameOf = (source: CorpusSource): string => (source.kind === 'stories' ? `stories:${source.lang}` : source.name);

/** @throws TinyLMError what `readTexts` throws, and `corpus-empty` where there is no text at all */
export async function readSources(sources: readonly CorpusSource[], flags: CorpusFlags = {}): Promise<ReadText> {
  if (sources.length === 0)
    throw new TinyLMError('corpus-empty', 'no text was given', 'choose a file, or paste a text');
  const documents: string[] = [];
  const remarks: CorpusFound['remarks'][number][] = [];
  const files: CorpusFound['files'][number][] = [];
  let left = flags.maxBytes;
  // As the files of a folder: by name, whatever the order they were dropped in.
  const ordered = [...sources].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const source of ordered) {
    if (left !== undefined && documents.length > 0 && left < LEAST) break;
    const limit = left === undefined ? {} : { maxBytes: left };
    let texts: readonly string[];
    if (source.kind === 'stories') texts = storyTexts(source.lang, STORY_SEED, left);
    else {
      const blob = source.kind === 'file' ? source.file : new Blob([source.text]);
      const reading = await readTexts(blobFile(source.name, blob), { ...flags, ...limit });
      texts = reading.documents;
      files.push(aboutFile(source.name, reading));
      for (const remark of reading.remarks)
        if (ordered.length === 1) remarks.push(remark);
        else if (remark.kind === 'warning') remarks.push({ ...remark, file: source.name });
    }
    for (const text of texts) documents.push(text);
    if (left !== undefined) left -= texts.reduce((sum, d) => sum + utf8Bytes(d) + 1, 0);
  }
  const [first, ...others] = ordered;
  const stories = others.length === 0 && first.kind === 'stories';
  const name = others.length === 0 ? nameOf(first) : `${nameOf(first)} and ${others.length} more`;
  makeCorpus(documents, name);
  const small = stories ? undefined : sizeRemark(documents);
  return {
    documents,
    record: {
      name,
      // A run keeps a text of its own, cleaned and cut into documents, as the CLI does of standard input; stories are told again.
      spec: stories ? name : RUN_FILES.corpus,
      split: stories ? 'auto' : 'none',
      storySeed: STORY_SEED,
      ...SPLIT,
      ...(stories && flags.maxBytes !== undefined && { maxBytes: flags.maxBytes }),
    },
    found: {
      name,
      stats: corpusStats(documents),
      files,
      remarks,
      ...(small !== undefined && { sizeRemark: small }),
      preview: documents
        .slice(0, PREVIEWS)
        .map((text) => (text.length > PREVIEW_LENGTH ? `${text.slice(0, PREVIEW_LENGTH)}…` : text)),
    },
  };
}

function aboutFile(
  name: string,
  { documents, format, title, encoding, field, words }: Reading,
): CorpusFound['files'][number] {
  return {
    name,
    format,
    title,
    words,
    documents: documents.length,
    ...(encoding !== undefined && { encoding }),
    ...(field !== undefined && { field }),
  };
}

/** The text of a run as it is kept beside it; undefined where it can be told again. */
export function keptText({ documents, record }: ReadText): Uint8Array | undefined {
  if (record.spec !== RUN_FILES.corpus) return undefined;
  return new TextEncoder().encode(documents.map((text) => `${JSON.stringify({ text })}\n`).join(''));
}

/** The documents of a run. @param kept its `corpus.jsonl` */
export async function recordedDocuments(record: CorpusRecord, kept: Uint8Array | undefined): Promise<string[]> {
  const lang = /^stories:(en|pt)$/.exec(record.spec)?.[1] as 'en' | 'pt' | undefined;
  if (lang !== undefined) return storyTexts(lang, record.storySeed, record.maxBytes);
  if (kept === undefined)
    throw new TinyLMError(
      'corpus-not-found',
      `the text of this run (${record.name}) is not there any more`,
      'train again',
    );
  const file = blobFile(RUN_FILES.corpus, new Blob([kept as Uint8Array<ArrayBuffer>]));
  return (await readTexts(file, { split: 'none' })).documents;
}
