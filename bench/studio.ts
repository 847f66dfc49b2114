/** The studio in Chromium: its training speed beside the command line's in turns, what a first visit loads, what holds the page up while it trains, whether its memory grows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packageRoot } from '../src/node/assets.js';
import { sitePath } from '../src/node/site-server.js';
import { closeBrowser, withStudio } from '../test/helpers/studio.js';
import { watchMainThread, type MainTask } from '../test/helpers/main-thread.js';
import { circumstances, spread, type Circumstances, type Spread } from './measure.js';
import { benchMemory, memoryRows, type MemoryResults } from './studio-memory.js';

export interface StudioResults {
  readonly circumstances: Circumstances;
  readonly threads: number;
  /** Tokens a second in training, one of each a round: page, then command line. */
  readonly rounds: readonly { readonly page: number; readonly cli: number }[];
  /** Bytes over the wire, compressed as `tinylm studio` does: until the first step can be used; and all that is kept for offline use, without models. */
  readonly firstLoad: number;
  readonly offline: number;
  /** Of the page's main thread while it trained: tasks, milliseconds at work in all and in the longest, tasks at work for over 50 ms. */
  readonly main: { readonly tasks: number; readonly own: number; readonly longest: number; readonly over: number };
  /** Tasks over 50 ms on the clock, in milliseconds: with what the machine gave to others meanwhile, training for one. */
  readonly longTasks: readonly number[];
  /** How long it trained in all, seconds. */
  readonly watched: number;
  readonly memory: MemoryResults;
}

const LONG = 50;

/** Minutes of training a turn. */
const MINUTES = 0.4;
const THREADS = 2;
const SHAPE = {
  Vocabulary: 256,
  'Width of an embedding': 32,
  'Width of the hidden state': 64,
  'Ternary digits a weight': 1,
  Threads: THREADS,
};
const FIELDS = { ...SHAPE, 'Minutes instead': MINUTES };
const FLAGS = [
  '--vocab',
  '256',
  '--dim',
  '32',
  '--hidden',
  '64',
  '--trits',
  '1',
  '--minutes',
  String(MINUTES),
  '--threads',
  String(THREADS),
];

/** @param minutes that the memory is watched */
export async function benchStudio(
  rounds: number,
  minutes: number,
  say: (line: string) => void,
): Promise<StudioResults> {
  const where = circumstances('npm run bench -- studio');
  const turns: { page: number; cli: number }[] = [];
  const tasks: MainTask[] = [];
  let firstLoad = 0;
  let watched = 0;
  let memory: MemoryResults;
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
          const from = performance.now();
          const seen = await watchMainThread(studio.page);
          await studio.trained();
          tasks.push(...(await seen()));
          watched += (performance.now() - from) / 1000;
          const facts = await studio.page.locator('.run-head dl > div').allInnerTexts();
          page = Number(facts.find((text) => /tokens a second/.test(text))!.replace(/[^\d]/g, ''));
        },
      );
      const folder = mkdtempSync(join(tmpdir(), 'tinylm-bench-'));
      const said = await inItsOwnSession([
        join(packageRoot(), 'dist', 'src', 'cli', 'main.js'),
        'train',
        'stories:en',
        ...FLAGS,
        '--backend',
        'wasm',
        '--json',
        '--out',
        join(folder, 'run'),
      ]);
      rmSync(folder, { recursive: true });
      const { training } = JSON.parse(said) as { training: { tokensPerSecond: number } };
      turns.push({ page, cli: Math.round(training.tokensPerSecond) });
      say(
        `round ${i + 1}: page ${page} tokens/s, command line ${Math.round(training.tokensPerSecond)}: ${(page / training.tokensPerSecond).toFixed(2)}`,
      );
    }
    memory = await benchMemory(minutes, SHAPE, say);
  } finally {
    await closeBrowser();
  }
  return {
    circumstances: where,
    threads: THREADS,
    rounds: turns,
    firstLoad,
    offline: siteBytes(/(?<!\.tlm)$/),
    main: {
      tasks: tasks.length,
      own: tasks.reduce((sum, { own }) => sum + own, 0),
      longest: Math.max(...tasks.map(({ own }) => own)),
      over: tasks.filter(({ own }) => own > LONG).length,
    },
    longTasks: tasks.filter(({ wall }) => wall > LONG).map(({ wall }) => Math.round(wall)),
    watched: Math.round(watched),
    memory,
  };
}

/** What a run of Node prints. Chromium has a session of its own, too: Linux shares the processor out among sessions first. */
async function inItsOwnSession(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  return said;
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
  main,
  longTasks,
  watched,
  memory,
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
    `| the page's main thread at work, in ${count(watched)} s of training | ${count(main.own)} ms in ${count(main.tasks)} tasks, the longest ${main.longest.toFixed(1)} ms; over 50 ms: ${main.over === 0 ? 'none' : main.over} |`,
    `| tasks over 50 ms on the clock, with what the machine gave to others meanwhile | ${worst} |`,
    ...memoryRows(memory),
    '',
  ].join('\n');
}
