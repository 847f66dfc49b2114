/** Questions at a terminal, with answers that are not shown, not kept, and on no command line. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { TinyLMError } from '../model/errors.js';
import type { Context } from './context.js';
import { UsageError } from './errors.js';

/** Lines that hold a secret, or may: commands of a device that take one. They are kept nowhere. */
export const SECRET_LINE = /^\s*\/(wi-?fi|token|auth|pass(word)?|config)\b/i;

/** Answers one after the other: asked for at a terminal, else the lines of standard input. */
export class Questions {
  readonly #context: Context;
  #lines: AsyncIterator<string> | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  get atTerminal(): boolean {
    return (this.#context.stdin as { isTTY?: boolean }).isTTY === true;
  }

  /**
   * @param hidden whether what is typed is shown
   * @returns the answer; undefined when there is none: the end of standard input, Ctrl-D
   * @throws TinyLMError `interrupted` at Ctrl-C
   */
  async ask(question: string, hidden = false): Promise<string | undefined> {
    if (this.atTerminal) return this.#askPerson(question, hidden);
    this.#lines ??= linesOf(this.#context.stdin);
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  #askPerson(question: string, hidden: boolean): Promise<string | undefined> {
    const { stderr } = this.#context.terminal;
    let muted = false;
    const output = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        if (!muted) stderr.write(chunk);
        done();
      },
    });
    // A history of no lines: the arrow keys bring nothing back.
    const lines = createInterface({ input: this.#context.stdin as never, output, terminal: true, historySize: 0 });
    return new Promise((resolve, reject) => {
      lines.on('SIGINT', () => {
        lines.close();
        reject(new TinyLMError('interrupted', 'stopped: nothing was changed'));
      });
      lines.on('close', () => {
        if (hidden) stderr.write('\n');
        resolve(undefined);
      });
      lines.question(question, (answer) => {
        resolve(answer);
        lines.close();
      });
      muted = hidden;
    });
  }

  /** Lets standard input go, which would keep the process. */
  close(): void {
    (this.#context.stdin as { destroy?: () => void }).destroy?.();
  }
}

async function* linesOf(stdin: Context['stdin']): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stdin) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r?\n/);
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/**
 * A token as `--token` has it: `-` asks for it, so that it stands in no history of a shell.
 * @throws UsageError where nobody can be asked
 */
export async function tokenOf(context: Context, given: string | undefined): Promise<string | undefined> {
  if (given !== '-') return given;
  const questions = new Questions(context);
  if (!questions.atTerminal)
    throw new UsageError('--token - asks for the token, and standard input is no terminal', 'set TINYLM_TOKEN instead');
  return questions.ask("The device's token (not shown): ", true);
}
