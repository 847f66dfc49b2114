/** A virtual board at a real address: a pseudo-terminal, or a TCP port where there are none. */
import { spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { attachToPty, BUSY_LINE, openPty, type ByteTalker } from '../node/ports/index.js';
import { TinyLMError } from '../model/errors.js';

/** What can be served: a virtual board. */
export type Servable = ByteTalker & {
  disconnect(): void;
  readonly state?: string;
  reset?(reason: 'rtc-watchdog'): void;
};

/** The ROM of a chip without a program resets it by its watchdog again and again; who connects hears one of them. */
function wake(board: Servable): void {
  if (board.state === 'stopped') board.reset?.('rtc-watchdog');
}

export interface Served {
  /** how the other verbs reach it */
  readonly option: string;
  close(): void;
}

/** @throws TinyLMError `pty` where socat is missing */
export async function servePty(board: Servable): Promise<Served> {
  try {
    const pty = await openPty(spawn);
    attachToPty(pty, board);
    return { option: `--port ${pty.path}`, close: () => pty.close() };
  } catch (error) {
    if (!(error instanceof TinyLMError)) throw error;
    throw new TinyLMError(error.code, error.message, `${error.hint ?? 'try again'}; or use --tcp 0`);
  }
}

/** How long one that is leaving may take, in milliseconds. */
const LEAVING_MS = 150;

/**
 * On this computer only, one program at a time as with a serial port.
 * @param port 0 for any free one
 * @throws TinyLMError `tcp` when the port is taken
 */
export async function serveTcp(board: Servable, port: number): Promise<Served> {
  let user: Socket | undefined;
  const take = (socket: Socket): void => {
    user = socket;
    board.connect((data) => void socket.write(data));
    wake(board);
    socket.on('data', (data) => board.fromHost(data));
    socket.on('close', () => {
      board.disconnect();
      user = undefined;
    });
  };
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy()); // a reset by the other side: `close` follows
    if (!user) return take(socket);
    // One program at a time: the next waits a moment for one that is just leaving, and is told so otherwise.
    setTimeout(() => {
      if (socket.destroyed) return;
      if (!user) return take(socket);
      socket.end(BUSY_LINE);
      socket.setTimeout(1000, () => socket.destroy());
    }, LEAVING_MS);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      reject(new TinyLMError('tcp', `port ${port} cannot be used (${code})`, 'choose another; 0 takes any free one')),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: chosen } = server.address() as { port: number };
  return {
    option: `--host tcp://127.0.0.1:${chosen}`,
    close: () => {
      user?.destroy();
      server.close();
    },
  };
}
