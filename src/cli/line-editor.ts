/** Lines from a person at a terminal: editing, history kept between sessions, Ctrl-C by what is going on. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Stream } from './terminal.js';
import { visible } from './visible.js';

const HISTORY_LINES = 1000;

/** Where programs keep what the user would not miss: XDG's state folder, or %LOCALAPPDATA%. */
export function historyPath(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (platform === 'win32')
    return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'tinylm', 'history');
  // The standard has it that a relative path is to be ignored.
  const state = environment.XDG_STATE_HOME;
  return join(state?.startsWith('/') ? state : join(homedir(), '.local', 'state'), 'tinylm', 'history');
}

/**
 * The lines of a history file, oldest first; a file that grew too long is cut.
 * @param secret lines that are not to be kept: of an earlier version that did, they are removed
 */
export function readHistory(path: string, secret: (line: string) => boolean = () => false): string[] {
  try {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      // What commands a terminal was never typed.
      .filter((line) => line !== '' && visible(line) === line);
    const open = lines.filter((line) => !secret(line));
    const kept = open.slice(-HISTORY_LINES);
    if (lines.length > 2 * HISTORY_LINES || open.length < lines.length)
      writeFileSync(path, `${kept.join('\n')}\n`, { mode: 0o600 });
    return kept;
  } catch {
    return []; // the first time
  }
}

export interface EditorOptions {
  readonly input: NodeJS.ReadStream;
  /** a terminal */
  readonly output: Stream;
  readonly prompt: string;
  /** words that the tabulator completes at the beginning of a line */
  readonly words: readonly string[];
  /** the history's file; undefined keeps none */
  readonly history: string | undefined;
  /** lines that are kept nowhere */
  readonly secret?: (line: string) => boolean;
}

/** What a person may do while something runs. */
export interface Meanwhile {
  /** Ctrl-C */
  interrupt(): void;
  /** a line was typed; without this it waits until it is asked for */
  line?(text: string): void;
}

export class LineEditor {
  readonly #lines: Interface;
  readonly #output: Stream;
  readonly #prompt: string;
  readonly #history: string | undefined;
  readonly #secret: (line: string) => boolean;
  /** typed ahead; the terminal does not show it yet */
  #queue: string[] = [];
  #answer: ((text: string | undefined) => void) | undefined;
  #meanwhile: Meanwhile | undefined;
  #closed = false;
  #leaving = false;

  constructor({ input, output, prompt, words, history, secret = () => false }: EditorOptions) {
    this.#output = output;
    this.#prompt = prompt;
    this.#history = history;
    this.#secret = secret;
    // What is typed while a text streams must not be mixed into it: the editor writes only when it asks.
    const screen = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        if (this.#answer) output.write(chunk);
        done();
      },
    });
    this.#lines = createInterface({
      input,
      output: Object.defineProperty(screen, 'columns', { get: () => output.columns || 80 }),
      prompt,
      terminal: true,
      history: history === undefined ? [] : readHistory(history, secret).reverse(),
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string) => [words.filter((word) => word.startsWith(line) && line !== ''), line],
    });
    this.#lines.on('line', (text) => this.#line(text));
    this.#lines.on('SIGINT', () => this.#interrupt());
    this.#lines.on('close', () => this.#end());
  }

  #line(text: string): void {
    this.#leaving = false;
    this.#remember(text);
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer) answer(text);
    else if (this.#meanwhile?.line) this.#meanwhile.line(text);
    else this.#queue.push(text);
  }

  #remember(text: string): void {
    if (this.#secret(text)) {
      // The arrow keys do not bring it back either.
      const { history } = this.#lines as unknown as { history: string[] };
      const at = history.indexOf(text);
      if (at >= 0) history.splice(at, 1);
      return;
    }
    if (this.#history === undefined || text.trim() === '') return;
    try {
      mkdirSync(dirname(this.#history), { recursive: true, mode: 0o700 });
      // Added, not written anew: two chats at once lose nothing.
      appendFileSync(this.#history, `${text}\n`, { mode: 0o600 });
    } catch {
      // A history that cannot be kept is no reason to stop talking.
    }
  }

  #interrupt(): void {
    if (!this.#answer) {
      this.#queue = [];
      this.#meanwhile?.interrupt();
      return;
    }
    if (this.#lines.line !== '') {
      this.#leaving = false;
      this.#lines.write(null, { ctrl: true, name: 'e' });
      this.#lines.write(null, { ctrl: true, name: 'u' });
    } else if (this.#leaving) this.#lines.close();
    else {
      this.#leaving = true;
      this.#output.write('\n(Ctrl-C again or Ctrl-D leaves)\n');
      this.#lines.prompt();
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#meanwhile?.interrupt();
    const answer = this.#answer;
    this.#answer = undefined;
    if (!answer) return;
    this.#output.write('\n');
    answer(undefined);
  }

  /** The next line; undefined when the person leaves. */
  ask(): Promise<string | undefined> {
    const ahead = this.#queue.shift();
    if (ahead !== undefined) {
      this.#output.write(`${this.#prompt}${ahead}\n`);
      return Promise.resolve(ahead);
    }
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#lines.prompt(true); // with what was typed so far
    });
  }

  /** Runs `body`; Ctrl-C, Ctrl-D and lines go to `meanwhile`. */
  async during<T>(meanwhile: Meanwhile, body: () => Promise<T>): Promise<T> {
    this.#meanwhile = meanwhile;
    try {
      return await body();
    } finally {
      this.#meanwhile = undefined;
    }
  }

  /** Gives the terminal back; a question that is open is answered by undefined. */
  close(): void {
    this.#lines.close();
  }
}
