/**
 * The whole studio in Chromium: a dropped text becomes a model, over a reload in the middle, that is bit for bit the one of
 * the command line; it is tried, flashed into the virtual chip and talked to.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { generateStories } from '../src/corpus/index.js';
import { sitePath } from '../src/node/site-server.js';
import { inFolder, spawned } from './helpers/cli.js';
import { closeBrowser, hasBrowser, withStudio, type Studio, type StudioOptions } from './helpers/studio.js';

const LIMIT = { timeout: 300_000 };
const TEXT = generateStories({ lang: 'en', seed: 3, bytes: 60_000 }).join('\n<|endoftext|>\n');
const SEED = 5;
/** A model that trains in seconds, in the words of the page and of the command line. */
const FIELDS = {
  Vocabulary: 96,
  'Width of an embedding': 16,
  'Width of the hidden state': 24,
  'Ternary digits a weight': 1,
  'Times through the text': 40,
  'Texts side by side': 16,
  'Tokens the gradient goes back': 32,
  Seed: SEED,
};
const FLAGS = [
  '--vocab',
  '96',
  '--dim',
  '16',
  '--hidden',
  '24',
  '--trits',
  '1',
  '--epochs',
  '40',
  '--batch',
  '16',
  '--segment',
  '32',
  '--seed',
  String(SEED),
];

after(closeBrowser);

/** Runs a test in the page; skipped loudly without a browser. */
function page(name: string, options: StudioOptions, body: (studio: Studio, t: TestContext) => Promise<void>): void {
  test(name, LIMIT, async (t) => {
    if (!hasBrowser()) return t.skip('no Chromium or Chrome was found; on Debian: apt-get install chromium');
    assert.ok(existsSync(join(sitePath(), 'index.html')), `${sitePath()} is missing: npm run build makes it`);
    return withStudio(options, (studio) => body(studio, t));
  });
}

page(
  'drop, train, reload, go on, try, flash, chat: the model and the texts are those of the command line',
  {},
  async (studio) => {
    await studio.trainOn('small stories.txt', TEXT, FIELDS);
    // Stopped in the middle, and the page is loaded anew: the run is in the list.
    await studio.page.locator('.samples li').first().waitFor();
    await studio.press('Pause');
    await studio.page.getByText('Paused').waitFor();
    await studio.page.reload();
    await studio.press('Go on');
    // Once more while it trains: it goes on by itself.
    await studio.page.locator('.samples li').first().waitFor();
    await studio.page.reload();
    await studio.trained();
    assert.deepEqual(await studio.violations(), []);
    await studio.press('Try it');
    const saved = await studio.download('Model (.tlm)');
    assert.equal(saved.name, 'small-stories.tlm');

    const prompt = 'Once there was';
    await studio.page.getByLabel('Beginning of the text').fill(prompt);
    await studio.press('Write');
    await studio.page.getByText('tokens a second, with').waitFor();
    const written = (await studio.page.getByTestId('written').textContent()) ?? '';
    assert.deepEqual(await studio.violations(), []);

    await inFolder(async (folder) => {
      const text = join(folder, 'small stories.txt');
      writeFileSync(text, TEXT);
      const run = join(folder, 'run');
      const { code, err } = await spawned(['train', text, ...FLAGS, '--backend', 'wasm', '--out', run]);
      assert.equal(code, 0, err);
      assert.ok(
        readFileSync(join(run, 'model.tlm')).equals(saved.bytes),
        'the page and the command line trained different models',
      );
      const said = await spawned(['generate', run, '--prompt', prompt]);
      assert.equal(said.out.trimEnd(), written.trimEnd());
    });

    await studio.step('Chip');
    await studio.flashVirtual();
    await studio.page.getByLabel('Beginning of the text').fill('Once');
    await studio.press('Send');
    await studio.page.getByText('on a real one, modelled').waitFor();
    assert.ok(((await studio.page.getByTestId('said').textContent()) ?? '').length > 20);
    assert.deepEqual(await studio.violations(), []);
    await studio.page.getByRole('tab', { name: 'Report' }).click();
    await studio.press('Make a report');
    await studio.page.getByText('It writes the same text as this page.').waitFor();
  },
);

page('stopped early the model is kept, and a run that is left can be removed', {}, async (studio) => {
  await studio.trainOn('a.txt', TEXT, { ...FIELDS, 'Times through the text': 300 });
  await studio.page.locator('.samples li').first().waitFor();
  await studio.press('Stop and keep the model');
  await studio.trained();
  await studio.press('Try it');
  await studio.page.reload();
  await studio.page.getByText(/kept at step/).waitFor();
  await studio.page.getByRole('button', { name: 'Remove: a.txt' }).click();
  await studio.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await studio.page.getByText(/kept at step/).waitFor({ state: 'detached' });
});

page('a token shows the five likeliest, by pointer and by keys; two models write side by side', {}, async (studio) => {
  const model = readFileSync(join(sitePath(), '..', '..', 'vectors', 'v2', 'gru-64.tlm'));
  const other = readFileSync(join(sitePath(), '..', '..', 'vectors', 'v2', 'gru-33-17.tlm'));
  await studio.drop('first.tlm', model);
  await studio.page.getByRole('heading', { name: 'Let it write' }).waitFor();
  await studio.page.getByTestId('other-model').setInputFiles({ name: 'second.tlm', mimeType: '', buffer: other });
  await studio.page.getByLabel('Beside it').waitFor();
  await studio.press('Write');
  await studio.page.getByText('tokens a second, with').nth(1).waitFor();
  const tokens = studio.page.getByTestId('written').first().locator('.token');
  assert.ok((await tokens.count()) > 1);
  await studio.page.getByTestId('written').first().focus();
  await studio.page.keyboard.press('Home');
  await studio.page.keyboard.press('ArrowRight');
  await studio.page.getByText(/^Token 2 of/).waitFor();
  const shares = await studio.page.locator('.guesses .share').allInnerTexts();
  assert.ok(shares.length >= 6);
  assert.deepEqual(await studio.violations(), []);
});

page('what is no text, no model and too little is said, with what to do next', {}, async (studio) => {
  await studio.drop(
    'picture.png',
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...new Array<number>(64).fill(0)),
  );
  assert.match(await studio.alert(), /This is no text/);
  assert.deepEqual(await studio.violations(), []);
  await studio.drop('broken.tlm', 'this is no model. '.repeat(40));
  await studio.page.getByText('This is not a model').waitFor();
  await studio.drop('empty.txt', ' ');
  await studio.page.getByText('There is no text in it').waitFor();
  await studio.drop('short.txt', 'Hello.');
  await studio.press('Choose a size');
  assert.match(await studio.alert(), /too little to learn from/);
  assert.ok(await studio.button('Start training').isDisabled());
});

for (const [lang, colorScheme, width] of [
  ['en', 'light', 1180],
  ['pt', 'dark', 1180],
  ['en', 'dark', 360],
  ['pt', 'light', 360],
] as const) {
  page(
    `accessible by axe-core, nothing wider than the window: ${lang}, ${colorScheme}, ${width} pixels`,
    { colorScheme, viewport: { width, height: 740 }, path: `?lang=${lang}`, reducedMotion: 'reduce' },
    async (studio) => {
      const { page: at } = studio;
      const look = async (what: string): Promise<void> => {
        assert.deepEqual(await studio.violations(), [], what);
        assert.ok(
          await at.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
          `${what} is wider than ${width} pixels`,
        );
      };
      await look('text');
      await at.getByRole('button', { name: /Paste|Colar/ }).click();
      await look('paste');
      await at.locator('dialog textarea').fill(TEXT.slice(0, 30_000));
      await at.locator('dialog .primary').click();
      await at.locator('.preview li').first().waitFor();
      await look('what was found');
      await at.locator('.actions .primary').click();
      await at.locator('details.expert > summary').click();
      await at.locator('#flash-slider').waitFor();
      await look('size');
      await at.locator('.actions .primary').click();
      await at.locator('.samples li').first().waitFor();
      await look('training');
      await at.getByRole('button', { name: /Stop and keep|ficar com/ }).click();
      await at.locator('.run-head .primary').click();
      await at.locator('form .primary').click();
      await at.locator('.token').first().waitFor();
      await at.locator('input[type=checkbox]').first().check();
      await look('try');
      await at.locator('.actions .primary').click();
      await look('boards');
      await at.locator('.boards .card').nth(1).getByRole('button').click();
      await at.locator('form .primary').waitFor();
      await look('ready');
    },
  );
}
