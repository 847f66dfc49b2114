import { TinyLMError } from '../model/errors.js';
import { utf8Bytes } from './utf8.js';

/** Below this many documents each is cut in two, instead of being given to one side whole. */
const FEW_DOCUMENTS = 20;
/** Below this a corpus is too small to hold out anything that measures. */
const MIN_CORPUS_BYTES = 1000;
/** A document shorter than this (in UTF-16 units) is not cut. */
const MIN_CUT_LENGTH = 200;

/**
 * Running text with fewer bytes is learned by heart, whole: what a model of it could say of other text is not worth measuring, and
 * one that stops where a held-out piece is told best writes letters, not words (3 KB of Grimm: a third of the words invented; by
 * heart none).
 */
const BY_HEART_BYTES = 10_000;

/** Text held out in one place, in UTF-16 units; of a long document there are several such places. */
const STRETCH = 2000;
const MOST_STRETCHES = 16;
/** Held out of a short document: so many UTF-16 units, but not more than this share of it. */
const LEAST_HELD = 400;
const MOST_SHARE = 0.15;

export interface SplitOptions {
  /** An integer; its low 32 bits count. */
  seed: number;
  /** The share of documents (or of the text of each) for validation, above 0 and at most 0.5. Default 0.05. */
  validShare?: number;
  /** What is held out of a few documents: several stretches of each (default), or its end, as the first runs did. */
  holdOut?: 'stretches' | 'ends';
}

export interface CorpusSplit {
  train: string[];
  valid: string[];
}

/**
 * Splits documents into training and validation, deterministically. Both parts keep the documents' order and neither
 * is empty.
 *
 * 20 documents and more: the ⌈n · validShare⌉ documents whose hash of (seed, index) is smallest go to validation, so that a
 * sorted list is held out from all of it. Fewer: of each document of 200 characters or more some stretches of about 2,000
 * characters, up to 16, one in each equal part of it at a place that the seed chooses: a book's end is not like the rest of it.
 * Where one is enough it is the end. They are cut at the paragraph, line, sentence or word boundary (in this order) that is
 * nearest, and what is left between them are documents to train on. Of running text below 10,000 bytes nothing is held out: both
 * parts are the whole text. Where all of a few documents are shorter, whole documents
 * are taken as above.
 *
 * @throws TinyLMError `corpus-too-small` below 1000 bytes, `corpus-split` for a bad share
 */
export function splitCorpus(
  documents: readonly string[],
  { seed, validShare = 0.05, holdOut = 'stretches' }: SplitOptions,
): CorpusSplit {
  if (!(validShare > 0 && validShare <= 0.5)) {
    throw new TinyLMError(
      'corpus-split',
      `The validation share is ${validShare}; expected above 0 and at most 0.5.`,
      'Use for example 0.05.',
    );
  }
  const bytes = documents.reduce((sum, d) => sum + utf8Bytes(d), 0);
  if (bytes < MIN_CORPUS_BYTES) {
    throw new TinyLMError(
      'corpus-too-small',
      `The corpus has ${bytes} bytes; expected at least ${MIN_CORPUS_BYTES}.`,
      'A useful model needs about 100 KB of text or more. Try stories:en, the built-in stories.',
    );
  }
  if (holdOut !== 'ends' && byHeart(documents)) return { train: [...documents], valid: [...documents] };
  if (areFew(documents))
    return holdOut === 'ends' ? cutEnds(documents, validShare) : cutStretches(documents, validShare, seed);
  const order = documents.map((_, i) => i).sort((a, b) => hash(seed, a) - hash(seed, b) || a - b);
  const held = new Set(order.slice(0, Math.ceil(documents.length * validShare)));
  return { train: documents.filter((_, i) => !held.has(i)), valid: documents.filter((_, i) => held.has(i)) };
}

/** A 32-bit hash of seed and index: murmur3's finaliser (Appleby) over both. */
function hash(seed: number, index: number): number {
  let x = seed | 0;
  for (const word of [index, 0x9e3779b9]) {
    x ^= word;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
  }
  return x >>> 0;
}

/** Whether parts of documents are held out, since there are too few to hold out whole ones. */
export const areFew = (documents: readonly string[]): boolean =>
  documents.length < FEW_DOCUMENTS && documents.some((d) => d.length >= MIN_CUT_LENGTH);

/** Whether a text is so short that nothing is held out of it. */
export const byHeart = (documents: readonly string[]): boolean =>
  areFew(documents) && documents.reduce((sum, d) => sum + utf8Bytes(d), 0) < BY_HEART_BYTES;

function cutEnds(documents: readonly string[], share: number): CorpusSplit {
  const train: string[] = [];
  const valid: string[] = [];
  for (const document of documents) {
    const cut = document.length >= MIN_CUT_LENGTH ? cutPoint(document, share) : document.length;
    const start = document.slice(0, cut).trimEnd();
    const end = document.slice(cut).trimStart();
    if (start !== '') train.push(start);
    if (end !== '') valid.push(end);
  }
  return { train, valid };
}

function cutStretches(documents: readonly string[], share: number, seed: number): CorpusSplit {
  const train: string[] = [];
  const valid: string[] = [];
  const add = (to: string[], text: string): void => {
    if (text.trim() !== '') to.push(text.trim());
  };
  for (const [i, document] of documents.entries()) {
    const { length } = document;
    if (length < MIN_CUT_LENGTH) {
      add(train, document);
      continue;
    }
    const held = Math.max(length * share, Math.min(LEAST_HELD, length * MOST_SHARE));
    const count = Math.min(MOST_STRETCHES, Math.round(held / STRETCH));
    if (count <= 1) {
      const cut = cutPoint(document, held / length);
      add(train, document.slice(0, cut));
      add(valid, document.slice(cut));
      continue;
    }
    let done = 0;
    for (let k = 0; k < count; k++) {
      const part = length / count;
      const size = held / count;
      const from = part * k + (part - size) * (hash(seed, i * MOST_STRETCHES + k) / 2 ** 32);
      const begin = nearestCut(document, Math.max(done, from - size / 2), from, from + size / 2);
      const end = nearestCut(document, begin + size / 2, begin + size, Math.min(length, begin + 1.5 * size));
      add(train, document.slice(done, begin));
      add(valid, document.slice(begin, end));
      done = end;
    }
    add(train, document.slice(done));
  }
  return { train, valid };
}

// Each pattern's match ends where a cut may be.
const BOUNDARIES = [/\n[ \t]*\n\s*/g, /\n/g, /(?:[.!?…]["'”’)]*\s|[。！？][」』”]?)/g, /\s/g];

/** Where the last `share` of a text begins, within half and one and a half of it. */
function cutPoint(text: string, share: number): number {
  const { length } = text;
  return nearestCut(
    text,
    Math.max(1, length * (1 - 1.5 * share)),
    length * (1 - share),
    Math.min(length - 1, length * (1 - 0.5 * share)),
  );
}

/** The best boundary between two places that is nearest to a third. */
function nearestCut(text: string, from: number, wanted: number, to: number): number {
  const [low, target, high] = [from, wanted, to].map(Math.round);
  const window = text.slice(low, high);
  for (const boundary of BOUNDARIES) {
    const places = [...window.matchAll(boundary)].map((m) => low + m.index + m[0].length);
    if (places.length > 0) return places.reduce((a, b) => (Math.abs(b - target) < Math.abs(a - target) ? b : a));
  }
  // No boundary at all: not between the two halves of a surrogate pair.
  return (text.charCodeAt(target) & 0xfc00) === 0xdc00 ? target - 1 : target;
}

/** About so many characters of running text between two places where the training begins anew. */
const BEGIN_EVERY = 2000;
const FEWEST = 8;
/** Kinds of places where a text may begin, the best first: after a blank line, at a line, at a sentence. */
const BEGINNINGS = [/\n[ \t]*\n\s*/g, /\n\s*/g, /(?:[.!?…]["'”’)]*\s+|[。！？][」』”]?)/g];

/**
 * Places (in UTF-16 units) where running text begins a paragraph, or else a line or a sentence: where a model of one document should
 * begin when it is given no prompt. Empty where there are hardly any.
 */
export function beginningsOf(text: string): number[] {
  for (const kind of BEGINNINGS) {
    const places = [...text.matchAll(kind)].map((m) => m.index + m[0].length).filter((at) => at < text.length);
    if (places.length >= Math.max(FEWEST, text.length / BEGIN_EVERY / 2)) return places;
  }
  return [];
}

/** How many of a text's beginnings a pass over it begins anew at. */
export const beginningsUsed = (text: string, places: readonly number[]): number =>
  Math.min(places.length >> 1, Math.max(FEWEST, Math.round(text.length / BEGIN_EVERY)));
