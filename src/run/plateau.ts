/**
 * When a run whose length nobody chose has learned what it will: the validation text gets no better, and going on would only learn
 * the training text by heart. It goes back to its best point and ends from there with a falling learning rate, as every run does.
 */
import type { Checkpoint } from '../train/index.js';

/** Evaluations without a new best one. */
const PATIENCE = 4;
/** Steps from the best point to the end, as a share of those before it. */
const COOLING = 0.3;
/** A run that would end soon anyway is left alone: the planned end, as a share of the one that cooling gives. */
const SOON = 1.15;

/**
 * Looked at after each evaluation; it depends on the curve alone, so a resumed run ends alike.
 * @returns the number of steps in all, counted from the best point, or undefined to go on as planned
 */
export function coolingSteps({
  history,
  best,
  options,
}: Pick<Checkpoint, 'history' | 'best' | 'options'>): number | undefined {
  const since = history.filter(({ step }) => step > best.step).length;
  if (!Number.isFinite(best.valid) || since < PATIENCE) return undefined;
  const steps = best.step + Math.max(2 * options.evaluateEvery, Math.round(COOLING * best.step));
  return steps * SOON < options.steps ? steps : undefined;
}
