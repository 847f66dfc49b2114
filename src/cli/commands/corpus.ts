import type { Command } from 'commander';
import {
  byHeart,
  corpusStats,
  END_OF_TEXT,
  limitDocuments,
  many,
  sizeRemark,
  splitCorpus,
} from '../../corpus/index.js';
import { openCorpus, type LoadOptions, type OpenedCorpus } from '../../node/corpus-files.js';
import type { FileRow } from '../../node/corpus-folder.js';
import { verb, type Context } from '../context.js';
import { addOptions, CORPUS_OPTIONS } from '../options.js';
import { sayHowRead } from '../load-corpus.js';
import { table } from '../terminal.js';
import { byteSize, count, wholeNumber } from '../values.js';

interface Options extends LoadOptions {
  emit?: boolean;
  bytes?: number;
  samples: number;
  seed: number;
  json?: boolean;
}

/** Separates documents in a text file, on a line by itself. */
const SEPARATOR = `\n${END_OF_TEXT}\n`;
/** Files of a folder that are shown; the others are counted. */
const SHOWN_FILES = 40;

export function corpusCommand(context: Context): Command {
  const command = verb('corpus', 'Look at a text before training on it: figures, split, samples.', [
    'tinylm corpus stories:en',
    'tinylm corpus my-text.txt --samples 5',
    'tinylm corpus chats.jsonl --field messages[].content',
    'tinylm corpus names.txt --split lines',
    'tinylm corpus stories:pt --emit --bytes 100000 > historias.txt',
  ]).argument(
    '<corpus>',
    'a file (text, JSON, CSV, HTML, subtitles, Parquet …), a folder, - for standard input, stories:en or stories:pt',
  );
  addOptions(command, [...CORPUS_OPTIONS]);
  command
    .option('--emit', 'write the clean text itself to standard output')
    .option('--bytes <n>', 'with --emit: at most this much text, e.g. 100K', byteSize)
    .option('--samples <n>', 'documents to show', wholeNumber(0, 1000), 2);
  addOptions(command, ['seed', 'json'], { seed: { about: 'seed of the built-in stories' } });
  return command.action((spec: string, options: Options) => showCorpus(context, spec, options));
}

async function showCorpus({ terminal, stdin }: Context, spec: string, options: Options): Promise<void> {
  const loading: LoadOptions = { ...options, stdin };
  // Stories are told up to the limit, so that any amount can be had.
  if (options.emit && options.bytes !== undefined && spec.startsWith('stories:')) loading.maxBytes ??= options.bytes;
  const opened = await openCorpus(spec, loading);
  const { documents, source } = opened;

  if (options.emit) {
    sayHowRead(opened, terminal);
    const kept = options.bytes === undefined ? documents : limitDocuments(documents, options.bytes);
    for (const [i, document] of kept.entries()) await terminal.stream(`${i > 0 ? SEPARATOR : ''}${document}`);
    await terminal.stream('\n');
    return;
  }

  const stats = corpusStats(documents);
  const { train, valid } = splitCorpus(documents, { seed: 1 });
  const step = Math.max(1, Math.floor(documents.length / Math.max(1, options.samples)));
  const samples = documents.filter((_, i) => i % step === 0).slice(0, options.samples);
  const small = opened.reading === undefined && opened.files === undefined ? undefined : sizeRemark(documents);
  if (options.json) {
    terminal.json({
      source,
      ...stats,
      train: { documents: train.length, bytes: corpusStats(train).bytes },
      valid: { documents: valid.length, bytes: corpusStats(valid).bytes },
      ...(opened.reading && { reading: opened.reading }),
      ...(opened.files && { files: opened.files }),
      remarks: [...opened.remarks, ...(small === undefined ? [] : [{ kind: 'warning', text: small }])],
      samples,
    });
    return;
  }
  const part = (texts: readonly string[]): string =>
    `${many(texts.length, 'document')}, ${many(corpusStats(texts).bytes, 'byte')}`;
  if (opened.files !== undefined) terminal.out(`${filesTable(opened.files)}\n`);
  terminal.out(
    table(
      [
        ['source', source],
        ...readingRows(opened),
        ['documents', count(stats.documents)],
        ['bytes', count(stats.bytes)],
        ['characters', `${count(stats.characters)}, ${count(stats.distinctCharacters)} different`],
        ['words', `${count(stats.words)}, ${count(stats.distinctWords)} different`],
        ['bytes a document', `${count(stats.medianBytes)} median, ${count(stats.longestBytes)} longest`],
        ['for training', part(train)],
        ['for validation', byHeart(documents) ? 'nothing: the text is learned by heart' : part(valid)],
      ],
      [0, 1],
    ),
  );
  for (const sample of samples) terminal.out(`\n${sample.length > 1200 ? `${sample.slice(0, 1200)} …` : sample}`);
  for (const { kind, text } of opened.remarks) {
    if (kind === 'warning') terminal.warn(text);
    else terminal.note(text);
  }
  if (small !== undefined) terminal.warn(small);
}

function readingRows({ reading }: OpenedCorpus): string[][] {
  if (reading === undefined) return [];
  const { title, encoding, field, words } = reading;
  return [
    ['read as', encoding === undefined ? title : `${title}, ${encoding}`],
    ...(field === undefined ? [] : [['text from', field]]),
    ['documents are', words],
  ];
}

/** What was read of a folder, and what was left out and why. */
function filesTable(files: readonly FileRow[]): string {
  const rows = files
    .slice(0, SHOWN_FILES)
    .map(({ path, documents, how }) => [path, documents === 0 ? '–' : count(documents), how]);
  const more = files.length - rows.length;
  return (
    table([['file', 'documents', 'read as'], ...rows], [0, 2]) + (more > 0 ? `\n… and ${many(more, 'file')} more` : '')
  );
}
