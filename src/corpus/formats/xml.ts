import { TinyLMError } from '../../model/errors.js';
import { xmlTree, type Element } from '../markup.js';
import { RecordReader } from '../records.js';
import { htmlText } from '../markup.js';
import type { CorpusFormat } from './types.js';

/** XML: elements of one name are records with fields, or the text of all elements is one document. */
export const xml: CorpusFormat = {
  id: 'xml',
  title: 'XML',
  extensions: ['xml', 'fb2', 'tei', 'rss', 'atom', 'tmx', 'xliff'],

  detect({ text, extension }) {
    const start = text.trimStart();
    if (/^<\?xml\s/.test(start)) return true;
    if (/^<s>/.test(start)) return false; // the mark of a sentence's beginning
    if (!/^<(?:!DOCTYPE\s|!--|[A-Za-z][\w:.-]*(?:\s[^<>]*)?>)/.test(start)) return false;
    const closing = text.match(/<\/[A-Za-z][\w:.-]*>|\/>/g)?.length ?? 0;
    return closing >= (this.extensions.includes(extension) ? 1 : 6);
  },

  async read(source, out) {
    const { text } = await source.text();
    const records = recordsOf(xmlTree(text));
    const { field } = source.options;
    const fields =
      records.length > 1 &&
      records.some(
        (r) =>
          r.children.length > 0 &&
          r.text.trim() === '' &&
          r.children.every((c) => c.children.length === 0 || isMarked(c)),
      );
    if (fields || field !== undefined || records.every((r) => textOf(r).trim() === '')) {
      const reader = new RecordReader(out, { noun: 'element', unit: 'record', code: 'corpus-xml' }, source.options);
      for (const [i, record] of records.entries()) reader.push(toRecord(record), `record ${i + 1}`);
      reader.end();
      return {
        ...(reader.field !== undefined && { field: reader.field }),
        words: `one for each <${records[0]?.name}>`,
      };
    }
    for (const record of records) out.addRecord(textOf(record), source.options.split);
    if (out.list.length === 0)
      throw new TinyLMError(
        'corpus-xml',
        `${source.name}: found no text between the tags.`,
        'Take the text out with a tool that knows this kind of XML.',
      );
    out.remark('from-xml', {});
    return { words: records.length > 1 ? `one for each <${records[0].name}>` : 'whole' };
  },
};

/** The elements that repeat: one level below the outermost ones that hold a single element each. */
function recordsOf(root: Element): Element[] {
  let at = root;
  for (;;) {
    const counts = new Map<string, Element[]>();
    for (const child of at.children) {
      const alike = counts.get(child.name);
      if (alike !== undefined) alike.push(child);
      else if (child.name !== 'binary') counts.set(child.name, [child]);
    }
    const [most] = [...counts.values()].sort((a, b) => size(b) - size(a));
    if (most === undefined) return [at];
    // Paragraphs are parts of one text.
    if (most.length > 1) return /^(p|l|lg|para|section|div|br|v|verse)$/i.test(most[0].name) ? [at] : most;
    at = most[0];
  }
}

const size = (elements: readonly Element[]): number =>
  elements.reduce((n, e) => n + 1 + size(e.children) + e.text.length, 0);

const isMarked = (element: Element): boolean => element.children.every((c) => c.children.length === 0);

/** Element names with their texts, and attributes. */
function toRecord(element: Element): Record<string, unknown> {
  const record: Record<string, unknown> = Object.fromEntries(
    Object.entries(element.attributes).map(([name, value]) => [name, plain(value)]),
  );
  for (const child of element.children) {
    const value =
      child.children.length === 0
        ? content(child)
        : child.text.trim() !== ''
          ? oneLine(child.all)
          : isLeafy(child)
            ? toRecord(child)
            : textOf(child);
    const known = record[child.name];
    record[child.name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  if (element.children.length === 0 && element.text.trim() !== '') record.text = content(element);
  return record;
}

const isLeafy = (element: Element): boolean =>
  element.text.trim() === '' && element.children.every((c) => c.children.length === 0) && element.children.length > 1;

/** A feed carries its texts as escaped HTML. */
const plain = (text: string): string => (/<(p|div|br|a|span)\b/i.test(text) ? htmlText(text) : text.trim());

const content = ({ text }: Element): string => plain(text);

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** All text inside, a line for each element that holds no other. */
function textOf(element: Element): string {
  if (element.name === 'binary' || (element.name === 'description' && element.children.length > 5)) return '';
  // Text between the elements: they are words in italics and the like.
  if (element.children.length === 0 || element.text.trim() !== '') return oneLine(element.all);
  return element.children
    .map(textOf)
    .filter((t) => t !== '')
    .join('\n');
}
