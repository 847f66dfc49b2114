/** From documents to tokens: what training and measuring read. */
import { splitCorpus } from '../corpus/index.js';
import { Tokenizer, trainTokenizer, type TokenizerKind, type TokenizerTable } from '../tokenizer/index.js';
import { encodeDocuments, type TokenizedDocument, type TrainData } from '../train/index.js';

/** One split for every run on a text, whatever its seed: their figures can be compared. */
export const SPLIT_SEED = 1;
/** The built-in stories are one text, whatever the seed of a run. */
export const STORY_SEED = 1;

/** Most validation tokens for the figures of a report; the trainer's own evaluations look at as many. */
const MEASURED_TOKENS = 60_000;

export interface Prepared extends TrainData {
  readonly validTexts: readonly string[];
}

/** Splits, trains a tokenizer where there is none yet, and encodes. */
export function prepareData(
  documents: readonly string[],
  splitSeed: number,
  tokenizer: TokenizerTable | { kind: TokenizerKind; vocab: number },
): Prepared {
  const { train, valid } = splitCorpus(documents, { seed: splitSeed });
  const table = 'base' in tokenizer ? tokenizer : trainTokenizer(train, tokenizer);
  const encoder = new Tokenizer(table);
  return {
    tokenizer: table,
    train: encodeDocuments(encoder, train),
    valid: encodeDocuments(encoder, valid),
    validTexts: valid,
  };
}

/** The first documents that together have at most `limit` tokens (at least one). */
export function measured(documents: readonly TokenizedDocument[], limit = MEASURED_TOKENS): TokenizedDocument[] {
  let tokens = 0;
  return documents.filter((d, i) => (tokens += d.tokens.length + 1) <= limit || i === 0);
}
