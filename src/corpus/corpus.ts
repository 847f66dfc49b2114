import { TinyLMError } from '../model/errors.js';
import { utf8Bytes } from './utf8.js';

/** A text to learn from: clean documents in a fixed order, never empty, and where they came from. */
export interface Corpus {
  documents: string[];
  source: string;
}

/**
 * Makes a corpus of documents that are clean already.
 * @throws TinyLMError `corpus-empty` when there is none
 */
export function makeCorpus(documents: string[], source: string): Corpus {
  if (documents.length === 0) {
    throw new TinyLMError(
      'corpus-empty',
      `${source}: no text found; expected at least one document that is not empty.`,
      'Give a file with text, or stories:en for the built-in stories.',
    );
  }
  return { documents, source };
}

/**
 * The first documents whose UTF-8 bytes, one more for each (its end of document), do not exceed `maxBytes`. When not
 * even the first fits, its start does, cut at white space where there is some, else between characters.
 */
export function limitDocuments(documents: readonly string[], maxBytes: number): string[] {
  const kept: string[] = [];
  let total = 0;
  for (const document of documents) {
    total += utf8Bytes(document) + 1;
    if (total > maxBytes) break;
    kept.push(document);
  }
  if (kept.length > 0 || documents.length === 0) return kept;
  const start = cutText(documents[0], maxBytes - 1);
  return start === '' ? [] : [start];
}

/** The start of a text that takes at most `maxBytes` in UTF-8, cut after a word where possible. */
function cutText(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Bytes(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  if (end === text.length) return text;
  const start = text.slice(0, end);
  const words = /\s/.test(text[end]) ? start : start.replace(/\s\S*$/, '');
  return words.trim();
}
