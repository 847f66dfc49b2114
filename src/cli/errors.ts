/** How errors reach the user, and exit codes. */
import { TinyLMError } from '../model/errors.js';
import { UsageError } from '../run/errors.js';
import { styled, type Terminal } from './terminal.js';

export { UsageError };

export const EXIT = {
  ok: 0,
  failed: 1,
  /** The command line itself was wrong. */
  usage: 2,
  /** Stopped by Ctrl-C, with everything saved. */
  interrupted: 130,
} as const;

/**
 * Prints an error and returns the exit code. An error that is not one of ours is a fault of the program: it
 * keeps its stack.
 */
export function reportError(error: unknown, terminal: Terminal, environment: NodeJS.ProcessEnv = process.env): number {
  const { note } = terminal;
  const hint = styled('dim', 'hint:');
  // What follows a line end in a message must not look like a word of ours.
  const indented = (text: string): string => text.replace(/\n/g, '\n  ');
  if (error instanceof TinyLMError) {
    note(styled('red', 'error:'), ` ${indented(error.message)}`);
    if (error.hint !== undefined) note(hint, ` ${indented(error.hint)}`);
    if (environment.TINYLM_DEBUG) note(error.stack ?? '');
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  note(styled('red', 'error:'), ` ${words}`);
  note(hint, ' this is a fault of tinylm itself; please report it with the lines above');
  return EXIT.failed;
}
