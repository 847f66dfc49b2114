/**
 * `npm run bench [-- train engine engine-count chips scale report] [--rounds n] [--lap s] [--patience s]`: measures, keeps the figures in bench/results/ and writes
 * RESULTS.md and docs/*.svg from them. Without names: train and engine. `report` only writes.
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
const keep = (name: string, results: object): void =>
  writeFileSync(file(name), `${JSON.stringify(results, (_, v: unknown) => (typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(5)) : v), 1)}\n`);

if (wanted.includes('train')) keep('train', await benchTrain({ rounds: Number(values.rounds), lap: Number(values.lap), patience: Number(values.patience) }, say));
if (wanted.includes('engine')) keep('engine', await benchEngine(Number(values.rounds), say));
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
const text = report(all);
writeFileSync(join(packageRoot(), 'RESULTS.md'), text);
console.log(text);
