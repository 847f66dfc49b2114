/**
 * A lock on a folder: one process at a time writes there. The file says who holds it, so that one whose process has
 * ended, by kill -9 or a power failure, is known for what it is and taken over.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, utimesSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { TinyLMError } from '../model/errors.js';
import { text, whole } from '../model/record.js';
import { fileError, processLives } from './files.js';

const NAME = 'run.lock';
/** The holder touches its lock this often, in milliseconds; for those who cannot see its process. */
const BEAT_MS = 10_000;
/** After so long without a beat a holder on another machine has ended. */
const STALE_MS = 120_000;

const HolderSchema = v.object({
  pid: whole(1, 2 ** 31),
  host: text(256),
  /** when the process began, where the system tells; process ids come again */
  began: v.optional(text(64)),
  id: text(64),
});
type Holder = v.InferOutput<typeof HolderSchema>;

/** When a process began, in ticks since the start of the system: Linux only. */
function beganAt(pid: number): string | undefined {
  try {
    // The second field is a name in parentheses, which may hold anything; the twentieth after it is the time.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Who holds the lock now; undefined when nobody does any more. */
function holderOf(path: string): Holder | undefined {
  let file: number | undefined;
  try {
    // Neither a link nor a pipe of a foreign folder's is waited for.
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const { mtimeMs } = fstatSync(file);
    const holder = v.parse(HolderSchema, JSON.parse(readFileSync(file, 'utf8')));
    if (holder.host !== hostname()) return Date.now() - mtimeMs < STALE_MS ? holder : undefined;
    const began = beganAt(holder.pid);
    const other = began !== undefined && holder.began !== undefined && began !== holder.began;
    return processLives(holder.pid) && !other ? holder : undefined;
  } catch {
    return undefined; // gone meanwhile, or written by nothing that lives: half a lock is of a process that died
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

export interface Lock {
  /** @throws TinyLMError `run-lock-lost` when another process has taken it, or it was removed */
  check(): void;
  release(): void;
}

const held = new Set<Lock>();
process.once('exit', releaseLocks);

/** Gives back all that this process holds. */
export function releaseLocks(): void {
  for (const lock of [...held]) lock.release();
}

/**
 * Takes the lock of a folder until it is released or the process ends.
 * @throws TinyLMError `run-locked` when another process holds it, `file-unwritable`
 */
export function lockFolder(folder: string): Lock {
  const path = join(folder, NAME);
  const began = beganAt(process.pid);
  const me: Holder = {
    pid: process.pid,
    host: hostname(),
    id: randomBytes(8).toString('hex'),
    ...(began && { began }),
  };
  for (let attempt = 0; ; attempt++) {
    try {
      const file = openSync(path, 'wx', 0o644);
      try {
        writeSync(file, `${JSON.stringify(me)}\n`);
      } finally {
        closeSync(file);
      }
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw fileError('written', path, error);
    }
    const holder = holderOf(path);
    if (holder)
      throw new TinyLMError(
        'run-locked',
        `${folder} is in use: process ${holder.pid}${holder.host === me.host ? '' : ` on ${holder.host}`} trains there`,
        `wait until it has ended, or stop it (Ctrl-C there saves everything); then try again`,
      );
    try {
      rmSync(path, { force: true });
    } catch (error) {
      throw fileError('written', path, error);
    }
  }
  const mine = (): boolean => holderOf(path)?.id === me.id;
  const beat = setInterval(() => {
    try {
      if (mine()) utimesSync(path, new Date(), new Date());
    } catch {
      // check() says so when it matters
    }
  }, BEAT_MS);
  beat.unref();
  const lock: Lock = {
    check() {
      if (mine()) return;
      throw new TinyLMError(
        'run-lock-lost',
        `${folder} was taken by another process meanwhile: nothing more is written there`,
        'let the other one end, or stop it; then go on with --resume',
      );
    },
    release() {
      clearInterval(beat);
      held.delete(lock);
      if (mine()) rmSync(path, { force: true });
    },
  };
  held.add(lock);
  return lock;
}
