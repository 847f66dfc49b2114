/** Ends that come from outside: Ctrl-C, where the first asks to stop and the second stops; a reader that leaves. */
import { EXIT } from './errors.js';
import type { Terminal } from './terminal.js';

/**
 * Calls `stop` at the first SIGINT or SIGTERM and ends the process at the second.
 * @returns a function that ends this
 */
export function onInterrupt(terminal: Terminal, stop: () => void): () => void {
  return twice(() => {
    stop();
    terminal.note('\nstopping after this step and saving … (Ctrl-C again: stop at once)');
  });
}

/** The same for what ends at once, when the other side answers. */
export function onCancel(terminal: Terminal, cancel: () => void): () => void {
  return twice(() => {
    cancel();
    terminal.note('\ncancelling … (Ctrl-C again: stop at once)');
  });
}

/** Resolves at SIGINT or SIGTERM; a second one ends the process. */
export function onceInterrupted(): Promise<void> {
  return new Promise((resolve) => void twice(resolve));
}

const leaving = new Set<() => Promise<unknown>>();
/** How long the process stays for them, in milliseconds. */
const LEAVING = 1000;
let left = false;

/**
 * For what must not be left running elsewhere when nobody reads the output any more (| head).
 * @returns a function that ends this
 */
export function beforeLeaving(work: () => Promise<unknown>): () => void {
  leaving.add(work);
  return () => leaving.delete(work);
}

/** Does what must be done before leaving, and ends the process. Only the first call counts. */
export async function leave(code: number): Promise<void> {
  if (left) return;
  left = true;
  const late = new Promise((resolve) => setTimeout(resolve, LEAVING));
  await Promise.race([Promise.allSettled([...leaving].map((work) => work())), late]);
  process.exit(code);
}

function twice(first: () => void): () => void {
  let asked = false;
  const handle = (): void => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    first();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
