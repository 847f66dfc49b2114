/** The benchmarks: `npm run bench -- --help`. Every measurement is kept as JSON, and what people read is written from all that is kept. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { decimal, wholeNumber } from '../src/cli/values.js';
import { packageRoot } from '../src/node/assets.js';
import { countChart, scaleChart, textChart } from './charts.js';
import { benchChips } from './chips.js';
import { benchEngineCount } from './engine-count.js';
import { benchEngine } from './engine.js';
import { keptResults, resultFile } from './kept.js';
import { place, report } from './report.js';
import { benchScale } from './scale.js';
import { complete, readmeBlock } from './readme.js';
import { FIGURES, fill } from '../scripts/marked.js';
import { benchTrain } from './train.js';
import { benchSizes } from './sizes.js';
import { benchBooks } from './books.js';
import { benchDemo } from './demo.js';
import { benchStudio } from './studio.js';
import { benchTrits } from './trits.js';
import { benchText } from './text.js';

const MEASURED = [
  'train',
  'engine',
  'engine-count',
  'chips',
  'scale',
  'trits',
  'sizes',
  'demo',
  'studio',
  'text',
  'books',
] as const;
interface Options {
  readonly rounds: number;
  readonly lap: number;
  readonly patience: number;
  readonly text?: string;
  readonly heldOut?: string;
  readonly epochs: number;
  readonly models?: readonly string[];
  readonly books?: readonly string[];
  readonly stories: number;
  readonly minutes: number;
}

const command = new Command('npm run bench --')
  .description(
    'Measures, keeps the figures in bench/results/, and writes RESULTS.md, docs/*.svg and the tables of docs/figures.md from them.',
  )
  .addArgument(
    new Argument('[names...]', 'all: everything, as for a release; report: only writes')
      .choices([...MEASURED, 'all', 'report'])
      .default(['train', 'engine'], 'train and engine, which need nothing but Node'),
  )
  .option('--rounds <n>', 'turns of train, engine and studio', wholeNumber(1, 1000), 5)
  .option('--lap <seconds>', 'of a contestant of train in a round', decimal(0.01, 60), 0.2)
  .option('--patience <seconds>', 'that a round of train waits for a quiet machine', decimal(0, 600), 3)
  .option(
    '--text <file>',
    'for trits, sizes and text: stories to train on (for text: that the models were trained on), <|endoftext|> between them',
  )
  .option('--held-out <file>', 'for trits, sizes and text: others to measure on')
  .option('--epochs <n>', 'for trits and sizes: times through the text', decimal(0.01, 1000), 3)
  .option('--books <files...>', 'for books: texts, one document each')
  .option('--models <files...>', 'for text: the models, .tlm')
  .option('--stories <n>', 'for text: written by each model and setting', wholeNumber(1, 10_000), 100)
  .option('--minutes <n>', 'that the memory of the studio is watched', wholeNumber(1, 600), 3)
  .parse();
const named = command.processedArgs[0] as readonly string[];
const {
  rounds,
  lap,
  patience,
  text: trainText,
  heldOut,
  epochs,
  models = [],
  books = [],
  stories: storyCount,
  minutes,
} = command.opts<Options>();
const noTexts = trainText === undefined || heldOut === undefined;
/** What cannot be measured, because its option is missing. */
const without: Partial<Record<(typeof MEASURED)[number], boolean>> = {
  trits: noTexts,
  sizes: noTexts,
  text: noTexts || models.length === 0,
  books: books.length === 0,
};
const wanted = named.includes('all') ? MEASURED.filter((one) => !without[one]) : named;

const folder = join(packageRoot(), 'bench', 'results');
mkdirSync(folder, { recursive: true });
const say = (line: string): void => console.error(line);

/** Five digits are more than the noise leaves; counts are exact. */
const digits = (_: string, v: unknown): unknown =>
  typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(5)) : v;

const stories = (): { train: string; valid: string; epochs: number } => {
  if (trainText === undefined || heldOut === undefined) throw new Error('--text and --held-out are missing');
  return { train: trainText, valid: heldOut, epochs };
};
const measure: Record<(typeof MEASURED)[number], () => object | Promise<object>> = {
  train: () => benchTrain({ rounds, lap, patience }, say),
  engine: () => benchEngine(rounds, say),
  'engine-count': () => benchEngineCount(say),
  chips: () => benchChips(say),
  scale: () => benchScale(say),
  trits: () => benchTrits(stories(), say),
  sizes: () => benchSizes(stories(), say),
  demo: () => benchDemo(say),
  studio: () => benchStudio(rounds, minutes, say),
  text: () => benchText({ ...stories(), models, stories: storyCount }, say),
  books: () => benchBooks(books, say),
};
for (const name of MEASURED.filter((one) => wanted.includes(one))) {
  try {
    writeFileSync(resultFile(name), `${JSON.stringify(await measure[name](), digits, 1)}\n`);
  } catch (error) {
    command.error(`error: ${name}: ${(error as Error).message}`);
  }
}

const all = keptResults();
if (all.scale) {
  const docs = join(packageRoot(), 'docs');
  mkdirSync(docs, { recursive: true });
  for (const axis of ['dim', 'lanes', 'segment', 'threads'] as const)
    writeFileSync(
      join(docs, `train-speed-${axis}.svg`),
      await scaleChart(all.scale.points, axis, place(all.scale.circumstances)),
    );
}
if (all.counts) writeFileSync(join(packageRoot(), 'docs', 'engine-instructions.svg'), await countChart(all.counts));
if (all.text) writeFileSync(join(packageRoot(), 'docs', 'text-bits.svg'), await textChart(all.text));
if (!complete(all))
  say('docs/figures.md keeps its figures: they need all of train (with PyTorch beside it), engine-count and chips.');
else {
  for (const language of ['en', 'pt'] as const) {
    const page = join(packageRoot(), FIGURES[language]);
    writeFileSync(page, fill(readFileSync(page, 'utf8'), 'bench', readmeBlock(all, language)));
  }
}
const results = report(all);
writeFileSync(join(packageRoot(), 'RESULTS.md'), results);
console.log(results);
