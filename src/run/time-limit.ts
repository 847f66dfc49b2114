/** `--minutes` is a limit: the number of steps that was planned at the start follows the speed there really is. */
import type { Checkpoint, TrainingRun, TrainOptions } from '../train/index.js';

export interface TimeLimit {
  /** seconds from the beginning of this training */
  readonly seconds: number;
  /** Goes on from a checkpoint with another number of steps, which is written down. */
  again(options: TrainOptions, from: Checkpoint): Promise<TrainingRun>;
}

/** Kept for the last evaluation, its text and the picture: this share of the time, and so many seconds at most. */
const RESERVE_SHARE = 0.05;
const RESERVE_SECONDS = 3;
/** A plan that is off by less than this share of what is left stays: each change restarts the kernels. */
const TOLERANCE = 0.03;

/** When training has to stop, in seconds from its beginning. */
export const lastMoment = (seconds: number): number => seconds - Math.min(RESERVE_SECONDS, RESERVE_SHARE * seconds);

/**
 * The number of steps in all that fit.
 * @param done steps of this process, in `elapsed` seconds, evaluations included
 * @returns undefined when the plan is right as it is
 */
export function fittingSteps(
  { step, options }: Pick<Checkpoint, 'step' | 'options'>,
  { done, elapsed, seconds }: { done: number; elapsed: number; seconds: number },
): number | undefined {
  const planned = options.steps - step;
  if (planned <= 0 || done <= 0 || elapsed <= 0) return undefined;
  const left = Math.max(0, lastMoment(seconds) - elapsed);
  const fitting = Math.max(1, Math.floor((done / elapsed) * left));
  return Math.abs(fitting - planned) <= TOLERANCE * planned ? undefined : step + fitting;
}
