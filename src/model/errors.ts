/** An error for the user: what was found, what was expected, and what to do next. */
export class TinyLMError extends Error {
  override readonly name = 'TinyLMError';
  /**
   * @param code a stable identifier, e.g. `corpus-empty`; scripts may match it
   * @param message what was found and what was expected
   * @param hint what to do next
   */
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
