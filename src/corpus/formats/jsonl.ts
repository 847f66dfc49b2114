import { parseJson } from '../json.js';
import { RecordReader } from '../records.js';
import { quoted } from '../remarks.js';
import type { CorpusFormat } from './types.js';

const OPENS = /^[[{"]/;

/** A line without a byte order mark, the separator of JSON sequences, and a comma at its end. */
const bare = (line: string): string => line.replace(/^[\s\ufeff\x1e]+/, '').replace(/,\s*$/, '');

/** One value of JSON on each line. */
export const jsonl: CorpusFormat = {
  id: 'jsonl',
  title: 'JSON lines',
  extensions: ['jsonl', 'ndjson', 'jsonlines'],

  detect({ text, cut, extension }) {
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !isComment(line));
    if (cut && lines.length > 1) lines.pop();
    const first = lines.slice(0, 20).map(bare);
    if (first.length === 0 || !OPENS.test(first[0])) return false;
    // A list over several lines: its items could be lines of their own.
    if (first[0].startsWith('[') && parseJson(first[0]) === undefined) return false;
    if (this.extensions.includes(extension) && parseJson(first[0]) !== undefined) return true;
    const good = first.filter((line) => OPENS.test(line) && parseJson(line) !== undefined).length;
    if (good < Math.max(1, first.length * 0.6)) return false;
    return first.length > 1;
  },

  async read(source, out) {
    const reader = new RecordReader(out, { noun: 'field', unit: 'line', code: 'corpus-jsonl' }, source.options);
    let bad: { line: number; text: string } | undefined;
    let good = 0;
    const leaveOut = (why: string): void => {
      if (bad !== undefined) out.skip(why, `line ${bad.line}: "${quoted(bad.text)}"`);
    };
    for await (const { line, text } of source.lines()) {
      if (text.trim() === '') continue;
      if (isComment(text)) {
        out.skip('a comment', `line ${line}`);
        continue;
      }
      leaveOut('not JSON');
      bad = undefined;
      const parsed = parseJson(bare(text));
      if (parsed === undefined) {
        bad = { line, text };
        continue;
      }
      good++;
      reader.push(parsed.value, `line ${line}`);
      if (reader.full) break;
    }
    leaveOut(good > 0 ? 'cut off, or not JSON' : 'not JSON');
    reader.end();
    return { ...(reader.field !== undefined && { field: reader.field }) };
  },
};

const isComment = (line: string): boolean => /^\s*(#|\/\/)/.test(line);
