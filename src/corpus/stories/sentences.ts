/** One sentence of a text, as it stands. */
export interface Sentence {
  text: string;
  /** White space, or the start of the text, stands before it. */
  spaced: boolean;
}

/**
 * Cuts a text into sentences. A sentence ends with a run of `.`, `!` or `?` and the quote `"` that may follow
 * directly. What remains after the last end is `rest` (empty when the text ends with a sentence); a last sentence
 * whose quote was opened and not closed is a rest too. White space between sentences is dropped, within one it stays.
 */
export function splitSentences(text: string): { sentences: Sentence[]; rest: string } {
  const sentences: Sentence[] = [];
  const pattern = /(\s*)([^\s.!?][^.!?]*|)[.!?]+"?/gu;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    sentences.push({ text: match[0].slice(match[1].length), spaced: match.index === 0 || match[1] !== '' });
    end = match.index + match[0].length;
  }
  let rest = text.slice(end).trim();
  const last = sentences.at(-1);
  if (rest === '' && last && last.text.split('"').length % 2 === 0) {
    rest = last.text;
    sentences.pop();
  }
  return { sentences, rest };
}
