/** The command line as a user has it, for benches that measure it whole. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../src/node/assets.js';

const execute = promisify(execFile);

/**
 * What a verb prints with `--json`.
 * @param env variables beside those of this process
 * @throws Error with the program's words when it ends with another status than 0
 */
export async function tinylmJson<T>(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<T> {
  const tinylm = join(packageRoot(), 'bin', 'tinylm.js');
  const { stdout } = await execute(process.execPath, [tinylm, ...words, '--json'], {
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout) as T;
}
