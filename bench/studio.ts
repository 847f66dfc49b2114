/** The studio in Chromium: its training speed beside the command line's in turns, what a first visit loads, what holds the page up while it trains. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packageRoot } from '../src/node/assets.js';
import { sitePath } from '../src/node/site-server.js';
import { closeBrowser, withStudio } from '../test/helpers/studio.js';
import { circumstances, spread, type Circumstances, type Spread } from './measure.js';

export interface StudioResults {
  readonly circumstances: Circumstances;
  readonly threads: number;
  /** Tokens a second in training, one of each a round: page, then command line. */
  readonly rounds: readonly { readonly page: number; readonly cli: number }[];
  /** Bytes over the wire, compressed as `tinylm studio` does: until the first step can be used; and all that is kept for offline use, without models. */
  readonly firstLoad: number;
  readonly offline: number;
  /** Tasks of the page's main thread over 50 ms while it trained, in milliseconds. */
  readonly longTasks: readonly number[];
  /** How long it trained in all, seconds. */
  readonly watched: number;
}

/** Minutes of training a turn. */
const MINUTES = 0.15;
const THREADS = 2;
const FIELDS = {
  Vocabulary: 256,
  'Width of an embedding': 32,
  'Width of the hidden state': 64,
  'Minutes instead': MINUTES,
  Threads: THREADS,
};
const FLAGS = [
  '--vocab',
  '256',
  '--dim',
  '32',
  '--hidden',
  '64',
  '--minutes',
  String(MINUTES),
  '--threads',
  String(THREADS),
];

export async function benchStudio(rounds: number, say: (line: string) => void): Promise<StudioResults> {
  const where = circumstances('npm run bench -- studio');
  const turns: { page: number; cli: number }[] = [];
  const longTasks: number[] = [];
  let firstLoad = 0;
  let watched = 0;
  try {
    for (let i = 0; i < rounds; i++) {
      let loaded = 0;
      let page = 0;
      await withStudio(
        {
          serviceWorkers: 'block',
          before: async (at) => {
            at.context().on(
              'requestfinished',
              (request) =>
                void request
                  .sizes()
                  .then((s) => {
                    loaded += s.responseBodySize + s.responseHeadersSize;
                  })
                  .catch(() => undefined),
            );
            await at.addInitScript(() => {
              const kept: { start: number; ms: number }[] = [];
              Object.assign(globalThis, { longTasks: kept });
              new PerformanceObserver((list) => {
                for (const e of list.getEntries()) kept.push({ start: e.startTime, ms: e.duration });
              }).observe({ type: 'longtask', buffered: true });
            });
          },
        },
        async (studio) => {
          await studio.page.getByText('Version').waitFor();
          await studio.page.waitForTimeout(500);
          firstLoad = loaded + siteBytes(/^train-worker/); // a worker's script is no request of the page's
          await studio.press(/Small stories in English/);
          await studio.press('Choose a size');
          await studio.setOptions(FIELDS);
          await studio.press('Start training');
          await studio.page.getByText('Training', { exact: true }).waitFor();
          const from = await studio.page.evaluate(() => performance.now());
          await studio.trained();
          const [tasks, to] = await studio.page.evaluate(
            () =>
              [
                (globalThis as unknown as { longTasks: { start: number; ms: number }[] }).longTasks,
                performance.now(),
              ] as const,
          );
          longTasks.push(...tasks.filter(({ start }) => start >= from && start <= to).map(({ ms }) => ms));
          watched += (to - from) / 1000;
          const facts = await studio.page.locator('.run-head dl > div').allInnerTexts();
          page = Number(facts.find((text) => /tokens a second/.test(text))!.replace(/[^\d]/g, ''));
        },
      );
      const folder = mkdtempSync(join(tmpdir(), 'tinylm-bench-'));
      const ran = spawnSync(
        process.execPath,
        [
          join(packageRoot(), 'dist', 'src', 'cli', 'main.js'),
          'train',
          'stories:en',
          ...FLAGS,
          '--backend',
          'wasm',
          '--json',
          '--out',
          join(folder, 'run'),
        ],
        { encoding: 'utf8' },
      );
      rmSync(folder, { recursive: true });
      const { training } = JSON.parse(ran.stdout) as { training: { tokensPerSecond: number } };
      turns.push({ page, cli: Math.round(training.tokensPerSecond) });
      say(
        `round ${i + 1}: page ${page} tokens/s, command line ${Math.round(training.tokensPerSecond)}: ${(page / training.tokensPerSecond).toFixed(2)}`,
      );
    }
  } finally {
    await closeBrowser();
  }
  return {
    circumstances: where,
    threads: THREADS,
    rounds: turns,
    firstLoad,
    offline: siteBytes(/(?<!\.tlm)$/),
    longTasks: longTasks.map(Math.round),
    watched: Math.round(watched),
  };
}

/** Files of the site whose name matches, as they are sent. */
function siteBytes(which: RegExp): number {
  return readdirSync(sitePath(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && which.test(entry.name))
    .reduce((sum, entry) => {
      const bytes = readFileSync(join(entry.parentPath ?? entry.path, entry.name));
      return sum + (extname(entry.name) === '.woff2' ? bytes.length : gzipSync(bytes).length);
    }, 0);
}

export function studioSection({
  circumstances: c,
  threads,
  rounds,
  firstLoad,
  offline,
  longTasks,
  watched,
}: StudioResults): string {
  const count = (n: number): string => Math.round(n).toLocaleString('en-US');
  const said = ({ min, median, max }: Spread, words: (n: number) => string): string =>
    `${words(min)} / **${words(median)}** / ${words(max)}`;
  const worst = longTasks.length === 0 ? 'none' : `${longTasks.length}, the longest ${Math.max(...longTasks)} ms`;
  return [
    '## Studio',
    '',
    `\`${c.command}\` on ${c.processor}, ${c.cores} cores, Node ${c.node}, ${c.date}; load average before: ${c.loadBefore}. The default model on the built-in stories, ` +
      `WebAssembly, ${threads} threads, ${rounds.length} rounds in turns; lowest / **median** / highest.`,
    '',
    '| | |',
    '| --- | --- |',
    `| tokens/s in the page (Chromium) | ${said(spread(rounds.map((r) => r.page)), count)} |`,
    `| tokens/s of \`tinylm train --backend wasm\` | ${said(spread(rounds.map((r) => r.cli)), count)} |`,
    `| page / command line, round by round | ${said(spread(rounds.map((r) => r.page / r.cli)), (n) => n.toFixed(2))} |`,
    `| first load over the wire, until the first step can be used | ${count(firstLoad)} bytes |`,
    `| all that is kept for offline use, without models, over the wire | ${count(offline)} bytes |`,
    `| tasks over 50 ms on the page's main thread in ${count(watched)} s of training | ${worst} |`,
    '',
  ].join('\n');
}
