/** Curves of the benchmarks as SVG. */
import type { TopLevelSpec } from 'vega-lite';
import { ISAS, type CountResults } from './engine-count.js';
import { exponent } from './measure.js';
import { countExponents } from './report-count.js';
import { PEERS } from './peers.js';
import type { TextResults } from './text.js';
import type { Axis, ScalePoint } from './scale.js';

const CONFIG = {
  background: 'white',
  padding: 16,
  font: 'Helvetica, Arial, sans-serif',
  view: { stroke: null },
  axis: { labelFontSize: 12, titleFontSize: 13, titleFontWeight: 'normal', gridColor: '#e5e5e5', domainColor: '#888' },
  title: { fontSize: 15, anchor: 'start', subtitleFontSize: 12, subtitleColor: '#555', offset: 12 },
  legend: { labelFontSize: 12, labelLimit: 320, title: null },
  range: { category: ['#2f5d8a', '#c8552d', '#4a8f5c', '#8a5ca8'] },
} as const;

const TITLES: Record<Axis, { title: string; axis: string; fixed: string }> = {
  dim: {
    title: 'Training speed over the width',
    axis: 'embedding and hidden width',
    fixed: 'vocabulary 256, 32 sequences of 64 tokens, one thread',
  },
  lanes: {
    title: 'Training speed over the batch',
    axis: 'sequences in parallel',
    fixed: 'width 64, 64 tokens each, one thread',
  },
  segment: {
    title: 'Training speed over the segment',
    axis: 'tokens of back-propagation through time',
    fixed: 'width 64, 32 sequences, one thread',
  },
  threads: { title: 'Training speed over threads', axis: 'threads', fixed: 'width 64, 32 sequences of 64 tokens' },
};

/** "tokens/s ~ dim^k" of each build: k over all points (with a single point, no number). */
export function exponents(points: readonly ScalePoint[], axis: Axis): { build: string; k: number }[] {
  const builds = [...new Set(points.filter((p) => p.axis === axis).map((p) => p.build))];
  return builds.map((build) => {
    const own = points.filter((p) => p.axis === axis && p.build === build).map(({ x, tokens }) => ({ x, y: tokens }));
    return { build, k: own.length > 1 ? exponent(own) : NaN };
  });
}

/** One picture: tokens a second over an axis, both logarithmic. */
export async function scaleChart(points: readonly ScalePoint[], axis: Axis, where: string): Promise<string> {
  const { title, axis: name, fixed } = TITLES[axis];
  const fits = new Map(exponents(points, axis).map(({ build, k }) => [build, k]));
  const values = points
    .filter((p) => p.axis === axis)
    .map(({ build, x, tokens }) => {
      const k = fits.get(build)!;
      return { x, tokens, build: Number.isNaN(k) ? build : `${build}: grows as x^${k.toFixed(2)}`.replace('-', '−') };
    });
  const ticks = [...new Set(values.map((v) => v.x))];
  return draw({
    title: { text: title, subtitle: [fixed, where] },
    width: 520,
    height: 300,
    data: { values },
    mark: { type: 'line', point: { filled: true, size: 40 } },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: name,
        scale: { type: 'log', nice: false },
        axis: { values: ticks },
      },
      y: {
        field: 'tokens',
        type: 'quantitative',
        title: 'tokens/s',
        scale: { type: 'log' },
        axis: { format: '~s', tickCount: 6 },
      },
      color: { field: 'build', type: 'nominal', legend: { orient: 'bottom', direction: 'vertical' } },
    },
  });
}

/** Instructions a token over weights, both logarithmic. */
export async function countChart(c: CountResults): Promise<string> {
  const fits = countExponents(c);
  const values = c.tokens.map(({ machine, packing, weights, token }) => {
    const { k } = fits.find((f) => f.machine === machine && f.packing === packing)!;
    return { weights, token, curve: `${ISAS[machine]}, ${packing}: grows as x^${k.toFixed(2)}` };
  });
  return draw({
    title: {
      text: 'Instructions of a token over the model',
      subtitle: ['embedding, gates, head, sampling; vocabulary 256, dim = hidden, tied', 'counted under QEMU'],
    },
    width: 520,
    height: 300,
    data: { values },
    mark: { type: 'line', point: { filled: true, size: 40 } },
    encoding: {
      x: {
        field: 'weights',
        type: 'quantitative',
        title: 'weights',
        scale: { type: 'log', nice: false },
        axis: { format: '~s', tickCount: 6 },
      },
      y: {
        field: 'token',
        type: 'quantitative',
        title: 'instructions a token',
        scale: { type: 'log' },
        axis: { format: '~s', tickCount: 6 },
      },
      color: { field: 'curve', type: 'nominal', sort: null, legend: { orient: 'bottom', direction: 'vertical' } },
    },
  });
}

/** Bits per byte over bytes of flash, ours and others', whose text was another part of the same data set. */
export async function textChart({ models }: TextResults): Promise<string> {
  const values = [
    ...models.map(({ name, bytes, bits }) => ({ name, bytes, bits, who: 'TinyLM, .tlm' })),
    ...PEERS.map(({ name, bytes, bits }) => ({
      name,
      bytes,
      bits,
      who: 'others, weights; another held-out part, 0.07 to 0.09 easier',
    })),
  ];
  const place = {
    x: {
      field: 'bytes',
      type: 'quantitative',
      title: 'bytes of flash',
      scale: { type: 'log', nice: false, padding: 30 },
      axis: { format: '~s', tickCount: 6 },
    },
    y: { field: 'bits', type: 'quantitative', title: 'bits per byte', scale: { zero: false } },
  };
  const color = { field: 'who', type: 'nominal', sort: null, legend: { orient: 'bottom', direction: 'vertical' } };
  return draw({
    title: {
      text: 'Bits per byte over bytes of flash',
      subtitle: ['TinyStories, each story from a reset state; lower is better'],
    },
    width: 640,
    height: 360,
    data: { values },
    layer: [
      { mark: { type: 'point', filled: true, size: 60 }, encoding: { ...place, color } },
      {
        mark: { type: 'text', align: 'right', dx: -7, dy: -6, fontSize: 10 },
        encoding: { ...place, text: { field: 'name' }, color },
      },
    ],
  });
}

async function draw(specification: Record<string, unknown>): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const spec = { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', config: CONFIG, ...specification };
  const view = new vega.View(vega.parse(vegaLite.compile(spec as unknown as TopLevelSpec).spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
