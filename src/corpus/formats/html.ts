import { TinyLMError } from '../../model/errors.js';
import { htmlText } from '../markup.js';
import type { CorpusFormat } from './types.js';

const TAGS =
  /<\/?(?:p|div|span|a|br|h[1-6]|ul|ol|li|table|tr|td|body|head|html|script|style|meta|section|article)\b[^<>]*>/gi;

/** A page: its text, without scripts, styles and navigation, one document. */
export const html: CorpusFormat = {
  id: 'html',
  title: 'HTML',
  extensions: ['html', 'htm', 'xhtml'],

  detect({ text, extension }) {
    const start = text.replace(/^(?:\s|<\?xml[^>]*>|<!--[^]*?-->)+/, '');
    if (/^<!doctype\s+html|^<html[\s>]/i.test(start)) return true;
    const tags = text.match(TAGS) ?? [];
    if (this.extensions.includes(extension)) return tags.length > 0;
    // A piece of a page.
    return (
      /^<(?:p|div|h[1-6]|ul|ol|table|section|article|body)\b/i.test(start) &&
      tags.length >= 6 &&
      tags.join('').length > 0.05 * text.length
    );
  },

  async read(source, out) {
    const { text } = await source.text();
    const found = htmlText(text);
    if (found.trim() === '')
      throw new TinyLMError(
        'corpus-html',
        `${source.name}: this page has no text in it.`,
        'Is its text made by a script? Save it from the browser as text.',
      );
    out.remark('from-html', { share: found.length / Math.max(1, text.length) });
    out.addRecord(found, source.options.split);
    return { words: 'a page is one' };
  },
};
