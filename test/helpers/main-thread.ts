/**
 * What the main thread of a page did, by Chromium's own trace. A task's own time is processor time: that of a page which waits for a
 * busy machine does not grow.
 */
import type { Page } from 'playwright-core';

/** One task, in milliseconds. */
export interface MainTask {
  /** From its begin to its end on the clock. */
  readonly wall: number;
  /** That the thread was at work. */
  readonly own: number;
}

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  /** Microseconds, as all of them. */
  readonly dur?: number;
  readonly tdur?: number;
}

const MARK = 'tinylm-watched';

/** Watches from now on. @returns what ends it, and says what was seen */
export async function watchMainThread(page: Page): Promise<() => Promise<MainTask[]>> {
  const cdp = await page.context().browser()!.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'blink.user_timing'], excludedCategories: ['*'] },
  });
  // Says which of the browser's threads it is.
  await page.evaluate((mark) => void performance.mark(mark), MARK);
  return async () => {
    const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
    await cdp.send('Tracing.end');
    await complete;
    await cdp.detach();
    const mark = events.find(({ name }) => name === MARK);
    const tasks = events.filter(
      ({ ph, name, pid, tid }) =>
        ph === 'X' && name === 'ThreadControllerImpl::RunTask' && pid === mark?.pid && tid === mark.tid,
    );
    if (tasks.length === 0) throw new Error(`no task of the page among ${events.length} events of the trace`);
    return tasks.map(({ dur = 0, tdur = 0 }) => ({ wall: dur / 1000, own: tdur / 1000 }));
  };
}
