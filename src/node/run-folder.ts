/**
 * A run's folder: all that a training run leaves behind. Every file is written whole or not at all, and `run.json`
 * is there from the first moment, so that a run that was killed at any time can be resumed.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TinyLMError } from '../model/errors.js';
import {
  fileError,
  flushFolder,
  makeFolder,
  processLives,
  readBytes,
  readJson,
  removeTemporaries,
  writeAtomic,
} from './files.js';
import { RUN_FILES, type RunFile } from '../run/run-files.js';
import { lockFolder, type Lock } from './lock.js';
import { shellWord } from './shell.js';

export { RUN_FILES };
export type { RunFile };

export class RunFolder {
  readonly path: string;
  #lock: Lock | undefined;

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
    removeHalfMade(path);
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

  /**
   * Keeps other processes from writing here, until this one ends or {@link releaseLocks} is called. What killed writes
   * have left is removed.
   * @throws TinyLMError `run-locked` when another process trains here, `file-unwritable` as {@link append}
   */
  lock(): void {
    // Told now, not after the first interval.
    this.#plainOrNone('samples');
    this.#lock ??= lockFolder(this.path);
    removeTemporaries(this.path, { certain: true });
  }

  read(name: RunFile): Uint8Array {
    return readBytes(this.#plain(name));
  }

  readJson(name: RunFile): unknown {
    return readJson(this.#plain(name));
  }

  /** The path of a file that is one: a pipe in a foreign folder would be waited for without end. */
  #plain(name: RunFile): string {
    const path = this.file(name);
    if (existsSync(path) && !statSync(path).isFile())
      throw new TinyLMError('file-unreadable', `${path} is no file`, 'move it away, or use another run folder');
    return path;
  }

  /** @throws TinyLMError `run-lock-lost` when another process has taken the folder since {@link lock} */
  write(name: RunFile, content: Uint8Array | string): void {
    this.#lock?.check();
    writeAtomic(this.file(name), content);
  }

  writeJson(name: RunFile, value: unknown): void {
    this.write(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Whether a file is there. @throws TinyLMError `file-unwritable` when something else is */
  #plainOrNone(name: RunFile): boolean {
    const path = this.file(name);
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (!there || there.isFile()) return there !== undefined;
    throw new TinyLMError(
      'file-unwritable',
      `${path} is ${there.isSymbolicLink() ? 'a link' : 'no file'}: nothing is added to it`,
      'move it away: what it points to stays as it is',
    );
  }

  /**
   * Adds text at the end of a file that only people read. A link there, as a foreign folder may have, is not followed.
   * @throws TinyLMError `file-unwritable`
   */
  append(name: RunFile, text: string): void {
    const path = this.file(name);
    const there = this.#plainOrNone(name);
    // Written anew, not added to: whatever else has this file under another name keeps it as it was.
    this.write(name, Buffer.concat([there ? readBytes(path) : new Uint8Array(), Buffer.from(text)]));
  }
}

/** Folders that a {@link RunFolder.create} of a process that was killed has left beside a path. */
function removeHalfMade(path: string): void {
  try {
    for (const name of readdirSync(dirname(path))) {
      const rest = name.startsWith(`.${basename(path)}-`) ? name.slice(basename(path).length + 2) : '';
      const match = /^(\d+)-[0-9a-z]{8,9}$/.exec(rest);
      if (match && !processLives(Number(match[1]))) rmSync(join(dirname(path), name), { recursive: true, force: true });
    }
  } catch {
    // They are no harm.
  }
}

function isEmptyFolder(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}
