/** What a run was started with: the content of `run.json`. */
import { configOf, TinyLMError } from '../model/index.js';
import type { LoadOptions } from '../node/corpus-files.js';
import { WASM_IDENTITY, type BackendIdentity } from '../node/native-trainer.js';
import type { RunFolder } from '../node/run-folder.js';
import type { TokenizerKind } from '../tokenizer/index.js';
import type { TrainOptions } from '../train/index.js';

/** Where the text is, and how to read it again exactly alike. */
export interface CorpusRecord extends Pick<LoadOptions, 'format' | 'field' | 'maxBytes'> {
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
}

export interface RunRecord {
  readonly version: 1;
  readonly tinylm: string;
  readonly node: string;
  readonly started: string;
  readonly corpus: CorpusRecord;
  readonly tokenizer: { readonly kind: TokenizerKind; readonly vocab: number };
  readonly plan: { readonly epochs: number } | { readonly minutes: number };
  /** All that decides the result, but for its last bits. */
  readonly options: TrainOptions;
  /** The build of the trainer that the run is made with; absent in old folders, which are of WebAssembly. */
  readonly backend?: BackendIdentity;
  /** Where the run went on with another build: the step, and the build from there on. */
  readonly switched?: readonly { readonly step: number; readonly backend: BackendIdentity }[];
}

/** @throws TinyLMError `run-record` when `run.json` is not one of ours */
export function readRunRecord(folder: RunFolder): RunRecord {
  const record = folder.readJson('run') as Partial<RunRecord> | null;
  if (
    record?.version !== 1 ||
    typeof record.corpus?.spec !== 'string' ||
    typeof record.options?.model !== 'object' ||
    typeof record.tokenizer?.kind !== 'string'
  )
    throw new TinyLMError(
      'run-record',
      `${folder.file('run')} does not describe a run that this version knows`,
      'train again into a new folder, or use the version of tinylm that wrote it',
    );
  // Records from before there were other kinds of layers have the sizes of a stack of GRU layers.
  const { options } = record as RunRecord;
  return { ...(record as RunRecord), options: { ...options, model: configOf(options.model) } };
}

/** The build of the trainer that made the newest checkpoint of a run. */
export function backendOf({ backend, switched }: RunRecord): BackendIdentity {
  return switched?.at(-1)?.backend ?? backend ?? WASM_IDENTITY;
}
