/**
 * Pictures of every step of the studio, for the documents: in English and light, in Portuguese and dark, and at 360 pixels; and of
 * what it says when something is wrong with a board.
 *
 *   npm run build && node dist/scripts/studio-pictures.js
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VirtualBoard } from '../src/device/chip/board.js';
import { generateStories } from '../src/corpus/index.js';
import { packageRoot } from '../src/node/assets.js';
import { AT_PORT } from '../test/helpers/serial-faults.js';
import { closeBrowser, withStudio, type Studio, type StudioOptions } from '../test/helpers/studio.js';
import { standInSerial } from '../test/helpers/web-serial.js';

const FOLDER = join(packageRoot(), 'docs', 'studio');
const QUALITY = 0.82;

interface Set {
  readonly name: string;
  readonly stories: 'en' | 'pt';
  readonly prompt: string;
  readonly options: StudioOptions;
}

const SETS: readonly Set[] = [
  {
    name: 'en',
    stories: 'en',
    prompt: 'Once there was',
    options: { path: '?lang=en', colorScheme: 'light', viewport: { width: 1100, height: 760 } },
  },
  {
    name: 'pt',
    stories: 'pt',
    prompt: 'Era uma vez',
    options: { path: '?lang=pt', colorScheme: 'dark', locale: 'pt-BR', viewport: { width: 1100, height: 760 } },
  },
  {
    name: '360',
    stories: 'en',
    prompt: 'Once there was',
    options: { path: '?lang=en', colorScheme: 'light', viewport: { width: 360, height: 740 } },
  },
];

/** Keeps what the page shows, as WebP: Chromium itself converts it. */
async function keep({ page }: Studio, name: string): Promise<void> {
  await page.waitForTimeout(300); // curves and letters are drawn
  const png = (await page.screenshot({ fullPage: true, animations: 'disabled' })).toString('base64');
  const other = await page.context().newPage();
  const webp = await other.evaluate(
    async ([data, quality]) => {
      const bytes = Uint8Array.from(atob(data as string), (c) => c.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      canvas.getContext('2d')!.drawImage(picture, 0, 0);
      const blob = await canvas.convertToBlob({ type: 'image/webp', quality: quality as number });
      let text = '';
      for (const b of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(b);
      return btoa(text);
    },
    [png, QUALITY] as const,
  );
  await other.close();
  const file = Buffer.from(webp, 'base64');
  writeFileSync(join(FOLDER, `${name}.webp`), file);
  console.log(`${name}.webp  ${file.length} bytes`);
}

/** The whole way, a picture a step. */
const walk = ({ name, stories, prompt, options }: Set): Promise<void> =>
  withStudio(options, async (studio) => {
    const { page } = studio;
    const next = page.locator('.actions .primary');
    await page.locator('.foot').getByText('0.', { exact: false }).first().waitFor();
    await keep(studio, `${name}-1-begin`);
    const text = generateStories({ lang: stories, seed: 3, bytes: 400_000 }).join('\n<|endoftext|>\n');
    await studio.drop(stories === 'pt' ? 'historinhas.txt' : 'small-stories.txt', text);
    await page.locator('.preview li').first().waitFor();
    await keep(studio, `${name}-1-text`);
    await next.click();
    await page.locator('#flash-slider').waitFor();
    // Ten times through the text: long enough to see words come, and not to wait for.
    await page.locator('.slide input[type=range]').first().fill('5');
    await page.locator('.figures button, .columns .card button').last().click();
    await page.waitForFunction(
      () =>
        !document.querySelector('.columns .spin') &&
        /\d (s|min)/.test(document.querySelector('.figures')?.textContent ?? ''),
      undefined,
      { timeout: 60_000 },
    );
    await keep(studio, `${name}-2-size`);
    await next.click();
    await page.locator('.samples li').nth(9).waitFor({ timeout: 300_000 });
    await keep(studio, `${name}-3-train`);
    await page.locator('.run-head .primary').waitFor({ timeout: 600_000 });
    await page.locator('.run-head .primary').click();
    await page.locator('textarea').fill(prompt);
    await page.locator('form .primary').click();
    await page.locator('.written ~ p').waitFor();
    await page.locator('label.check input').first().check();
    await page.locator('.token').nth(8).click();
    await keep(studio, `${name}-4-try`);
    await next.click();
    await keep(studio, `${name}-5-chip`);
    await page.locator('.boards .card').nth(1).getByRole('button').click();
    await page.locator('form .primary').click();
    await page.locator('[role=tab]').first().waitFor();
    await page.getByRole('textbox').fill(prompt);
    await page.locator('form .primary').click();
    await page.locator('.talk .numbers').waitFor();
    await keep(studio, `${name}-6-talk`);
  });

/** What is said when something is wrong with a board. */
async function fault(name: keyof typeof AT_PORT): Promise<void> {
  const { board, options } = AT_PORT[name]();
  await withStudio(
    {
      path: '?lang=en',
      colorScheme: 'light',
      viewport: { width: 900, height: 640 },
      before: (page) => standInSerial(page, board, options),
    },
    async (studio) => {
      await studio.drop('model.tlm', modelBytes());
      await studio.step('Chip');
      await studio.press('Choose the port');
      const said = studio.page
        .getByRole('alert')
        .or(studio.page.getByText(/this is an ESP32-S3|No port was chosen/))
        .or(studio.page.getByText('The model does not fit'));
      if (name === 'unplugged' || name === 'smallFlash') await studio.press('Write it');
      await said.first().waitFor({ timeout: 120_000 });
      await keep(studio, `fault-${name}`);
    },
  );
  if (board instanceof VirtualBoard) board.powerOff();
}

function modelBytes(): Uint8Array {
  return readFileSync(join(packageRoot(), 'vectors', 'v2', 'gru-64.tlm'));
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const wanted = process.argv.slice(2);
  const asked = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  if (wanted.length === 0)
    for (const file of readdirSync(FOLDER)) if (file.endsWith('.webp')) rmSync(join(FOLDER, file));
  try {
    for (const set of SETS) if (asked(set.name)) await walk(set);
    for (const name of ['notChosen', 'unplugged', 'otherChip', 'silent', 'loudNoise', 'smallFlash'] as const)
      if (asked(name) || wanted.includes('faults')) await fault(name);
  } finally {
    await closeBrowser();
  }
}

await main();
