import { TinyLMError } from '../model/errors.js';
import { utf8Bytes } from './utf8.js';

/** Below this many documents each is cut in two, instead of being given to one side whole. */
const FEW_DOCUMENTS = 20;
/** Below this a corpus is too small to hold out anything that measures. */
const MIN_CORPUS_BYTES = 1000;
/** A document shorter than this (in UTF-16 units) is not cut. */
const MIN_CUT_LENGTH = 200;

export interface SplitOptions {
  /** An integer; its low 32 bits count. */
  seed: number;
  /** The share of documents (or of each document's end) for validation, above 0 and at most 0.5. Default 0.05. */
  validShare?: number;
}

export interface CorpusSplit {
  train: string[];
  valid: string[];
}

/**
 * Splits documents into training and validation, deterministically. Both parts keep the documents' order and neither
 * is empty.
 *
 * 20 documents and more: the ⌈n · validShare⌉ documents whose hash of (seed, index) is smallest go to validation.
 * Fewer: the end of each document of 200 characters or more goes to validation, cut at the paragraph, line, sentence
 * or word boundary (in this order) that is nearest to the share, within half and one and a half of it. Where all of
 * a few documents are shorter, whole documents are taken as above.
 *
 * @throws TinyLMError `corpus-too-small` below 1000 bytes, `corpus-split` for a bad share
 */
export function splitCorpus(documents: readonly string[], { seed, validShare = 0.05 }: SplitOptions): CorpusSplit {
  if (!(validShare > 0 && validShare <= 0.5)) {
    throw new TinyLMError('corpus-split', `The validation share is ${validShare}; expected above 0 and at most 0.5.`,
      'Use for example 0.05.');
  }
  const bytes = documents.reduce((sum, d) => sum + utf8Bytes(d), 0);
  if (bytes < MIN_CORPUS_BYTES) {
    throw new TinyLMError('corpus-too-small', `The corpus has ${bytes} bytes; expected at least ${MIN_CORPUS_BYTES}.`,
      'A useful model needs about 100 KB of text or more. Try stories:en, the built-in stories.');
  }
  if (documents.length < FEW_DOCUMENTS && documents.some((d) => d.length >= MIN_CUT_LENGTH)) {
    return cutEach(documents, validShare);
  }
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

function cutEach(documents: readonly string[], share: number): CorpusSplit {
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

// Each pattern's match ends where a cut may be.
const BOUNDARIES = [/\n[ \t]*\n\s*/g, /\n/g, /[.!?…]["'”’)]*\s/g, /\s/g];

function cutPoint(text: string, share: number): number {
  const target = Math.round(text.length * (1 - share));
  const low = Math.max(1, Math.round(text.length * (1 - 1.5 * share)));
  const high = Math.min(text.length - 1, Math.round(text.length * (1 - 0.5 * share)));
  const window = text.slice(low, high);
  for (const boundary of BOUNDARIES) {
    const places = [...window.matchAll(boundary)].map((m) => low + m.index + m[0].length);
    if (places.length > 0) return places.reduce((a, b) => (Math.abs(b - target) < Math.abs(a - target) ? b : a));
  }
  // No boundary at all: not between the two halves of a surrogate pair.
  return (text.charCodeAt(target) & 0xfc00) === 0xdc00 ? target - 1 : target;
}
