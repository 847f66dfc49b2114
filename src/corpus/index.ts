export { makeCorpus, limitDocuments, type Corpus } from './corpus.js';
export { censusBytes, cleanDocuments, cleanText, decodeText, type ByteCensus } from './clean.js';
export {
  bytesFile, detectFormat, MAX_CORPUS_BYTES, readDocuments, textBytesFor, textDocuments,
  type ByteFile, type CorpusFormat, type ReadOptions,
} from './sources.js';
export { splitCorpus, type CorpusSplit, type SplitOptions } from './split.js';
export { corpusStats, type CorpusStats } from './stats.js';
export { generateStories, type StoryOptions } from './stories/generate.js';
export { checkStory, type CheckOptions, type SentenceCheck, type StoryCheck } from './stories/check.js';
export type { StoryLang } from './stories/grammar.js';
export { utf8Bytes } from './utf8.js';
