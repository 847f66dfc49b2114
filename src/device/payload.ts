/** Payloads of the client's frames (SPEC.md 6): how they are made, and how answers and errors are read. */
import { TinyLMError } from '../model/errors.js';
import { DEVICE_ERRORS } from './protocol.js';

/** UTF-8. */
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const json = (value: unknown): Uint8Array => encode(JSON.stringify(value));
/** Words of 32 bits, little-endian. */
export const u32 = (...values: number[]): Uint8Array => {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((v, i) => new DataView(bytes.buffer).setUint32(4 * i, v, true));
  return bytes;
};
/** All parts, one behind the other. */
export const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
};

const HINTS: Readonly<Record<string, string>> = {
  busy: 'wait until the other client is done, and try again',
  forbidden: 'give the device\'s token (--token), or use its serial line',
  'no-model': 'send a model first',
  'bad-model': 'send another model',
  'too-large': 'train a smaller model, or give the partition more room',
};

/** The device's own word for what went wrong; its code is `device-` and that of SPEC.md 6.3. */
export function deviceError(payload: Uint8Array): TinyLMError {
  try {
    const { code, message } = JSON.parse(decode(payload)) as { code: string; message: string };
    if ((DEVICE_ERRORS as readonly string[]).includes(code)) {
      return new TinyLMError(`device-${code}`, `the device says: ${message}`, HINTS[code]);
    }
  } catch {
    // falls through: said below
  }
  return new TinyLMError('device-protocol', `the device sent an error that is none: ${decode(payload)}`,
    'update the firmware, or this program');
}

/**
 * A done frame's JSON; its members are the firmware's word.
 * @throws TinyLMError `device-protocol` when it is not JSON
 */
export function parseAnswer<T>(payload: Uint8Array): T {
  try {
    return JSON.parse(decode(payload)) as T;
  } catch {
    throw new TinyLMError('device-protocol', `the device's answer is not JSON: ${decode(payload).slice(0, 100)}`,
      'update the firmware, or this program');
  }
}
