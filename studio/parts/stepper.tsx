import { count, words } from '../i18n/index.js';
import { closed, done, STEPS } from '../state/steps.js';
import { facts, go, step } from '../state/store.js';
import { Check, Icon } from './icon.js';

export function Stepper() {
  const w = words.value;
  return (
    <nav class="stepper" aria-label={w.stepsLabel}>
      <ol>
        {STEPS.map((name, i) => {
          const why = closed(name, facts.value);
          const ticked = done(name, facts.value) && step.value !== name;
          return (
            <li key={name} data-done={done(name, facts.value) || undefined}>
              <button
                type="button"
                onClick={() => go(name)}
                disabled={why !== undefined}
                title={why && w.stepClosed[why]}
                aria-current={step.value === name ? 'step' : undefined}
              >
                <span class="dot" aria-hidden="true">
                  {ticked ? <Icon of={Check} size={16} /> : count(i + 1)}
                </span>
                <span class="unseen">{`${w.stepWord} ${i + 1}: `}</span>
                <span class="name">{w.steps[name]}</span>
                {ticked && <span class="unseen">{`, ${w.stepDone}`}</span>}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
