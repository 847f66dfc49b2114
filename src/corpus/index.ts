export { makeCorpus, limitDocuments, type Corpus } from './corpus.js';
export { bytesFile, type ByteFile } from './bytes.js';
export { censusBytes, type ByteCensus } from './census.js';
export { cleanDocuments, cleanPrompt, cleanText, normalText, type CleanPrompt } from './clean.js';
export { MAX_CORPUS_BYTES } from './collector.js';
export { findDocuments, SPLITS, type Found } from './documents.js';
export { decodeBytes, type Decoded } from './encoding.js';
export { FORMATS } from './formats/index.js';
export type { CorpusFormat } from './formats/types.js';
export { binaryKind } from './magic.js';
export { END_OF_TEXT, MARKERS } from './markers.js';
export { detectFormat, readDocuments, readTexts, type Reading } from './read.js';
export {
  many,
  REMARK_CODES,
  type Markup,
  type Remark,
  type RemarkCode,
  type RemarkValues,
  type Said,
} from './remarks.js';
export { textBytesFor, type ReadOptions } from './source.js';
export {
  areFew,
  beginningsOf,
  beginningsUsed,
  byHeart,
  splitCorpus,
  type CorpusSplit,
  type SplitOptions,
} from './split.js';
export { corpusStats, sizeRemark, type CorpusStats } from './stats.js';
export { generateStories, type StoryOptions } from './stories/generate.js';
export { DEFAULT_STORY_BYTES, storyTexts } from './stories/texts.js';
export { checkStory, type CheckOptions, type SentenceCheck, type StoryCheck } from './stories/check.js';
export type { StoryLang } from './stories/grammar.js';
export { utf8Bytes } from './utf8.js';
