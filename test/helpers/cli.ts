/** The command line under test: in this process with a terminal that remembers, or as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../../src/cli/context.js';
import { runProgram } from '../../src/cli/program.js';
import { makeTerminal, type Stream } from '../../src/cli/terminal.js';
import { packageRoot } from '../../src/node/assets.js';

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Remembering implements Stream {
  text = '';
  readonly #decoder = new TextDecoder();
  write(text: string | Uint8Array): boolean {
    this.text += typeof text === 'string' ? text : this.#decoder.decode(text, { stream: true });
    return true;
  }
  once(): void {}
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** What a verb is given, and what it has written so far. */
export function capture(stdin: Context['stdin'] = nothing()): { context: Context; result: () => Result } {
  const out = new Remembering();
  const err = new Remembering();
  const context: Context = { terminal: makeTerminal(out, err), stdin, exitCode: 0 };
  return { context, result: () => ({ code: context.exitCode, out: out.text, err: err.text }) };
}

/** Runs words of a command line in this process. */
export async function tinylm(words: readonly string[], stdin?: string): Promise<Result> {
  const { context, result } = capture(stdin === undefined ? nothing() : one(stdin));
  const code = await runProgram(words, context, '0.0.0');
  return { ...result(), code };
}

/** The compiled command. */
export const COMMAND = join(packageRoot(), 'dist', 'src', 'cli', 'main.js');

export interface Running {
  readonly process: ChildProcess;
  readonly result: Promise<Result>;
  /** Resolves when stderr has matched. */
  seen(pattern: RegExp): Promise<void>;
}

/** Starts the compiled command as its own process; `env` changes its environment, `cwd` is its folder. */
export function start(words: readonly string[], stdin = '', env: NodeJS.ProcessEnv = {}, cwd?: string): Running {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    stdio: 'pipe',
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, NO_COLOR: '1', NODE_TEST_CONTEXT: undefined, ...env },
  });
  let out = '';
  let err = '';
  const waiting: { pattern: RegExp; resolve: () => void }[] = [];
  const look = (): void => {
    for (const w of waiting) if (w.pattern.test(err)) w.resolve();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    look();
  });
  child.stdin.on('error', () => {}).end(stdin);
  const result = new Promise<Result>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
  return {
    process: child,
    result,
    seen: (pattern) =>
      Promise.race([
        new Promise<void>((resolve) => {
          waiting.push({ pattern, resolve });
          look();
        }),
        result.then((r) => {
          throw new Error(`the command ended with ${r.code} before ${pattern}:\n${r.err}`);
        }),
      ]),
  };
}

export const spawned = (
  words: readonly string[],
  stdin?: string,
  env?: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<Result> => start(words, stdin, env, cwd).result;

/** A folder that is gone after `use`. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-cli-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A model that trains in a second. */
export const SMALL = [
  '--max-bytes',
  '40K',
  '--vocab',
  '96',
  '--dim',
  '16',
  '--hidden',
  '16',
  '--batch',
  '8',
  '--segment',
  '32',
];
