/** Where one document ends and the next begins. */
import { blocksOf, hasRegularBlocks, isList } from './lists.js';
import { findChat } from './chats.js';
import { cutAtMarkers } from './markers.js';
import { many, remark, type Remark } from './remarks.js';

/** Ways to cut a text by name; any other text is a separator of its own. */
export const SPLITS = ['auto', 'none', 'marker', 'lines', 'blank', 'chat'] as const;

export interface Found {
  /** Not cleaned yet. */
  readonly documents: string[];
  /** How they were found, for people. */
  readonly words: string;
  readonly remarks: readonly Remark[];
  /** The mark that the text was cut at. */
  readonly mark?: string;
}

/**
 * Cuts a text into documents.
 * - `marker`: at `<|endoftext|>` and the like (see MARKERS)
 * - `lines`: each line; `blank`: between blank lines; `chat`: conversations; `none`: one document
 * - `auto`: by marks; else as a chat, a list of lines, or regular blocks where the text plainly is one; else whole
 * - anything else: at this text (`\n` is a line end)
 * @param inRecord the text is that of one record: `auto` looks for marks only
 */
export function findDocuments(text: string, split = 'auto', inRecord = false): Found {
  const lined = text.replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n');
  const found = (documents: string[], words: string, remarks: readonly Remark[] = []): Found => ({
    documents,
    words,
    remarks,
  });
  const lines = (words = 'one a line'): Found => found(lined.split('\n'), words);
  const blocks = (words = 'between blank lines'): Found => found(blocksOf(lined), words);
  switch (split) {
    case 'none':
      return found([lined], 'whole');
    case 'lines':
      return lines();
    case 'blank':
      return blocks();
    case 'chat': {
      const chat = findChat(lined);
      if (chat !== undefined) return found(chat.documents, chat.words);
      return found([lined], 'whole', [remark('no-chat', {})]);
    }
    case 'marker':
    case 'auto':
      break;
    default: {
      const separator = split.replace(/\\([nt\\])/g, (_, c: string) => ({ n: '\n', t: '\t' })[c] ?? '\\');
      return found(lined.split(separator), `separated by ${JSON.stringify(separator)}`);
    }
  }
  const { parts, mark, remarks } = cutAtMarkers(lined, inRecord);
  if (mark !== undefined) return { ...found(parts, `separated by ${mark}`, remarks), mark };
  const whole = found([lined], 'whole', remarks);
  if (split === 'marker' || inRecord) return whole;
  if (isList(lined)) return lines('a list, one a line');
  const chat = findChat(lined);
  if (chat !== undefined) return found(chat.documents, chat.words, remarks);
  return hasRegularBlocks(lined) ? blocks('blocks of one form, between blank lines') : whole;
}

/** What --split would make of a text that is one document. */
export function otherSplits(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '').length;
  const blocks = blocksOf(text).length;
  if (lines === 1) return undefined;
  const made = `--split lines would make ${many(lines, 'document')}`;
  return blocks > 1 && blocks < lines ? `${made}, --split blank ${blocks.toLocaleString('en-US')}` : made;
}
