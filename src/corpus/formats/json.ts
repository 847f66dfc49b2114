import { TinyLMError } from '../../model/errors.js';
import { jsonPieces, parseJson } from '../json.js';
import { RecordReader } from '../records.js';
import type { Collector } from '../collector.js';
import { readGrowing } from './whole.js';
import type { CorpusFormat, ReadResult } from './types.js';
import type { ReadOptions } from '../source.js';

/** A list of records or texts, an object with one in it, or objects one after the other over several lines. */
export const json: CorpusFormat = {
  id: 'json',
  title: 'JSON',
  extensions: ['json'],

  detect({ text }) {
    const start = text.replace(/^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/, '');
    if (!/^[[{]/.test(start)) return false;
    for (const piece of jsonPieces(start)) {
      if (piece.cut) return /^[[{]\s*(?:["[{\]}]|$)/.test(piece.text) || /^"/.test(piece.text);
      const parsed = parseJson(piece.text);
      return parsed !== undefined && (parsed.value === null || ['object', 'string'].includes(typeof parsed.value));
    }
    return true; // an empty list
  },

  read: (source, out) => readGrowing(source, out, (text, cut) => readJson(text, cut, source.options, out)),
};

function readJson(text: string, cut: boolean, options: ReadOptions, out: Collector): ReadResult {
  const field = options.field;
  const pieces = jsonPieces(text);
  const first = pieces.next();
  if (first.done) return {};
  const whole = first.value.text.startsWith('{') && !text.trimStart().startsWith('[');
  const second = pieces.next();
  if (whole && second.done) {
    const parsed = first.value.cut ? undefined : parseJson(first.value.text);
    if (parsed !== undefined) return readObject(parsed.value as Record<string, unknown>, options, out);
    // Cut off, or broken: what is whole in its first list can be had.
    const list = /:\s*(?=\[)/.exec(text);
    if (list === null)
      throw new TinyLMError(
        'corpus-json',
        `${out.name}: this begins as JSON and is none.`,
        'Is the file cut off? Save or download it again.',
      );
    return readPieces(jsonPieces(text.slice(list.index + list[0].length)), cut, stripList(field, options), out);
  }
  return readPieces(
    (function* () {
      yield first.value;
      if (!second.done) yield second.value;
      yield* pieces;
    })(),
    cut,
    options,
    out,
  );
}

function readPieces(
  pieces: Iterable<{ text: string; cut: boolean }>,
  cut: boolean,
  options: ReadOptions,
  out: Collector,
): ReadResult {
  const reader = newReader(out, options);
  let record = 0;
  for (const piece of pieces) {
    record++;
    if (piece.cut && cut) break; // by us
    const parsed = parseJson(piece.text);
    if (parsed === undefined) out.skip(piece.cut ? 'cut off' : 'not JSON', `record ${record}`);
    else reader.push(parsed.value, `record ${record}`);
    if (reader.full) break;
  }
  reader.end();
  return { ...(reader.field !== undefined && { field: reader.field }) };
}

/** One object: the records are in a list of it, or are its values, or its columns are lists. */
function readObject(object: Record<string, unknown>, options: ReadOptions, out: Collector): ReadResult {
  const values = Object.values(object);
  const lists = Object.entries(object).filter((e): e is [string, unknown[]] => Array.isArray(e[1]) && e[1].length > 0);
  let records: unknown[] = [object];
  let reading = options;
  const ofRecords = lists.filter(([, list]) => list.some((v) => typeof v === 'object' && v !== null));
  const rest = values.filter((v) => typeof v === 'string' && v.length > 200).length;
  if (ofRecords.length > 0 && rest === 0) {
    const [[name, list]] = ofRecords.sort((a, b) => weight(b[1]) - weight(a[1]));
    // A single conversation is a document of its own.
    if (!isConversation(list)) {
      records = list;
      reading = stripList(options.field, options, name);
      out.remark('from-list', { name });
    }
  } else if (
    lists.length > 0 &&
    lists.length === values.length &&
    lists.every(([, l]) => l.length === lists[0][1].length)
  ) {
    records = lists[0][1].map((_, i) => Object.fromEntries(lists.map(([name, list]) => [name, list[i]])));
  } else if (lists.length === 1 && lists[0][1].every((v) => typeof v === 'string') && rest === 0) {
    records = lists[0][1];
  } else if (values.length > 1 && options.field === undefined && alike(values)) records = values;
  const reader = newReader(out, reading);
  for (const [i, record] of records.entries()) {
    reader.push(record, `record ${i + 1}`);
    if (reader.full) break;
  }
  reader.end();
  return { ...(reader.field !== undefined && { field: reader.field }) };
}

const newReader = (out: Collector, options: ReadOptions): RecordReader =>
  new RecordReader(out, { noun: 'field', unit: 'record', code: 'corpus-json' }, options);

/** `data[].text` of the whole is `text` of each record in `data`. */
function stripList(field: string | undefined, options: ReadOptions, name?: string): ReadOptions {
  if (field === undefined) return options;
  const inner =
    name === undefined
      ? field.replace(/^[^[\].]+\[\]\./, '')
      : field.startsWith(`${name}[].`)
        ? field.slice(name.length + 3)
        : field;
  return { ...options, field: inner };
}

/** About how much stands in a list. */
const weight = (list: readonly unknown[]): number => list.length * JSON.stringify(list.slice(0, 20)).length;

const isConversation = (list: readonly unknown[]): boolean =>
  list.every((v) => typeof v === 'object' && v !== null && ('role' in v || ('from' in v && 'value' in v)));

/** Several texts, or objects with the same names. */
function alike(values: readonly unknown[]): boolean {
  if (values.every((v) => typeof v === 'string')) return values.length >= 10;
  const shapes = values.map((v) =>
    typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.keys(v).join() : '',
  );
  return shapes[0] !== '' && shapes.every((s) => s === shapes[0]);
}
