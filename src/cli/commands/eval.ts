import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { CorpusOptions } from '../../node/corpus-files.js';
import { noiseLevel, noiseSentence } from '../../run/import-check.js';
import { tableVocab, Tokenizer, type TokenizerTable } from '../../tokenizer/index.js';
import { encodeDocuments, type TokenizedDocument } from '../../train/index.js';
import { chooseTrainer } from '../choose-trainer.js';
import { verb, type Context } from '../context.js';
import { openEngine } from '../engine.js';
import { UsageError } from '../errors.js';
import { bitsOfFloat, bitsOfTlm } from '../../run/measure.js';
import { floatModel, openSource, openTlm, openWeights, type Source } from '../model-source.js';
import { addOptions, CORPUS_OPTIONS } from '../options.js';
import { threadsOf } from '../pipeline.js';
import { corpusRecord, loadRecorded } from '../load-corpus.js';
import { measured } from '../../run/prepare.js';
import { splitCorpus } from '../../corpus/index.js';
import type { CorpusRecord } from '../../run/run-record.js';
import { table } from '../terminal.js';
import { bits, count, plural, wholeNumber } from '../values.js';
import { zipBits, zipWords } from '../zip.js';

type Kind = 'engine' | 'ternary' | 'float';

interface Options extends CorpusOptions {
  kind: Kind;
  all?: boolean;
  limit?: number;
  threads?: number;
  json?: boolean;
}

export function evalCommand(context: Context): Command {
  const command = verb('eval', 'Measure a model on a text: bits per byte (lower is better) and perplexity per token.', [
    'tinylm eval run/demo',
    'tinylm eval run/demo/model.tlm other-text.txt --all',
    'tinylm eval run/demo/best.safetensors stories:en --kind float',
  ])
    .argument('<model>', 'a run folder, a .tlm file, a checkpoint or a name (tinylm models)')
    .argument('[corpus]', 'the text (default: that of the run folder)');
  command.addOption(
    new Option('--kind <kind>', "engine: integers, in the C engine; ternary or float: the trainer's arithmetic")
      .choices(['engine', 'ternary', 'float'])
      .default('engine'),
  );
  command.option('--all', "measure on the whole text, also where it is the run's own: not on its validation part only");
  command.option(
    '--limit <tokens>',
    'measure on the first documents that have so many tokens together; 0 for no limit (default: ' +
      `${OWN_LIMIT} of the run's own text, else none)`,
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
  );
  addOptions(command, [...CORPUS_OPTIONS, 'threads', 'json'], {
    threads: { about: 'threads to measure with; the result is the same for any number (default: cores)' },
  });
  return command.action((path: string, corpus: string | undefined, options: Options) =>
    evaluate(context, path, corpus, options),
  );
}

/** Most tokens of the run's own validation text, unless told otherwise. */
const OWN_LIMIT = 200_000;

/** Whether a text is the one that the model was trained on: all but its validation part is known to the model. */
function isOwn(source: Source, read: CorpusRecord): boolean {
  if (source.kind === 'run') {
    const { spec } = source.record.corpus;
    return read.spec === spec || resolve(read.spec) === spec;
  }
  // A file that was exported knows its text by name only.
  return source.kind === 'tlm' && source.file.metadata['corpus'] === read.name;
}

/** The documents to measure on. */
async function texts(
  source: Source,
  corpus: string | undefined,
  options: Options,
  { stdin, terminal }: Context,
): Promise<{ name: string; documents: string[]; own: boolean }> {
  const record = source.kind === 'run' ? source.record.corpus : undefined;
  if (corpus === undefined && record === undefined)
    throw new UsageError(
      'a text to measure on is missing',
      'tinylm eval <model> <corpus>; only a run folder knows its own',
    );
  const read = corpus === undefined ? record! : corpusRecord(corpus, options);
  const documents =
    corpus === undefined
      ? await loadRecorded(read, source.path, stdin)
      : await loadRecorded(read, undefined, stdin, terminal);
  const { name } = read;
  const own = corpus === undefined || isOwn(source, read);
  if (options.all || !own) return { name, documents, own };
  return {
    name: `${name}, validation part`,
    documents: splitCorpus(documents, { seed: read.splitSeed, holdOut: read.holdOut ?? 'ends' }).valid,
    own,
  };
}

async function evaluate(context: Context, path: string, corpus: string | undefined, options: Options): Promise<void> {
  const { terminal } = context;
  const source = openSource(path);
  const { name, documents, own } = await texts(source, corpus, options, context);
  const limit = options.limit ?? (own ? OWN_LIMIT : 0);
  let zip = NaN;
  let vocab = 0;
  const encode = (tokenizer: TokenizerTable): TokenizedDocument[] => {
    vocab = tableVocab(tokenizer);
    const all = encodeDocuments(new Tokenizer(tokenizer), documents);
    const some = new Set(measured(all, limit === 0 ? Infinity : limit));
    zip = zipBits(documents.filter((_, i) => some.has(all[i])));
    return [...some];
  };
  let found: TokenizedDocument[];
  let bitsPerByte: number;
  if (options.kind === 'engine') {
    const { bytes, file } = openTlm(path);
    found = encode(file.tokenizer);
    bitsPerByte = await bitsOfTlm(bytes, found, openEngine);
  } else {
    const { file } = openWeights(path);
    if (!file.trained)
      throw new UsageError(
        `${path} has no tokenizer`,
        'make a .tlm of it first: tinylm quantize <checkpoint> --tokenizer-from <…>',
      );
    const { tokenizer, options: trained } = file.trained;
    found = encode(tokenizer);
    bitsPerByte = await bitsOfFloat(floatModel(file), found, {
      kernels: (await chooseTrainer(terminal)).kernels,
      threads: threadsOf(options),
      eod: tokenizer.eod,
      ...(options.kind === 'ternary' && { ternary: trained }),
    });
  }
  const bytes = found.reduce((sum, d) => sum + d.bytes, 0);
  const tokens = found.reduce((sum, d) => sum + d.tokens.length + 1, 0);
  const noise = noiseSentence(bitsPerByte, noiseLevel(found, vocab));
  if (noise !== undefined) terminal.warn(noise);
  const perplexity = 2 ** ((bitsPerByte * bytes) / tokens);
  const result = {
    model: path,
    kind: options.kind,
    text: name,
    documents: found.length,
    bytes,
    tokens,
    bitsPerByte,
    zipBitsPerByte: zip,
    perplexityPerToken: perplexity,
  };
  if (options.json) terminal.json(result);
  else {
    terminal.out(
      table(
        [
          ['text', name],
          [
            'measured',
            `${plural(found.length, 'document')}${found.length < documents.length ? ` of ${count(documents.length)}` : ''}, ` +
              `${count(bytes)} bytes, ${plural(tokens, 'token')}`,
          ],
          [
            'arithmetic',
            {
              engine: 'integers, in the C engine',
              ternary: 'ternary weights, in the trainer',
              float: 'float weights, in the trainer',
            }[options.kind],
          ],
          ['bits per byte', `${bits(bitsPerByte)} (lower is better; ${zipWords(zip)})`],
          ['perplexity per token', perplexity.toFixed(2)],
        ],
        [0, 1],
      ),
    );
  }
}
