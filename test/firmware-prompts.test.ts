/** Prompts that reach a device without our command line are cleaned there, as far as that needs no tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POSIX_TOOLS, SMALL, toolsFor, withDevice } from './firmware-support.js';
import { loadEngineModel } from './helpers/engine-text.js';

test('line ends of all kinds and byte order marks; what only begins like a mark is kept', async (t) => {
  if (!toolsFor(t, POSIX_TOOLS)) return;
  const engine = await loadEngineModel(SMALL);
  await withDevice(['--model', SMALL], ['http'], async (device) => {
    const text = async (prompt: string): Promise<string> => {
      const body = JSON.stringify({ prompt, max_tokens: 20, seed: 3 });
      const answer = await fetch(device.url('/v1/completions'), { method: 'POST', body });
      return ((await answer.json()) as { choices: { text: string }[] }).choices[0].text;
    };
    for (const [prompt, clean] of [
      ['the\r\ncat', 'the\ncat'],
      ['the\rcat\r\r\n', 'the\ncat\n\n'],
      ['the\fcat\v', 'the\ncat\n'],
      ['\ufeffthe\r\n\ufeffcat', 'the\ncat'],
      ['\ufeff\ufeffthe', 'the'],
      ['the\ufeff', 'the\ufeff'],
      ['\ufec0the', '\ufec0the'],
      ['\uf000\n\ufe0fcat', '\uf000\n\ufe0fcat'],
    ]) {
      assert.equal(await text(prompt), engine.text(clean, { seed: 3, length: 20 }), JSON.stringify(prompt));
    }
  });
});
