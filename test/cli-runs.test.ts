/** Runs of other kinds: from a pipe, with floats, by the clock, in Portuguese, in a sweep. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RUN_FILES } from '../src/node/run-folder.js';
import { SMALL, spawned, start, tinylm } from './helpers/cli.js';

let folder: string;
const at = (name: string): string => join(folder, name);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-runs-'));
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

describe('other runs', () => {
  it('from standard input keep their text, so that they can be resumed', async () => {
    const { out } = await tinylm(['corpus', 'stories:pt', '--emit', '--bytes', '20000']);
    const path = at('piped');
    const run = start(['train', '-', ...SMALL, '--epochs', '60', '--out', path], out);
    await run.seen(/^epoch +\d/m);
    run.process.kill('SIGINT');
    assert.equal((await run.result).code, 130);
    assert.ok(existsSync(join(path, RUN_FILES.corpus)));
    const resumed = await spawned(['train', '--resume', path, '--json']);
    assert.equal(resumed.code, 0, resumed.err);
  });

  it('with floats say what making them ternary costs', async () => {
    const { code, out, err } = await spawned([
      'train',
      'stories:en',
      ...SMALL,
      '--epochs',
      '4',
      '--float',
      '--out',
      at('float'),
      '--json',
    ]);
    assert.equal(code, 0, err);
    const { quality } = JSON.parse(out) as {
      quality: { float: number; trained?: number; exported: number; sign: number };
    };
    assert.equal(quality.trained, undefined);
    assert.ok(quality.float < quality.exported && quality.exported < quality.sign, JSON.stringify(quality));
  });

  it('for so many minutes plan their steps by a trial', async () => {
    const { code, err } = await spawned([
      'train',
      'stories:en',
      ...SMALL,
      '--minutes',
      '0.06',
      '--out',
      at('timed'),
      '--json',
    ]);
    assert.equal(code, 0, err);
    const { plan, options } = JSON.parse(readFileSync(join(at('timed'), RUN_FILES.run), 'utf8')) as {
      plan: object;
      options: { steps: number };
    };
    assert.deepEqual(plan, { minutes: 0.06 });
    assert.ok(options.steps > 1);
  });

  it('of the demo tell stories in Portuguese, too', async () => {
    const { code, out, err } = await spawned(['demo', '--lang', 'pt', '--epochs', '0.03', '--out', at('demo')]);
    assert.equal(code, 0, err);
    assert.match(out, /exported file \(.tlm\) +[\d,]+ bytes/);
    assert.match(out, /sentences of 100 generated stories are coherent/);
    assert.match(out, /tinylm generate .*demo --prompt/);
  });

  it('are swept over thresholds and sizes', async () => {
    const out = at('sweep');
    const one = await tinylm(['sweep', at('float'), '--thresholds', '0.2,0.5', '--out', out, '--json']);
    assert.equal(one.code, 0, one.err);
    const { rows } = JSON.parse(one.out) as { rows: { method: string; threshold?: number; bitsPerByte: number }[] };
    assert.deepEqual(
      rows.map((r) => r.threshold ?? r.method),
      ['float', 0.2, 0.5, 'sign'],
    );
    assert.deepEqual(readdirSync(out).sort(), ['sweep.json', 'sweep.md', 'sweep.svg']);
    const sizes = await spawned([
      'sweep',
      '--corpus',
      'stories:en',
      ...SMALL.filter((w, i, all) => w !== '--hidden' && all[i - 1] !== '--hidden'),
      '--dims',
      '8,16',
      '--epochs',
      '2',
      '--out',
      out,
      '--json',
    ]);
    assert.equal(sizes.code, 0, sizes.err);
    const found = JSON.parse(sizes.out) as { rows: { model: { hidden: number }; bytes: number }[] };
    assert.deepEqual([...new Set(found.rows.map((r) => r.model.hidden))], [8, 16]);
  });
});
