/** The figures that are kept in the repository, as the reports read them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/node/assets.js';
import type { AllResults } from './report.js';

export const resultFile = (name: string): string => join(packageRoot(), 'bench', 'results', `${name}.json`);

/** What was measured so far. */
export function keptResults(): AllResults {
  const load = <K extends keyof AllResults>(name: string): AllResults[K] | undefined =>
    existsSync(resultFile(name)) ? (JSON.parse(readFileSync(resultFile(name), 'utf8')) as AllResults[K]) : undefined;
  const notes = join(packageRoot(), 'bench', 'NOTES.md');
  return {
    train: load<'train'>('train'),
    engine: load<'engine'>('engine'),
    counts: load<'counts'>('engine-count'),
    chips: load<'chips'>('chips'),
    scale: load<'scale'>('scale'),
    trits: load<'trits'>('trits'),
    sizes: load<'sizes'>('sizes'),
    studio: load<'studio'>('studio'),
    demo: load<'demo'>('demo'),
    books: load<'books'>('books'),
    text: load<'text'>('text'),
    notes: existsSync(notes) ? readFileSync(notes, 'utf8') : '',
  };
}
