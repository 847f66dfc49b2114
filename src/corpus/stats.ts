import { byHeart } from './split.js';
import { utf8Bytes } from './utf8.js';

/** Figures of a corpus. Bytes are UTF-8, without end-of-document tokens; characters are Unicode code points. */
export interface CorpusStats {
  documents: number;
  bytes: number;
  characters: number;
  distinctCharacters: number;
  /** Runs of letters, marks and digits, with apostrophes and hyphens inside. */
  words: number;
  /** Distinct words, in lower case. */
  distinctWords: number;
  meanBytes: number;
  /** The median document's bytes; of an even number of documents the mean of the middle two. */
  medianBytes: number;
  /** The longest document's bytes. */
  longestBytes: number;
}

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*/gu;

/** Counts a corpus. All figures are 0 for no documents. */
export function corpusStats(documents: readonly string[]): CorpusStats {
  const characters = new Set<string>();
  const distinctWords = new Set<string>();
  let characterCount = 0;
  let words = 0;
  const sizes = documents.map(utf8Bytes).sort((a, b) => a - b);
  for (const document of documents) {
    for (const character of document) {
      characterCount++;
      characters.add(character);
    }
    for (const [word] of document.matchAll(WORD)) {
      words++;
      distinctWords.add(word.toLowerCase());
    }
  }
  const bytes = sizes.reduce((a, b) => a + b, 0);
  const middle = sizes.length >> 1;
  const even = sizes.length === 0 ? 0 : (sizes[middle - 1] + sizes[middle]) / 2;
  const median = sizes.length % 2 === 1 ? sizes[middle] : even;
  return {
    documents: documents.length,
    bytes,
    characters: characterCount,
    distinctCharacters: characters.size,
    words,
    distinctWords: distinctWords.size,
    meanBytes: sizes.length === 0 ? 0 : bytes / sizes.length,
    medianBytes: median,
    longestBytes: sizes.at(-1) ?? 0,
  };
}

/** Below this much text a model learns it by heart rather than its language. */
const SMALL_BYTES = 100_000;
/** Of a book. */
const PAGE_BYTES = 2000;
/** Lists of names or words need less: their documents are short and many. */
const SMALL_LIST = { documents: 1000, bytes: 10_000, medianBytes: 40 };

/** One honest sentence on what the size of a short text allows; undefined for one that is long enough. */
export function sizeRemark(documents: readonly string[]): string | undefined {
  const sizes = documents.map(utf8Bytes).sort((a, b) => a - b);
  const bytes = sizes.reduce((a, b) => a + b, 0);
  if (bytes >= SMALL_BYTES || bytes === 0) return undefined;
  const isList = sizes.length >= SMALL_LIST.documents && sizes[sizes.length >> 1] <= SMALL_LIST.medianBytes;
  if (isList && bytes >= SMALL_LIST.bytes) return undefined;
  const size = `${bytes.toLocaleString('en-US')} bytes of text`;
  if (byHeart(documents)) {
    const pages = bytes < 1.5 * PAGE_BYTES ? 'a page' : `${Math.round(bytes / PAGE_BYTES)} pages`;
    return `${size} are about ${pages}: the model learns them by heart and will mostly recite; from about 100 KB on it writes text of its own`;
  }
  if (bytes < 20_000)
    return (
      `${size} are very little: the model will repeat pieces of them and write little that is new; ` +
      'from about 100 KB on it writes sentences of its own'
    );
  return `${size} are few: the model will know much of them by heart; from about 100 KB on it writes more of its own`;
}
