/** The engine in a browser: the package's modules load as they are, and answer bit for bit what they answer in Node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBrowser } from '../bench/browser.js';
import { readWasm } from '../src/node/assets.js';
import { engineAnswers } from './helpers/page-engine.js';
import { vectorBytes, vectorNames } from '../scripts/vectors.js';

test('Chromium gives the logits and the text that Node gives', { timeout: 120_000 }, async (t) => {
  const browser = await openBrowser();
  if (browser === undefined) return t.skip('no Chromium or Chrome was found; on Debian: apt-get install chromium');
  try {
    const here = await Promise.all(vectorNames.map((name) => engineAnswers(readWasm('engine'), vectorBytes(name))));
    assert.deepEqual(await browser.call('test/helpers/page-engine.js', 'answersInPage', vectorNames), here);
  } finally {
    await browser.close();
  }
});
