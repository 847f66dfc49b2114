import type { Command } from 'commander';
import { corpusStats, limitDocuments, splitCorpus } from '../../corpus/index.js';
import { loadCorpus, type LoadOptions } from '../../node/corpus-files.js';
import { verb, type Context } from '../context.js';
import { addOptions, CORPUS_OPTIONS } from '../options.js';
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
const SEPARATOR = '\n<|endoftext|>\n';

export function corpusCommand(context: Context): Command {
  const command = verb('corpus', 'Look at a text before training on it: figures, split, samples.', [
    'tinylm corpus stories:en',
    'tinylm corpus my-text.txt --samples 5',
    'tinylm corpus stories:pt --emit --bytes 100000 > historias.txt',
  ]).argument('<corpus>', 'a file (text, .jsonl, .parquet), a folder, - for standard input, stories:en or stories:pt');
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
  const { documents, source } = await loadCorpus(spec, loading);

  if (options.emit) {
    const kept = options.bytes === undefined ? documents : limitDocuments(documents, options.bytes);
    for (const [i, document] of kept.entries()) await terminal.stream(`${i > 0 ? SEPARATOR : ''}${document}`);
    await terminal.stream('\n');
    return;
  }

  const stats = corpusStats(documents);
  const { train, valid } = splitCorpus(documents, { seed: 1 });
  const step = Math.max(1, Math.floor(documents.length / Math.max(1, options.samples)));
  const samples = documents.filter((_, i) => i % step === 0).slice(0, options.samples);
  if (options.json) {
    terminal.json({
      source,
      ...stats,
      train: { documents: train.length, bytes: corpusStats(train).bytes },
      valid: { documents: valid.length, bytes: corpusStats(valid).bytes },
      samples,
    });
    return;
  }
  terminal.out(
    table(
      [
        ['source', source],
        ['documents', count(stats.documents)],
        ['bytes', count(stats.bytes)],
        ['characters', `${count(stats.characters)}, ${count(stats.distinctCharacters)} different`],
        ['words', `${count(stats.words)}, ${count(stats.distinctWords)} different`],
        ['bytes a document', `${count(stats.medianBytes)} median, ${count(stats.longestBytes)} longest`],
        ['for training', `${count(train.length)} documents, ${count(corpusStats(train).bytes)} bytes`],
        ['for validation', `${count(valid.length)} documents, ${count(corpusStats(valid).bytes)} bytes`],
      ],
      [0, 1],
    ),
  );
  for (const sample of samples) terminal.out(`\n${sample.length > 1200 ? `${sample.slice(0, 1200)} …` : sample}`);
}
