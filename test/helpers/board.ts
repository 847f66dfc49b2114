/** `tinylm simulate` as a process of its own, for the verbs that talk to a board. */
import assert from 'node:assert/strict';
import { start, type Result, type Running } from './cli.js';

export const ok = (result: Result): Result => {
  assert.equal(result.code, 0, result.err);
  return result;
};

/** Starts `tinylm simulate` as a process that serves a board; with it the option by which the other verbs reach it. */
export async function board(words: readonly string[]): Promise<{ running: Running; option: string[] }> {
  const running = start(['simulate', ...words]);
  let said = '';
  running.process.stderr!.on('data', (text: string) => {
    said += text;
  });
  const address = /tinylm monitor (--\w+) (\S+)\n/;
  await running.seen(address);
  const option = address.exec(said)!.slice(1);
  return { running, option };
}

/** Ends it as a person does, and with success. */
export async function ended({ process, result }: Running): Promise<Result> {
  process.kill('SIGINT');
  return ok(await result);
}
