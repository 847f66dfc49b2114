/** Ends that come from outside: Ctrl-C, where the first asks to stop and the second stops; a reader that leaves. */
import { EXIT } from './errors.js';
import type { Terminal } from './terminal.js';

/**
 * Calls `stop` at the first SIGINT, SIGTERM or SIGHUP (the terminal was closed) and ends the process at the second.
 * @returns a function that ends this
 */
export function onInterrupt(terminal: Terminal, stop: () => void): () => void {
  return twice(() => {
    stop();
    terminal.note('\nstopping after this step and saving … (Ctrl-C again: stop at once)');
  });
}

/** How long what was cancelled may take to end, in milliseconds: then the process ends. */
const CANCELLED_MS = 10_000;

/** The same for what ends at once, when the other side answers; and in any case after a while. */
export function onCancel(terminal: Terminal, cancel: () => void): () => void {
  let late: ReturnType<typeof setTimeout> | undefined;
  const off = twice(() => {
    terminal.note('\ncancelling … (Ctrl-C again: stop at once)');
    late = setTimeout(() => {
      terminal.note(`it did not end within ${CANCELLED_MS / 1000} s: left as it is`);
      process.exit(EXIT.interrupted);
    }, CANCELLED_MS);
    cancel();
  });
  return () => {
    clearTimeout(late);
    off();
  };
}

/** Resolves at SIGINT, SIGTERM or SIGHUP; a second one ends the process. */
export function onceInterrupted(): Promise<void> {
  return new Promise((resolve) => void twice(resolve));
}

const leaving = new Set<() => Promise<unknown>>();
/** How long the process stays for them, in milliseconds. */
const LEAVING = 1000;
let left = false;
let staying = false;

/** From here on the process stays when nobody reads its output any more: what it does is kept in files. */
export function stayWithoutReader(): void {
  staying = true;
}

/**
 * For what must not be left running elsewhere when nobody reads the output any more (| head).
 * @returns a function that ends this
 */
export function beforeLeaving(work: () => Promise<unknown>): () => void {
  leaving.add(work);
  return () => leaving.delete(work);
}

/** Does what must be done before leaving, and ends the process, unless it is to stay. Only the first call counts. */
export async function leave(code: number): Promise<void> {
  if (left || (staying && code === EXIT.ok)) return;
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
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
