/** Memory of the studio over minutes: a run trains, and meanwhile an opened model writes texts. Whether something grows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { packageRoot } from '../src/node/assets.js';
import { withStudio, type Studio } from '../test/helpers/studio.js';

/** Bytes, after a forced collection of garbage. */
export interface MemoryPoint {
  readonly minute: number;
  /** JavaScript objects of the page, and of all its workers. */
  readonly page: number;
  readonly workers: number;
  /** Arrays of bytes and memories of WebAssembly, of the page and its workers; what threads share counts for each. */
  readonly buffers: number;
  readonly workerCount: number;
  /** Memory of the page's process that is its own; absent where the system does not say. */
  readonly process?: number;
  /** Elements in the page. */
  readonly elements: number;
}

export interface MemoryResults {
  readonly minutes: number;
  readonly texts: number;
  readonly points: readonly MemoryPoint[];
}

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize?: number;
}

/** A worker, or a worker of a worker, reached through the session of what started it. */
interface Attached {
  send(method: string, params?: object): Promise<unknown>;
}

/** Attaches to all workers that a page starts, and to theirs. */
async function attachWorkers(cdp: CDPSession): Promise<Map<string, Attached>> {
  const workers = new Map<string, Attached>();
  const waiting = new Map<string, (result: unknown) => void>();
  let last = 0;
  type Send = (method: string, params?: object) => Promise<unknown>;
  const hear = (send: Send, method: string, params: Record<string, unknown>): void => {
    const session = params['sessionId'] as string;
    if (method === 'Target.attachedToTarget') {
      const within: Send = (inner, innerParams = {}) => {
        const id = ++last;
        const answer = new Promise((resolve) => waiting.set(`${session}:${id}`, resolve));
        void send('Target.sendMessageToTarget', {
          sessionId: session,
          message: JSON.stringify({ id, method: inner, params: innerParams }),
        }).catch(() => undefined);
        return answer;
      };
      workers.set(session, { send: within });
      void within('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    } else if (method === 'Target.detachedFromTarget') workers.delete(session);
    else if (method === 'Target.receivedMessageFromTarget') {
      const message = JSON.parse(params['message'] as string) as {
        id?: number;
        result?: unknown;
        method?: string;
        params?: Record<string, unknown>;
      };
      if (message.id !== undefined) {
        waiting.get(`${session}:${message.id}`)?.(message.result);
        waiting.delete(`${session}:${message.id}`);
      } else if (message.method?.startsWith('Target.'))
        hear((inner, p) => workers.get(session)!.send(inner, p), message.method, message.params!);
    }
  };
  const send: Send = (method, params) => cdp.send(method as 'Target.setAutoAttach', params as never);
  for (const method of ['Target.attachedToTarget', 'Target.detachedFromTarget', 'Target.receivedMessageFromTarget'])
    cdp.on(method as 'Target.attachedToTarget', (params) => hear(send, method, params as never));
  await send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return workers;
}

/** Memory of the largest of the browser's page processes that is neither shared nor of a file, on Linux. */
async function processBytes(page: Page): Promise<number | undefined> {
  const cdp = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .flatMap(({ id }) => {
      try {
        const status = readFileSync(`/proc/${id}/status`, 'utf8');
        const kb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
        return [1024 * (kb('RssAnon') + kb('RssShmem'))];
      } catch {
        return [];
      }
    });
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}

async function measure(page: Page, cdp: CDPSession, workers: ReadonlyMap<string, Attached>, from: number) {
  await cdp.send('HeapProfiler.collectGarbage');
  const own = (await cdp.send('Runtime.getHeapUsage')) as HeapUsage;
  const others: HeapUsage[] = [];
  for (const worker of workers.values()) {
    // A thread that computes answers between two tasks; one that has ended never does.
    const usage = await Promise.race([
      worker.send('HeapProfiler.collectGarbage').then(() => worker.send('Runtime.getHeapUsage')),
      new Promise((resolve) => setTimeout(resolve, 5000)),
    ]);
    if (usage !== undefined) others.push(usage as HeapUsage);
  }
  const sum = (of: (usage: HeapUsage) => number): number => others.reduce((all, usage) => all + of(usage), 0);
  const process = await processBytes(page);
  return {
    minute: Math.round((performance.now() - from) / 6000) / 10,
    page: own.usedSize,
    workers: sum(({ usedSize }) => usedSize),
    buffers: (own.backingStorageSize ?? 0) + sum(({ backingStorageSize = 0 }) => backingStorageSize),
    workerCount: others.length,
    ...(process !== undefined && { process }),
    elements: await page.evaluate(() => document.querySelectorAll('*').length),
  } satisfies MemoryPoint;
}

/** What a person does while it trains: lets another model write, looks at it, goes back to the curve. */
async function writeOne(studio: Studio): Promise<void> {
  await studio.step('Try');
  await studio.press(/^(Write|Again, with another seed)$/);
  await studio.page.getByText('tokens a second, with').waitFor();
  await studio.step('Train');
}

/** @param fields options of the training, by their names on the page */
export async function benchMemory(
  minutes: number,
  fields: Readonly<Record<string, number>>,
  say: (line: string) => void,
): Promise<MemoryResults> {
  const points: MemoryPoint[] = [];
  let texts = 0;
  await withStudio({ serviceWorkers: 'block' }, async (studio) => {
    const { page } = studio;
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('HeapProfiler.enable');
    const workers = await attachWorkers(cdp);
    await page.getByText('Version').waitFor();
    await studio.drop('model.tlm', readFileSync(join(packageRoot(), 'vectors', 'v2', 'gru-64.tlm')));
    await page.getByRole('heading', { name: 'Let it write' }).waitFor();
    await studio.step('Text');
    await studio.press(/Small stories in English/);
    await studio.press('Choose a size');
    // Longer than it is watched: memory of its end is another matter.
    await studio.setOptions({ ...fields, 'Minutes instead': 2 * minutes + 2 });
    await studio.press('Start training');
    await page.locator('.run-head progress:not([value="0"])').waitFor();
    await writeOne(studio);
    const from = performance.now();
    for (let minute = 0; minute <= minutes; minute++) {
      while (performance.now() - from < 60_000 * minute) {
        await writeOne(studio);
        texts++;
        await page.waitForTimeout(Math.max(0, Math.min(10_000, 60_000 * minute - (performance.now() - from))));
      }
      const point = await measure(page, cdp, workers, from);
      points.push(point);
      say(`minute ${minute}: ${JSON.stringify(point)}, ${texts} texts`);
    }
  });
  return { minutes, texts, points };
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(2);

/** Bytes a minute by the least squares, over the second half: before, code is still being loaded and compiled. */
function slope(points: readonly MemoryPoint[], of: (point: MemoryPoint) => number): number {
  const used = points.slice(points.length >> 1);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [x, y] = [used.map(({ minute }) => minute), used.map(of)];
  const [mx, my] = [mean(x), mean(y)];
  const wide = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  return wide === 0 ? 0 : x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0) / wide;
}

/** Rows of a table: first / last / most in MB, and kilobytes a minute. */
export function memoryRows({ minutes, texts, points }: MemoryResults): string[] {
  const row = (name: string, of: (point: MemoryPoint) => number | undefined): string[] => {
    if (points.some((point) => of(point) === undefined)) return [];
    const values = points.map((point) => of(point)!);
    return [
      `| ${name} | ${mb(values[0])} / ${mb(values.at(-1)!)} / ${mb(Math.max(...values))} MB; ` +
        `${(slope(points, (point) => of(point)!) / 1000).toFixed(1)} KB a minute in the second half |`,
    ];
  };
  const what = `over ${minutes} minutes of training and ${texts} written texts, first / last / most`;
  return [
    ...row(`objects of the page, ${what}`, ({ page }) => page),
    ...row('objects of its workers', ({ workers }) => workers),
    ...row('arrays and memories of WebAssembly', ({ buffers }) => buffers),
    ...row('memory of the process that is its own', ({ process }) => process),
  ];
}
