/** What reading a text found out, in English: said for this page, which has no command line. */
import type { Markup, RemarkCode, RemarkValues } from '../../src/corpus/index.js';

/** Words for each code of the corpus room. */
export type RemarkWords = { readonly [C in RemarkCode]: (values: RemarkValues[C]) => string };

const n = (value: number): string => value.toLocaleString('en-US');
const share = (value: number): string => value.toLocaleString('en-US', { style: 'percent', maximumFractionDigits: 1 });
const many = (value: number, one: string): string => `${n(value)} ${one}${value === 1 ? '' : 's'}`;

const MARKUP: Readonly<Record<Markup, string>> = {
  html: 'HTML tags',
  latex: 'LaTeX commands',
  wiki: 'wiki markup',
  markdown: 'Markdown marks and links',
};

export const remarks: RemarkWords = {
  'not-encoding': ({ count, encoding }) =>
    `${many(count, 'place')} cannot be read as ${encoding} and were left out. Another encoding may be right.`,
  'not-utf8': ({ count }) => `${many(count, 'byte')} cannot be read as UTF-8 and were left out.`,
  'stray-bytes': ({ count, line, kept }) =>
    `${many(count, 'byte')} (first in line ${n(line)}) cannot be read as UTF-8: ${n(kept)} taken as Windows-1252, ${n(count - kept)} left out.`,
  'lost-characters': ({ count, sample }) =>
    `${many(count, 'character')} were lost before this file was written, the first in “${sample}”.`,
  'control-characters': ({ count }) => `${many(count, 'control character')} left out.`,
  'from-html': ({ share: part }) => `The text was taken out of HTML: ${share(part)} of the file.`,
  'from-xml': () => 'The text was taken out of XML.',
  'from-subtitles': ({ count }) => `Numbers and times were taken out of ${many(count, 'subtitle')}.`,
  'from-mail': ({ count }) => `${many(count, 'message')} read; headers and attachments left out.`,
  'from-notebook': ({ taken, left, kind }) =>
    `${many(taken, 'cell')} of the kind ${kind} taken, ${n(left)} of others left out. Name another kind as the field to take those.`,
  'from-list': ({ name }) => `The records stand in the list “${name}”.`,
  'from-field': ({ name }) => `The text is taken from “${name}”.`,
  'no-chat': () => 'No turns of a conversation were found: it is read as one document.',
  'cut-at-mark': ({ count, mark }) => `${many(count, 'record')} cut at ${mark}. “One document” keeps it as text.`,
  'left-out': ({ count, why, first }) => `${many(count, 'record')} left out: ${why} (the first: ${first}).`,
  'mark-in-quotes': ({ mark, count, sample }) =>
    `${mark} stands in quotation marks ${many(count, 'time')} and was kept as text (“${sample}”). Give it as a text of your own to cut there, too.`,
  'mark-in-lines': ({ mark, sample }) =>
    `${mark} stands within lines and was kept as text (“${sample}”). Give it as a text of your own to cut there.`,
  'cut-in-line': ({ mark, sample }) =>
    `The text was cut at ${mark}, which stands within a line (“${sample}”). “One document” keeps it as text.`,
  mojibake: ({ count, found, meant }) =>
    `${many(count, 'place')} look as if the file had been read in a wrong encoding before (“${found}” for “${meant}”). Get it anew, or mend it first.`,
  markup: ({ share: part, what, sample }) =>
    `${share(part)} of the text is ${MARKUP[what]} (“${sample}”), which the model will learn to write. Take it out first if it shall not.`,
};

/** How documents were found, in the reader's words without the command line's. */
export const how = (words: string): string => words.replace(/; --split .*$/s, '').replace(/^whole$/, 'one document');
