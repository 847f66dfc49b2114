/**
 * `npm run bench [-- train engine engine-count chips scale report] [--rounds n] [--lap s] [--patience s]`: measures, keeps the figures in
 * bench/results/ and writes RESULTS.md, docs/*.svg and the figures of both READMEs from them. Without names: train and engine. `report` only writes.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/node/assets.js';
import { countChart, scaleChart } from './charts.js';
import { benchChips, type ChipsResults } from './chips.js';
import { benchEngineCount, type CountResults } from './engine-count.js';
import { benchEngine, type EngineResults } from './engine.js';
import { place, report, type AllResults } from './report.js';
import { benchScale, type ScaleResults } from './scale.js';
import { complete, readmeBlock } from './readme.js';
import { fill, READMES } from '../scripts/marked.js';
import { benchTrain, type TrainResults } from './train.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, lap: { type: 'string', default: '0.2' }, patience: { type: 'string', default: '3' } },
});
const known = ['train', 'engine', 'engine-count', 'chips', 'scale', 'report'];
const unknown = positionals.find((name) => !known.includes(name));
if (unknown !== undefined) {
  console.error(`error: no benchmark "${unknown}", there are: ${known.join(', ')}`);
  process.exit(1);
}
const wanted = positionals.length > 0 ? positionals : ['train', 'engine'];
const folder = join(packageRoot(), 'bench', 'results');
mkdirSync(folder, { recursive: true });
const say = (line: string): void => console.error(line);

const file = (name: string): string => join(folder, `${name}.json`);
const load = <T>(name: string): T | undefined =>
  existsSync(file(name)) ? (JSON.parse(readFileSync(file(name), 'utf8')) as T) : undefined;
/** Five digits are more than the noise leaves; counts are exact. */
const digits = (_: string, v: unknown): unknown => (typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(5)) : v);
const keep = (name: string, results: object): void => writeFileSync(file(name), `${JSON.stringify(results, digits, 1)}\n`);

const [rounds, lap, patience] = [values.rounds, values.lap, values.patience].map(Number);
if (wanted.includes('train')) keep('train', await benchTrain({ rounds, lap, patience }, say));
if (wanted.includes('engine')) keep('engine', await benchEngine(rounds, say));
if (wanted.includes('engine-count')) keep('engine-count', benchEngineCount(say));
if (wanted.includes('chips')) {
  try {
    keep('chips', await benchChips(say));
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exit(1);
  }
}
if (wanted.includes('scale')) keep('scale', await benchScale(say));

const notes = join(packageRoot(), 'bench', 'NOTES.md');
const all: AllResults = {
  train: load<TrainResults>('train'),
  engine: load<EngineResults>('engine'),
  counts: load<CountResults>('engine-count'),
  chips: load<ChipsResults>('chips'),
  scale: load<ScaleResults>('scale'),
  notes: existsSync(notes) ? readFileSync(notes, 'utf8') : '',
};
if (all.scale) {
  const docs = join(packageRoot(), 'docs');
  mkdirSync(docs, { recursive: true });
  for (const axis of ['dim', 'lanes', 'segment', 'threads'] as const)
    writeFileSync(join(docs, `train-speed-${axis}.svg`), await scaleChart(all.scale.points, axis, place(all.scale.circumstances)));
}
if (all.counts) writeFileSync(join(packageRoot(), 'docs', 'engine-instructions.svg'), await countChart(all.counts));
if (!complete(all)) say('The READMEs keep their figures: theirs need all of train (with PyTorch beside it), engine-count and chips.');
else {
  for (const language of ['en', 'pt'] as const) {
    const readme = join(packageRoot(), READMES[language]);
    writeFileSync(readme, fill(readFileSync(readme, 'utf8'), 'bench', readmeBlock(all, language)));
  }
}
const text = report(all);
writeFileSync(join(packageRoot(), 'RESULTS.md'), text);
console.log(text);
