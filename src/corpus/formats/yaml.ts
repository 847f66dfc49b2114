import { parseAllDocuments, parseDocument, type Document } from 'yaml';
import { TinyLMError } from '../../model/errors.js';
import { RecordReader } from '../records.js';
import type { CorpusFormat } from './types.js';

/** A list of records or texts in YAML, or several documents of it. */
export const yaml: CorpusFormat = {
  id: 'yaml',
  title: 'YAML',
  extensions: ['yaml', 'yml'],

  detect({ text, extension }) {
    if (this.extensions.includes(extension)) return /^(?:---|%YAML|- |[^\s#:]+:(?:\s|$))/m.test(text);
    const start = text.replace(/^(?:\s|#[^\n]*\n)+/, '');
    if (/^%YAML/.test(start)) return true;
    // A list of records (`- name: value`), a list below a name, or documents with names in them. A list of plain items
    // is a text, as in Markdown.
    const lines = start.split('\n').filter((line) => line.trim() !== '');
    const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
    if (count(/^(?:---|\.\.\.|[A-Za-z_][\w-]*:(?:\s.*)?|- .*|\s+.*)$/) < lines.length) return false;
    const names = count(/^[A-Za-z_][\w-]*:/);
    return (
      count(/^- (?:[\w"'-]+:(?:\s|$)|\{.*\}$)/) >= 2 ||
      (names > 0 && count(/^\s+- /) >= 3) ||
      (names >= 2 && count(/^---\s*$/) >= 2)
    );
  },

  async read(source, out) {
    const { text } = await source.text();
    const records: unknown[] = [];
    const clean = text.replace(/^\ufeff/, '');
    const documents = /^---\s*$/m.test(clean.slice(3)) ? parseAllDocuments(clean) : [parseDocument(clean)];
    for (const document of Array.isArray(documents) ? documents : []) {
      if (document.errors.length > 0)
        throw new TinyLMError(
          'corpus-yaml',
          `${source.name}: this is no YAML: ${document.errors[0].message.split('\n')[0]}`,
          'Correct it there, or save the texts as JSON lines.',
        );
      const value = contentsOf(document, source.name);
      if (Array.isArray(value)) records.push(...value);
      else if (value !== null) records.push(...inner(value));
    }
    const reader = new RecordReader(out, { noun: 'field', unit: 'record', code: 'corpus-yaml' }, source.options);
    for (const [i, record] of records.entries()) reader.push(record, `record ${i + 1}`);
    reader.end();
    return { ...(reader.field !== undefined && { field: reader.field }) };
  },
};

function contentsOf(document: Document, name: string): unknown {
  try {
    // No more copies of what is named once than YAML's own guard allows.
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new TinyLMError(
      'corpus-yaml',
      `${name}: this YAML cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      'Save the texts as JSON lines.',
    );
  }
}

/** The list in an object that holds just one; else the object itself. */
function inner(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  const lists = Object.values(value).filter((v): v is unknown[] => Array.isArray(v) && v.length > 0);
  return lists.length === 1 ? lists[0] : [value];
}
