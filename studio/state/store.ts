/** Where the person is, and what is there so far. */
import { computed, effect, signal } from '@preact/signals';
import { found } from '../actions/text.js';
import { run, runs } from '../actions/train.js';
import { models } from '../actions/models.js';
import { openStep, type Facts, type StepName } from './steps.js';

export const facts = computed<Facts>(() => ({
  text: found.value !== undefined,
  run: run.state.value !== 'idle',
  stored: runs.value.length > 0,
  model: models.value.length > 0,
}));

const wanted = signal(location.hash.slice(1));
addEventListener('hashchange', () => {
  wanted.value = location.hash.slice(1);
});

/** The step that shows: the one of the address, if it is open. */
export const step = computed<StepName>(() => openStep(wanted.value, facts.value));

export function go(to: StepName): void {
  if (location.hash.slice(1) === to) wanted.value = to;
  else location.hash = to;
}

/** A new step begins at its top, and a screen reader hears its name. */
let shown = step.peek();
effect(() => {
  const now = step.value;
  if (now === shown) return;
  shown = now;
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
    scrollTo({ top: 0, behavior: 'instant' });
  });
});
