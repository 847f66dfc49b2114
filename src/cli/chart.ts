/** Pictures of a run, as SVG (drawn by Vega, loaded only when one is asked for). */
import type { TopLevelSpec } from 'vega-lite';

/** One point of the learning curve; `train` may be no number. */
export interface CurvePoint {
  readonly epoch: number;
  readonly train: number;
  readonly valid: number;
}

/** One model of a sweep. */
export interface SweepPoint {
  /** What is measured, e.g. "threshold", "sign", "float". */
  readonly series: string;
  readonly label: string;
  /** Bytes of the weights, or of the file. */
  readonly bytes: number;
  readonly bitsPerByte: number;
}

const CONFIG = {
  background: 'white',
  padding: 16,
  font: 'Helvetica, Arial, sans-serif',
  axis: {
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    grid: true,
    gridColor: '#e5e5e5',
    domainColor: '#888',
  },
  title: { fontSize: 15, anchor: 'start', subtitleFontSize: 12, subtitleColor: '#555', offset: 12 },
  legend: { labelFontSize: 12, labelLimit: 280, title: null },
  view: { stroke: null },
  range: { category: ['#2f5d8a', '#c8552d', '#4a8f5c', '#8a5aa3', '#8c7a3f'] },
} as const;

async function draw(specification: Record<string, unknown>): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const spec = { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', config: CONFIG, ...specification };
  const compiled = vegaLite.compile(spec as unknown as TopLevelSpec, { logger: quiet() }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger: quiet() });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

/** Vega says things that do not concern the user. */
function quiet(): never {
  const logger: Record<string, unknown> = {
    level: () => logger,
    error: (...words: unknown[]) => {
      throw new Error(words.join(' '));
    },
  };
  for (const level of ['warn', 'info', 'debug']) logger[level] = () => logger;
  return logger as never;
}

/**
 * The learning curve: bits per byte over epochs, on training and validation text. Values far above the rest (the
 * first steps of a run) are cut off, so that the end can be read.
 */
export function curveChart(points: readonly CurvePoint[], title: string, subtitle: string): Promise<string> {
  const values = points
    .flatMap(({ epoch, train, valid }) => [
      { epoch, bits: train, text: 'training text' },
      { epoch, bits: valid, text: 'validation text' },
    ])
    .filter((v) => Number.isFinite(v.bits));
  const all = values.map((v) => v.bits);
  const low = Math.min(...all);
  const high = Math.min(Math.max(...all), low * 2.5);
  return draw({
    title: { text: title, subtitle },
    width: 640,
    height: 320,
    data: { values },
    mark: { type: 'line', point: { size: 18 }, strokeWidth: 2, clip: true },
    encoding: {
      x: { field: 'epoch', type: 'quantitative', title: 'epoch' },
      y: {
        field: 'bits',
        type: 'quantitative',
        title: 'bits per byte',
        scale: { zero: false, domain: [low * 0.97, high * 1.02] },
      },
      color: { field: 'text', type: 'nominal', sort: ['training text', 'validation text'] },
    },
  });
}

/** Size × quality: every model a point, series joined by lines. */
export function sweepChart(points: readonly SweepPoint[], title: string, subtitle: string): Promise<string> {
  const encoding = {
    x: {
      field: 'bytes',
      type: 'quantitative',
      title: 'bytes of the model',
      axis: { format: '~s' },
      scale: { type: 'log', nice: false, padding: 30 },
    },
    y: { field: 'bitsPerByte', type: 'quantitative', title: 'bits per byte', scale: { zero: false, nice: true } },
    color: { field: 'series', type: 'nominal' },
  };
  return draw({
    title: { text: title, subtitle },
    width: 640,
    height: 360,
    data: { values: points.filter((p) => Number.isFinite(p.bitsPerByte)) },
    layer: [
      { mark: { type: 'line', strokeWidth: 1, opacity: 0.5 }, encoding },
      { mark: { type: 'point', filled: true, size: 60 }, encoding },
      {
        mark: { type: 'text', align: 'left', dx: 8, fontSize: 11 },
        encoding: { ...encoding, text: { field: 'label' } },
      },
    ],
  });
}

/** A value on the horizontal axis (a threshold, say) against bits per byte. */
export function lineChart(
  points: readonly { readonly x: number; readonly y: number; readonly series: string }[],
  {
    title,
    subtitle,
    x,
    y,
  }: { readonly title: string; readonly subtitle: string; readonly x: string; readonly y: string },
): Promise<string> {
  return draw({
    title: { text: title, subtitle },
    width: 640,
    height: 320,
    data: { values: points.filter((p) => Number.isFinite(p.y)) },
    mark: { type: 'line', point: { size: 40 }, strokeWidth: 2 },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: x, scale: { zero: false } },
      y: { field: 'y', type: 'quantitative', title: y, scale: { zero: false } },
      color: { field: 'series', type: 'nominal' },
    },
  });
}
