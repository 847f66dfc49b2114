/** The compiled command at a real terminal (a pseudo-terminal made by socat), and what a person does there. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { openPty } from '../../src/node/ports/pty.js';
import { COMMAND } from './cli.js';

export interface AtTerminal {
  readonly pid: number;
  /** keys, as their bytes */
  type(keys: string): void;
  /** Resolves when the screen has got more text that matches, since the last call. */
  seen(pattern: RegExp): Promise<string>;
  readonly code: Promise<number | null>;
  /** all that was written */
  screen(): string;
  /** ends the terminal, and the command if it still runs */
  close(): void;
}

/** @param environment on top of this process's */
export async function atTerminal(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<AtTerminal> {
  const pty = await openPty(spawn);
  // As a window has it: lines end by Enter, what is typed is shown, and there is a width.
  spawnSync('stty', ['-F', pty.path, 'sane', 'cols', '200', 'rows', '40']);
  const file = openSync(pty.path, 'r+');
  const child = spawn(process.execPath, [COMMAND, ...words], {
    stdio: [file, file, file],
    env: { ...process.env, NO_COLOR: '1', TERM: 'xterm', NODE_TEST_CONTEXT: undefined, ...environment },
  });
  closeSync(file);
  let raw = '';
  let screen = '';
  let from = 0;
  let waiting: { pattern: RegExp; resolve: (text: string) => void } | undefined;
  const decoder = new TextDecoder();
  const look = (): void => {
    const match = waiting?.pattern.exec(screen.slice(from));
    if (!waiting || !match) return;
    from += match.index + match[0].length;
    const { resolve } = waiting;
    waiting = undefined;
    resolve(match[0]);
  };
  pty.onData((data) => {
    raw += decoder.decode(data, { stream: true });
    // Line ends as a program writes them, and no movements of the cursor; what may be the beginning of one waits.
    screen = raw
      .replace(/(\x1b(\[[\d;?]*)?|\r+)$/, '')
      .replace(/\r+\n/g, '\n')
      .replace(/\x1b\[[\d;?]*[A-Za-z]/g, '');
    look();
  });
  const code = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return {
    pid: child.pid!,
    type: (keys) => pty.write(Buffer.from(keys)),
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        waiting = { pattern, resolve };
        const timer = setTimeout(() => {
          reject(new Error(`not seen: ${pattern} in\n${screen.slice(from, from + 1500)}`));
        }, 10_000);
        const done = waiting.resolve;
        waiting.resolve = (text) => {
          clearTimeout(timer);
          done(text);
        };
        look();
      }),
    code,
    screen: () => screen,
    close: () => {
      child.kill('SIGKILL');
      pty.close();
    },
  };
}
