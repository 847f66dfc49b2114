import { Option, type Command } from 'commander';
import type { StoryLang } from '../../corpus/index.js';
import { RunFolder } from '../../node/run-folder.js';
import type { BackendChoice } from '../choose-trainer.js';
import { besideMarkdown, besideShipped, besideText } from '../beside.js';
import { verb, type Context } from '../context.js';
import { finishRun } from '../finish.js';
import { addOptions, OPTIONS } from '../options.js';
import { SAMPLE } from '../../run/sample.js';
import { USUAL_SIZE } from '../../run/sizes.js';
import { DEMO_MODEL } from '../../run/shipped.js';
import { startRun } from '../pipeline.js';
import { corpusRecord } from '../load-corpus.js';
import { showFigures, stopped } from './train.js';

interface Options {
  lang: StoryLang;
  minutes?: number;
  epochs?: number;
  seed: number;
  threads?: number;
  backend?: BackendChoice;
  out?: string;
  json?: boolean;
}

/**
 * Enough for whole stories, and on two cores less than two minutes with either build of the kernels: of 100 stories at least 98.6 % of the
 * sentences were coherent in five seeds of 12 epochs (bench/NOTES.md).
 */
const EPOCHS = 15;

/** The shipped model that goes on from the same opening; there is none of another text in Portuguese. */
const BESIDE: Readonly<Partial<Record<StoryLang, string>>> = { en: DEMO_MODEL };
/** Stories that are shown; with another model's beside them one screen still has all. */
const SAMPLES: Readonly<Record<StoryLang, number>> = { en: 2, pt: 3 };

export function demoCommand(context: Context): Command {
  const command = verb(
    'demo',
    'The whole pipeline on the built-in stories, in a minute or two: train, quantize, export, generate, report; and a shipped model beside it.',
    ['tinylm demo', 'tinylm demo --lang pt --minutes 2'],
  );
  command.addOption(new Option('--lang <language>', 'language of the stories').choices(['en', 'pt']).default('en'));
  addOptions(command, ['epochs', 'minutes', 'seed', 'threads', 'backend', 'out', 'json'], {
    epochs: { about: `times through the stories (default: ${EPOCHS})` },
    out: { about: 'the run folder, which must be new (default: run/demo, run/demo-2, …)' },
    json: { about: 'print the figures of the run as JSON' },
  });
  return command.action((options: Options) => demo(context, options));
}

async function demo(context: Context, options: Options): Promise<void> {
  const { lang, minutes, epochs, seed, threads, backend, json } = options;
  const started = await startRun(context, {
    corpus: corpusRecord(`stories:${lang}`),
    model: { kind: 'size', bytes: USUAL_SIZE, fit: false, tokenizer: OPTIONS.tokenizer.initial },
    flags: {
      batch: OPTIONS.batch.initial,
      segment: OPTIONS.segment.initial,
      seed,
      ...(minutes === undefined ? { epochs: epochs ?? EPOCHS } : { minutes }),
      ...(threads !== undefined && { threads }),
      ...(backend !== undefined && { backend }),
    },
    out: options.out ?? RunFolder.free('run', 'demo'),
  });
  if (stopped(context, started)) return;
  const { folder, record, data, outcome } = started;
  context.terminal.note('measuring and generating …');
  const sampling = { ...SAMPLE, seed, maxTokens: 300 };
  const figures = await finishRun({
    folder,
    record,
    data,
    threads: started.threads,
    trainer: started.trainer,
    training: outcome,
    samples: SAMPLES[lang],
    sampling,
  });
  const shipped = BESIDE[lang];
  if (shipped === undefined) return showFigures(context, started, figures, json === true);
  const own = { name: folder.path, tlm: folder.read('model') };
  const beside = await besideShipped(own, shipped, figures.samples[0], sampling);
  folder.write('report', `${new TextDecoder().decode(folder.read('report'))}\n${besideMarkdown(beside)}\n`);
  if (json) context.terminal.json({ folder: folder.path, ...figures, beside });
  else showFigures(context, started, figures, false, besideText(beside));
}
