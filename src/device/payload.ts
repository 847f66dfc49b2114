/** Payloads of the client's frames (SPEC.md 6): how they are made, and how answers and errors are read. */
import type { GenericSchema, InferOutput } from 'valibot';
import { TinyLMError } from '../model/errors.js';
import { readJsonRecord } from '../model/record.js';
import { ErrorSchema } from './answers.js';
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
  forbidden: "give the device's token (--token), or use its serial line",
  'no-model': 'send a model first',
  'bad-model': 'send another model',
  'too-large': 'train a smaller model, or give the partition more room',
};

const PROTOCOL_HINT = 'update the firmware, or this program';

/** The device's own word for what went wrong; its code is `device-` and that of SPEC.md 6.3. */
export function deviceError(payload: Uint8Array): TinyLMError {
  try {
    const { code, message } = parseAnswer(ErrorSchema, payload);
    if ((DEVICE_ERRORS as readonly string[]).includes(code)) {
      return new TinyLMError(`device-${code}`, `the device says: ${message}`, HINTS[code]);
    }
  } catch {
    // falls through: said below
  }
  return new TinyLMError(
    'device-protocol',
    `the device sent an error that is none: ${decode(payload).slice(0, 200)}`,
    PROTOCOL_HINT,
  );
}

/**
 * A done frame's JSON; its members are the firmware's word, and are checked.
 * @throws TinyLMError `device-protocol` when it is not JSON, or not what the schema wants
 */
export const parseAnswer = <const S extends GenericSchema>(schema: S, payload: Uint8Array): InferOutput<S> =>
  readJsonRecord(schema, decode(payload), "the device's answer", { code: 'device-protocol', hint: PROTOCOL_HINT });
