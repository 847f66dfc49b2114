/** Which way of choosing tokens goes with a model, by what it writes. */
import type { Sampling } from '../src/run/engine-model.js';
import type { StoryFigures } from './text-measures.js';

export type Setting = Required<Pick<Sampling, 'temperature' | 'topK' | 'topP' | 'repetitionPenalty'>>;

/** Most invented words, as a share, of a file of so many bytes. */
export const mostInvented = (bytes: number): number => (bytes < 50_000 ? 0.03 : 0.005);
/** Loops and repeated sentences as rare as in the held-out text, or this share where that has fewer. */
export const LEAST_REPEATS = 0.02;
/** Least share of names that are those of the story's beginning, where a model is large enough to keep them. */
export const leastNamed = (bytes: number): number => (bytes < 50_000 ? 0 : 0.8);

type Row = Pick<StoryFigures, 'invented' | 'looping' | 'repeated' | 'variety' | 'named'> & {
  readonly setting: Setting;
};

/**
 * The most varied setting among those that make up few words, repeat themselves as rarely as the held-out text and keep their names; where there is none,
 * the one that is the fewest times above a limit.
 * @param bytes of the model's file
 * @param most what the held-out text has
 */
export function chosen<R extends Row>(
  rows: readonly R[],
  bytes: number,
  most: Pick<StoryFigures, 'looping' | 'repeated'>,
): R {
  const above = (r: Row): number =>
    Math.max(
      1,
      r.invented / mostInvented(bytes),
      leastNamed(bytes) / Math.max(r.named, 0.01),
      r.looping / Math.max(most.looping, LEAST_REPEATS),
      r.repeated / Math.max(most.repeated, LEAST_REPEATS),
    );
  return [...rows].sort((a, b) => above(a) - above(b) || b.variety - a.variety)[0];
}
