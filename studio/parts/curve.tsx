/** The learning curve, by uPlot; the same figures stand in a table for those who do not see it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { HistoryPoint } from '../../src/train/index.js';
import { count, decimal, words } from '../i18n/index.js';
import { scheme } from '../state/theme.js';

const HEIGHT = 260;

function colours(): Record<'ink' | 'line' | 'accent' | 'second', string> {
  // A canvas knows no light-dark(): the colours as they are on an element.
  const probe = document.createElement('i');
  document.body.append(probe);
  const of = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { ink: of('soft'), line: of('line'), accent: of('accent'), second: of('second') };
  probe.remove();
  return found;
}

const dataOf = (history: readonly HistoryPoint[]): uPlot.AlignedData =>
  [
    history.map((p) => p.step),
    history.map((p) => (Number.isFinite(p.train) ? p.train : null)),
    history.map((p) => p.valid),
  ] as uPlot.AlignedData;

export function Curve({ history, steps, best }: { history: readonly HistoryPoint[]; steps: number; best: number }) {
  const w = words.value.train;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  // The number of steps of a timed run changes as it goes: the picture that is there follows.
  const most = useRef(steps);
  most.current = steps;
  const [table, setTable] = useState(false);
  useEffect(() => {
    const at = place.current!;
    const c = colours();
    const font = '12px Inter, system-ui, sans-serif';
    const axis = { stroke: c.ink, font, grid: { stroke: c.line, width: 1 }, ticks: { show: false } };
    const made = new uPlot(
      {
        width: Math.max(200, at.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: {
          x: { time: false, range: () => [0, Math.max(1, most.current)] },
          y: { range: (_, low, high) => [Math.max(0, Math.floor(2 * low - 0.2) / 2), Math.ceil(2 * high + 0.2) / 2] },
        },
        axes: [
          { ...axis, values: (_, at) => at.map((v) => count(v)), space: 70, size: 30 },
          { ...axis, values: (_, at) => at.map((v) => decimal(v, 1)), size: 44, space: 36 },
        ],
        series: [
          {},
          { stroke: c.second, width: 2, dash: [5, 4], points: { show: false }, spanGaps: true },
          { stroke: c.accent, width: 2.5, points: { show: history.length < 2, size: 7, fill: c.accent } },
        ],
      },
      dataOf(history),
      at,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: Math.max(200, at.clientWidth), height: HEIGHT }));
    watch.observe(at);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [words.value.locale, scheme.value, history.length < 2]);
  useEffect(() => plot.current?.setData(dataOf(history)), [history, steps]);
  return (
    <figure class="stack">
      <div
        class="curve"
        ref={place}
        role="img"
        aria-label={w.curveLabel(count(history.length), Number.isFinite(best) ? decimal(best, 3) : '–')}
      />
      <figcaption class="legend">
        <span>{w.onUnseen}</span>
        <span class="second">{w.onTraining}</span>
        <em class="soft">{`${w.bits} / ${w.step}`}</em>
      </figcaption>
      <details onToggle={(event) => setTable(event.currentTarget.open)}>
        <summary>{w.curveTable}</summary>
        {table && (
          <table>
            <thead>
              <tr>
                <th scope="col">{w.step}</th>
                <th scope="col">{w.onTraining}</th>
                <th scope="col">{w.onUnseen}</th>
              </tr>
            </thead>
            <tbody>
              {history.map((p) => (
                <tr key={p.step}>
                  <td>{count(p.step)}</td>
                  <td>{Number.isFinite(p.train) ? decimal(p.train, 3) : '–'}</td>
                  <td>{decimal(p.valid, 3)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </details>
    </figure>
  );
}
