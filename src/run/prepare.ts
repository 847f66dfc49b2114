/** From documents to tokens: what training and measuring read. */
import { areFew, beginningsOf, beginningsUsed, byHeart, splitCorpus } from '../corpus/index.js';
import { Tokenizer, trainTokenizer, type TokenizerKind, type TokenizerTable } from '../tokenizer/index.js';
import { encodeDocuments, someDocuments, type TokenizedDocument, type TrainData } from '../train/index.js';

/** One split for every run on a text, whatever its seed: their figures can be compared. */
export const SPLIT_SEED = 1;
/** The built-in stories are one text, whatever the seed of a run. */
export const STORY_SEED = 1;

/** Most validation tokens for the figures of a report; the trainer's own evaluations look at as many. */
const MEASURED_TOKENS = 60_000;

/** How a text is split into what is trained on and what is measured on. */
export interface SplitRecord {
  readonly splitSeed: number;
  /** Absent in runs of before there were others: the end of each of a few documents. */
  readonly holdOut?: 'stretches';
}

/** The split of new runs. */
export const SPLIT: SplitRecord = { splitSeed: SPLIT_SEED, holdOut: 'stretches' };

export interface Prepared extends TrainData {
  readonly validTexts: readonly string[];
  /** The text is so short that nothing was held out: what is measured on is what was trained on. */
  readonly known: boolean;
}

/** Splits, trains a tokenizer where there is none yet, and encodes. */
export function prepareData(
  documents: readonly string[],
  { splitSeed, holdOut }: SplitRecord,
  tokenizer: TokenizerTable | { kind: TokenizerKind; vocab: number },
): Prepared {
  const { train, valid } = splitCorpus(documents, { seed: splitSeed, holdOut: holdOut ?? 'ends' });
  const table = 'base' in tokenizer ? tokenizer : trainTokenizer(train, tokenizer);
  const encoder = new Tokenizer(table);
  return {
    tokenizer: table,
    train:
      holdOut === 'stretches' && areFew(documents)
        ? train.map((text) => encodeRunning(encoder, text))
        : encodeDocuments(encoder, train),
    valid: encodeDocuments(encoder, valid),
    validTexts: valid,
    known: holdOut === 'stretches' && byHeart(documents),
  };
}

/** Documents from all over a list that together have at most `limit` tokens (at least one). */
export const measured = (documents: readonly TokenizedDocument[], limit = MEASURED_TOKENS): TokenizedDocument[] =>
  someDocuments(documents, limit);

/** Running text, which may begin at any of its paragraphs. */
function encodeRunning(encoder: Tokenizer, text: string): TokenizedDocument {
  const places = beginningsOf(text);
  const used = beginningsUsed(text, places);
  const [whole] = encodeDocuments(encoder, [text]);
  if (used === 0) return whole;
  const parts = [0, ...places].map((from, i) => encoder.encode(text.slice(from, places[i] ?? text.length)));
  const tokens = Uint16Array.from(parts.flatMap((part) => Array.from(part)));
  let at = 0;
  const starts = parts.slice(0, -1).map((part) => (at += part.length));
  return { tokens, bytes: whole.bytes, begins: { at: Uint32Array.from(starts), used } };
}
