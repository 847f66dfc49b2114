import { TinyLMError } from '../model/errors.js';
import { cleanText } from './clean.js';
import { limitDocuments } from './corpus.js';
import { findDocuments } from './documents.js';
import { quoted, remark, type Remark, type RemarkCode, type RemarkValues } from './remarks.js';
import { utf8Bytes } from './utf8.js';

/** Without a limit of the caller's, no more than this is read: JavaScript strings end at about 512 MB. */
export const MAX_CORPUS_BYTES = 400_000_000;

interface Skipped {
  count: number;
  readonly first: string;
}

/** Takes a file's documents as they come: cleans, counts what is left out, and says when the limit is reached. */
export class Collector {
  readonly list: string[] = [];
  readonly remarks: Remark[] = [];
  /** The limit is reached. */
  full = false;
  readonly name: string;
  private total = 0;
  private readonly maxBytes: number | undefined;
  private controls = 0;
  private lost = 0;
  private firstLost = '';
  private readonly skipped = new Map<string, Skipped>();
  /** Records that were cut, by their mark. */
  private readonly marked = new Map<string, number>();

  constructor(name: string, maxBytes: number | undefined) {
    this.name = name;
    this.maxBytes = maxBytes;
  }

  /** Forgets everything: reading begins anew. */
  reset(): void {
    this.list.length = 0;
    this.remarks.length = 0;
    this.skipped.clear();
    this.marked.clear();
    this.controls = 0;
    this.lost = 0;
    this.total = 0;
    this.full = false;
  }

  /** Adds one document; empty ones are none. @throws TinyLMError `corpus-too-large` */
  add(document: string): void {
    if (this.full) return;
    this.countLosses(document);
    const text = cleanText(document);
    if (text === '') return;
    this.total += utf8Bytes(text) + 1;
    if (this.total <= (this.maxBytes ?? MAX_CORPUS_BYTES)) {
      this.list.push(text);
      return;
    }
    if (this.maxBytes === undefined) throw tooLarge(this.name);
    if (this.list.length === 0) this.list.push(...limitDocuments([text], this.maxBytes));
    this.full = true;
  }

  /**
   * Adds the text of a record, which may hold several documents.
   */
  addRecord(text: string, split = 'auto'): void {
    const { documents, remarks, mark } = findDocuments(text, split, true);
    if (mark !== undefined && documents.length > 1) this.cut(mark);
    for (const document of documents) this.add(document);
    this.take(remarks);
  }

  /** What cleaning took away and a reader would miss. */
  losses(): Remark[] {
    return [
      ...(this.lost === 0 ? [] : [remark('lost-characters', { count: this.lost, sample: this.firstLost })]),
      ...(this.controls === 0 ? [] : [remark('control-characters', { count: this.controls })]),
    ];
  }

  private countLosses(document: string): void {
    const lost = document.match(/\ufffd|\p{Surrogate}/gu);
    if (lost !== null) {
      const at = document.search(/\ufffd|\p{Surrogate}/u);
      this.firstLost ||= quoted(document.slice(Math.max(0, at - 15), at + 15));
      this.lost += lost.length;
    }
    this.controls += document.match(/[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]/g)?.length ?? 0;
  }

  private cut(mark: string): void {
    this.marked.set(mark, (this.marked.get(mark) ?? 0) + 1);
  }

  /** Counts something that was left out. @param where of the first, such as `line 3` */
  skip(why: string, where: string): void {
    const known = this.skipped.get(why);
    if (known) known.count++;
    else this.skipped.set(why, { count: 1, first: where });
  }

  remark<C extends RemarkCode>(code: C, values: RemarkValues[C]): void {
    this.take([remark(code, values)]);
  }

  /** Once each. */
  take(remarks: readonly Remark[]): void {
    for (const one of remarks)
      if (!this.remarks.some(({ text }) => text === one.text) && this.remarks.length < 20) this.remarks.push(one);
  }

  /**
   * What was left out and what was cut, in one remark for each reason.
   * @param unit what is counted: `line`, `row`, `record`
   */
  sayWhatWasSkipped(unit: string): void {
    for (const [mark, count] of this.marked) this.remark('cut-at-mark', { count, unit, mark });
    for (const [why, { count, first }] of this.skipped) this.remark('left-out', { count, unit, why, first });
  }

  /** The first thing left out, for an error when nothing is left. */
  firstSkipped(): string | undefined {
    const [first] = this.skipped;
    return first && `${first[1].first}: ${quoted(first[0], 200)}`;
  }
}

export function tooLarge(name: string): TinyLMError {
  return new TinyLMError(
    'corpus-too-large',
    `${name}: more than ${MAX_CORPUS_BYTES} bytes of text; expected less.`,
    'Set a limit: a tiny model learns nothing more from that much.',
  );
}
