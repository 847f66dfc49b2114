/** The engine's negative codes (`tlm_error` in engine/include/tinylm_errors.h) as errors for the user. */
import { ERRORS } from '../format/errors.js';
import { TinyLMError } from '../model/errors.js';

/** Where and why a file was refused (`tlm_fault`). */
export interface Fault {
  /** Byte offset in the file. */
  readonly offset: number;
  readonly found: number;
  readonly expected: number;
}

/** Numbers above 2^16 are checksums, magics and sizes: hexadecimal says more. */
const show = (v: number): string => (v > 0xffff ? `0x${v.toString(16).padStart(8, '0')}` : String(v));

/** An engine's code as an error. */
export function engineError(status: number, detail?: string | Fault): TinyLMError {
  const kind = ERRORS.find(({ value }) => value === status);
  const { code, text, hint } = kind ?? {
    code: 'engine-unknown',
    text: `the engine answered ${status}`,
    hint: undefined,
  };
  const more =
    detail === undefined
      ? ''
      : typeof detail === 'string'
        ? `: ${detail}`
        : ` (at byte ${detail.offset}: found ${show(detail.found)}, expected ${show(detail.expected)})`;
  return new TinyLMError(code, `${text}${more}`, hint);
}

/** Passes a result on. @throws TinyLMError for a negative one */
export function checked(status: number, detail?: string): number {
  if (status < 0) throw engineError(status, detail);
  return status;
}
