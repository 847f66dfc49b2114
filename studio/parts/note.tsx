/** Something to be noticed, and errors: what happened, what to do next, and the figures for those who want them. */
import type { ComponentChildren } from 'preact';
import type { Failure } from '../../src/web/protocol.js';
import { errorWords } from '../i18n/en-errors.js';
import { lang, words } from '../i18n/index.js';
import { CircleAlert, CircleCheck, Icon, Info, TriangleAlert } from './icon.js';

export type NoteKind = 'plain' | 'good' | 'warn' | 'bad';
const ICONS = { plain: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert } as const;

export function Note({
  kind = 'plain',
  role,
  children,
}: {
  kind?: NoteKind;
  role?: 'status' | 'alert';
  children: ComponentChildren;
}) {
  return (
    <div class={`note ${kind}`} role={role}>
      <Icon of={ICONS[kind]} />
      <div>{children}</div>
    </div>
  );
}

export function Trouble({ failure, children }: { failure: Failure; children?: ComponentChildren }) {
  const { table, details } = words.value.errors;
  const known = errorWords(table, failure.code);
  const { title, next } = known ?? table['unknown'];
  // The hint is the command line's; what is known has the page's own.
  const message = (
    <span lang="en">
      {failure.message}
      {failure.hint && !known ? ` — ${failure.hint}` : ''}
    </span>
  );
  return (
    <Note kind="bad" role="alert">
      <strong>{title}</strong>
      <span>{next}</span>
      {known && lang.value !== 'en' ? (
        <details>
          <summary>{details}</summary>
          <p class="small">{message}</p>
        </details>
      ) : (
        <p class="small soft">{message}</p>
      )}
      {children}
    </Note>
  );
}
