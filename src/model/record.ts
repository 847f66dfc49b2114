/**
 * The one reader of records that come from outside: run.json, a checkpoint's metadata, a device's answers, manifests,
 * flasher_args.json. A schema says what may stand there; what does not fit is told by its path in the record, with
 * what was found and what was expected.
 */
import * as v from 'valibot';
import { TinyLMError } from './errors.js';

/** What an error of a record is called, and what to do about it. */
export interface RecordErrors {
  readonly code: string;
  readonly hint?: string;
}

/** A whole number within bounds, both included. */
export const whole = (min: number, max: number) => {
  const words = `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(words), v.integer(words), v.minValue(min, words), v.maxValue(max, words));
};

/** A finite number within bounds, both included. */
export const number = (min: number, max: number) => {
  const words = `a number from ${min} to ${max}`;
  return v.pipe(v.number(words), v.finite(words), v.minValue(min, words), v.maxValue(max, words));
};

/** Text of at most so many UTF-16 units. */
export const text = (max = 4096) => {
  const words = max === 4096 ? 'text' : `text of at most ${max} characters`;
  return v.pipe(v.string(words), v.maxLength(max, words));
};

export const flag = () => v.boolean('true or false');

/** One of some words. */
export const oneOf = <const T extends readonly string[]>(words: T) => v.picklist(words, `one of ${words.join(', ')}`);

/** What was found, short enough for a message. */
function found(input: unknown): string {
  const words = typeof input === 'number' ? String(input) : (JSON.stringify(input) ?? String(input));
  return words.length > 60 ? `${words.slice(0, 60)}…` : words;
}

/** The first thing that is wrong, in words. */
function words(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'the record';
  if (issue.expected === 'never') return `${path} is not known to this version`;
  if (issue.input === undefined) return `${path} is missing`;
  // valibot's own words are "Invalid …: Expected X but received Y"; ours are only what was expected.
  const expected = issue.message.startsWith('Invalid') ? (issue.expected ?? 'something else') : issue.message;
  const wanted = { Object: 'an object', Array: 'a list' }[expected] ?? expected;
  return `${path} is ${found(issue.input)}, expected ${wanted}`;
}

/**
 * Reads a record.
 * @param where it stands, for messages: a path
 * @returns the value as the schema has it
 * @throws TinyLMError with the code and the hint given, naming the first field that is wrong
 */
export function readRecord<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  where: string,
  { code, hint }: RecordErrors,
): v.InferOutput<S> {
  // valibot takes a list for an object without members.
  if (Array.isArray(value) && /object$/.test(schema.type))
    throw new TinyLMError(code, `${where}: the record is ${found(value)}, expected an object`, hint);
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new TinyLMError(code, `${where}: ${words(result.issues[0])}`, hint);
}

/** The same from JSON text; text that is none is told like a field that is wrong. */
export function readJsonRecord<const S extends v.GenericSchema>(
  schema: S,
  json: string,
  where: string,
  errors: RecordErrors,
): v.InferOutput<S> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new TinyLMError(errors.code, `${where}: "${json.slice(0, 40)}" is not JSON`, errors.hint);
  }
  return readRecord(schema, value, where, errors);
}
