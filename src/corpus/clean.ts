/** Texts as a model reads them, one rule for corpora and prompts. */

/**
 * One way to write each text: CRLF, CR, VT, FF, NEL and the Unicode line and paragraph separators become one line
 * feed; control characters other than line feed and tab, byte order marks, U+FFFD and lone surrogates are removed;
 * then NFC. Doing it twice changes nothing.
 */
export function normalText(text: string): string {
  return text
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufeff\ufffd]|\p{Surrogate}/gu, '')
    .normalize('NFC');
}

/** Cleans a document: `normalText`, then trimmed. Cleaning twice changes nothing. */
export function cleanText(text: string): string {
  return normalText(text).trim();
}

/** Cleans each document and drops those that are empty then. */
export function cleanDocuments(documents: Iterable<string>): string[] {
  const cleaned: string[] = [];
  for (const document of documents) {
    const text = cleanText(document);
    if (text !== '') cleaned.push(text);
  }
  return cleaned;
}

export interface CleanPrompt {
  readonly text: string;
  /** What was changed that a person would want to know; undefined for nothing. */
  readonly said?: string;
}

/**
 * A prompt as the corpus was cleaned, so that the model knows what it sees: `normalText`, without white space at its
 * beginning, where no document has any. Spaces at its end go, too, unless the model reads single characters or
 * bytes: in `bpe` a space belongs to the word after it, and a space alone is never followed by a word. The model
 * then writes the space itself.
 * @param tokenizer the model's kind; spaces at the end go when it is not known
 * @param goesOn the prompt follows a text of the same conversation: white space at its beginning stays
 */
export function cleanPrompt(
  prompt: string,
  tokenizer?: 'byte' | 'char' | 'bpe',
  { goesOn = false }: { goesOn?: boolean } = {},
): CleanPrompt {
  const normal = goesOn ? normalText(prompt) : normalText(prompt).trimStart();
  if (tokenizer === 'byte' || tokenizer === 'char') return { text: normal };
  const text = normal.replace(/ +$/, '');
  if (text === normal) return { text };
  return { text, said: 'the space at the end of the prompt is left out: the model writes it with the next word' };
}
