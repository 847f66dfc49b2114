/** How training speed depends on the width, the batch, the segment and the threads. */
import { availableParallelism } from 'node:os';
import { loadTrainer } from '../src/node/native-trainer.js';
import { threadedKernels } from '../src/node/threads.js';
import type { TrainerKernels } from '../src/train/index.js';
import { trainer, type Case } from './contestant.js';
import { circumstances, race, type Circumstances } from './measure.js';

export type Axis = 'dim' | 'lanes' | 'segment' | 'threads';

export interface ScalePoint {
  readonly axis: Axis;
  readonly build: string;
  readonly x: number;
  /** Tokens a second: the best of twelve laps. */
  readonly tokens: number;
}

export interface ScaleResults {
  readonly circumstances: Circumstances;
  readonly points: ScalePoint[];
}

const BASE: Case = { vocab: 256, dim: 64, hidden: 64, lanes: 32, segment: 64, tied: true };
const VALUES: Record<Exclude<Axis, 'threads'>, readonly number[]> = {
  dim: [32, 64, 96, 128, 192, 256, 384],
  lanes: [2, 4, 8, 16, 32, 64, 128],
  segment: [8, 16, 32, 64, 128, 256],
};

export async function benchScale(say: (line: string) => void): Promise<ScaleResults> {
  const where = circumstances('npm run bench -- scale');
  const builds: [string, TrainerKernels][] = [['Wasm', threadedKernels()]];
  const native = await loadTrainer('native').catch(() => undefined);
  if (native) builds.push(['native', native.kernels]);
  const points: ScalePoint[] = [];
  const measure = async (axis: Axis, x: number, size: Case, threads: number): Promise<void> => {
    const results = await race(
      builds.map(([name, kernels]) => trainer(name, kernels, threads)),
      size,
      12,
      0.12,
    );
    for (const { name, wall } of results) points.push({ axis, build: name, x, tokens: Math.max(...wall) });
  };
  for (const axis of ['dim', 'lanes', 'segment'] as const) {
    say(`scale: ${axis}`);
    for (const x of VALUES[axis]) {
      const size = axis === 'dim' ? { ...BASE, dim: x, hidden: x } : { ...BASE, [axis]: x };
      await measure(axis, x, size, 1);
    }
  }
  say('scale: threads');
  for (let threads = 1; threads <= Math.min(8, availableParallelism()); threads++)
    await measure('threads', threads, BASE, threads);
  return { circumstances: where, points };
}
