/** Errors across the border between a page and its workers. */

/** An error as it crosses: `code` for programs (as in `TinyLMError`), the rest for people; `unexpected` where it is a fault of ours. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}
