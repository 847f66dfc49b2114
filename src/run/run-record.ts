/** What a run was started with: the content of `run.json`. Its schema is in records.ts. */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import type { ReadOptions } from '../corpus/index.js';
import { TinyLMError } from '../model/errors.js';
import { readRecord } from '../model/record.js';
import { WASM_IDENTITY, type BackendIdentity } from '../run/backend.js';
import { RunSchema } from './records.js';
import { tableVocab, type TokenizerKind, type TokenizerTable } from '../tokenizer/index.js';
import type { TokenizedDocument, TrainData, TrainOptions } from '../train/index.js';

/** What decides how a text is read, and is written down with a run. */
export interface CorpusOptions extends ReadOptions {
  /** Of a folder: the files with these extensions (without dots) instead of all that are known. */
  readonly ext?: readonly string[];
}

/** Where the text is, and how to read it again exactly alike. */
export interface CorpusRecord extends CorpusOptions {
  /** As the user named it, for reports. */
  readonly name: string;
  /**
   * What to load: an absolute path, `stories:…`, or the copy in the run folder (relative to it) where the text
   * came by stdin.
   */
  readonly spec: string;
  /** Seed of the built-in stories. */
  readonly storySeed: number;
  /** Of the split into training and validation. */
  readonly splitSeed: number;
  /** What is held out of a few documents; absent in old folders: their ends. */
  readonly holdOut?: 'stretches';
}

export interface RunRecord {
  readonly version: 1;
  readonly tinylm: string;
  readonly node: string;
  readonly started: string;
  readonly corpus: CorpusRecord;
  readonly tokenizer: { readonly kind: TokenizerKind; readonly vocab: number };
  /** Who chose its length, and how; `usual`: nobody. */
  readonly plan:
    | { readonly epochs: number }
    | { readonly minutes: number }
    | { readonly steps: number }
    | { readonly usual: true };
  /** It stopped getting better: from its best step it was brought to an end, before the planned one. */
  readonly cooled?: { readonly from: number; readonly planned: number };
  /** The model whose weights and tokenizer it went on from, as it was named. */
  readonly from?: string;
  /** All that decides the result, but for its last bits. */
  readonly options: TrainOptions;
  /** The build of the trainer that the run is made with; absent in old folders, which are of WebAssembly. */
  readonly backend?: BackendIdentity;
  /** Where the run went on with another build: the step, and the build from there on. */
  readonly switched?: readonly { readonly step: number; readonly backend: BackendIdentity }[];
  /** What the run was begun with; absent in old folders. */
  readonly digest?: RunDigest;
}

/** A short name for a text, for its run: `my-text`. */
export const shortName = (name: string): string =>
  name.replace(/(?<=.)\.[^.]*$/, '').replace(/[^\p{L}\p{N}._-]+/gu, '-') || 'text';

/** SHA-256 in hexadecimal of what decides a run besides its options. */
export interface RunDigest {
  /** the tokenizer's table */
  readonly tokenizer: string;
  /** the tokens of all documents, trained on and measured on */
  readonly data: string;
  /** the model's shape */
  readonly model: string;
}

const HINT =
  'the file was changed or damaged; train again into a new folder, or use the version of tinylm that wrote it';

/**
 * @param json what stands in `run.json`
 * @param name of that file, for messages
 * @throws TinyLMError `run-record` when it is not one of ours, with the field that is wrong
 */
export function readRunRecord(json: unknown, name: string): RunRecord {
  const where = `${name} does not describe a run that this version knows`;
  return readRecord(RunSchema, json, where, { code: 'run-record', hint: HINT }) as RunRecord;
}

/** What a run is begun with, as its record keeps it. */
export function digestOf({ tokenizer, train, valid }: TrainData, model: TrainOptions['model']): RunDigest {
  type Hash = ReturnType<typeof sha256.create>;
  const of = (fill: (hash: Hash) => void): string => {
    const hash = sha256.create();
    fill(hash);
    return bytesToHex(hash.digest());
  };
  const documents =
    (list: readonly TokenizedDocument[]) =>
    (hash: Hash): void => {
      for (const { tokens, bytes } of list)
        hash
          .update(`${tokens.length} ${bytes}\n`)
          .update(new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength));
    };
  const sorted = Object.entries(model).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    tokenizer: of((hash) => hash.update(tableText(tokenizer))),
    data: of((hash) => {
      documents(train)(hash);
      hash.update('valid\n');
      documents(valid)(hash);
    }),
    model: of((hash) => hash.update(JSON.stringify(sorted))),
  };
}

const tableText = ({ kind, eod, nibbleBase, base, merges }: TokenizerTable): string =>
  JSON.stringify([kind, eod, nibbleBase, base.map((bytes) => [...bytes]), merges]);

/**
 * A run goes on with the text that it was begun with, and with no other.
 * @param path of the run, for the message
 * @throws TinyLMError `run-corpus` when the text has changed, `run-record` when the model's shape has,
 *   `tokenizer-mismatch` when the tokenizer made of the text has more tokens than the model or fewer
 */
export function checkUnchanged(path: string, { digest, options, corpus }: RunRecord, data: TrainData): void {
  const now = digestOf(data, options.model);
  if (digest !== undefined && digest.model !== now.model)
    throw new TinyLMError('run-record', `${path}: the model in run.json is not the one the run was begun with`, HINT);
  if (digest !== undefined && (digest.data !== now.data || digest.tokenizer !== now.tokenizer)) {
    const what = digest.tokenizer === now.tokenizer ? 'it has other tokens now' : 'it makes another tokenizer now';
    throw new TinyLMError(
      'run-corpus',
      `the text of ${path}, ${corpus.spec}, has changed since the run began: ${what}`,
      'bring the old text back to go on, or train on the new one: a new run folder',
    );
  }
  const tokens = tableVocab(data.tokenizer);
  if (tokens !== options.model.vocab)
    throw new TinyLMError(
      'tokenizer-mismatch',
      `${path}: the tokenizer of its text has ${tokens} tokens, the model in run.json ${options.model.vocab}`,
      'the text or run.json has changed since the run began; train again into a new folder',
    );
}

/** The build of the trainer that made the newest checkpoint of a run. */
export function backendOf({ backend, switched }: RunRecord): BackendIdentity {
  return switched?.at(-1)?.backend ?? backend ?? WASM_IDENTITY;
}
