/** Where a tokenizer comes from: a run, a `.tlm`, a file of another program, or the corpus that it was trained on. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateStories } from '../corpus/index.js';
import { foreignKind } from '../format/index.js';
import { TinyLMError, type TokenRows } from '../model/index.js';
import type { CorpusOptions } from '../node/corpus-files.js';
import { readBytes } from '../node/files.js';
import { RunFolder } from '../node/run-folder.js';
import { shellWord } from '../node/shell.js';
import {
  allTokenBytes,
  bytesOfModel,
  readTokenizerFile,
  Tokenizer,
  trainTokenizer,
  type ImportedTokenizer,
  type TokenizerFile,
  type TokenizerKind,
  type TokenizerTable,
} from '../tokenizer/index.js';
import type { Context } from './context.js';
import { UsageError } from './errors.js';
import { checkTokenizer, openSource, openWeights, type WeightsSource } from './model-source.js';
import { corpusRecord, loadRecorded } from './load-corpus.js';

export interface FoundTokenizer {
  readonly table: TokenizerTable;
  /** Which tokens of the model ours are; absent where they are the same. */
  readonly rows?: TokenRows;
  readonly notes: readonly string[];
  /** The text that it was trained on just now. */
  readonly documents?: readonly string[];
}

export interface TokenizerOptions extends CorpusOptions {
  tokenizerFrom?: string;
  tokenizer: TokenizerKind;
}

/** A tokenizer is a small file; a larger one is a corpus. */
const TOKENIZER_BYTES_MAX = 20 * 2 ** 20;

/**
 * The tokenizer for a model, and the order in which the model has its tokens.
 * @param samples texts on which an imported tokenizer has to give its own tokens
 * @throws TinyLMError `tokenizer-import` for one that cannot be had here, `tokenizer-mismatch` for one of another model
 */
export async function findTokenizer(
  source: WeightsSource,
  { tokenizerFrom, tokenizer: kind, ...loading }: TokenizerOptions,
  samples: readonly string[],
  stdin: Context['stdin'],
): Promise<FoundTokenizer> {
  const { model, trained } = source.file;
  if (tokenizerFrom === undefined) {
    if (trained) return checked({ table: trained.tokenizer, notes: [] }, source.path);
    const beside = join(dirname(source.path), 'tokenizer.json');
    throw new UsageError(
      `${source.path} was made by another program and has no tokenizer`,
      existsSync(beside)
        ? `there is one beside it: --tokenizer-from ${shellWord(beside)}`
        : 'add --tokenizer-from byte when its tokens are bytes, or --tokenizer-from with its tokenizer.json, its ' +
            'list of characters, or the run folder or .tlm that it was trained with',
    );
  }
  if (tokenizerFrom === 'byte') return imported(bytesOfModel(model.vocab), 'byte');
  if (/\.(tlm|safetensors)$/i.test(tokenizerFrom) || RunFolder.is(tokenizerFrom))
    return checked(ofModel(tokenizerFrom), tokenizerFrom);
  const file = tokenizerFile(tokenizerFrom);
  if (file) {
    await compare(file, tokenizerFrom, samples);
    return imported(file, tokenizerFrom);
  }
  const documents = await loadRecorded(corpusRecord(tokenizerFrom, loading), undefined, stdin);
  const note =
    `${tokenizerFrom} is taken for the text that the model's tokenizer was trained on: a new one (${kind}) was ` +
    "trained on it, which is the model's own only if TinyLM trained that one too";
  return {
    ...checked({ table: trainTokenizer(documents, { kind, vocab: model.vocab }), notes: [note] }, tokenizerFrom),
    documents,
  };

  function checked(found: FoundTokenizer, where: string): FoundTokenizer {
    checkTokenizer(found.table, model, where);
    return found;
  }

  function imported({ table, input, output, vocab, what, notes }: ImportedTokenizer, where: string): FoundTokenizer {
    if (vocab !== model.vocab)
      throw new TinyLMError(
        'tokenizer-mismatch',
        `the tokenizer of ${where} has ${vocab} tokens, the model ${model.vocab}`,
        'give the tokenizer that the model was trained with',
      );
    const same = [...output].every((id, i) => id === i && input[i] === i) && output.length === vocab;
    return { table, notes: [`${where}: ${what}`, ...notes], ...(!same && { rows: { input, output } }) };
  }
}

function ofModel(path: string): FoundTokenizer {
  const from = openSource(path);
  if (from.kind === 'tlm') return { table: from.file.tokenizer, notes: [] };
  const { trained } = (from.kind === 'run' ? openWeights(path) : from).file;
  if (!trained) throw new UsageError(`${path} has no tokenizer`, 'give a run folder or a .tlm file');
  return { table: trained.tokenizer, notes: [] };
}

/** The tokenizer that a file holds, or undefined where it is a corpus. */
function tokenizerFile(given: string): TokenizerFile | undefined {
  // A folder of a downloaded model has it among other files.
  const within = join(given, 'tokenizer.json');
  const path = existsSync(within) ? within : given;
  if (!existsSync(path) || !statSync(path).isFile() || statSync(path).size > TOKENIZER_BYTES_MAX) return undefined;
  const bytes = readBytes(path);
  const kind = foreignKind(bytes);
  if (/\.(model|spm)$/i.test(path) && kind === undefined && bytes.includes(0))
    throw new TinyLMError(
      'tokenizer-import',
      `${path} is a model of SentencePiece, whose rules TinyLM has not`,
      'train with a byte or character tokenizer, or with byte-pair merges that stay within a word',
    );
  // A corpus may be packed, or lie in the Web's own formats: reading it says so.
  if (kind !== undefined && !/web page|archive/.test(kind.what))
    throw new TinyLMError(
      'tokenizer-import',
      `${path} is ${kind.what}, expected a tokenizer or a text`,
      kind.hint.replaceAll('FILE', path),
    );
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  return readTokenizerFile(path, text);
}

/** What every tokenizer for a language with our letters meets: digits, marks, several spaces and line ends. */
const MARKS =
  'It\'s 3 o\'clock, 25 December 1999!  Two spaces;\n\n"Yes," she said. (50% of x_y) - no...\n' +
  '\tA tab, a_b, c/d: e-mail?';

/** Texts for comparing tokenizers, when there is none of the user's. */
export const sampleTexts = (): string[] => [...generateStories({ lang: 'en', seed: 1, bytes: 40_000 }), MARKS];

/**
 * Encodes as the tokenizer's own program does and as TinyLM does, and back.
 * @throws TinyLMError `tokenizer-import` with the first place where the two differ
 */
async function compare(file: TokenizerFile, where: string, samples: readonly string[]): Promise<void> {
  const theirs = file.encode ?? (await ownEncoder(file));
  const ours = new Tokenizer(file.table);
  const characters = new Set(
    file.table.base.map((bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)),
  );
  // Every token alone; parts of characters are no text.
  const tokens = allTokenBytes(file.table)
    .map((bytes) => ours.decodeText(ours.encode(bytes)))
    .filter((text) => text !== '' && !/[\0\ufffd]/.test(text));
  for (const sample of [...tokens, ...samples]) {
    // Text outside a list of characters has no tokens in its own program either.
    const text = file.open
      ? sample
      : Array.from(sample)
          .filter((c) => characters.has(c))
          .join('');
    for (const piece of text.match(/[^]{1,4000}/gu) ?? []) {
      const encoded = ours.encode(piece);
      const ids = theirs(piece);
      const first = Array.from(encoded).findIndex((token, i) => file.output[token] !== ids[i]);
      if (first < 0 && encoded.length === ids.length && ours.decodeText(encoded) === piece) continue;
      const at = first < 0 ? Math.min(encoded.length, ids.length) : first;
      const before = ours.decodeText(encoded.subarray(0, at));
      throw new TinyLMError(
        'tokenizer-import',
        `${where} splits text in another way than TinyLM's rules do: after ${JSON.stringify(before.slice(-20))}, at ` +
          `${JSON.stringify(piece.slice(before.length, before.length + 16))}`,
        'the model would read other tokens than it has learned; train it with a tokenizer whose merges stay ' +
          'within a word (docs/checkpoints.md)',
      );
    }
  }
}

/** How the library that a `tokenizer.json` is written for encodes. */
async function ownEncoder({ json }: TokenizerFile): Promise<(text: string) => number[]> {
  const { Tokenizer: Own } = await import('@huggingface/tokenizers');
  try {
    // The library wants every part to be there, be it null.
    const own = new Own(
      { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [], ...json },
      {},
    );
    return (text) => own.encode(text, { add_special_tokens: false }).ids;
  } catch (error) {
    throw new TinyLMError(
      'tokenizer-import',
      `a tokenizer.json that cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      'save it again with tokenizer.save_pretrained',
    );
  }
}
