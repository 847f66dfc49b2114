import { TinyLMError } from '../model/errors.js';

/** Options that cannot be, or not together: on a command line it ends with exit code 2. */
export class UsageError extends TinyLMError {
  constructor(message: string, hint?: string) {
    super('usage', message, hint);
  }
}
