/**
 * What the page and its workers say to each other: types only. Three workers: the trainer (text, sizes, training, export), the
 * engine (generating) and the chip (flashing, talking). A virtual chip is a fourth, which is a port to the chip worker like any other.
 *
 * Each call is a message `{ id, call, ask }`; the worker answers with any number of `{ id, event }` and one `{ id, answer }` or
 * `{ id, error }`. `{ id, cancel: true }` ends a call early. `connect` (calls.ts) is the page's side of it:
 *
 *     const trainer = connect<TrainerCalls>(new Worker(new URL('…/train-worker.js', import.meta.url), { type: 'module' }));
 *     const found = await trainer.call('corpus/read', { sources: [{ kind: 'text', name: 'pasted', text }] });
 *     const result = await trainer.call('train/start', { … }, { onEvent: (event) => …, signal });
 *
 * All values can be cloned. Bytes are bytes, speeds are tokens a second, times are seconds unless a name says otherwise.
 */
import type { Failure } from './protocol-errors.js';

export type { Failure };
export type * from './protocol-chip.js';
export type * from './protocol-engine.js';
export type * from './protocol-trainer.js';

/** What a call is asked, what it tells on the way, and what it ends with. */
export interface Call {
  readonly ask: unknown;
  readonly event: unknown;
  readonly answer: unknown;
}

export type ToWorker =
  | { readonly id: number; readonly call: string; readonly ask: unknown }
  | { readonly id: number; readonly cancel: true };
export type FromWorker =
  | { readonly id: number; readonly event: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: Failure };
