/** Where a page keeps its runs: the browser's private file system (OPFS), or memory, which a reload empties. */
import { TinyLMError } from '../model/errors.js';
import type { RunFile } from '../run/index.js';
import { RUN_FILES } from '../run/index.js';
import type { StoreKind } from './protocol.js';

/** Runs with their files, named as in a run folder of the CLI. */
export interface RunStore {
  readonly kind: StoreKind;
  list(): Promise<string[]>;
  /** undefined when it is not there */
  read(run: string, file: RunFile): Promise<Uint8Array | undefined>;
  /** Whole or not at all. @throws TinyLMError `store-full`, `store-failed` */
  write(run: string, file: RunFile, content: Uint8Array): Promise<void>;
  remove(run: string): Promise<void>;
  /** Bytes of all files of a run. */
  bytes(run: string): Promise<number>;
  /**
   * Keeps other pages from training a run.
   * @returns what ends that; undefined when another page has it
   */
  lock(run: string): Promise<(() => void) | undefined>;
}

export function memoryStore(): RunStore {
  const runs = new Map<string, Map<RunFile, Uint8Array>>();
  const locked = new Set<string>();
  return {
    kind: 'memory',
    list: async () => [...runs.keys()],
    read: async (run, file) => runs.get(run)?.get(file)?.slice(),
    async write(run, file, content) {
      const files = runs.get(run) ?? new Map<RunFile, Uint8Array>();
      runs.set(run, files.set(file, content.slice()));
    },
    remove: async (run) => void runs.delete(run),
    bytes: async (run) => [...(runs.get(run)?.values() ?? [])].reduce((sum, content) => sum + content.length, 0),
    async lock(run) {
      if (locked.has(run)) return undefined;
      locked.add(run);
      return () => void locked.delete(run);
    },
  };
}

/** The folder below the origin's root. */
const FOLDER = 'tinylm-runs';

/** What TypeScript's library for pages leaves out, being for workers. */
interface SyncHandle {
  truncate(size: number): void;
  write(data: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}
interface FileHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncHandle>;
  move?(name: string): Promise<void>;
}
type Folder = FileSystemDirectoryHandle & { entries(): AsyncIterable<[string, FileSystemHandle]> };

/** A browser's lock over all its pages and workers. */
interface Locks {
  request(name: string, options: { ifAvailable: true }, held: (lock: unknown) => Promise<void>): Promise<void>;
}

/**
 * Runs in OPFS.
 * @param root `await navigator.storage.getDirectory()`
 * @param locks `navigator.locks`
 */
export async function opfsStore(root: FileSystemDirectoryHandle, locks: Locks): Promise<RunStore> {
  const home = (await root.getDirectoryHandle(FOLDER, { create: true })) as Folder;
  const folder = async (run: string): Promise<Folder | undefined> => {
    try {
      return (await home.getDirectoryHandle(run)) as Folder;
    } catch (error) {
      return missing(error);
    }
  };
  return {
    kind: 'opfs',
    async list() {
      const names: string[] = [];
      for await (const [name, handle] of home.entries()) if (handle.kind === 'directory') names.push(name);
      return names.sort();
    },
    async read(run, file) {
      try {
        const handle = await (await folder(run))?.getFileHandle(RUN_FILES[file]);
        return handle && new Uint8Array(await (await handle.getFile()).arrayBuffer());
      } catch (error) {
        return missing(error);
      }
    },
    async write(run, file, content) {
      try {
        const into = (await home.getDirectoryHandle(run, { create: true })) as Folder;
        await writeWhole(into, RUN_FILES[file], content);
      } catch (error) {
        throw storeError(error as Error);
      }
    },
    async remove(run) {
      try {
        await home.removeEntry(run, { recursive: true });
      } catch (error) {
        missing(error);
      }
    },
    async bytes(run) {
      let sum = 0;
      for await (const [, handle] of (await folder(run))?.entries() ?? [])
        if (handle.kind === 'file') sum += (await (handle as FileSystemFileHandle).getFile()).size;
      return sum;
    },
    lock: (run) => new Promise((resolve, reject) => {
      locks.request(`${FOLDER}/${run}`, { ifAvailable: true }, (lock) => {
        if (lock === null) resolve(undefined);
        return lock === null ? Promise.resolve() : new Promise<void>((end) => resolve(end));
      }).catch(reject);
    }),
  };
}

async function writeWhole(into: Folder, name: string, content: Uint8Array): Promise<void> {
  const handle: FileHandle = await into.getFileHandle(name, { create: true });
  if ('createWritable' in handle) {
    // Writes into a file of its own, which takes the place of the old one when it is closed.
    const writer = await handle.createWritable();
    try {
      await writer.write(content as Uint8Array<ArrayBuffer>);
    } catch (error) {
      await writer.abort().catch(() => undefined);
      throw error;
    }
    return writer.close();
  }
  const beside: FileHandle = await into.getFileHandle(`${name}.new`, { create: true });
  const access = await beside.createSyncAccessHandle!();
  try {
    access.truncate(0);
    access.write(content, { at: 0 });
    access.flush();
  } finally {
    access.close();
  }
  await beside.move!(name);
}

/** @throws all but that something is not there */
function missing(error: unknown): undefined {
  if ((error as Error).name !== 'NotFoundError') throw storeError(error as Error);
  return undefined;
}

function storeError(error: Error): TinyLMError {
  if (error.name === 'QuotaExceededError')
    return new TinyLMError('store-full', 'the browser gives no more room for checkpoints', 'remove old runs, or make room on the disk');
  return new TinyLMError('store-failed', `a checkpoint could not be kept (${error.message || error.name})`, 'the training goes on without it');
}

/**
 * OPFS where the browser gives it, else memory.
 * @returns with why it is memory, in words
 */
export async function openStore(): Promise<{ store: RunStore; note?: string }> {
  const { navigator } = globalThis as { navigator?: { storage?: StorageManager; locks?: Locks } };
  try {
    if (navigator?.storage?.getDirectory === undefined || navigator.locks === undefined) throw new Error('it has no private file system');
    return { store: await opfsStore(await navigator.storage.getDirectory(), navigator.locks) };
  } catch (error) {
    return {
      store: memoryStore(),
      note: `this browser keeps no files for this page (${(error as Error).message}): a reload loses the training`,
    };
  }
}
