/** The heading of a step, and the row of buttons at its end. */
import type { ComponentChildren } from 'preact';
import { words } from '../i18n/index.js';
import { STEPS } from '../state/steps.js';
import { step } from '../state/store.js';

export function Intro({ title, lead }: { title: string; lead: string }) {
  const w = words.value;
  return (
    <header class="intro">
      <h1>
        <span class="unseen">{w.step(STEPS.indexOf(step.value) + 1, STEPS.length, w.steps[step.value])}. </span>
        {title}
      </h1>
      <p>{lead}</p>
    </header>
  );
}

export function Card({
  title,
  aside,
  children,
  class: more = '',
}: {
  title?: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}) {
  return (
    <section class={`card ${more}`} aria-label={title}>
      {(title ?? aside) !== undefined && (
        <div class="card-head">
          {title && <h2>{title}</h2>}
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}

/** A figure with its name below it. */
export function Fact({
  value,
  unit,
  name,
  wordy = false,
}: {
  value: string;
  unit?: string;
  name: string;
  wordy?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={wordy ? 'words' : undefined}>
        {value}
        {unit && <small> {unit}</small>}
      </dd>
    </div>
  );
}
