/**
 * A run's folder: all that a training run leaves behind. Every file is written whole or not at all, and `run.json`
 * is there from the first moment, so that a run that was killed at any time can be resumed.
 *
 *   run.json          the corpus, the options and the versions the run was started with
 *   last.safetensors  the newest checkpoint, with the optimizer's state: what a resumed run goes on from
 *   best.safetensors  the weights with the lowest bits per byte on the validation text
 *   history.json      the learning curve
 *   curve.svg         the same as a picture
 *   samples.txt       text generated at each evaluation
 *   model.tlm         the exported model, for the engine
 *   report.md         the figures of the run
 *   corpus.jsonl      the text itself, only where it came by standard input
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TinyLMError } from '../model/errors.js';
import { fileError, flushFolder, makeFolder, readBytes, readJson, writeAtomic } from './files.js';
import { shellWord } from './shell.js';

export const RUN_FILES = {
  run: 'run.json',
  last: 'last.safetensors',
  best: 'best.safetensors',
  history: 'history.json',
  curve: 'curve.svg',
  samples: 'samples.txt',
  model: 'model.tlm',
  report: 'report.md',
  corpus: 'corpus.jsonl',
} as const;

export type RunFile = keyof typeof RUN_FILES;

export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws TinyLMError `run-exists` when there is something at this path already (an empty folder is nothing) */
  static checkFree(path: string): void {
    if (existsSync(path) && !isEmptyFolder(path))
      throw new TinyLMError(
        'run-exists',
        `${path} exists already, expected a new folder`,
        existsSync(join(path, RUN_FILES.run))
          ? `go on with that run by --resume ${shellWord(path)}, or choose another folder with --out`
          : 'choose another folder with --out',
      );
  }

  /**
   * Makes the folder with its `run.json` in one step: there is never a run folder without it.
   * @param record what `run.json` is to hold, as JSON
   * @param others files that must be there from the beginning, too
   * @throws TinyLMError `run-exists` when something is there already, `file-unwritable`
   */
  static create(path: string, record: unknown, others: Partial<Record<RunFile, string>> = {}): RunFolder {
    RunFolder.checkFree(path);
    makeFolder(dirname(path));
    try {
      const made = join(dirname(path), `.${basename(path)}-${process.pid}-${Date.now().toString(36)}`);
      mkdirSync(made);
      try {
        for (const [name, content] of Object.entries(others))
          writeAtomic(join(made, RUN_FILES[name as RunFile]), content);
        writeAtomic(join(made, RUN_FILES.run), `${JSON.stringify(record, null, 2)}\n`);
        if (existsSync(path)) {
          // An empty folder of the user's: it stays, with its permissions.
          for (const name of [...Object.keys(others), 'run'] as RunFile[])
            renameSync(join(made, RUN_FILES[name]), join(path, RUN_FILES[name]));
          rmSync(made, { recursive: true });
        } else {
          renameSync(made, path);
        }
      } catch (error) {
        rmSync(made, { recursive: true, force: true });
        throw error;
      }
    } catch (error) {
      throw fileError('written', path, error);
    }
    flushFolder(dirname(path));
    return new RunFolder(path);
  }

  /** @throws TinyLMError `run-missing` when there is no run in this folder */
  static open(path: string): RunFolder {
    if (!RunFolder.is(path))
      throw new TinyLMError(
        'run-missing',
        `${path}: ${existsSync(path) ? `no ${RUN_FILES.run} in it` : 'no such folder'}, expected a run folder`,
        'tinylm train makes one; ls run shows those that are there',
      );
    return new RunFolder(path);
  }

  /** Whether there is a run in this folder. */
  static is(path: string): boolean {
    return existsSync(join(path, RUN_FILES.run));
  }

  /** The first of `name`, `name-2`, `name-3` … that is not there yet. */
  static free(parent: string, name: string): string {
    for (let n = 1; ; n++) {
      const path = join(parent, n === 1 ? name : `${name}-${n}`);
      if (!existsSync(path)) return path;
    }
  }

  file(name: RunFile): string {
    return join(this.path, RUN_FILES[name]);
  }

  has(name: RunFile): boolean {
    return existsSync(this.file(name));
  }

  read(name: RunFile): Uint8Array {
    return readBytes(this.file(name));
  }

  readJson(name: RunFile): unknown {
    return readJson(this.file(name));
  }

  write(name: RunFile, content: Uint8Array | string): void {
    writeAtomic(this.file(name), content);
  }

  writeJson(name: RunFile, value: unknown): void {
    this.write(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Adds text at the end of a file that only people read. */
  append(name: RunFile, text: string): void {
    try {
      appendFileSync(this.file(name), text);
    } catch (error) {
      throw fileError('written', this.file(name), error);
    }
  }
}

function isEmptyFolder(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}
