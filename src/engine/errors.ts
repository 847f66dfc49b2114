/** The engine's negative codes (`tlm_error` in engine/include/tinylm.h) as errors for the user. */
import { TinyLMError } from '../model/errors.js';

const AGAIN = 'the file breaks SPEC.md; export the model again';
const DAMAGED = 'the file was damaged or cut off; copy or export it again';

/** Code, what it means, what to do. The codes of files are those of `readTlm` in src/format. */
const ERRORS: Readonly<Record<number, readonly [code: string, text: string, hint?: string]>> = {
  [-1]: ['tlm-align', 'the address of the model is not a multiple of 4'],
  [-2]: ['tlm-short', 'the model is cut off', DAMAGED],
  [-3]: ['tlm-magic', 'not a .tlm file', 'make one with "tinylm export"'],
  [-4]: ['tlm-version', 'a .tlm version that this engine does not know', 'export the model again with this version'],
  [-5]: ['tlm-size', 'the sizes in the header are impossible', AGAIN],
  [-6]: ['tlm-crc', 'the model is damaged: its checksum does not match', DAMAGED],
  [-7]: ['tlm-header', 'a header field is out of its range', AGAIN],
  [-8]: ['tlm-cell', 'a recurrent cell that this engine does not have', 'use a newer version of tinylm'],
  [-9]: ['tlm-directory', 'a tensor is missing, out of order, or of a wrong shape or type', AGAIN],
  [-10]: ['tlm-layout', 'a section overlaps, is misaligned, or lies outside the file', AGAIN],
  [-11]: ['tlm-gap', 'a byte that must be zero is not', AGAIN],
  [-12]: ['tlm-tokenizer', 'the tokenizer section is not valid', AGAIN],
  [-13]: ['tlm-weight', 'a byte that is no packing of ternary weights', AGAIN],
  [-14]: ['tlm-scale', 'a scale out of range: a product could overflow', AGAIN],
  [-20]: ['engine-argument', 'an argument is missing or out of range'],
  [-21]: ['engine-memory', 'the memory is too small'],
  [-22]: ['engine-token', 'a token outside the vocabulary'],
  [-23]: ['engine-space', 'the output does not fit'],
  [-24]: ['engine-snapshot', 'not a snapshot of this model, or damaged',
    'restore a snapshot that save() made with the same .tlm file'],
  [-25]: ['sampler-option', 'a sampling option out of range'],
  [-26]: ['engine-state', 'not possible now'],
};

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
  const [code, text, hint] = ERRORS[status] ?? ['engine-unknown', `the engine answered ${status}`];
  const more = detail === undefined ? ''
    : typeof detail === 'string' ? `: ${detail}`
      : ` (at byte ${detail.offset}: found ${show(detail.found)}, expected ${show(detail.expected)})`;
  return new TinyLMError(code, `${text}${more}`, hint);
}

/** Passes a result on. @throws TinyLMError for a negative one */
export function checked(status: number, detail?: string): number {
  if (status < 0) throw engineError(status, detail);
  return status;
}
