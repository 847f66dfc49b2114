/** The ends of documents, as the data sets and chat templates of others mark them. */
import { quoted, remark, type Remark } from './remarks.js';

/** The mark that TinyLM writes, and that TinyStories has. */
export const END_OF_TEXT = '<|endoftext|>';

interface Marker {
  readonly end: string;
  /** What opens a document then. */
  readonly start?: RegExp;
}

/** Known marks of the end of a document, the first that a text has counts. docs/texts.md lists them. */
export const MARKERS: readonly Marker[] = [
  { end: END_OF_TEXT, start: /^\s*<\|startoftext\|>/ },
  { end: '<|end_of_text|>', start: /^\s*<\|begin_of_text\|>/ },
  { end: '<|im_end|>', start: /^\s*<\|im_start\|>/ },
  { end: '<|eot_id|>', start: /^\s*(?:<\|begin_of_text\|>)?<\|start_header_id\|>|<\|end_header_id\|>/g },
  { end: '<end_of_turn>', start: /^\s*(?:<bos>)?<start_of_turn>/ },
  { end: '</s>', start: /^\s*<s>/ },
  { end: '<eos>', start: /^\s*<bos>/ },
  { end: '<EOS>', start: /^\s*<BOS>/ },
  { end: '[EOS]', start: /^\s*\[BOS\]/ },
  { end: '<|end|>' },
];

export interface Marked {
  readonly parts: string[];
  /** The mark that was found. */
  readonly mark?: string;
  readonly remarks: Remark[];
}

/**
 * Cuts a text at its marks. One that stands in quotation marks is part of the text, as in a program that speaks of
 * it; and a mark other than `<|endoftext|>` counts only where most of them end a line.
 * @param inRecord the text is one of many, in which marks stand within lines
 */
export function cutAtMarkers(text: string, inRecord = false): Marked {
  const remarks: Remark[] = [];
  for (const { end, start } of MARKERS) {
    if (!text.includes(end)) continue;
    const { parts, kept } = cut(text, end);
    const sample = quoted(around(text, end));
    if (kept > 0) remarks.push(remark('mark-in-quotes', { mark: end, count: kept, sample }));
    if (parts.length === 1) continue;
    if (end !== END_OF_TEXT && !inRecord && !endsLines(parts, start)) {
      remarks.push(remark('mark-in-lines', { mark: end, sample }));
      continue;
    }
    const inside = end === END_OF_TEXT && !inRecord ? within(parts) : 0;
    if (inside > 0 && inside <= 3 && parts.length <= 4) remarks.push(remark('cut-in-line', { mark: end, sample }));
    return { parts: start === undefined ? parts : parts.map((part) => part.replace(start, '')), mark: end, remarks };
  }
  return { parts: [text], remarks };
}

/** The first place of a mark with what is beside it. */
function around(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return text.slice(Math.max(text.lastIndexOf('\n', at) + 1, at - 12), at + mark.length + 12).split('\n')[0];
}

function cut(text: string, mark: string): { parts: string[]; kept: number } {
  const pieces = text.split(mark);
  const parts = [pieces[0]];
  let kept = 0;
  for (const piece of pieces.slice(1)) {
    const before = parts[parts.length - 1];
    if (inQuotes(before, piece)) {
      parts[parts.length - 1] = before + mark + piece;
      kept++;
    } else parts.push(piece);
  }
  return { parts, kept };
}

/** 'MARK', `MARK`, and "MARK" with the first quotation mark opening: a story may end with one and the next begin so. */
function inQuotes(before: string, after: string): boolean {
  const quote = before.at(-1);
  if (quote === undefined || after[0] !== quote) return false;
  if (quote === "'" || quote === '`') return true;
  return quote === '"' && (before.length === 1 || /[\s([{=,:+]/.test(before.at(-2)!));
}

/** Whether nine tenths of the marks end a line, or are followed by what opens a document. */
function endsLines(parts: readonly string[], start: RegExp | undefined): boolean {
  const after = parts.slice(1);
  const ends = after.filter((part) => /^[ \t]*(?:\n|$)/.test(part) || (start && new RegExp(start.source).test(part)));
  return ends.length >= 0.9 * after.length;
}

/** Marks with other text before and after them in their line. */
function within(parts: readonly string[]): number {
  return parts.slice(1).filter((part, i) => /\S[ \t]*$/.test(parts[i].slice(-20)) && /^[ \t]*\S/.test(part)).length;
}
