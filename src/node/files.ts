/** Reading and writing files so that a crash leaves the old file or the new one, and errors say what to do. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TinyLMError } from '../model/errors.js';

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'check the permissions, or choose another folder',
  EPERM: 'check the permissions, or choose another folder',
  EROFS: 'this file system is read-only: choose another folder',
  ENOSPC: 'the disk is full: make room, or choose another folder',
  EDQUOT: 'the quota is used up: make room, or choose another folder',
  ENOTDIR: 'a part of the path is a file: choose another folder',
  EEXIST: 'a part of the path is a file: choose another folder',
  EISDIR: 'there is a folder of this name: choose another name',
  ENAMETOOLONG: 'choose a shorter name',
  ELOOP: 'it is a link: move it away',
};

/** Of a path where nothing can be made: its folder is not there, or is no place for files, as /proc is. */
function missing(path: string): string {
  const folder = dirname(path);
  return existsSync(folder)
    ? 'no files can be made there: choose another folder'
    : `there is no folder ${folder}: make it, or choose another`;
}

/** Turns an error of the file system into one for the user. Other errors are thrown on as they are. */
export function fileError(action: 'read' | 'written', path: string, error: unknown): TinyLMError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (error instanceof TinyLMError || code === undefined || (error as NodeJS.ErrnoException).syscall === undefined)
    throw error;
  if (action === 'read' && code === 'ENOENT')
    return new TinyLMError('file-not-found', `${path}: no such file or folder`, 'check the path');
  return new TinyLMError(
    action === 'read' ? 'file-unreadable' : 'file-unwritable',
    `${path}: cannot be ${action} (${code})`,
    code === 'ENOENT' ? missing(path) : (HINTS[code] ?? 'check the path and the permissions'),
  );
}

/** @throws TinyLMError `file-not-found`, `file-unreadable` */
export function readBytes(path: string): Uint8Array {
  try {
    const bytes = readFileSync(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    throw fileError('read', path, error);
  }
}

/** @throws TinyLMError `file-not-found`, `file-unreadable`, `file-json` */
export function readJson(path: string): unknown {
  const text = new TextDecoder().decode(readBytes(path));
  try {
    return JSON.parse(text);
  } catch {
    throw new TinyLMError(
      'file-json',
      `${path}: "${text.slice(0, 40)}" is not JSON`,
      'the file was changed or is of another kind',
    );
  }
}

/**
 * Node's recursive mkdir never returns where a folder exists and yet refuses with ENOENT, as /proc does: it makes
 * the parents again and again. One plain mkdir for each folder ends.
 */
function makeFolders(path: string): void {
  if (!existsSync(path)) {
    makeFolders(dirname(path));
    try {
      mkdirSync(path);
      return;
    } catch (error) {
      // Somebody else may have made it in between.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  // There is something: nothing happens for a folder, EEXIST for a file.
  mkdirSync(path, { recursive: true });
}

/** @throws TinyLMError `file-unwritable` */
export function makeFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    throw fileError('written', path, error);
  }
}

/**
 * For files that a user may have made: what is there already and would change is not overwritten unasked.
 * @param place what the user chooses to have them elsewhere
 * @throws TinyLMError `file-exists` for the first such file
 */
export function keepOthers(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  place = '--out',
): void {
  for (const { path, bytes } of files) {
    if (!existsSync(path) || Buffer.compare(readBytes(path), bytes) === 0) continue;
    throw new TinyLMError(
      'file-exists',
      `${path} is there already, with other content`,
      `choose another ${place}, or --force to overwrite it`,
    );
  }
}

/**
 * Names of the temporary files that {@link writeAtomic} makes beside a file: of a process, and of no other write.
 * Earlier versions left the second part out.
 */
const TEMPORARY = /\.(\d+)(?:-[0-9a-f]{8})?\.tmp$/;
/** A temporary file this old, in milliseconds, whose process has ended was left by one that was killed. */
const LEFT_AFTER_MS = 60_000;

/** Whether a process of this machine is there. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's
  }
}

/**
 * Removes what killed writes have left in a folder.
 * @param name only those of this file; default all
 * @param certain nobody else writes there now, so that age and process do not matter
 */
export function removeTemporaries(folder: string, { name = '', certain = false } = {}): void {
  try {
    for (const found of readdirSync(folder)) {
      const match = TEMPORARY.exec(found);
      if (!match || (name !== '' && found.slice(0, match.index) !== name)) continue;
      const path = join(folder, found);
      const left = !processLives(Number(match[1])) && Date.now() - lstatSync(path).mtimeMs > LEFT_AFTER_MS;
      if (certain || left) rmSync(path, { force: true });
    }
  } catch {
    // They are no harm.
  }
}

/**
 * Writes a whole file, or nothing: into a temporary file beside it, flushed to the disk, then renamed. Whoever
 * reads the path, also after the process was killed or the power failed, finds the old content or the new. A link at
 * the path is replaced; what it points to stays.
 * @throws TinyLMError `file-unwritable`
 */
export function writeAtomic(path: string, content: Uint8Array | string): void {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    // x: never through a link that somebody has laid there.
    const file = openSync(temporary, 'wx');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The first error says more.
    }
    throw fileError('written', path, error);
  }
  flushFolder(dirname(path));
  removeTemporaries(dirname(path), { name: basename(path) });
}

/** Makes a rename last through a power failure, where the system can (Windows cannot open a folder). */
export function flushFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(folder);
  } catch {
    // Some file systems refuse this for folders; the rename itself is atomic all the same.
  } finally {
    closeSync(folder);
  }
}
