/** RESULTS.md from the figures in bench/results/ and the notes in bench/NOTES.md. */
import { configOf } from '../src/model/index.js';
import { exponents } from './charts.js';
import type { ChipsResults } from './chips.js';
import type { Case } from './contestant.js';
import type { EngineResults } from './engine.js';
import type { CountResults } from './engine-count.js';
import { ratio, ratios, spread, type Circumstances, type Result, type Spread } from './measure.js';
import { boundOf, PARTS, type Profile } from './profile.js';
import { chipsSection } from './report-chips.js';
import { countSection } from './report-count.js';
import type { ScaleResults } from './scale.js';
import { apart, type TrainResults } from './train.js';
import { sizesSection, type SizeResults } from './sizes.js';
import { booksSection, type BookResults } from './books.js';
import { demoSection, type DemoResults } from './demo.js';
import { studioSection, type StudioResults } from './studio.js';
import { textSection } from './report-text.js';
import type { TextResults } from './text.js';
import { tritsSection, type TritResults } from './trits.js';

export interface AllResults {
  readonly train?: TrainResults;
  readonly engine?: EngineResults;
  readonly counts?: CountResults;
  readonly scale?: ScaleResults;
  readonly chips?: ChipsResults;
  readonly trits?: TritResults;
  readonly sizes?: SizeResults;
  readonly studio?: StudioResults;
  readonly demo?: DemoResults;
  readonly books?: BookResults;
  readonly text?: TextResults;
  readonly notes: string;
}

function thousands(n: number): string {
  if (n >= 9950) return `${Math.round(n / 1000)}k`;
  return n >= 1000 ? `${(n / 1000).toFixed(1)}k` : n.toFixed(n >= 10 ? 0 : 1);
}
const tokens = ({ min, median, max }: Spread): string =>
  `${thousands(min)} / **${thousands(median)}** / ${thousands(max)}`;
const times = ({ min, median, max }: Spread): string =>
  `${min.toFixed(2)} / **${median.toFixed(2)}** / ${max.toFixed(2)}`;
const percent = (part: number): string => `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`;
const name = (size: Case): string =>
  `dim ${size.dim}${size.hidden === size.dim ? '' : `, hidden ${size.hidden}`}, ${size.lanes} × ${size.segment}`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Where and when, in words. */
export function place({ processor, cores, node, date }: Circumstances): string {
  return `${processor}, ${cores} cores, Node ${node}, ${date}`;
}
const header = (c: Circumstances): string =>
  `\`${c.command}\` on ${place(c)}; load average before: ${c.loadBefore}${c.loadBefore > 0.5 ? ' (others were at work too)' : ''}.`;

const threads = (r: Result): string => r.setting ?? String(r.threads);

/** The thread setting with the highest median. */
function best(results: readonly Result[], who: string): Result | undefined {
  return results.filter((r) => r.name === who).sort((a, b) => spread(b.wall).median - spread(a.wall).median)[0];
}

/** What the trainer should reach, in multiples of PyTorch, by width. */
const TARGETS: Record<string, Record<number, number>> = {
  Wasm: { 64: 1.5, 128: 1.2, 256: 1 },
  native: { 64: 3, 128: 2.5, 256: 2 },
};

/** Ours against PyTorch, each with its better number of threads: ratios round by round; empty when one of them did not take part. */
export function verdictsOf({
  results,
}: TrainResults['races'][number]): { own: Result; torch: Result; wall: number[]; cpu: number[] }[] {
  const torch = best(results, 'PyTorch');
  return ['Wasm', 'native'].flatMap((who) => {
    const own = best(results, who);
    return own && torch ? [{ own, torch, wall: ratios(own.wall, torch.wall), cpu: ratios(own.cpu, torch.cpu) }] : [];
  });
}

function trainSection(t: TrainResults): string[] {
  const rows: string[][] = [];
  const verdicts: string[][] = [];
  const scaling: string[][] = [];
  for (const { size, results } of t.races) {
    for (const r of results) rows.push([name(size), r.name, threads(r), tokens(spread(r.wall)), tokens(spread(r.cpu))]);
    for (const { own, torch, wall, cpu } of verdictsOf({ size, results }))
      verdicts.push([
        name(size),
        own.name,
        `${own.threads} against ${threads(torch)}`,
        times(spread(wall)),
        times(spread(cpu)),
        `≥ ${TARGETS[own.name][size.dim]}`,
      ]);
    for (const who of ['Wasm', 'native']) {
      const one = results.find((r) => r.name === who && r.threads === 1);
      const two = results.find((r) => r.name === who && r.threads === 2);
      const both = results.find((r) => r.name === apart(who));
      if (one && two && both)
        scaling.push([
          name(size),
          who,
          times(ratio(two.wall, one.wall)),
          times(ratio(both.wall, one.wall)),
          times(ratio(two.wall, both.wall)),
          times(ratio(two.cpu, one.cpu)),
        ]);
    }
  }
  const out = [
    '## Training',
    header(t.circumstances),
    'Embedding + GRU + Linear, vocabulary 256, one layer; ours trains ternary weights with 8-bit activations, PyTorch float. ' +
      `${t.rounds} rounds in turns; ` +
      'each waits some seconds for others to leave the machine alone; lowest / **median** / highest. "A processor second" counts ' +
      "all threads' time, so it says how much work a token is and hardly depends on what else the machine does; " +
      'by the wall clock a second thread only pays when there is a second core to be had. ' +
      `Took part: ${t.contestants.join('; ')}.`,
    table(['size', 'who', 'threads', 'tokens/s', 'tokens a processor second'], rows),
  ];
  if (verdicts.length > 0)
    out.push(
      'Ratio to PyTorch, each side with its better number of threads, round by round:',
      table(['size', 'who', 'threads', 'by the wall clock', 'by processor time', 'wanted'], verdicts),
    );
  if (scaling.length > 0)
    out.push(
      'Two threads against one, round by round. Beside it what this machine gave two trainers of one thread each that share nothing, at ' +
        'the same time (2.00 where a second core was idle), and what two threads reach of that; by processor time less than 1.00 is ' +
        'waiting at barriers:',
      table(
        ['size', 'who', 'two threads / one', 'two trainers / one', 'two threads / two trainers', 'by processor time'],
        scaling,
      ),
    );
  if (t.peer) {
    const [ours, theirs] = t.peer.results;
    out.push(
      `What a TypeScript user would pick: ${theirs.name} at ${name(t.peer.size)} (larger steps take it too long) trains ` +
        `${tokens(spread(theirs.wall))} tokens/s, ours as Wasm with one thread ${tokens(spread(ours.wall))}, ` +
        `${times(ratio(ours.wall, theirs.wall))} times as many.`,
    );
  }
  const { steps, before, after } = t.memory;
  const [small, large] = [before, after].map((bytes) => (bytes / 2 ** 20).toFixed(1));
  out.push(`Memory: resident size ${small} MiB before and ${large} MiB after ${steps} steps of the default size.`);
  return out;
}

function profileSection(profiles: readonly Profile[]): string[] {
  const rows = profiles.map((p) => {
    const rate = p.operations / p.seconds;
    const all = PARTS.reduce((sum, part) => sum + p.parts[part], 0);
    const share = (...parts: (typeof PARTS)[number][]): string =>
      percent(parts.reduce((sum, part) => sum + p.parts[part], 0) / all);
    const giga = (rate?: number): string => (rate === undefined ? '' : (rate / 1e9).toFixed(1));
    return [
      p.build,
      name(p.size),
      (p.operations / 1e6).toFixed(0),
      (p.seconds * 1000).toFixed(2),
      giga(p.peaks.float),
      giga(p.peaks.integers),
      giga(p.peaks.lookup),
      giga(rate),
      `**${percent(rate / p.peaks.float)}**`,
      percent(boundOf(p.operations, p.peaks) / p.seconds),
      share('products'),
      share('cell', 'scatter'),
      share('softmax'),
      share('weights', 'optimizer'),
      share('reduction'),
      share('barrier'),
    ];
  });
  return [
    '### Roofline',
    'One thread, the fastest of twelve steps. A peak is that of a kernel alone on a product inside the first-level cache, in the same build ' +
      'and process: multiply-adds of floats (gradients of weights), 16-bit integers (forward), looked-up sums (back); an empty one means that the ' +
      'build uses floats there. Operations are those of the products that a step cannot do without (six a weight and token, and the input table). ' +
      '"Of float peak" can be above 100 %, because two of three products are faster than multiply-adds; "of all peaks" is the time that the products ' +
      'would take at the peaks of their kernels, in the whole.',
    table(
      [
        'build',
        'size',
        'MFLOP a step',
        'ms',
        'float peak, GFLOP/s',
        'integers',
        'looked up',
        'step',
        'of float peak',
        'of all peaks',
        'products',
        'gates',
        'softmax',
        'weights, optimizer',
        'reduction',
        'barrier',
      ],
      rows,
    ),
  ];
}

function engineSection(e: EngineResults): string[] {
  return [
    '## Engine in Node and in the browser',
    header(e.circumstances),
    'Tokens a second of the C engine as WebAssembly (base-3 weights, table kernel) and of the same float model in plain TypeScript ' +
      '(`bench/plain.ts`), one thread, whole token with the choice of the next; lowest / **median** / highest.',
    table(
      ['where', 'model', 'parameters', '.tlm bytes', 'float bytes', 'engine', 'plain TypeScript', 'ratio'],
      e.places.flatMap((place) =>
        place.models.map((m) => [
          place.name,
          `${m.model.vocab} × ${m.model.dim} × ${configOf(m.model).layers[0].width}`,
          String(m.parameters),
          String(m.fileBytes),
          String(m.floatBytes),
          tokens(spread(m.engine)),
          tokens(spread(m.plain)),
          times(ratio(m.engine, m.plain)),
        ]),
      ),
    ),
  ];
}

function scaleSection(s: ScaleResults): string[] {
  const axes = ['dim', 'lanes', 'segment', 'threads'] as const;
  const fits = axes.flatMap((axis) =>
    exponents(s.points, axis)
      .filter(({ k }) => !Number.isNaN(k))
      .map(({ build, k }) => [axis, build, k.toFixed(2).replace('-', '−')]),
  );
  return [
    '## Scale',
    header(s.circumstances),
    'Training tokens/s ~ x^k, fitted over all points of a curve:',
    table(['x', 'build', 'k'], fits),
    axes.map((axis) => `![tokens/s over ${axis}](docs/train-speed-${axis}.svg)`).join('\n'),
  ];
}

export function report({
  train,
  engine,
  counts,
  chips,
  scale,
  trits,
  sizes,
  studio,
  demo,
  books,
  text,
  notes,
}: AllResults): string {
  const parts = [
    '# Results',
    'Written by `npm run bench`; the figures are in `bench/results/`, the notes at the end in `bench/NOTES.md`.',
    ...(train ? [...trainSection(train), ...profileSection(train.profiles)] : []),
    ...(engine ? engineSection(engine) : []),
    ...(counts ? countSection(counts) : []),
    ...(chips ? chipsSection(chips, header(chips.circumstances)) : []),
    ...(scale ? scaleSection(scale) : []),
    ...(trits ? [tritsSection(trits)] : []),
    ...(sizes ? [sizesSection(sizes)] : []),
    ...(demo ? [demoSection(demo, header(demo.circumstances))] : []),
    ...(studio ? [studioSection(studio)] : []),
    ...(text ? [textSection(text)] : []),
    ...(books ? [booksSection(books, header(books.circumstances))] : []),
    ...(notes ? [notes.trim()] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
