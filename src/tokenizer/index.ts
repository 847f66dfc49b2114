/** Text ↔ tokens: training a table, encoding, decoding. */
export type { TokenizerKind, TokenizerTable } from './table.js';
export { TOKENIZER_LIMITS } from './table.js';
export { byteTable, trainTokenizer, type TokenizerOptions } from './train.js';
export { allTokenBytes, tableVocab, tokenBytes, Tokenizer } from './tokenizer.js';
export { StreamingDecoder } from './decoder.js';
export { checkTable } from './check.js';
export { bytesOfModel } from './import/characters.js';
export { BYTE_LETTERS } from './import/merges.js';
export { readTokenizerFile, type TokenizerFile } from './import/read.js';
export type { ImportedTokenizer } from './import/imported.js';
