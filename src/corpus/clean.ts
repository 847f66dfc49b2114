import { TinyLMError } from '../model/errors.js';

/** More of either kind of bad byte than this, as a share of all, and the input is not taken for text. */
const MAX_BAD_SHARE = 0.005;

/** What bytes are like as text. */
export interface ByteCensus {
  bytes: number;
  /** Bytes that belong to no valid UTF-8 character (overlong forms and surrogates are not valid). */
  invalid: number;
  /** Control bytes other than tab, line feed, form feed and carriage return; NUL and DEL among them. */
  control: number;
}

/** Counts invalid UTF-8 and control bytes. A character cut off by the end of the bytes counts as invalid. */
export function censusBytes(bytes: Uint8Array): ByteCensus {
  let invalid = 0;
  let control = 0;
  for (let i = 0; i < bytes.length;) {
    const b = bytes[i];
    if (b < 0x80) {
      if (b === 0x7f || (b < 0x20 && b !== 9 && b !== 10 && b !== 12 && b !== 13)) control++;
      i++;
      continue;
    }
    const length = b >= 0xc2 && b <= 0xdf ? 2 : (b & 0xf0) === 0xe0 ? 3 : b >= 0xf0 && b <= 0xf4 ? 4 : 0;
    // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF (Unicode, table 3-7).
    const low = b === 0xe0 ? 0xa0 : b === 0xf0 ? 0x90 : 0x80;
    const high = b === 0xed ? 0x9f : b === 0xf4 ? 0x8f : 0xbf;
    let whole = length > 0 && i + length <= bytes.length && bytes[i + 1] >= low && bytes[i + 1] <= high;
    for (let k = 2; whole && k < length; k++) whole = (bytes[i + k] & 0xc0) === 0x80;
    if (!whole) invalid++;
    i += whole ? length : 1;
  }
  return { bytes: bytes.length, invalid, control };
}

const BINARY_STARTS: readonly (readonly [string, readonly number[], string])[] = [
  ['a gzip archive', [0x1f, 0x8b], 'Unpack it first, e.g. with gunzip.'],
  ['a zip archive (also .docx, .epub)', [0x50, 0x4b, 3, 4], 'Unpack it or save it as plain text first.'],
  ['a Zstandard archive', [0x28, 0xb5, 0x2f, 0xfd], 'Unpack it first, e.g. with unzstd.'],
  ['a PDF', [0x25, 0x50, 0x44, 0x46, 0x2d], 'Extract its text first, e.g. with pdftotext.'],
  ['a PNG picture', [0x89, 0x50, 0x4e, 0x47], 'Give a text file.'],
  ['a JPEG picture', [0xff, 0xd8, 0xff], 'Give a text file.'],
  ['UTF-16 text', [0xff, 0xfe], 'Save it as UTF-8, e.g. with iconv -f UTF-16 -t UTF-8.'],
  ['UTF-16 text', [0xfe, 0xff], 'Save it as UTF-8, e.g. with iconv -f UTF-16 -t UTF-8.'],
];

const percent = (n: number, of: number): string => `${((100 * n) / of).toFixed(1)} %`;

/**
 * Decodes UTF-8, dropping a byte order mark and the odd invalid byte.
 *
 * @param name what the bytes are called in an error
 * @param cut the bytes were cut at a length, so that an unfinished last character is dropped and not counted
 * @throws TinyLMError `corpus-binary` when this is a known binary format, or more than 0.5 % of the bytes are invalid
 *   UTF-8 or control characters
 */
export function decodeText(bytes: Uint8Array, name: string, cut = false): string {
  if (cut) bytes = bytes.subarray(0, wholeCharacters(bytes));
  for (const [what, start, hint] of BINARY_STARTS) {
    if (bytes.length >= start.length && start.every((b, i) => bytes[i] === b)) {
      throw new TinyLMError('corpus-binary', `${name}: this is ${what}; expected UTF-8 text.`, hint);
    }
  }
  const { invalid, control } = censusBytes(bytes);
  if (Math.max(invalid, control) > MAX_BAD_SHARE * bytes.length) {
    const share = (n: number): string => percent(n, bytes.length);
    throw new TinyLMError(
      'corpus-binary',
      `${name}: found ${share(invalid)} invalid UTF-8 bytes and ${share(control)} control bytes, `
        + `in ${bytes.length} bytes; expected UTF-8 text with at most ${MAX_BAD_SHARE * 100} % of either.`,
      control > invalid
        ? 'This looks like a binary file. Give a text, JSONL or Parquet file.'
        : 'If it is text in Latin-1 or another old encoding, convert it: iconv -f ISO-8859-1 -t UTF-8 in.txt > new.txt',
    );
  }
  // An invalid byte becomes U+FFFD here and is dropped by cleanText; a real U+FFFD is the mark of an earlier loss.
  return new TextDecoder('utf-8').decode(bytes);
}

/** The length of the longest start of `bytes` that does not end within a UTF-8 character. */
function wholeCharacters(bytes: Uint8Array): number {
  let i = bytes.length - 1;
  while (i > 0 && i > bytes.length - 4 && (bytes[i] & 0xc0) === 0x80) i--;
  if (i < 0) return 0;
  const b = bytes[i];
  const length = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1;
  return i + length > bytes.length ? i : bytes.length;
}

/**
 * Cleans a text: CRLF, CR, NEL and the Unicode line and paragraph separators become one line feed; control characters
 * other than line feed and tab, byte order marks, U+FFFD and lone surrogates are removed; then NFC, then trimmed.
 * Cleaning twice changes nothing.
 */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufeff\ufffd]|\p{Surrogate}/gu, '')
    .normalize('NFC')
    .trim();
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
