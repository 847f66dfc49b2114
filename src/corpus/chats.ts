/** Conversations: exports of messengers with a time on each line, and turns with labels. */

/** 12/03/2021, 10:15 - · [12.03.21, 10:15:02] · 2021-03-12 10:15 · 3/12/21, 9:15 PM - · [10:15] */
const STAMP = new RegExp(
  '^[\\u200e\\u200f]?\\[?(?<day>\\d{1,4}[./-]\\d{1,2}[./-]\\d{2,4})?,?[ T]?\\s?\\d{1,2}:\\d\\d(?::\\d\\d)?' +
    '(?:[\\s\\u202f]?[AaPp]\\.?[Mm]\\.?)?\\]?\\s?(?:[-–]\\s)?(?=\\S)',
);
const LABEL = /^[\p{L}\p{N}][^\n:]{0,30}:\s/u;
/** A program's log, not a chat. */
const LEVEL = /\b(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE)\b\]?:/;
const NICK = /^<[^>\n]{1,30}>\s/;

const MIN_LINES = 20;

/** Turns of a conversation by known speakers, one a line. */
export interface Chat {
  readonly documents: string[];
  readonly words: string;
}

/**
 * The conversations of a chat; undefined when the text is none. With times on the lines: one for each day, the times
 * left out. With labels (`Anna: …`) and few speakers: one for each block between blank lines, or else one for each
 * exchange, which begins with the first speaker.
 */
export function findChat(text: string): Chat | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < MIN_LINES) return undefined;
  return stamped(lines) ?? labelled(text, lines);
}

function stamped(lines: readonly string[]): Chat | undefined {
  const at = lines.map((line) => STAMP.exec(line));
  // A message may have more lines than one: half of them must have a time.
  if (at.filter((m) => m !== null).length < 0.5 * lines.length) return undefined;
  const spoken = lines.filter((line, i) => {
    const rest = at[i] && line.slice(at[i][0].length);
    return rest && (LABEL.test(rest) || NICK.test(rest));
  });
  if (spoken.length < 0.4 * lines.length || spoken.some((line) => LEVEL.test(line))) return undefined;
  const documents: string[][] = [[]];
  let day: string | undefined;
  for (const [i, line] of lines.entries()) {
    const now = at[i]?.groups?.day;
    if (now !== undefined && now !== day) {
      if (documents[documents.length - 1].length > 0) documents.push([]);
      day = now;
    }
    documents[documents.length - 1].push(at[i] ? line.slice(at[i][0].length) : line);
  }
  return {
    documents: documents.map((d) => d.join('\n')),
    words: 'a chat: a document for each day, the times on its lines left out',
  };
}

function labelled(text: string, lines: readonly string[]): Chat | undefined {
  const labels = lines.map((line) => LABEL.exec(line)?.[0]);
  const known = labels.filter((l) => l !== undefined);
  const speakers = new Set(known);
  if (known.length < 0.9 * lines.length || speakers.size < 2 || speakers.size > 8) return undefined;
  if (known.length < 5 * speakers.size) return undefined;
  const blocks = text.split(/\n[ \t]*\n\s*/).filter((b) => b.trim() !== '');
  if (blocks.length >= 5 && blocks.length < lines.length)
    return { documents: blocks, words: 'a chat: a document for each conversation between blank lines' };
  if (speakers.size > 2) return undefined;
  const documents: string[][] = [];
  for (const [i, line] of lines.entries()) {
    const begins = labels[i] === labels[0] && (i === 0 || labels[i - 1] !== labels[0]);
    if (begins || documents.length === 0) documents.push([]);
    documents[documents.length - 1].push(line);
  }
  return {
    documents: documents.map((d) => d.join('\n')),
    words: `a chat: a document for each exchange that "${labels[0]!.trim()}" begins`,
  };
}
