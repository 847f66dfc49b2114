/** `tinylm budget`: modelled speeds, and the largest model, which RESULTS.md answers the same way. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { largestOf } from '../src/cli/budget-speed.js';
import { modelledSpeed, type ModelledSpeed } from '../src/cost/index.js';
import { defaultConfig } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import type { ChipsResults } from '../bench/chips.js';
import { tinylm } from './helpers/cli.js';

test('budget models every chip and flash mode, and shows all inputs of one chip', async () => {
  const { out } = await tinylm(['budget']);
  assert.match(
    out,
    /modelled tokens\/s +QIO 80 MHz +DIO 80 MHz +QIO 40 MHz +DIO 40 MHz\nESP32 .*\nESP32-S3 .*\nESP32-C3 /,
  );
  const one = (await tinylm(['budget', '--chip', 'esp32c3', '--flash-mode', 'qio80'])).out;
  for (const name of [
    'instructions a token',
    'cycles an instruction',
    'flash lines a token',
    'cycles a line +168',
    'matrices in SRAM',
    'flash bound',
  ])
    assert.match(one, new RegExp(`^${name}`, 'm'));
  const { modelled } = JSON.parse((await tinylm(['budget', '--chip', 'esp32s3', '--json'])).out) as {
    modelled: ModelledSpeed[];
  };
  const direct = modelledSpeed({ config: defaultConfig(), chip: 'esp32s3', flashMode: 'dio80' });
  assert.equal(modelled[1].tokensPerSecond, direct.tokensPerSecond);
});

test('budget --speed fails when a chip is slower', async () => {
  assert.equal((await tinylm(['budget', '--speed', '1000', '--flash-mode', 'qio80'])).code, 0);
  const slow = await tinylm(['budget', '--speed', '100000']);
  assert.equal(slow.code, 1);
  assert.match(slow.out, /TOO SLOW for 100000 tokens\/s/);
});

test('budget --largest answers for each chip, says "modelled", and fails when nothing fits', async () => {
  const { code, out } = await tinylm(['budget', '--largest', '--flash', '64K', '--ram', '32K', '--speed', '500']);
  assert.equal(code, 0);
  assert.match(out, /^largest model for 64\.0 KB of flash, 32\.0 KB of RAM, 500 modelled tokens\/s at QIO 80 MHz:/);
  assert.match(out, /ESP32-C3 +--vocab 256 --dim \d+ --hidden \d+ /);
  const none = await tinylm(['budget', '--largest', '--flash', '1K', '--chip', 'esp32']);
  assert.equal(none.code, 1);
  assert.match(none.out, /ESP32 +none/);
  assert.match(none.err, /hint: without the limit on flash there would be one/);
  for (const extra of [['--hidden', '64'], ['some.tlm']]) {
    const refused = await tinylm(['budget', '--largest', ...extra]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /--largest finds the sizes/);
  }
});

test('the budget table of RESULTS.md is what the command answers', async () => {
  const { budget } = JSON.parse(readFileSync(join(packageRoot(), 'bench/results/chips.json'), 'utf8')) as ChipsResults;
  assert.ok(budget.length >= 12);
  for (const { chip, flashMode, flash, ram, speed, found } of budget) {
    const [now] = largestOf({ chip, flashMode, flash, ram, speed, vocab: 256, tokenizerBytes: 8 });
    assert.deepEqual(now.found?.config, found?.config, 'run "npm run bench -- chips"');
    assert.equal(now.found?.flashBytes, found?.flashBytes);
  }
  const { chip, flashMode, flash, ram, speed, found } = budget[budget.length - 1];
  const answer = await tinylm([
    'budget',
    '--largest',
    '--tokenizer',
    'byte',
    '--chip',
    chip,
    '--flash-mode',
    flashMode,
    '--flash',
    `${flash}`,
    '--ram',
    `${ram}`,
    '--speed',
    `${speed}`,
    '--json',
  ]);
  assert.deepEqual((JSON.parse(answer.out) as typeof budget)[0].found?.config, found?.config);
});
