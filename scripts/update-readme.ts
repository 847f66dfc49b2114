/**
 * Puts the figures of a demo run into both READMEs and both docs/figures.md, so that nothing there is typed by hand.
 *
 *   npm start && node dist/scripts/update-readme.js run/demo
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/node/index.js';
import { FIGURES, fill, READMES } from './marked.js';

/** Lines of the report's first table that a newcomer wants to see, by the name in their first column. */
const ROWS = [
  'parameters',
  'original weights, float32',
  'exported file (.tlm)',
  'memory the engine asks for',
  'trained',
  'trainer',
  'time',
  'generating',
];

/** A section of report.md without its heading. */
function section(report: string, heading: string): string {
  const start = report.indexOf(`## ${heading}\n`);
  if (start < 0) throw new Error(`the report has no section "${heading}"`);
  const end = report.indexOf('\n## ', start + 1);
  return report.slice(start + heading.length + 4, end < 0 ? undefined : end).trim();
}

function tableRows(report: string): string[] {
  return ROWS.map((name) => {
    const line = report.split('\n').find((l) => l.startsWith(`| ${name} |`));
    if (line === undefined) throw new Error(`the report has no row "${name}"`);
    const value = line.split('|')[2].trim();
    return `${name.padEnd(28)}${value}`;
  });
}

/** The block for the README: what was generated, then the figures, as the program prints them. */
function demoBlock(folder: string): string {
  const report = readFileSync(join(folder, 'report.md'), 'utf8');
  const stories = [...section(report, 'What it writes').matchAll(/^```text\n([^]*?)\n```$/gm)].map(
    ([, story]) => story,
  );
  if (stories.length < 2) throw new Error('the report has fewer than two stories');
  const grammar = section(report, 'Grammar of the generated stories').split('\n')[0];
  // The other model's text from the same opening, under its name and what it costs.
  const [, name, text] = [
    ...section(report, 'From the same opening').matchAll(/^(\S.*):\n\n```text\n([^]*?)\n```$/gm),
  ].at(-1)!;
  return [
    '```text',
    [stories[0], stories.at(-1)].join('\n\n'),
    '',
    ...tableRows(report),
    '',
    wrap(grammar, 120),
    '',
    `${name}:`,
    text,
    '```',
  ].join('\n');
}

/** The table of bits per byte. */
function bitsBlock(folder: string): string {
  const bits = section(readFileSync(join(folder, 'report.md'), 'utf8'), 'Bits per byte').split('\n');
  const [head, ...rows] = bits.filter((l) => l.startsWith('| ') && !l.startsWith('| ---'));
  return [head, '| --- | ---: | ---: |', ...rows].join('\n');
}

function wrap(text: string, width: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1)!.length + word.length >= width) lines.push('');
    lines[lines.length - 1] += (lines.at(-1) === '' ? '' : ' ') + word;
  }
  return lines.join('\n');
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('error: no run folder\nhint: npm start, then node dist/scripts/update-readme.js run/demo');
  process.exit(2);
}
for (const [pages, mark, block] of [
  [READMES, 'demo', demoBlock(folder)],
  [FIGURES, 'demo-bits', bitsBlock(folder)],
] as const) {
  for (const name of Object.values(pages)) {
    const path = join(packageRoot(), name);
    writeFileSync(path, fill(readFileSync(path, 'utf8'), mark, block));
    console.log(`${name}: figures of ${folder}`);
  }
}
