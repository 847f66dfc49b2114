/**
 * A pseudo-terminal whose other end is this process: a real path that any serial program opens. Made by `socat`
 * (in Debian and Homebrew): Node has no call for it, the native package for it (node-pty) would be one more thing to
 * compile, and `script` wants a terminal of its own.
 */
import { TinyLMError } from '../../model/errors.js';
import { within } from '../../device/deadline.js';

/** How long socat and sh may take to begin. */
const START_MS = 10_000;

interface ByteStream {
  on(event: 'data', listener: (data: Uint8Array) => void): unknown;
}

/** The part of a child process used here. */
export interface PtyChild {
  readonly stdin: { write(data: Uint8Array): unknown; on(event: 'error', listener: () => void): unknown } | null;
  readonly stdout: ByteStream | null;
  readonly stderr: ByteStream | null;
  on(event: 'error', listener: (error: Error & { code?: string | undefined }) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  kill(): unknown;
}

/** `spawn` of `node:child_process`, handed in by the rooms that may start processes. */
export type Spawn = (command: string, args: string[], options: { stdio: 'pipe' }) => PtyChild;

export interface Pty {
  /** the terminal's path, e.g. /dev/pts/3 */
  path: string;
  /** sends to whoever has the terminal open */
  write(data: Uint8Array): void;
  /** what they send */
  onData(listener: (data: Uint8Array) => void): void;
  close(): void;
}

/** Opens a pseudo-terminal. @throws TinyLMError `pty` when socat is missing or fails */
export async function openPty(spawn: Spawn): Promise<Pty> {
  const child = spawn('socat', ['-d', '-d', 'PTY,raw,echo=0', 'STDIO'], { stdio: 'pipe' });
  const listeners: ((data: Uint8Array) => void)[] = [];
  child.stdout?.on('data', (data) => listeners.forEach((listener) => listener(data)));
  child.stdin?.on('error', () => undefined); // socat has gone: its exit says so
  const late = (what: string) => (): TinyLMError => {
    child.kill();
    return new TinyLMError('pty', `${what} (${START_MS / 1000} s)`, 'try again');
  };
  const named = new Promise<string>((resolve, reject) => {
    let log = '';
    child.on('error', (e) =>
      reject(
        new TinyLMError(
          'pty',
          e.code === 'ENOENT' ? 'socat is not installed; it makes the pseudo-terminal' : `socat: ${e.message}`,
          'apt-get install socat, or brew install socat',
        ),
      ),
    );
    child.on('exit', () => reject(new TinyLMError('pty', `socat stopped: ${log.trim()}`)));
    child.stderr?.on('data', (data) => {
      log = (log + new TextDecoder().decode(data)).slice(-4000);
      const found = /PTY is (\S+)/.exec(log);
      if (found) resolve(found[1]);
    });
  });
  const path = await within(START_MS, named, late('socat does not say which terminal it has made'));
  // socat ends when the last user of the terminal closes it: keep one that never does, as long as this process lives.
  const holder = spawn('sh', ['-c', 'exec 3<>"$0"; echo held; exec cat', path], { stdio: 'pipe' });
  const held = new Promise<void>((resolve, reject) => {
    holder.on('error', (e) => reject(new TinyLMError('pty', `sh: ${e.message}`)));
    holder.stdout?.on('data', () => resolve());
    holder.on('exit', () => reject(new TinyLMError('pty', `${path} could not be opened`)));
  });
  await within(START_MS, held, late(`${path} does not open`));
  return {
    path,
    write: (data) => {
      child.stdin?.write(data);
    },
    onData: (listener) => {
      listeners.push(listener);
    },
    close: () => {
      holder.kill();
      child.kill();
    },
  };
}

/** Anything that talks in bytes: a virtual board. */
export interface ByteTalker {
  connect(toHost: (data: Uint8Array) => void): void;
  fromHost(data: Uint8Array): void;
}

/** Connects a board to a pseudo-terminal. */
export function attachToPty(pty: Pty, board: ByteTalker): void {
  board.connect((data) => pty.write(data));
  pty.onData((data) => board.fromHost(data));
}
