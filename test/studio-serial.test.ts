/** Web Serial in the studio, by a stand-in port whose other end is the virtual chip: what goes well, and each thing that goes wrong. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { VirtualBoard } from '../src/device/chip/board.js';
import { packageRoot } from '../src/node/assets.js';
import { closeBrowser, hasBrowser, withStudio, type Studio } from './helpers/studio.js';
import { AT_PORT } from './helpers/serial-faults.js';
import { standInSerial } from './helpers/web-serial.js';

const LIMIT = { timeout: 300_000 };
const MODEL = readFileSync(join(packageRoot(), 'vectors', 'v2', 'gru-64.tlm'));

after(closeBrowser);

/** Opens a model, goes to the step Chip with a board at the port, and chooses it. */
function serial(name: string, at: keyof typeof AT_PORT, body: (studio: Studio) => Promise<void>): void {
  test(name, LIMIT, async (t) => {
    if (!hasBrowser()) return t.skip('no Chromium or Chrome was found; on Debian: apt-get install chromium');
    const { board, options } = AT_PORT[at]();
    try {
      await withStudio({ before: async (page) => void (await standInSerial(page, board, options)) }, async (studio) => {
        await studio.drop('model.tlm', MODEL);
        await studio.step('Chip');
        await studio.press('Choose the port');
        await body(studio);
        assert.deepEqual(await studio.violations(), []);
      });
    } finally {
      if (board instanceof VirtualBoard) board.powerOff();
    }
  });
}

serial('an empty board: recognised, written, compared, talked to; another model later', 'blank', async (studio) => {
  await studio.page.getByText('No TinyLM answers').waitFor();
  await studio.page.getByText('The model fits').waitFor();
  await studio.press('Write it');
  await studio.page.getByText(/Written and compared in/).waitFor();
  await studio.page.getByLabel('Beginning of the text').fill('a');
  await studio.press('Send');
  await studio.page.getByText(/tokens · .* tokens a second/).waitFor();
  await studio.press('Write another model');
  await studio.page.getByText(/tinylm .* runs on it/i).waitFor();
  assert.ok(await studio.page.getByRole('radio', { name: /The model only/ }).isEnabled());
});

serial('no port chosen: help, and another try', 'notChosen', async (studio) => {
  await studio.page.getByText('No port was chosen').waitFor();
  await studio.page.getByText('sudo usermod -aG dialout $USER').waitFor();
  assert.ok(await studio.button('Choose the port').isEnabled());
});

serial('unplugged while it is written', 'unplugged', async (studio) => {
  await studio.press('Write it');
  assert.match(await studio.alert(), /unplugged|Writing has failed/);
  assert.match(await studio.alert(), /[Pp]lug (it|the board) in again/);
});

serial('another chip than the firmware is for', 'otherChip', async (studio) => {
  await studio.page.getByText(/this is an ESP32-S3/).waitFor();
  assert.ok(await studio.button('Write it').isDisabled());
});

serial('a port where nobody answers', 'silent', async (studio) => {
  assert.match(await studio.alert(), /does not enter its loader/);
  assert.match(await studio.alert(), /Hold BOOT/);
});

serial('too small a flash', 'smallFlash', async (studio) => {
  await studio.page.getByText(/1 MB/).first().waitFor();
  await studio.press('Write it').catch(() => undefined);
  await studio.page
    .getByText(/The flash of this board is too small|does not fit/)
    .first()
    .waitFor();
});

serial('noise on the line: it goes on, or says so, and never hangs', 'noise', async (studio) => {
  const end = studio.page.getByRole('alert').or(studio.button('Write it'));
  await end.first().waitFor();
  if (await studio.button('Write it').isVisible()) {
    await studio.press('Write it');
    await studio.page
      .getByRole('alert')
      .or(studio.page.getByRole('tab', { name: 'Chat' }))
      .first()
      .waitFor({ timeout: 120_000 });
  }
});

serial('noise that lets nothing through', 'loudNoise', async (studio) => {
  assert.match(await studio.alert(), /does not enter its loader|damaged on the way|Writing has failed/);
});
