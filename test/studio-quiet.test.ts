/** While it trains, the page has little to do: counted, and timed by the processor time of its own tasks, which a busy machine does not lengthen. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { generateStories } from '../src/corpus/index.js';
import { watchMainThread } from './helpers/main-thread.js';
import { closeBrowser, hasBrowser, withStudio } from './helpers/studio.js';

const TEXT = generateStories({ lang: 'en', seed: 3, bytes: 60_000 }).join('\n<|endoftext|>\n');
const FIELDS = {
  Vocabulary: 96,
  'Width of an embedding': 16,
  'Width of the hidden state': 24,
  'Times through the text': 40,
  'Texts side by side': 16,
  'Tokens the gradient goes back': 32,
};
/** A task that is at work for so long, in milliseconds, is felt. */
const LONG = 50;

after(closeBrowser);

test('training: no long task on the main thread, few drawings, no table that nobody has opened', async (t) => {
  if (!hasBrowser()) return t.skip('no Chromium or Chrome was found; on Debian: apt-get install chromium');
  await withStudio(
    {
      before: (page) =>
        page.addInitScript(() => {
          const clear = CanvasRenderingContext2D.prototype.clearRect;
          Object.assign(globalThis, { drawings: 0 });
          CanvasRenderingContext2D.prototype.clearRect = function (...at) {
            (globalThis as unknown as { drawings: number }).drawings++;
            clear.apply(this, at);
          };
        }),
    },
    async (studio) => {
      const { page } = studio;
      const seen = await watchMainThread(page);
      await studio.trainOn('a.txt', TEXT, FIELDS);
      await studio.trained();
      const own = (await seen()).map((task) => task.own).sort((a, b) => b - a);
      assert.ok(own.length > 100, `${own.length} tasks`);
      // One is forgiven: where the machine itself is a guest, its host's other work can count as ours.
      assert.ok(own[1] < LONG, `at work for ${own.slice(0, 5).map(Math.round).join(', ')} ms`);

      const drawings = await page.evaluate(() => (globalThis as unknown as { drawings: number }).drawings);
      const rows = page.locator('figure table tbody tr');
      assert.equal(await rows.count(), 0);
      await page.getByText('The curve as a table').click();
      await rows.first().waitFor();
      const points = await rows.count();
      t.diagnostic(
        `${own.length} tasks, the longest ${own.slice(0, 3).map(Math.round).join(', ')} ms; ${drawings} drawings`,
      );
      assert.ok(points >= 20, `${points} points`);
      assert.ok(drawings > 0 && drawings <= 2 * points + 10, `${drawings} drawings of ${points} points`);
    },
  );
});
