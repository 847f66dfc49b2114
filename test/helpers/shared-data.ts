/** Real text beside the repository, for tests that want it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { packageRoot } from '../../src/node/assets.js';

/** Where `../shared/data/<name>` is, or would be. */
export const sharedPath = (name: string): string => join(packageRoot(), '..', 'shared', 'data', name);

/** The text of `../shared/data/<name>`, at most `bytes` of it; without the file the test is skipped, loudly. */
export function sharedText(t: TestContext, name: string, bytes = Infinity): string | undefined {
  const path = sharedPath(name);
  if (!existsSync(path)) {
    t.skip(`${name} is not in ../shared/data`);
    return undefined;
  }
  return new TextDecoder().decode(readFileSync(path).subarray(0, bytes));
}
