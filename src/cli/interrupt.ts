/** Ctrl-C: the first asks to stop, the second stops. */
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
