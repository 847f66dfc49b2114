/**
 * The whole way, as a person goes it: the compiled commands as processes, a virtual ESP32-C3 at a real pseudo-terminal,
 * flashed by `tinylm flash` and talked to by `tinylm chat`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT } from '../src/cli/errors.js';
import { board, ended, ok } from './helpers/board.js';
import { spawned } from './helpers/cli.js';
import { loadEngineModel } from './helpers/engine-text.js';
import { modelFile, toolsFor, vector } from './firmware-support.js';

const PROMPT = 'the cat não';

describe('a board at a pseudo-terminal, from empty flash to text', () => {
  it('is flashed, talks, takes other models, and says when one is bad', async (t) => {
    if (!toolsFor(t, { socat: 'socat' })) return;
    const [MODEL, OTHER] = [modelFile(), vector('bpe-33-17')];
    const { running, option } = await board(['--pty']);
    const SETTINGS = ['--seed', '7', '--tokens', '40'];
    const says = async (model: string): Promise<void> => {
      const { out } = ok(await spawned(['chat', ...option, '--prompt', PROMPT, ...SETTINGS]));
      const expected = (await loadEngineModel(model)).text(PROMPT, { seed: 7, length: 40 });
      assert.equal(out, expected.endsWith('\n') ? expected : `${expected}\n`);
    };
    try {
      const empty = await spawned(['flash', MODEL, ...option]);
      assert.match(empty.err, /no valid partition table: the flash there is empty/);
      ok(await spawned(['flash', MODEL, '--direct-boot', '--yes', ...option]));
      await says(MODEL);
      // Another model, by the partition table that the board has now; the firmware stays.
      const { err } = ok(await spawned(['flash', OTHER, ...option]));
      assert.match(err, /^connecting to .*\nESP32-C3, 4 MB of flash\nwriting model: .* at 0x1a0000 …\n.*verified\n/);
      assert.doesNotMatch(err, /program/);
      await says(OTHER);
      const bad = vector('bad/crc');
      assert.match((await spawned(['flash', bad, ...option])).err, /CRC-32/);
      await says(OTHER);
      ok(await spawned(['flash', bad, '--force', ...option]));
      const { code, err: why } = await spawned(['chat', ...option, '--prompt', PROMPT]);
      assert.equal(code, EXIT.failed);
      assert.match(why, /the model in the device's flash is bad: .*CRC-32/);
      const { out } = ok(await spawned(['chat', ...option, '--info', '--json']));
      assert.equal((JSON.parse(out) as { model: { state: string } }).model.state, 'bad');
      ok(await spawned(['flash', MODEL, ...option]));
      await says(MODEL);
    } finally {
      await ended(running);
    }
  });
});
