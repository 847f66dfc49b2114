/** Interleaved laps, and what is said of them. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import type { Case, Contestant, Runner } from './contestant.js';

/** Lowest, median and highest of some numbers. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}

/** Tokens a second in each round. */
export interface Result {
  readonly name: string;
  readonly threads: number;
  readonly setting?: string;
  /** By the wall clock, one number a round. */
  readonly wall: number[];
  /** Tokens a second of processor time (all threads), one number a round: hardly moved by what else the machine does. */
  readonly cpu: number[];
}

/** Share of the processors' time that nobody used, over half a second. */
async function idleShare(): Promise<number> {
  const sums = (): { idle: number; all: number } =>
    cpus().reduce(
      (sum, { times }) => ({
        idle: sum.idle + times.idle,
        all: sum.all + times.user + times.nice + times.sys + times.idle + times.irq,
      }),
      { idle: 0, all: 0 },
    );
  const before = sums();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const after = sums();
  return (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

/** Waits until others leave the processors alone, `most` seconds at most. */
async function quiet(most: number): Promise<void> {
  const end = performance.now() + most * 1000;
  while (performance.now() < end && (await idleShare()) < 0.9);
}

/**
 * Every contestant does a lap in every round, so that each round sees the same machine; another one begins each round, so that nobody
 * always comes after the same. A lap is at least one step and about `lap` seconds; before a round it waits `patience` seconds at most for
 * the machine to be quiet.
 */
export async function race(
  contestants: readonly Contestant[],
  size: Case,
  rounds: number,
  lap: number,
  patience = 0,
): Promise<Result[]> {
  const tokens = size.lanes * size.segment;
  const running: { runner: Runner; steps: number; result: Result }[] = [];
  for (const contestant of contestants) {
    const runner = await contestant.open(size);
    await runner.steps(2); // warm-up: compiled code, touched memory
    const { seconds } = await runner.steps(1);
    const { name, threads, setting } = contestant;
    const result: Result = { name, threads, ...(setting && { setting }), wall: [], cpu: [] };
    running.push({ runner, steps: Math.max(1, Math.round(lap / seconds)), result });
  }
  for (let round = 0; round < rounds; round++) {
    if (patience > 0) await quiet(patience);
    for (let turn = 0; turn < running.length; turn++) {
      const { runner, steps, result } = running[(round + turn) % running.length];
      const { seconds, cpu } = await runner.steps(steps);
      result.wall.push((tokens * steps) / seconds);
      result.cpu.push((tokens * steps) / cpu);
    }
  }
  for (const { runner } of running) await runner.close();
  return running.map(({ result }) => result);
}

/** Ratios of two contestants, round by round; and what they spread over. */
export const ratios = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value / b[i]);
export const ratio = (a: readonly number[], b: readonly number[]): Spread => spread(ratios(a, b));

/** y = c · x^k by least squares of the logarithms: the exponent k. */
export function exponent(points: readonly { x: number; y: number }[]): number {
  const n = points.length;
  const xs = points.map((p) => Math.log(p.x));
  const ys = points.map((p) => Math.log(p.y));
  const mx = xs.reduce((a, b) => a + b) / n;
  const my = ys.reduce((a, b) => a + b) / n;
  const sxy = xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i] - my), 0);
  return sxy / xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
}

/** The machine and the moment of a measurement. */
export interface Circumstances {
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly date: string;
  /** Runnable processes, mean of the last minute, before the measurement: above 0 means others were at work. */
  readonly loadBefore: number;
  readonly command: string;
}

export function circumstances(command: string): Circumstances {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    loadBefore: Math.round(loadavg()[0] * 10) / 10,
    command,
  };
}
