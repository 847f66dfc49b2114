/** kill -9 again and again, at any moment: in the end there are the same weights, and nothing is left lying. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { RUN_FILES } from '../src/node/run-folder.js';
import { inFolder, SMALL, start, spawned } from './helpers/cli.js';

const WORDS = ['train', 'stories:en', ...SMALL, '--epochs', '12', '--threads', '1'];
const KILLS = 8;

it('a run that is killed at any moment ends with the weights of one that was not', () =>
  inFolder(async (folder) => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const reference = await spawned([...WORDS, '--out', whole]);
    assert.equal(reference.code, 0, reference.err);
    let seed = 5;
    const random = (below: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;
    let kills = 0;
    for (let i = 0; i < KILLS; i++) {
      const run = start(
        existsSync(killed) ? ['train', '--resume', killed, '--threads', '1'] : [...WORDS, '--out', killed],
      );
      const over = run.result.then(({ code }) => code);
      // Half of them as soon as the trainer has said a word, half of them at some moment later or earlier.
      if (i % 2 === 0) await run.seen(/epoch|steps;/).catch(() => undefined);
      await Promise.race([over, new Promise((resolve) => setTimeout(resolve, random(i % 2 === 0 ? 250 : 900)))]);
      run.process.kill('SIGKILL');
      if ((await over) === null) kills++;
    }
    assert.ok(kills > 0);
    const last = await spawned(['train', '--resume', killed, '--threads', '1']);
    assert.equal(last.code, 0, last.err);
    for (const file of ['last', 'best', 'model'] as const)
      assert.ok(
        Buffer.compare(readFileSync(join(whole, RUN_FILES[file])), readFileSync(join(killed, RUN_FILES[file]))) === 0,
        `${RUN_FILES[file]} differs after ${kills} kills`,
      );
    assert.deepEqual(readdirSync(killed).sort(), readdirSync(whole).sort(), 'nothing is left lying');
    assert.deepEqual(readdirSync(folder).sort(), ['killed', 'whole']);
  }));
