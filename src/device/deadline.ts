/** Every wait for something outside this program has an end. */
import type { TinyLMError } from '../model/errors.js';

/**
 * Waits for work, but no longer than so many milliseconds; what comes later is not heard.
 * @param late makes the error that is thrown then
 */
export async function within<T>(ms: number, work: Promise<T>, late: () => TinyLMError): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  work.catch(() => undefined); // after the deadline nobody waits for it
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same for work whose failure does not matter: it resolves in any case, at the deadline at the latest. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), deadline]);
  clearTimeout(timer);
}
