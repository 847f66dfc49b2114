/** The studio where something is missing: headers, shared memory, storage, Web Serial, the network. What works still works; what does not is said. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { generateStories } from '../src/corpus/index.js';
import { serveSite } from '../src/node/site-server.js';
import { closeBrowser, hasBrowser, withStudio, type Studio, type StudioOptions } from './helpers/studio.js';

const LIMIT = { timeout: 300_000 };
const TEXT = generateStories({ lang: 'en', seed: 4, bytes: 20_000 }).join('\n<|endoftext|>\n');
const FIELDS = {
  Vocabulary: 64,
  'Width of an embedding': 8,
  'Width of the hidden state': 8,
  'Times through the text': 4,
};
const isolated = (page: Page): Promise<boolean> => page.evaluate(() => crossOriginIsolated);

after(closeBrowser);

function without(
  name: string,
  options: StudioOptions & { headers?: boolean },
  body: (studio: Studio, leave: () => Promise<void>) => Promise<void>,
): void {
  test(name, LIMIT, async (t) => {
    if (!hasBrowser()) return t.skip('no Chromium or Chrome was found; on Debian: apt-get install chromium');
    const { headers = true, ...rest } = options;
    const site = await serveSite({ port: 0, headers });
    let open = true;
    const leave = async (): Promise<void> => {
      open = false;
      await site.close();
    };
    try {
      await withStudio({ ...rest, site }, (studio) => body(studio, leave));
    } finally {
      if (open) await site.close();
    }
  });
}

const trains = async (studio: Studio): Promise<void> => {
  await studio.trainOn('a.txt', TEXT, FIELDS);
  await studio.trained();
};

without(
  'a host without headers: the service worker gives shared memory, and after the first visit it works without a network',
  { headers: false },
  async (studio, leave) => {
    await studio.page.waitForFunction(() => crossOriginIsolated);
    await studio.page.getByText('Ready for offline use').waitFor();
    await leave();
    await studio.page.reload();
    assert.ok(await isolated(studio.page));
    await trains(studio);
  },
);

without(
  'no headers and no service worker: one thread, which is said',
  { headers: false, serviceWorkers: 'block' },
  async (studio) => {
    assert.equal(await isolated(studio.page), false);
    await studio.page.getByText('Trains with one thread').waitFor();
    await trains(studio);
  },
);

without(
  'no private file system: it trains, and says that a reload loses the run',
  {
    serviceWorkers: 'block',
    before: (page) =>
      page.route('**/assets/*worker*.js', async (route) => {
        const response = await route.fetch();
        await route.fulfill({
          response,
          body: `delete StorageManager.prototype.getDirectory;${await response.text()}`,
        });
      }),
  },
  async (studio) => {
    await studio.page.getByText('Runs are kept in memory only').waitFor();
    await trains(studio);
  },
);

without(
  'no Web Serial: said with what to use instead, and the virtual chip works',
  {
    before: (page) =>
      page.addInitScript(() => {
        delete (Navigator.prototype as { serial?: unknown }).serial;
      }),
  },
  async (studio) => {
    await trains(studio);
    await studio.step('Chip');
    await studio.page.getByText('This browser cannot reach a USB port.').waitFor();
    assert.deepEqual(await studio.violations(), []);
    await studio.flashVirtual();
  },
);

without(
  'no storage for small things, as in closed windows: the page works',
  {
    serviceWorkers: 'block',
    before: (page) =>
      page.addInitScript(() => {
        for (const name of ['localStorage', 'sessionStorage'])
          Object.defineProperty(globalThis, name, {
            get() {
              throw new DOMException('closed', 'SecurityError');
            },
          });
      }),
  },
  trains,
);
