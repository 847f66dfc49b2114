/** What reading a text found out: a code with its values, and the same in English words for people. */

/** What each code says. Who has words of their own (the studio, in two languages) makes them from these. */
export interface RemarkValues {
  /** Places that the encoding has no character for were left out. */
  'not-encoding': { readonly count: number; readonly encoding: string };
  /** Bytes that are not UTF-8 were left out. */
  'not-utf8': { readonly count: number };
  /** Single bytes that are not UTF-8: `kept` of them read as Windows-1252, the first in `line`. */
  'stray-bytes': { readonly count: number; readonly line: number; readonly kept: number };
  /** U+FFFD: characters that were lost before. */
  'lost-characters': { readonly count: number; readonly sample: string };
  'control-characters': { readonly count: number };
  /** The text taken out of a page, as a share of the file. */
  'from-html': { readonly share: number };
  'from-xml': Record<never, never>;
  'from-subtitles': { readonly count: number };
  'from-mail': { readonly count: number };
  /** Cells of a notebook: of one kind taken, of the other left. */
  'from-notebook': { readonly taken: number; readonly left: number; readonly kind: string };
  /** Records stand in a list of this name. */
  'from-list': { readonly name: string };
  'from-field': { readonly noun: string; readonly name: string };
  /** `--split chat`, and there are no turns. */
  'no-chat': Record<never, never>;
  /** Lines, rows, records or messages that hold several documents. */
  'cut-at-mark': { readonly count: number; readonly unit: string; readonly mark: string };
  /** `why` and where the first is, in English. */
  'left-out': { readonly count: number; readonly unit: string; readonly why: string; readonly first: string };
  'mark-in-quotes': { readonly mark: string; readonly count: number; readonly sample: string };
  'mark-in-lines': { readonly mark: string; readonly sample: string };
  'cut-in-line': { readonly mark: string; readonly sample: string };
  /** UTF-8 that was read as Windows-1252 before. */
  mojibake: { readonly count: number; readonly found: string; readonly meant: string };
  markup: { readonly share: number; readonly what: Markup; readonly sample: string };
}
export type Markup = 'html' | 'latex' | 'wiki' | 'markdown';
export type RemarkCode = keyof RemarkValues;

/** What reading a text found out, for people. */
export interface Said {
  /** A warning should not be overlooked. */
  readonly kind: 'note' | 'warning';
  readonly text: string;
}

/** The same with what it is made of. */
export type Remark = {
  readonly [C in RemarkCode]: Said & { readonly code: C; readonly values: RemarkValues[C] };
}[RemarkCode];

const MARKUP: Readonly<Record<Markup, readonly [what: string, way: string]>> = {
  html: [
    'HTML tags and entities',
    'for a page of HTML, save it as .html, or take the text out: pandoc -f html -t plain',
  ],
  latex: ['LaTeX commands', 'take the text out: detex, or pandoc -f latex -t plain'],
  wiki: ['wiki markup', 'take the text out: pandoc -f mediawiki -t plain'],
  markdown: ['Markdown marks and links', 'take the text out: pandoc -f markdown -t plain'],
};

const WORDS: {
  readonly [C in RemarkCode]: readonly [kind: Said['kind'], words: (values: RemarkValues[C]) => string];
} = {
  'not-encoding': ['warning', ({ count, encoding }) => `${count} places are no ${encoding} and were left out`],
  'not-utf8': ['warning', ({ count }) => `${count.toLocaleString('en-US')} bytes are not UTF-8: left out`],
  'stray-bytes': [
    'warning',
    ({ count, line, kept }) => {
      const what = count === 1 ? '1 byte is not UTF-8' : `${count} bytes are not UTF-8`;
      const first = count === 1 ? `in line ${line}` : `the first in line ${line}`;
      const mixed = `${kept} read as Windows-1252, ${count - kept} left out`;
      return `${what}, ${first}: ${kept === count ? 'read as Windows-1252' : kept === 0 ? 'left out' : mixed}`;
    },
  ],
  'lost-characters': [
    'warning',
    ({ count, sample }) =>
      `${many(count, 'character')} (U+FFFD) were lost before this file was written, the first in "${sample}"`,
  ],
  'control-characters': ['warning', ({ count }) => `${many(count, 'control character')} left out`],
  'from-html': ['note', ({ share }) => `the text was taken out of HTML: ${percent(share, 1)} of the file`],
  'from-xml': ['note', () => 'the text was taken out of XML'],
  'from-subtitles': ['note', ({ count }) => `numbers and times were taken out of ${many(count, 'subtitle')}`],
  'from-mail': ['note', ({ count }) => `${many(count, 'message')} read; headers and attachments left out`],
  'from-notebook': [
    'note',
    ({ taken, left, kind }) =>
      `${many(taken, 'cell')} of ${kind === 'markdown' ? 'text' : kind} taken` +
      (left > 0 ? `, ${left} left out (--field ${kind === 'markdown' ? 'code' : 'markdown'} takes those)` : ''),
  ],
  'from-list': ['note', ({ name }) => `the records are taken from the list "${name}"`],
  'from-field': ['note', ({ noun, name }) => `the text is taken from the ${noun} "${name}"`],
  'no-chat': ['warning', () => 'no turns of a chat were found: one document'],
  'cut-at-mark': [
    'note',
    ({ count, unit, mark }) => `${many(count, unit)} cut at ${mark} (--split none keeps it as text)`,
  ],
  'left-out': [
    'warning',
    ({ count, unit, why, first }) => `left out ${many(count, unit)}: ${why} (${count > 1 ? 'first ' : ''}${first})`,
  ],
  'mark-in-quotes': [
    'warning',
    ({ mark, count, sample }) =>
      `${mark} stands in quotation marks ${count === 1 ? 'once' : `${count} times`} and was kept as text` +
      ` ("${sample}"); --split '${mark}' cuts there, too`,
  ],
  'mark-in-lines': [
    'warning',
    ({ mark, sample }) =>
      `${mark} stands within lines and was kept as text ("${sample}"); --split '${mark}' cuts there`,
  ],
  'cut-in-line': [
    'warning',
    ({ mark, sample }) =>
      `the text was cut at ${mark}, which stands within a line ("${sample}"); --split none keeps it as text`,
  ],
  mojibake: [
    'warning',
    ({ count, found, meant }) =>
      `${count.toLocaleString('en-US')} places look like UTF-8 read as Windows-1252 before` +
      ` ("${found}" for "${meant}"); iconv -f UTF-8 -t WINDOWS-1252 mends such a file`,
  ],
  markup: [
    'warning',
    ({ share, what, sample }) =>
      `${percent(share, 1)} of the text is ${MARKUP[what][0]} ("${sample}"), ` +
      `which the model will learn to write; ${MARKUP[what][1]}`,
  ],
};

export const REMARK_CODES = Object.keys(WORDS) as RemarkCode[];

export function remark<C extends RemarkCode>(code: C, values: RemarkValues[C]): Remark {
  const [kind, words] = WORDS[code];
  return { kind, code, values, text: words(values) } as unknown as Remark;
}

export const percent = (n: number, of: number): string => `${((100 * n) / Math.max(1, of)).toFixed(1)} %`;

/** 1 document, 1,200 documents */
export function many(n: number, what: string, plural = `${what}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? what : plural}`;
}

/** Short and on one line, for quoting. */
export function quoted(text: string, most = 40): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[\0-\x1f\x7f-\x9f]/g, '?')
    .trim();
  return [...line].length > most ? `${[...line].slice(0, most).join('')}…` : line;
}
