/** The page for beginners: its two languages say the same commands and outputs, and every command is one. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildProgram } from '../src/cli/program.js';
import { makeTerminal } from '../src/cli/terminal.js';
import { packageRoot } from '../src/node/assets.js';

const ROOT = packageRoot();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = { en: read('docs/first-light.md'), pt: read('docs/first-light.pt-BR.md') };

const blocks = (text: string): string[] => [...text.matchAll(/^ *```(?:sh|text)\n[^]*?^ *```$/gm)].map((m) => m[0]);

test('both languages have the same commands and outputs, in the same order', () => {
  assert.deepEqual(blocks(PAGES.pt), blocks(PAGES.en));
  const headings = (text: string): number => text.match(/^#+ /gm)!.length;
  assert.equal(headings(PAGES.pt), headings(PAGES.en));
  // What one sees on the screen when something is wrong.
  const seen = (text: string): string[] =>
    [...text.slice(text.indexOf('\n## 4')).matchAll(/^\| ([^|]*) \|/gm)].flatMap((m) => m[1].match(/\*[^*]+\*/g) ?? []);
  assert.ok(seen(PAGES.en).length >= 5);
  assert.deepEqual(seen(PAGES.pt), seen(PAGES.en));
});

test('every tinylm command has a verb and options that there are', () => {
  const stream = { write: () => true, once: () => {} };
  const program = buildProgram(
    { terminal: makeTerminal(stream, stream), stdin: (async function* () {})(), exitCode: 0 },
    '0',
  );
  let seen = 0;
  for (const text of Object.values(PAGES)) {
    const prose = text.replaceAll(/\s*\n\s*/g, ' ');
    const inline = [...prose.matchAll(/`(tinylm [a-z][^`]*)`/g)].map((m) => m[1]);
    const lines = blocks(text)
      .filter((b) => b.trimStart().startsWith('```sh'))
      .flatMap((b) => b.split('\n'));
    for (const line of [...inline, ...lines.map((l) => l.trim()).filter((l) => l.startsWith('tinylm '))]) {
      const command = program.commands.find((c) => c.name() === line.split(' ')[1]);
      assert.ok(command, line);
      for (const [, flag] of line.matchAll(/ (--[a-z-]+)/g)) {
        assert.ok(
          command.options.some((o) => o.long === flag),
          `${line}: ${flag}`,
        );
      }
      seen++;
    }
  }
  assert.ok(seen >= 30, `${seen} commands`);
});

test('what the page quotes of this repository is there', () => {
  const has = (folder: string, text: string): boolean =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).some(
      (f) =>
        f.isFile() && /\.(ts|c|h)$/.test(f.name) && readFileSync(join(f.parentPath, f.name), 'utf8').includes(text),
    );
  for (const text of ['type the beginning of a text, or /help', 'not a .tlm file']) {
    assert.ok(PAGES.en.includes(text) && (has('firmware/app', text) || has('engine', text)), text);
  }
  for (const text of [
    'The board was reset and runs. Next:',
    "does not answer as TinyLM's firmware does",
    '### TinyLM board report',
    'A virtual ESP32-C3',
  ]) {
    assert.ok(PAGES.en.includes(text) && has('src', text), text);
  }
  const sketch = read('arduino/examples/SerialChat/SerialChat.ino');
  for (const text of ['Type the beginning of a story.', '/seed 7'])
    assert.ok(PAGES.en.includes(text) && sketch.includes(text));
  const { version } = JSON.parse(read('package.json')) as { version: string };
  assert.ok(PAGES.en.includes(`[TinyLM ${version}: `));
});

test('links and scripts that the documents and workflows name are there', () => {
  for (const path of ['docs/first-light.md', 'docs/first-light.pt-BR.md', 'docs/releasing.md', 'CHANGELOG.md']) {
    for (const [, to] of read(path).matchAll(/\]\(([^)#:]+)\)/g))
      assert.ok(existsSync(join(ROOT, path, '..', to)), `${path}: ${to}`);
  }
  const workflows = readdirSync(join(ROOT, '.github/workflows')).map((f) => `.github/workflows/${f}`);
  for (const path of [...workflows, 'docs/releasing.md']) {
    const text = read(path);
    for (const [, script] of text.matchAll(/node dist\/scripts\/([\w-]+)\.js/g))
      assert.ok(existsSync(join(ROOT, 'scripts', `${script}.ts`)), script);
    if (path.endsWith('.yml')) assert.match(text, /^ +- run: \.ci\/run$/m, path);
  }
});
