/** Records with fields, wherever they come from: which field holds the text, and its texts. */
import { TinyLMError } from '../model/errors.js';
import type { Collector } from './collector.js';
import { many } from './remarks.js';

/** Records that are looked at before the field is chosen. */
const SAMPLE_RECORDS = 200;
/** Nesting below this is not looked into. */
const MAX_DEPTH = 5;
/** Texts that are kept for counting different ones. */
const MAX_DISTINCT = 1000;

/** A way into a record: the names from the outside in; `[]` is each item of a list. */
type Path = readonly string[];

interface Column {
  readonly path: Path;
  texts: number;
  characters: number;
  spaced: number;
  readonly distinct: Set<string>;
}

export interface RecordKind {
  /** `field` or `column` */
  readonly noun: string;
  /** What one record is called where it lies: `line`, `row`, `record`. */
  readonly unit: string;
  /** Code of its errors. */
  readonly code: string;
}

export interface RecordOptions {
  readonly field?: string;
  readonly split?: string;
}

/**
 * Takes records, chooses the field with the text after the first of them (or uses the one that was named), and gives
 * the texts on. A null, a missing field and a value that is no text are counted and left out, whatever the format.
 */
export class RecordReader {
  /** The field in use, once it is known. */
  field: string | undefined;
  private readonly out: Collector;
  private readonly options: RecordOptions;
  private readonly kind: RecordKind;
  /** Several when several fields were named; undefined where the records are texts themselves. */
  private paths: readonly Path[] | undefined;
  private waiting: { record: unknown; where: string }[] | undefined = [];
  private texts = 0;

  constructor(out: Collector, kind: RecordKind, options: RecordOptions) {
    this.out = out;
    this.kind = kind;
    this.options = options;
  }

  /** No more records are wanted. */
  get full(): boolean {
    return this.out.full;
  }

  /** @param where it lies, for people: `line 3` */
  push(record: unknown, where: string): void {
    if (this.waiting === undefined) {
      this.read(record, where);
      return;
    }
    this.waiting.push({ record, where });
    if (this.waiting.length >= SAMPLE_RECORDS) this.choose();
  }

  /** After the last record. @throws TinyLMError when records were there and none has a text */
  end(): void {
    this.choose();
    if (this.texts === 0) {
      const first = this.out.firstSkipped();
      const place = this.field === undefined ? '' : ` in the ${this.kind.noun} "${this.field}"`;
      if (first !== undefined)
        throw new TinyLMError(
          this.kind.code,
          `${this.out.name}, ${first}; expected a text${place}.`,
          `Name the ${this.kind.noun} that holds the text with --field.`,
        );
    }
    this.out.sayWhatWasSkipped(this.kind.unit);
  }

  /** Decides now, with what has come so far. */
  choose(): void {
    const waiting = this.waiting;
    if (waiting === undefined || waiting.length === 0) return;
    this.waiting = undefined;
    const bare = waiting.every(({ record }) => typeof record === 'string' || record === null);
    if (!bare) {
      const records = waiting.map(({ record }) => record);
      const { field } = this.options;
      const chosen = field === undefined ? this.chooseField(records) : undefined;
      this.paths = field !== undefined ? this.namedFields(field, records) : chosen && [chosen];
      this.field = this.paths?.map(pathText).join(',');
    }
    for (const { record, where } of waiting) this.read(record, where);
  }

  private read(record: unknown, where: string): void {
    const found = this.paths === undefined ? [record] : this.paths.flatMap((path) => valuesAt(record, path));
    const texts: string[] = [];
    for (const value of found) if (typeof value === 'string') texts.push(value);
    if (texts.length === 0) {
      this.out.skip(this.whyNot(found[0], record), where);
      return;
    }
    this.texts++;
    // The turns of a conversation are one document, a line each; so are several fields.
    this.out.addRecord(texts.filter((t) => t.trim() !== '').join('\n'), this.options.split);
  }

  private whyNot(value: unknown, record: unknown): string {
    const { noun } = this.kind;
    if (this.paths === undefined) return `found ${kindOf(value)}`;
    if (value === undefined)
      return isObject(record) ? `found no ${noun} "${this.field}"` : `found ${kindOf(record)}, not a record`;
    return `found ${kindOf(value)} in the ${noun} "${this.field}"`;
  }

  /** `a,b` are two fields, unless there is one of this name. */
  private namedFields(fields: string, records: readonly unknown[]): Path[] {
    const one = records.some((r) => isObject(r) && fields in r);
    return (one ? [fields] : fields.split(',')).map((field) => this.namedField(field.trim(), records));
  }

  private namedField(field: string, records: readonly unknown[]): Path {
    // A name with dots in it may be just that.
    const path = records.some((r) => isObject(r) && field in r) ? [field] : parsePath(field);
    if (records.some((r) => valuesAt(r, path).length > 0)) return path;
    const { noun, code } = this.kind;
    const columns = columnsOf(records);
    throw new TinyLMError(
      code,
      `${this.out.name}: found the ${noun}s ${names(records)}; expected "${field}".`,
      columns.length === 0 ? `Name the ${noun} that holds the text.` : `${noun}s with text: ${proposals(columns)}`,
    );
  }

  private chooseField(records: readonly unknown[]): Path | undefined {
    const columns = columnsOf(records);
    const text = columns.find(({ path }) => path.length === 1 && path[0] === 'text');
    if (text !== undefined) return text.path;
    const prose = columns.filter(isProse);
    const varied = columns.filter(isVaried);
    const candidates = prose.length > 0 ? prose : varied.length > 0 ? varied : columns.length === 1 ? columns : [];
    if (candidates.length === 1) {
      const [{ path }] = candidates;
      if (columns.length > 1 || path.length > 1 || countNames(records) > 1)
        this.out.remark('from-field', { noun: this.kind.noun, name: pathText(path) });
      return path;
    }
    const { noun, code } = this.kind;
    const found = `${this.out.name}: found the ${noun}s ${names(records)}`;
    if (candidates.length > 1)
      throw new TinyLMError(
        code,
        `${found}; expected one with text, and there are ${candidates.length}.`,
        `Name one with --field: ${proposals(candidates)}. Or several, which become one text: --field ${candidates
          .slice(0, 2)
          .map((c) => pathText(c.path))
          .join(',')}`,
      );
    if (columns.length > 0)
      throw new TinyLMError(
        code,
        `${found}; expected one with different texts.`,
        `Name one with --field: ${proposals(columns)}`,
      );
    if (!records.some(isObject)) return undefined;
    throw new TinyLMError(
      code,
      `${found}; expected one with text.`,
      `Name the ${noun} that holds the text with --field.`,
    );
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function kindOf(value: unknown): string {
  return value === null ? 'null' : value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : typeof value;
}

/** `messages[].content` */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) => (part === '[]' ? `${text}[]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

function parsePath(field: string): Path {
  return field.split('.').flatMap((part) => {
    const lists = /(\[\])*$/.exec(part)![0];
    const name = part.slice(0, part.length - lists.length);
    return [...(name === '' ? [] : [name]), ...Array.from({ length: lists.length / 2 }, () => '[]')];
  });
}

/** What stands at a path, in order; nulls count, what is missing does not. Lists are gone through by name, too. */
function valuesAt(record: unknown, path: Path): unknown[] {
  if (path.length === 0) {
    return Array.isArray(record) && record.every((v) => typeof v === 'string') && record.length > 0 ? record : [record];
  }
  const [name, ...rest] = path;
  if (Array.isArray(record)) return record.flatMap((item) => valuesAt(item, name === '[]' ? rest : path));
  if (name === '[]') return [];
  return isObject(record) && record[name] !== undefined ? valuesAt(record[name], rest) : [];
}

/** The columns that hold texts somewhere, in order of appearance. */
function columnsOf(records: readonly unknown[]): Column[] {
  const columns = new Map<string, Column>();
  const visit = (value: unknown, path: Path): void => {
    // Numbers in the cells of a table are no texts.
    if (typeof value === 'string' && Number.isNaN(Number(value || NaN)) && value.trim() !== '' && path.length > 0) {
      const key = path.join('\0');
      let column = columns.get(key);
      if (column === undefined)
        columns.set(key, (column = { path, texts: 0, characters: 0, spaced: 0, distinct: new Set() }));
      column.texts++;
      column.characters += value.length;
      // Three words, or signs of a script that has no spaces.
      if (/\S\s+\S+\s+\S|[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]{4}/.test(value)) column.spaced++;
      if (column.distinct.size < MAX_DISTINCT) column.distinct.add(value);
    } else if (path.length < MAX_DEPTH) {
      if (Array.isArray(value)) for (const item of value.slice(0, 100)) visit(item, [...path, '[]']);
      else if (isObject(value)) for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name]);
    }
  };
  for (const record of records) visit(record, []);
  return [...columns.values()];
}

const mean = ({ characters, texts }: Column): number => characters / texts;

/** Texts that a person would read: sentences, not all the same. */
function isProse(column: Column): boolean {
  return mean(column) >= 15 && column.spaced >= 0.5 * column.texts && isVaried(column);
}

function isVaried({ texts, distinct }: Column): boolean {
  return texts === 1 || distinct.size >= Math.min(MAX_DISTINCT, Math.max(2, 0.3 * texts));
}

function proposals(columns: readonly Column[]): string {
  const longest = [...columns].sort((a, b) => mean(b) - mean(a)).slice(0, 6);
  return longest.map((c) => `${pathText(c.path)} (${many(Math.round(mean(c)), 'character')} on average)`).join(', ');
}

function namesOf(records: readonly unknown[]): string[] {
  return [...new Set(records.slice(0, 20).flatMap((r) => (isObject(r) ? Object.keys(r) : [])))];
}

const countNames = (records: readonly unknown[]): number => namesOf(records).length;

function names(records: readonly unknown[]): string {
  const all = namesOf(records);
  return all.length === 0 ? '(none)' : `${all.slice(0, 10).join(', ')}${all.length > 10 ? ', …' : ''}`;
}
