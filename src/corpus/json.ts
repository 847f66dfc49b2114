/** JSON as people have it: one value after the other, cut off, with comments, NaN and commas too many. */

export interface JsonPiece {
  /** The value's own text. */
  readonly text: string;
  /** Where it begins, in UTF-16 units. */
  readonly at: number;
  /** The text ended within it. */
  readonly cut: boolean;
}

/**
 * The values of a JSON text, cut apart by their brackets without being understood: those of a list that begins the
 * text, or the values one after the other.
 */
export function* jsonPieces(text: string): Generator<JsonPiece> {
  let at = skipSpace(text, 0);
  const inList = text[at] === '[';
  if (inList) at++;
  while ((at = skipSpace(text, at)) < text.length) {
    if (text[at] === ',' || text[at] === ']') {
      at++;
      continue;
    }
    const end = valueEnd(text, at);
    yield { text: text.slice(at, end < 0 ? undefined : end), at, cut: end < 0 };
    if (end < 0) return;
    at = end;
  }
}

/** Past white space, byte order marks and comments. */
function skipSpace(text: string, at: number): number {
  const space = /(?:[\s\ufeff\x1e]|\/\/[^\n]*|\/\*[^]*?\*\/|#[^\n]*)*/y;
  space.lastIndex = at;
  space.exec(text);
  return space.lastIndex;
}

/** The end of the value at `at`; −1 when the text ends before. */
function valueEnd(text: string, at: number): number {
  const token = /"[^"\\]*(?:\\[^][^"\\]*)*"|[[{]|[\]}]|"|[^"[\]{},\s]+|[,\s]+/y;
  let depth = 0;
  token.lastIndex = at;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === '"') return -1; // a text that does not end
    if (found === '[' || found === '{') depth++;
    else if (found === ']' || found === '}') depth--;
    if (depth <= 0) return token.lastIndex;
  }
  return -1;
}

/**
 * A value of JSON; failing that, of JSON with NaN, Infinity, comments and commas too many.
 * @returns undefined when it is none
 */
export function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    try {
      return { value: JSON.parse(lenient(text)) };
    } catch {
      return undefined;
    }
  }
}

/** Texts stay as they are; between them NaN and Infinity become null, comments and trailing commas go. */
function lenient(text: string): string {
  return text.replace(LENIENT, (found) => {
    if (found[0] === '"') return found.replace(/[\n\r\t]/g, (c) => ({ '\n': '\\n', '\r': '\\r' })[c] ?? '\\t');
    if (found === 'True' || found === 'False') return found.toLowerCase();
    return /^(-?NaN|-?Infinity|undefined|None)$/.test(found) ? 'null' : '';
  });
}

/** Texts, comments, words that JSON does not have, and commas before a closing bracket. */
const LENIENT = new RegExp(
  [
    '"[^"\\\\]*(?:\\\\[^][^"\\\\]*)*"',
    '//[^\\n]*|/\\*[^]*?\\*/',
    '-?\\b(?:NaN|Infinity|undefined|None|True|False)\\b',
    ',(?=\\s*[\\]}])|\\ufeff',
  ].join('|'),
  'g',
);
