/** The trainer beside PyTorch (and TensorFlow.js), interleaved; where a step's time goes; whether memory stays flat. */
import { loadTrainer } from '../src/node/native-trainer.js';
import { threadedKernels } from '../src/node/threads.js';
import type { TrainerKernels } from '../src/train/index.js';
import { openPool, PyTorch, trainer, twoApart, type Case, type Contestant } from './contestant.js';
import { circumstances, race, type Circumstances, type Result } from './measure.js';
import { profilers, profileStep, type Profile } from './profile.js';
import { tensorFlow } from './tfjs.js';

const square = (dim: number, lanes: number, segment: number): Case => ({
  vocab: 256,
  dim,
  hidden: dim,
  lanes,
  segment,
  tied: true,
});

/** The sizes that the targets are set for. */
export const CASES: readonly Case[] = [
  square(64, 32, 128),
  square(64, 64, 256),
  square(128, 64, 128),
  square(256, 64, 128),
];
/** The trainer's default. */
export const DEFAULT_CASE: Case = { vocab: 256, dim: 32, hidden: 64, lanes: 32, segment: 64, tied: false };

/** What two trainers of `name` are called that share nothing. */
export const apart = (name: string): string => `${name}, two trainers`;

export interface TrainResults {
  readonly circumstances: Circumstances;
  /** What took part, with versions; or why something did not. */
  readonly contestants: string[];
  readonly rounds: number;
  readonly races: { size: Case; results: Result[] }[];
  readonly peer?: { size: Case; results: Result[] };
  readonly profiles: Profile[];
  /** Resident bytes of the process before and after so many steps of the default size. */
  readonly memory: { steps: number; before: number; after: number };
}

export interface TrainBench {
  readonly rounds: number;
  /** Seconds a lap. */
  readonly lap: number;
  /** Seconds that a round waits for a quiet machine. */
  readonly patience: number;
}

export async function benchTrain(
  { rounds, lap, patience }: TrainBench,
  say: (line: string) => void,
): Promise<TrainResults> {
  const where = circumstances('npm run bench');
  const said: string[] = [];
  const contestants: Contestant[] = [];
  const add = (name: string, kernels: TrainerKernels, most = 2): void => {
    for (let threads = 1; threads <= most; threads++) contestants.push(trainer(name, kernels, threads));
    if (most > 1) contestants.push(twoApart(apart(name), kernels));
  };
  add('Wasm', threadedKernels());
  const native = await loadTrainer('native').catch((error: Error) => error);
  if (native instanceof Error) said.push(`native: not measured, ${native.message}`);
  else {
    add('native', native.kernels);
    said.push(native.name);
  }
  const relaxed = await loadTrainer('wasm-relaxed').catch((error: Error) => error);
  if (relaxed instanceof Error) said.push(`relaxed SIMD: not measured, ${relaxed.message}`);
  else add('Wasm, relaxed', relaxed.kernels, 1);
  const torch = [await PyTorch.find(1), await PyTorch.find(2)].filter((t) => t !== undefined);
  said.push(
    torch.length > 0 ? `PyTorch ${torch[0].version}` : 'PyTorch: not measured, no Python here can import torch',
  );
  if (torch.length === 2) contestants.push(torch[0].contestant(1), torch[1].contestant(1), torch[1].contestant(2));

  say('memory');
  const memory = await flat();
  const races = [];
  for (const size of CASES) {
    say(`dim ${size.dim}, ${size.lanes} × ${size.segment}: ${rounds} rounds of ${contestants.length} contestants`);
    races.push({ size, results: await race(contestants, size, rounds, lap, patience) });
  }
  for (const t of torch) t.close();

  const profiles: Profile[] = [];
  for (const profiler of await profilers()) {
    for (const size of [...CASES, DEFAULT_CASE]) {
      say(`profile: ${profiler.name}, dim ${size.dim}`);
      profiles.push(await profileStep(profiler, size, 12));
    }
  }
  const tf = await tensorFlow();
  said.push(
    tf
      ? `TensorFlow.js ${tf.version} (plain JavaScript)`
      : 'TensorFlow.js: not measured, not installed (npm i --no-save @tensorflow/tfjs)',
  );
  const small = square(64, 32, 16);
  if (tf) say('TensorFlow.js');
  const peer = tf && {
    size: small,
    results: await race([trainer('Wasm', threadedKernels(), 1), tf.contestant], small, 3, 0.1),
  };
  return { circumstances: where, contestants: said, rounds, races, ...(peer && { peer }), profiles, memory };
}

/** Resident memory over a run of the default size, after a warm-up. */
async function flat(): Promise<TrainResults['memory']> {
  const pool = await openPool(threadedKernels(), DEFAULT_CASE, 2);
  const run = async (steps: number): Promise<void> => {
    for (let done = 0; done < steps; done += pool.config.chunk) await pool.run(0, pool.config.chunk);
  };
  await run(64);
  const before = process.memoryUsage.rss();
  const steps = 640;
  await run(steps);
  const after = process.memoryUsage.rss();
  await pool.close();
  return { steps, before, after };
}
