/** A corpus as a verb is given it, and what is said of how it was read. */
import { basename, isAbsolute, join } from 'node:path';
import { many } from '../corpus/index.js';
import { openCorpus, type CorpusOptions, type OpenedCorpus } from '../node/corpus-files.js';
import { howRead } from '../node/corpus-folder.js';
import { SPLIT, STORY_SEED } from '../run/prepare.js';
import type { CorpusRecord } from '../run/run-record.js';
import type { Terminal } from './terminal.js';

/** How a verb reads a corpus that it was given: a path, `-` for standard input, or `stories:…`. */
export function corpusRecord(
  spec: string,
  { format, field, split, encoding, ext, maxBytes }: CorpusOptions = {},
): CorpusRecord {
  return {
    // The name goes into the model's metadata and into reports: no folders of this machine.
    name: basename(spec),
    spec,
    storySeed: STORY_SEED,
    ...SPLIT,
    ...(format !== undefined && { format }),
    ...(field !== undefined && { field }),
    split: split ?? 'auto',
    ...(encoding !== undefined && { encoding }),
    ...(ext !== undefined && { ext }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

/**
 * The corpus of a record.
 * @param folder where a relative `spec` lies
 * @param terminal told how the text was read, where that is not plain; nothing is said without one
 */
export async function loadRecorded(
  corpus: CorpusRecord,
  folder: string | undefined,
  stdin: AsyncIterable<Uint8Array | string>,
  terminal?: Terminal,
): Promise<string[]> {
  const named = corpus.spec.startsWith('stories:') || corpus.spec === '-' || isAbsolute(corpus.spec);
  const spec = named || folder === undefined ? corpus.spec : join(folder, corpus.spec);
  // Runs of before documents were looked for have no word on it: marks alone counted then.
  const opened = await openCorpus(spec, { ...corpus, split: corpus.split ?? 'marker', seed: corpus.storySeed, stdin });
  if (terminal !== undefined) sayHowRead(opened, terminal, corpus.split);
  return opened.documents;
}

/** How a text was read, in a line, and what was found on the way; of one plain text in UTF-8, how else it could be cut. */
export function sayHowRead(
  { source, documents, reading, remarks }: OpenedCorpus,
  terminal: Terminal,
  asked = 'auto',
): void {
  const plain =
    reading === undefined ||
    (reading.format === 'text' && reading.encoding === 'UTF-8' && /^(whole|separated by <)/.test(reading.words));
  if (!plain) {
    const found = /^(a list|a chat|blocks)/.test(reading.words) ? '; --split none reads it as one' : '';
    terminal.note(`${basename(source)}: ${howRead(reading)}: ${many(documents.length, 'document')}${found}`);
  } else if (asked === 'auto' && reading?.words.startsWith('whole;')) {
    terminal.note(`${basename(source)}: one document${reading.words.slice('whole'.length)}`);
  }
  for (const { kind, text } of remarks) {
    if (kind === 'warning') terminal.warn(text);
    else terminal.note(text);
  }
}
