import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { ChipName } from '../../cost/index.js';
import { MODEL_LIMITS } from '../../model/index.js';
import { RUN_FILES } from '../../run/run-files.js';
import type { Wanted } from '../../run/begin.js';
import { USUAL_LENGTH } from '../../run/plan.js';
import type { CorpusRecord } from '../../run/run-record.js';
import { NAMED_SIZES, SIZES, USUAL_SIZE } from '../../run/sizes.js';
import { CHIP_CHOICES } from '../budget-speed.js';
import { fromModel } from '../from-model.js';
import { nextWords } from '../next-size.js';
import { byteSize, count } from '../values.js';
import type { CorpusOptions } from '../../node/corpus-files.js';
import { shellWord } from '../../node/shell.js';
import { LEARNING_RATE } from '../../train/index.js';
import { verb, type Context } from '../context.js';
import { EXIT, UsageError } from '../errors.js';
import { finishRun } from '../finish.js';
import type { ModelOptions } from '../../run/model-options.js';
import { addOptions, CORPUS_OPTIONS, MODEL_OPTIONS, OPTIONS, TRAIN_OPTIONS } from '../options.js';
import { SAMPLE } from '../../run/sample.js';
import { resumeRun, startRun, type Started } from '../pipeline.js';
import type { TrainFlags } from '../choose-trainer.js';
import { corpusRecord } from '../load-corpus.js';
import type { Figures } from '../../run/finish.js';
import { reportText } from '../report.js';

interface Options extends Omit<ModelOptions, 'vocab'>, TrainFlags, CorpusOptions {
  vocab?: number;
  size?: number;
  chip?: ChipName;
  from?: string;
  tokenizerFrom?: string;
  out?: string;
  resume?: string;
  json?: boolean;
}

/** Of a resumed run everything else stands in its folder. */
const WITH_RESUME = ['resume', 'threads', 'backend', 'json'];

export function trainCommand(context: Context): Command {
  const command = verb(
    'train',
    'Train a model on a text. It ends in a run folder with the exported .tlm and a report.',
    [
      'tinylm train my-text.txt',
      'tinylm train my-text.txt --size 100K --chip esp32',
      'tinylm train my-text.txt --minutes 10 --hidden 64 --out run/mine',
      'tinylm train --resume run/mine',
      'tinylm train letters.txt --from run/mine',
      'cat *.md | tinylm train - --epochs 30',
    ],
  ).argument(
    '[corpus]',
    'a file with text (tinylm corpus shows how it is read), a folder, - for standard input, stories:en or stories:pt',
    'stories:en',
  );
  addOptions(command, CORPUS_OPTIONS);
  command.addOption(
    new Option(
      '--size <bytes>',
      `most bytes of the model: ${Object.keys(NAMED_SIZES).join(', ')} or a number; the shape follows (default: ${SIZES[0].name}, less for a short text)`,
    ).argParser(namedSize),
  );
  command.addOption(new Option('--chip <name>', 'chip to say the speed for (default: all)').choices(CHIP_CHOICES));
  command.option(
    '--from <model>',
    'go on with the weights and the tokenizer of a run folder, a .tlm, a checkpoint or a name (tinylm models)',
  );
  command.option(
    '--tokenizer-from <source>',
    "with --from and another program's checkpoint: its tokenizer, as for tinylm quantize",
  );
  addOptions(command, [...MODEL_OPTIONS, ...TRAIN_OPTIONS, 'out'], {
    vocab: {
      about: `most tokens of the vocabulary, ${MODEL_LIMITS.vocabMin} to ${MODEL_LIMITS.vocabMax} (default: by the size and the text; with a shape of your own, ${OPTIONS.vocab.initial})`,
      initial: undefined,
    },
    lr: {
      about: `highest learning rate (default: ${LEARNING_RATE.ternary}, float ${LEARNING_RATE.float}; less with --from)`,
    },
    epochs: {
      about: `times through the corpus (default: ${USUAL_LENGTH.epochs}, with ${count(USUAL_LENGTH.stepsMin)} to ${count(USUAL_LENGTH.stepsMax)} steps; ends before where it gets no better)`,
    },
    out: { about: 'the run folder, which must be new (default: run/<name of the corpus>)' },
  });
  command.option('--resume <folder>', 'go on with a run that was stopped');
  addOptions(command, ['json'], { json: { about: 'print the figures of the run as JSON' } });
  return command.action((corpus: string, options: Options) => trainVerb(context, command, corpus, options));
}

async function trainVerb(context: Context, command: Command, spec: string, options: Options): Promise<void> {
  const started =
    options.resume === undefined ? await begin(context, command, spec, options) : await goOn(context, command, options);
  if (stopped(context, started)) return;
  const { folder, record, data, trainer, threads, outcome } = started;
  context.terminal.note('measuring and generating …');
  const figures = await finishRun({
    folder,
    record,
    data,
    threads,
    trainer,
    training: outcome,
    samples: 3,
    sampling: { ...SAMPLE, maxTokens: 200 },
  });
  showFigures(context, started, figures, options.json === true);
  if (options.json) return;
  const next = await nextWords(started, options.chip);
  if (next !== undefined) context.terminal.out(next);
}

/** Options that are of a shape. */
const SHAPE = ['vocab', 'dim', 'hidden', 'layers', 'ngrams', 'cache', 'tied', 'trits'] as const;

/** The model that the options ask for, and its text. */
async function wantedModel(
  context: Context,
  spec: string,
  options: Options,
  given: (name: string) => boolean,
): Promise<{ model: Wanted; corpus: CorpusRecord }> {
  const corpus = corpusRecord(spec, options);
  const { size, from, tokenizer, vocab, cache } = options;
  const shape = SHAPE.filter(given);
  const flag = (name: string): string => `--${name}`;
  if (from !== undefined) {
    const others = [...shape.filter((name) => name !== 'trits'), ...['size', 'tokenizer'].filter(given)];
    if (others.length > 0)
      throw new UsageError(
        `${from} has its own shape and tokenizer, and ${others.map(flag).join(', ')} would be another`,
        `leave ${others.map(flag).join(', ')} out, or train a new model without --from`,
      );
    const found = await fromModel(context, from, { ...options, tokenizer: options.tokenizer });
    if (given('corpus')) return { model: found.origin, corpus };
    if (found.corpus === undefined)
      throw new UsageError('a text to train on is missing', `tinylm train my-text.txt --from ${shellWord(from)}`);
    const own = found.corpus;
    return {
      model: found.origin,
      corpus: own.spec === RUN_FILES.corpus ? { ...own, spec: resolve(found.folder!, own.spec) } : own,
    };
  }
  if (options.tokenizerFrom !== undefined)
    throw new UsageError(
      '--tokenizer-from belongs to --from',
      'a new model gets a tokenizer of its own; --tokenizer and --vocab say which',
    );
  const own = shape.filter((name) => name !== 'vocab' && name !== 'cache');
  if (size !== undefined && own.length > 0)
    throw new UsageError(
      `--size picks the shape, and ${own.map(flag).join(', ')} would be another`,
      'give one or the other',
    );
  if (size === undefined && shape.some((name) => name !== 'cache'))
    return { model: { kind: 'shape', options: { ...options, vocab: vocab ?? OPTIONS.vocab.initial } }, corpus };
  return {
    model: {
      kind: 'size',
      bytes: size ?? USUAL_SIZE,
      fit: size === undefined,
      tokenizer,
      ...(vocab !== undefined && { vocab }),
      ...(cache !== undefined && { cache }),
    },
    corpus,
  };
}

/** A parser for commander: the name of a size, or bytes. */
const namedSize = (text: string): number => NAMED_SIZES[text.toUpperCase()] ?? byteSize(text);

async function begin(context: Context, command: Command, spec: string, options: Options): Promise<Started> {
  const lengths = (['epochs', 'steps', 'minutes'] as const).filter((name) => options[name] !== undefined);
  if (lengths.length > 1)
    throw new UsageError(
      `${lengths.map((name) => `--${name}`).join(' and ')} exclude each other`,
      'give the length of the run by one of them',
    );
  if (options.float && options.optimizer === 'muon')
    throw new UsageError('--optimizer muon is for ternary weights', 'leave --float or --optimizer out');
  const { out } = options;
  const given = (name: string): boolean =>
    name === 'corpus' ? command.args.length > 0 : command.getOptionValueSource(name) === 'cli';
  const { model, corpus } = await wantedModel(context, spec, options, given);
  return startRun(context, { corpus, model, flags: options, ...(out !== undefined && { out }) });
}

function goOn(context: Context, command: Command, options: Options): Promise<Started> {
  const others = command.options
    .map((o) => o.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli' && !WITH_RESUME.includes(name));
  if (others.length > 0 || command.args.length > 0)
    throw new UsageError(
      'a run is resumed with the corpus and the options it was started with; others were given',
      `tinylm train --resume ${shellWord(options.resume!)} (with --threads, --backend and --json at most)`,
    );
  return resumeRun(context, options.resume!, options);
}

/** Says how to go on with a run that Ctrl-C ended. @returns whether it was */
export function stopped(context: Context, { outcome, folder }: Started): boolean {
  if (outcome.kind !== 'stopped') return false;
  context.terminal.note(
    `stopped at step ${outcome.checkpoint.step} of ${outcome.checkpoint.options.steps}; everything is saved`,
  );
  context.terminal.note(`go on with: tinylm train --resume ${shellWord(folder.path)}`);
  context.exitCode = EXIT.interrupted;
  return true;
}

/**
 * The result of a run, and what to do with it.
 * @param more for the terminal, below the figures
 */
export function showFigures(
  { terminal }: Context,
  { folder, record }: Started,
  figures: Figures,
  json: boolean,
  more?: string,
): void {
  if (json) {
    terminal.json({ folder: folder.path, ...figures });
    return;
  }
  for (const sample of figures.samples) terminal.out(`\n${sample.trim()}`);
  terminal.out(`\n${reportText(figures)}\n`);
  if (more !== undefined) terminal.out(`${more}\n`);
  terminal.out(`Everything is in ${folder.path}: model.tlm, report.md, curve.svg, checkpoints.`);
  terminal.out('What next:');
  const run = shellWord(folder.path);
  terminal.out(`  tinylm generate ${run} --prompt "…"`);
  terminal.out(`  tinylm simulate ${run}      (on a virtual ESP32-C3: what a token costs)`);
  terminal.out(`  tinylm flash ${run}         (a board with TinyLM's firmware)`);
  terminal.out(`  tinylm export ${run} --header`);
  if (record.corpus.spec.startsWith('stories:')) terminal.out('  tinylm train my-text.txt');
}
