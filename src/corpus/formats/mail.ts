import PostalMime from 'postal-mime';
import { htmlText } from '../markup.js';
import type { CorpusFormat } from './types.js';

const NAMES =
  'From|To|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Delivered-To|Content-Type|Reply-To|X-[\\w-]+';
const HEADER = new RegExp(`^(?:${NAMES}):`, 'i');
const MBOX = /^From \S+ .*\d{4}\r?\n[\w-]+:/;

/** A mail box or a single mail: the text of each message is a document; headers and attachments are left out. */
export const mail: CorpusFormat = {
  id: 'mail',
  title: 'mail',
  extensions: ['mbox', 'eml'],

  detect({ text }) {
    if (MBOX.test(text)) return true;
    const lines = text.split('\n', 12);
    const headers = lines.filter((line) => HEADER.test(line)).length;
    return (
      headers >= 3 &&
      (HEADER.test(lines[0]) || /^[\w-]+:\s/.test(lines[0])) &&
      lines.some((line) => /^(From|Subject):/i.test(line))
    );
  },

  async read(source, out) {
    let messages = 0;
    for (const bytes of messagesOf(await source.bytes())) {
      const { text, html } = await PostalMime.parse(bytes);
      messages++;
      const body = text !== undefined && text.trim() !== '' ? text : html === undefined ? '' : htmlText(html);
      if (body.trim() === '') out.skip('no text in it', `message ${messages}`);
      else out.addRecord(body, source.options.split);
      if (out.full) break;
    }
    out.remark('from-mail', { count: messages });
    out.sayWhatWasSkipped('message');
    return { words: 'one a message' };
  },
};

/** The mails of a box: each begins with a line `From …`, in which the box alone says from where. */
function* messagesOf(bytes: Uint8Array): Generator<Uint8Array> {
  const begins = (at: number): boolean =>
    bytes[at] === 70 && bytes[at + 1] === 114 && bytes[at + 2] === 111 && bytes[at + 3] === 109 && bytes[at + 4] === 32;
  const afterLine = (at: number): number => {
    const end = bytes.indexOf(10, at);
    return end < 0 ? bytes.length : end + 1;
  };
  if (!begins(0)) {
    yield bytes;
    return;
  }
  let from = afterLine(0);
  for (let at = from; at < bytes.length; at = afterLine(at)) {
    // A line "From" within a message follows no empty line, or is escaped by the box.
    if (
      !begins(at) ||
      bytes[at - 1] !== 10 ||
      !(bytes[at - 2] === 10 || (bytes[at - 2] === 13 && bytes[at - 3] === 10))
    )
      continue;
    yield bytes.subarray(from, at);
    from = afterLine(at);
  }
  yield bytes.subarray(from);
}
