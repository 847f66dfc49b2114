/** Ctrl-C: the first asks to stop, the second stops. */
import { EXIT } from './errors.js';
import type { Terminal } from './terminal.js';

/**
 * Calls `stop` at the first SIGINT or SIGTERM and ends the process at the second.
 * @returns a function that ends this
 */
export function onInterrupt(terminal: Terminal, stop: () => void): () => void {
  let asked = false;
  const handle = (): void => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    stop();
    terminal.note('\nstopping after this step and saving … (Ctrl-C again: stop at once)');
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
