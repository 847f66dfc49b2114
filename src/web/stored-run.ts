/** A run in a page's store: its record, its checkpoints, its text. */
import { TinyLMError } from '../model/errors.js';
import {
  checkBelongs, decodeCheckpoint, decodeWeights, exportRun, readRunRecord, RUN_FILES, type RunFile, type RunFiles, type RunRecord,
  type WeightsFile,
} from '../run/index.js';
import type { Checkpoint } from '../train/index.js';
import { failureOf } from './calls.js';
import type { Failure, StoredRun } from './protocol.js';
import type { RunStore } from './store.js';

const AGAIN = 'train again; the store of this page was changed';

const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/**
 * The files of a run. A write that fails ends no training: it is told, and what a result needs stays in memory.
 */
export class StoredFiles implements RunFiles {
  readonly run: string;
  readonly #store: RunStore;
  readonly #trouble: (failure: Failure) => void;
  /** What could not be written. */
  readonly #unwritten = new Map<RunFile, Uint8Array>();

  constructor(store: RunStore, run: string, trouble: (failure: Failure) => void = () => {}) {
    this.#store = store;
    this.run = run;
    this.#trouble = trouble;
  }

  async read(name: RunFile): Promise<Uint8Array | undefined> {
    return this.#unwritten.get(name) ?? (await this.#store.read(this.run, name));
  }

  async write(name: RunFile, content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    try {
      await this.#store.write(this.run, name, bytes);
      this.#unwritten.delete(name);
    } catch (error) {
      this.#unwritten.set(name, bytes);
      this.#trouble(failureOf(error));
    }
  }

  writeJson(name: RunFile, value: unknown): Promise<void> {
    return this.write(name, jsonBytes(value));
  }

  async append(name: RunFile, text: string): Promise<void> {
    const before = new TextDecoder().decode(await this.read(name));
    await this.write(name, before + text);
  }

  /** @throws TinyLMError `run-missing`, `run-record` */
  async record(): Promise<RunRecord> {
    const bytes = await this.read('run');
    if (bytes === undefined) throw new TinyLMError('run-missing', `there is no run ${this.run} in this page's store`, 'choose another, or train again');
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      throw new TinyLMError('run-record', `${this.#name('run')} is no JSON`, AGAIN);
    }
    return readRunRecord(json, this.#name('run'));
  }

  /** The newest checkpoint; undefined before the first. @throws TinyLMError `run-record`, `checkpoint-…` */
  async last(record: RunRecord): Promise<Checkpoint | undefined> {
    const bytes = await this.read('last');
    if (bytes === undefined) return undefined;
    const checkpoint = decodeCheckpoint(bytes, this.#name('last'));
    checkBelongs(checkpoint, record, { checkpoint: this.#name('last'), record: this.#name('run') });
    return checkpoint;
  }

  /** The best weights, or the last where there are no best yet. @throws TinyLMError `run-no-checkpoint` */
  async weights(record: RunRecord): Promise<WeightsFile> {
    for (const name of ['best', 'last'] as const) {
      const bytes = await this.read(name);
      if (bytes !== undefined) return decodeWeights(bytes, this.#name(name), record.options.model);
    }
    throw new TinyLMError('run-no-checkpoint', `${this.run} has no checkpoint yet`, 'go on with it');
  }

  /** The model of the best weights, as the CLI exports it. */
  async exported(record: RunRecord): Promise<Uint8Array> {
    const file = await this.weights(record);
    if (file.trained === undefined) throw new TinyLMError('checkpoint-damaged', `${this.run}: its checkpoint has no tokenizer`, AGAIN);
    return exportRun(file, file.trained.tokenizer, record.options, record.corpus.name);
  }

  #name(file: RunFile): string {
    return `${this.run}/${RUN_FILES[file]}`;
  }
}

/** What a list shows of a run; undefined for one that cannot be read. */
export async function describeRun(store: RunStore, run: string): Promise<StoredRun | undefined> {
  const files = new StoredFiles(store, run);
  try {
    const record = await files.record();
    const last = await files.last(record);
    const [step, steps] = [last?.step ?? 0, record.options.steps];
    const exported = (await files.read('model')) !== undefined;
    return {
      run,
      name: record.corpus.name,
      started: record.started,
      step,
      steps,
      bytes: await store.bytes(run),
      state: !exported ? 'open' : step >= steps ? 'end' : 'stopped',
      ...(last !== undefined && Number.isFinite(last.best.valid) && { bestBits: last.best.valid }),
    };
  } catch {
    return undefined;
  }
}
