/** Bytes → text, whatever they were written in. Nothing is lost silently: what was found is counted and told. */
import chardet from 'chardet';
import { TinyLMError } from '../model/errors.js';
import { surveyBytes } from './census.js';
import { binaryKind } from './magic.js';
import { percent, remark, type Remark } from './remarks.js';
import { charOf1252, decode1252 } from './windows1252.js';

/** More of either kind of bad byte than this, as a share of all, and the input is not taken for text. */
const MAX_BAD_SHARE = 0.005;

/** How much of a file is looked at to find its encoding. */
const SAMPLE_BYTES = 1 << 20;

export interface Decoded {
  readonly text: string;
  /** As people write it: `UTF-8`, `Shift_JIS`, `Windows-1252`. */
  readonly encoding: string;
  readonly remarks: readonly Remark[];
}

export interface DecodeOptions {
  /** The bytes were cut at a length: an unfinished last character is dropped and not counted. */
  readonly cut?: boolean;
  /** An encoding by name, instead of the one that is found. */
  readonly encoding?: string;
}

/**
 * Decodes a text. UTF-8, UTF-16 and UTF-32 with and without a byte order mark are known by their bytes; what is none
 * of them by its letters (chardet). Stray bytes in UTF-8 are kept where they are letters of Windows-1252.
 *
 * @param name what the bytes are called in an error
 * @throws TinyLMError `corpus-binary` when this is a known binary format, or more than 0.5 % of the bytes are
 *   control characters, or no encoding fits; `corpus-encoding` for an encoding that is not known
 */
export function decodeBytes(bytes: Uint8Array, name: string, { cut = false, encoding }: DecodeOptions = {}): Decoded {
  const kind = binaryKind(bytes);
  if (kind !== undefined)
    throw new TinyLMError('corpus-binary', `${name}: this is ${kind.what}; expected a text.`, kind.way);
  const found = encoding ?? findEncoding(bytes, name, cut);
  if (/^utf-?8$/i.test(found)) return decodeUtf8(cut ? bytes.subarray(0, wholeCharacters(bytes)) : bytes);
  const text = decodeAs(bytes, found, name, cut);
  const count = text.match(/\ufffd/g)?.length ?? 0;
  return { text, encoding: found, remarks: count === 0 ? [] : [remark('not-encoding', { count, encoding: found })] };
}

/**
 * The encoding of a text by its bytes.
 * @throws TinyLMError `corpus-binary`
 */
export function findEncoding(bytes: Uint8Array, name: string, cut = false): string {
  const marked = byMark(bytes);
  if (marked !== undefined) return marked;
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return wide;
  const { invalid, control, wide: multibyte } = surveyBytes(cut ? bytes.subarray(0, wholeCharacters(bytes)) : bytes);
  const share = (n: number): string => percent(n, bytes.length);
  const refuse = (hint: string): TinyLMError =>
    new TinyLMError(
      'corpus-binary',
      `${name}: found ${share(invalid)} invalid UTF-8 bytes and ${share(control)} control ` +
        `bytes, in ${bytes.length} bytes; expected a text with at most ${MAX_BAD_SHARE * 100} % of control bytes.`,
      hint,
    );
  // Escape sequences between seven-bit bytes are Japanese mail's own encoding.
  if (invalid === 0 && control > 0 && includes(bytes, '\x1b$B') && includes(bytes, '\x1b(B')) return 'ISO-2022-JP';
  if (control > MAX_BAD_SHARE * bytes.length)
    throw refuse('This looks like a binary file. Give a text, or a table or JSON with text in it (see docs/texts.md).');
  if (invalid === 0 || multibyte >= 4 * invalid || onlyBroken(bytes, invalid)) return 'UTF-8';
  const guesses = chardet.analyse(sampleOf(bytes)).filter(({ name: n }) => !/^(UTF|ASCII)/.test(n));
  const many = /^(Shift_JIS|EUC|GB18030|Big5|ISO-2022)/;
  const best = guesses.find(({ name: n, confidence }) => confidence >= (many.test(n) ? 50 : 5) && fits(bytes, n));
  // Some UTF-8 and some of an old encoding: two files joined. Stray bytes are decoded one by one.
  if (multibyte * 4 >= invalid && !(best !== undefined && many.test(best.name))) return 'UTF-8';
  if (best !== undefined) return best.name === 'ISO-8859-1' ? 'Windows-1252' : labelOf(best.name);
  if (fits(bytes, 'Windows-1252')) return 'Windows-1252';
  throw refuse('If it is text in an old encoding, name it: --encoding windows-1251, for example.');
}

function byMark(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe && c === 0 && d === 0 && bytes.length % 4 === 0) return 'UTF-32LE';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'UTF-32BE';
  if (a === 0xff && b === 0xfe) return 'UTF-16LE';
  if (a === 0xfe && b === 0xff) return 'UTF-16BE';
  return undefined;
}

/**
 * UTF-16 and UTF-32 without a mark. Line ends, spaces and Latin letters have zero bytes, mostly at the same places;
 * of the ways to read the bytes the one with the fewest characters that do not exist is taken.
 */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, Math.min(bytes.length, SAMPLE_BYTES) & ~3);
  const zeros = [0, 0, 0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) zeros[i & 3]++;
  const units = sample.length / 4;
  const all = zeros[0] + zeros[1] + zeros[2] + zeros[3];
  if (units < 4 || all < units / 50) return undefined;
  // Text in UTF-8 with a zero byte between its parts.
  const { invalid, control } = surveyBytes(sample);
  if (all < units && invalid === 0 && control === all) return undefined;
  const candidates: string[] = [];
  if (zeros[0] === units && zeros[1] > units * 0.5) candidates.push('UTF-32BE');
  if (zeros[3] === units && zeros[2] > units * 0.5) candidates.push('UTF-32LE');
  candidates.push(
    ...(zeros[0] + zeros[2] >= zeros[1] + zeros[3] ? ['UTF-16BE', 'UTF-16LE'] : ['UTF-16LE', 'UTF-16BE']),
  );
  const judged = candidates.map((encoding) => {
    const text = decodeWide(sample, encoding);
    const bad = text.match(/[\0-\x08\x0e-\x1f\x7f\ufffd\p{Cn}\p{Co}]|\p{Surrogate}/gu)?.length ?? 0;
    return { encoding, bad, fits: bad <= Math.max(1, MAX_BAD_SHARE * text.length) };
  });
  const [wide] = judged; // UTF-32 is plain when it fits: every fourth byte is zero
  if (wide.fits && wide.encoding.startsWith('UTF-32')) return wide.encoding;
  return judged.filter((j) => j.fits).sort((x, y) => x.bad - y.bad)[0]?.encoding;
}

/** Few bytes that no encoding makes letters of: broken UTF-8 that has no other character than ASCII. */
function onlyBroken(bytes: Uint8Array, invalid: number): boolean {
  if (invalid > MAX_BAD_SHARE * bytes.length) return false;
  let letters = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] >= 0x80 && strayLetter(bytes, i) !== undefined) letters++;
  return letters === 0;
}

/** Lines that have bytes beyond ASCII, so that a few of them in much English are seen. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < bytes.length && out.length < SAMPLE_BYTES; i++) {
    if (bytes[i] < 0x80) continue;
    const from = Math.max(0, i - 40);
    let end = i + 1;
    for (let last = i; end < bytes.length && end - last < 40; end++) if (bytes[end] >= 0x80) last = end;
    for (let k = from; k < end; k++) out.push(bytes[k]);
    i = end - 1;
  }
  return Uint8Array.from(out);
}

/** Whether an encoding has a character for nearly every byte. */
function fits(bytes: Uint8Array, encoding: string): boolean {
  const text = decodeAs(bytes.subarray(0, SAMPLE_BYTES), encoding, '', true);
  const bad = text.match(/[\ufffd\u0080-\u0084\u0086-\u009f]/g)?.length ?? 0;
  return bad <= MAX_BAD_SHARE * text.length;
}

const labelOf = (name: string): string => name.replace(/^windows/, 'Windows');

function decodeAs(bytes: Uint8Array, encoding: string, name: string, cut: boolean): string {
  if (/^utf-?(16|32)/i.test(encoding)) {
    const unit = /16/.test(encoding) ? 2 : 4;
    return decodeWide(cut ? bytes.subarray(0, bytes.length - (bytes.length % unit)) : bytes, encoding.toUpperCase());
  }
  if (/^(windows-1252|iso-8859-1|latin-?1|cp1252)$/i.test(encoding)) return decode1252(bytes);
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding);
  } catch {
    throw new TinyLMError(
      'corpus-encoding',
      `${name}: there is no encoding "${encoding}".`,
      'Names are those of the web: utf-8, utf-16le, windows-1252, shift_jis, gb18030, koi8-r …',
    );
  }
  // With `stream` an unfinished last character is not turned into U+FFFD.
  return decoder.decode(bytes, { stream: cut });
}

/** UTF-16 and UTF-32. A byte order mark goes. */
function decodeWide(bytes: Uint8Array, encoding: string): string {
  const little = !encoding.endsWith('BE');
  if (/16/.test(encoding)) return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  for (let at = 0; at + 3 < bytes.length; at += 4) {
    const point = view.getUint32(at, little);
    if (at === 0 && point === 0xfeff) continue;
    parts.push(point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd');
  }
  return parts.join('');
}

/**
 * UTF-8 with whatever stray bytes are in it. One that Windows-1252 has a letter or a quotation mark for, beside a
 * letter, is that: files are joined from more than one source. Others are dropped. Both are counted.
 */
function decodeUtf8(bytes: Uint8Array): Decoded {
  const { stray, invalid } = surveyBytes(bytes);
  const plain = (remarks: Remark[]): Decoded => ({
    text: new TextDecoder('utf-8').decode(bytes),
    encoding: 'UTF-8',
    remarks,
  });
  if (invalid === 0) return plain([]);
  if (stray.length < invalid) return plain([remark('not-utf8', { count: invalid })]);
  const parts: string[] = [];
  let from = 0;
  let kept = 0;
  for (const at of stray) {
    if (at > from) parts.push(new TextDecoder('utf-8', { ignoreBOM: from > 0 }).decode(bytes.subarray(from, at)));
    const letter = strayLetter(bytes, at);
    if (letter !== undefined) kept++;
    parts.push(letter ?? '');
    from = at + 1;
  }
  parts.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(from)));
  let line = 1;
  for (let i = 0; i < stray[0]; i++) if (bytes[i] === 10) line++;
  return {
    text: parts.join(''),
    encoding: 'UTF-8',
    remarks: [remark('stray-bytes', { count: stray.length, line, kept })],
  };
}

/** The character of a stray byte, if it looks like one. 0xff is what broken copies and erased flash are full of. */
function strayLetter(bytes: Uint8Array, at: number): string | undefined {
  const byte = bytes[at];
  const text = charOf1252(byte);
  const [before, after] = [bytes[at - 1] ?? 0, bytes[at + 1] ?? 0];
  if (byte === 0xff || /[\u0080-\u009f]/.test(text)) return undefined;
  // Bytes of a broken UTF-8 character: one from 0xc0 up with some from 0x80 to 0xbf after it.
  if (byte >= 0xc0 ? (after & 0xc0) === 0x80 : before >= 0x80) return undefined;
  if (byte < 0xc0) return text;
  const letter = (b: number): boolean => b >= 0xc0 || /[A-Za-z]/.test(String.fromCharCode(b));
  if (!letter(before) && !letter(after)) return undefined;
  // A capital within a word is the lone first half of a character: Ã.
  return /\p{Lu}/u.test(text) && /[a-z]/.test(String.fromCharCode(before)) ? undefined : text;
}

function includes(bytes: Uint8Array, text: string): boolean {
  const [first, ...rest] = Array.from(text, (c) => c.charCodeAt(0));
  for (let i = bytes.indexOf(first); i >= 0; i = bytes.indexOf(first, i + 1))
    if (rest.every((b, k) => bytes[i + 1 + k] === b)) return true;
  return false;
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
