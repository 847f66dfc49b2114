import type { Command } from 'commander';
import type { CorpusOptions } from '../../node/corpus-files.js';
import { shellWord } from '../../node/shell.js';
import { verb, type Context } from '../context.js';
import { EXIT, UsageError } from '../errors.js';
import { finishRun } from '../finish.js';
import type { ModelOptions } from '../../run/model-options.js';
import { addOptions, CORPUS_OPTIONS, MODEL_OPTIONS, TRAIN_OPTIONS } from '../options.js';
import { SAMPLE } from '../../run/sample.js';
import { resumeRun, startRun, type Started } from '../pipeline.js';
import type { TrainFlags } from '../choose-trainer.js';
import { corpusRecord } from '../load-corpus.js';
import type { Figures } from '../../run/finish.js';
import { reportText } from '../report.js';

interface Options extends ModelOptions, TrainFlags, CorpusOptions {
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
      'tinylm train my-text.txt --minutes 10 --hidden 64 --out run/mine',
      'tinylm train --resume run/mine',
      'cat *.md | tinylm train - --epochs 30',
    ],
  ).argument(
    '[corpus]',
    'a file with text (tinylm corpus shows how it is read), a folder, - for standard input, stories:en or stories:pt',
    'stories:en',
  );
  addOptions(command, [...CORPUS_OPTIONS, ...MODEL_OPTIONS, ...TRAIN_OPTIONS, 'out'], {
    epochs: { about: 'times through the corpus (default: 15)' },
    out: { about: 'the run folder, which must be new (default: run/<name of the corpus>)' },
  });
  command.option('--resume <folder>', 'go on with a run that was stopped');
  addOptions(command, ['json'], { json: { about: 'print the figures of the run as JSON' } });
  return command.action((corpus: string, options: Options) => trainVerb(context, command, corpus, options));
}

async function trainVerb(context: Context, command: Command, spec: string, options: Options): Promise<void> {
  const started =
    options.resume === undefined ? await begin(context, spec, options) : await goOn(context, command, options);
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
}

function begin(context: Context, spec: string, options: Options): Promise<Started> {
  if (options.epochs !== undefined && options.minutes !== undefined)
    throw new UsageError('--epochs and --minutes exclude each other', 'give the length of the run by one of them');
  const { out } = options;
  return startRun(context, { corpus: corpusRecord(spec, options), model: options, flags: options, ...(out !== undefined && { out }) });
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

/** The result of a run, and what to do with it. */
export function showFigures({ terminal }: Context, { folder, record }: Started, figures: Figures, json: boolean): void {
  if (json) {
    terminal.json({ folder: folder.path, ...figures });
    return;
  }
  for (const sample of figures.samples) terminal.out(`\n${sample.trim()}`);
  terminal.out(`\n${reportText(figures)}\n`);
  terminal.out(`Everything is in ${folder.path}: model.tlm, report.md, curve.svg, checkpoints.`);
  terminal.out('What next:');
  const run = shellWord(folder.path);
  terminal.out(`  tinylm generate ${run} --prompt "…"`);
  terminal.out(`  tinylm simulate ${run}      (on a virtual ESP32-C3: what a token costs)`);
  terminal.out(`  tinylm flash ${run}         (a board with TinyLM's firmware)`);
  terminal.out(`  tinylm export ${run} --header`);
  if (record.corpus.spec.startsWith('stories:')) terminal.out('  tinylm train my-text.txt');
}
