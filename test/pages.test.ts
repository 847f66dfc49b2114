/** Every shell line of the READMEs and of docs/ is done; test/helpers/shell-lines.ts says how. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../src/node/assets.js';
import { POSIX_TOOLS, toolsFor } from './firmware-support.js';
import { inFolder } from './helpers/cli.js';
import { Reader, shellLines } from './helpers/shell-lines.js';
import { toolsOf } from '../scripts/debian.js';

const ROOT = packageRoot();
const PAGES = ['.', 'docs', 'engine', 'arduino', 'firmware', 'vectors']
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => (folder === '.' ? name : `${folder}/${name}`)))
  .filter((path) => path.endsWith('.md'))
  .sort();
const linesOf = (page: string): string[] => shellLines(readFileSync(join(ROOT, page), 'utf8'));

describe('the shell lines of', () => {
  const done = new Set<string>();
  let seen = 0;
  for (const page of PAGES) {
    const lines = linesOf(page);
    if (lines.length === 0) continue;
    seen += lines.length;
    // The Portuguese first light has the lines of the English one (test/first-light.test.ts compares them).
    const twin = page.replace('.pt-BR', '');
    if (twin !== page && lines.join('\n') === linesOf(twin).join('\n')) continue;
    it(`${page} (${lines.length})`, (t) => {
      const tools = lines.some((line) => /curl|wifi|--host/.test(line)) ? { ...POSIX_TOOLS, ...toolsOf('curl') } : {};
      if (!toolsFor(t, tools)) return;
      return inFolder(async (folder) => {
        const reader = new Reader(folder);
        try {
          for (const line of lines) {
            await reader.does(line);
            done.add(line);
          }
        } finally {
          await reader.ends();
        }
      });
    });
  }

  it('all of them', () => assert.ok(seen >= 50 && done.size > 0, `${seen} lines`));
});
