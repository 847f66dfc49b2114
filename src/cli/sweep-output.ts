/** What a sweep leaves behind: a picture, and its folder. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describeTrits, TinyLMError } from '../model/index.js';
import { makeFolder, writeAtomic } from '../node/files.js';
import { bestRow, hiddenOf, type SweepRow } from '../run/sweep.js';
import { lineChart, sweepChart } from './chart.js';

/** A line over thresholds for one model, points of size and quality for several. @returns SVG */
export function sweepPicture(rows: readonly SweepRow[], text: string): Promise<string> {
  const sizes = new Set(rows.map(hiddenOf));
  if (sizes.size === 1) {
    const thresholds = rows
      .filter((r) => r.method === 'threshold')
      .map((r) => ({ x: r.threshold!, y: r.bitsPerByte, series: 'threshold' }));
    const xs = thresholds.map((p) => p.x);
    const flat = rows
      .filter((r) => r.method !== 'threshold')
      .flatMap((r) =>
        [Math.min(...xs), Math.max(...xs)].map((x) => ({
          x,
          y: r.bitsPerByte,
          series:
            r.method === 'float' ? 'float weights' : r.method === 'sign' ? 'sign' : `fitted, ${describeTrits(r.model)}`,
        })),
      );
    return lineChart([...thresholds, ...flat], {
      title: 'Threshold and quality',
      subtitle: `measured on ${text}`,
      x: 'threshold, in means of a row',
      y: 'bits per byte',
    });
  }
  // Of each size and way of training: floats, sign, and the best threshold.
  const points = [...sizes].flatMap((hidden) =>
    (['ternary-trained', 'float-trained'] as const).flatMap((weights) => {
      const mine = rows.filter((r) => hiddenOf(r) === hidden && r.weights === weights);
      const thresholds = mine.filter((r) => r.method === 'threshold');
      const shown = mine.filter(
        (r) => r.method === 'sign' || r.method === 'fit' || (r.method === 'float' && weights === 'float-trained'),
      );
      // Of one trit the best threshold; a model trained for trits has one row.
      for (const digits of new Set(thresholds.map((r) => describeTrits(r.model))))
        shown.push(bestRow(thresholds.filter((r) => describeTrits(r.model) === digits)));
      return shown.map((r) => ({
        series:
          r.method === 'float'
            ? 'floats'
            : `${r.method === 'threshold' ? '' : `${r.method}, `}${describeTrits(r.model)}, trained ${weights === 'ternary-trained' ? 'ternary' : 'as floats'}`,
        label: String(hidden),
        bytes: r.bytes,
        bitsPerByte: r.bitsPerByte,
      }));
    }),
  );
  return sweepChart(points, 'Size and quality', `hidden units at each point; measured on ${text}`);
}

const PLAN = 'plan.json';

/**
 * The folder of a sweep, with its plan in it: a sweep that was stopped goes on in the folder with the same plan, and
 * another one's results are left alone.
 * @param given by the user; must be new, empty or of the same plan
 * @param usual without it: this name, or `name-2`, `name-3` … the first that may be taken
 * @throws TinyLMError `sweep-other` when the given folder holds something else
 */
export function sweepFolder(given: string | undefined, usual: string, plan: string): string {
  const mine = (path: string): boolean => {
    if (!existsSync(path)) return true;
    if (!statSync(path).isDirectory()) return false;
    const found = join(path, PLAN);
    return existsSync(found) ? readFileSync(found, 'utf8') === plan : readdirSync(path).length === 0;
  };
  let path = given ?? usual;
  if (given !== undefined && !mine(given))
    throw new TinyLMError(
      'sweep-other',
      `${given} holds something else than this sweep, expected a new folder`,
      'choose another --out; or give the same options and the same text to go on with a sweep that was stopped',
    );
  for (let n = 2; !mine(path); n++) path = join(dirname(usual), `${basename(usual)}-${n}`);
  makeFolder(path);
  writeAtomic(join(path, PLAN), plan);
  return path;
}
