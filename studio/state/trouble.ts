/** Errors as the page shows them. */
import type { Failure } from '../../src/web/protocol.js';

/** Whatever was thrown, as a failure with a code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Error) {
    const { code, hint } = error as Error & { code?: unknown; hint?: unknown };
    return {
      code: typeof code === 'string' ? code : 'unexpected',
      message: error.message,
      ...(typeof hint === 'string' && { hint }),
    };
  }
  return { code: 'unexpected', message: String(error) };
}

/** The person has ended it: nothing to tell. */
export const cancelled = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'AbortError' || ['cancelled', 'train-stopped'].includes((error as { code?: string }).code ?? ''));
