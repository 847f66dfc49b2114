import { findDocuments, otherSplits } from '../documents.js';
import { textBytesFor } from '../source.js';
import type { CorpusFormat } from './types.js';

/** Plain text, Markdown among it: what is nothing else. */
export const text: CorpusFormat = {
  id: 'text',
  title: 'text',
  extensions: ['txt', 'text', 'md', 'markdown'],

  detect: () => true,

  async read(source, out) {
    const { maxBytes, split } = source.options;
    const { text: all, cut } = await source.text(textBytesFor(maxBytes ?? Infinity));
    const { documents, words, remarks } = findDocuments(all, split);
    // The last one may be cut off.
    if (cut && documents.length > 1) documents.pop();
    for (const document of documents) {
      out.add(document);
      if (out.full) break;
    }
    out.take(remarks);
    if (words !== 'whole') return { words };
    const others = out.list.length === 1 ? otherSplits(out.list[0]) : undefined;
    return { words: others === undefined ? 'whole' : `whole; ${others}` };
  },
};
