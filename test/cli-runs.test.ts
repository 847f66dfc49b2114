/** Runs of other kinds: from a pipe, with floats, by the clock, in Portuguese, in a sweep. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RUN_FILES } from '../src/node/run-folder.js';
import { DEMO_MODEL } from '../src/run/shipped.js';
import { loadTrainer } from '../src/node/native-trainer.js';
import { SMALL, spawned, start, tinylm } from './helpers/cli.js';

const skip = await loadTrainer('native').then(
  () => false as const,
  (error: Error) => `no native kernels here: ${error.message}`,
);
/** A machine without a compiler. */
const BARE = { CC: 'no-such-compiler', TINYLM_CC: undefined, TINYLM_BACKEND: undefined };

let folder: string;
const at = (name: string): string => join(folder, name);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-runs-'));
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

interface Recorded {
  backend: { name: string; vector: number; compiler?: string };
  switched?: { step: number; backend: { name: string } }[];
}
const recorded = (name: string): Recorded =>
  JSON.parse(readFileSync(join(at(name), RUN_FILES.run), 'utf8')) as Recorded;

describe('the build of the trainer', () => {
  const short = ['train', 'stories:en', ...SMALL, '--epochs', '2', '--json'];

  it('is WebAssembly without a compiler, which is said and written down', async () => {
    const { code, out, err } = await spawned([...short, '--out', at('bare')], '', BARE);
    assert.equal(code, 0, err);
    assert.match(err, /^trainer: WebAssembly: .*(no-such-compiler|koffi)/m);
    assert.deepEqual(recorded('bare').backend, { name: 'wasm', vector: 4 });
    assert.equal((JSON.parse(out) as { training: { backend: string } }).training.backend, 'WebAssembly');
    assert.match(readFileSync(join(at('bare'), RUN_FILES.report), 'utf8'), /\| trainer \| WebAssembly \|/);
  });

  it('that is asked for and cannot be had is an error', async () => {
    const { code, err } = await spawned([...short, '--backend', 'native', '--out', at('none')], '', BARE);
    assert.equal(code, 1);
    assert.match(err, /^error: native kernels were asked for/m);
    assert.ok(!existsSync(at('none')));
  });

  it('stays that of the run when it is resumed, unless another is asked for', { skip }, async () => {
    const { code, err } = await spawned([...short, '--out', at('native')], '', { TINYLM_BACKEND: undefined });
    assert.equal(code, 0, err);
    assert.match(err, /^trainer: native \(/m);
    const { backend } = recorded('native');
    assert.equal(backend.name, 'native');
    assert.ok(backend.compiler);

    const refused = await spawned(['train', '--resume', at('native')], '', BARE);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /was made by native kernels .*no-such-compiler[^]*hint: .*--backend auto/);
    const other = await spawned(['train', '--resume', at('native'), '--backend', 'auto'], '', BARE);
    assert.equal(other.code, 0, other.err);
    assert.match(other.err, /warning: .*not the same to the last bit/);
    assert.deepEqual(recorded('native').backend, backend);
    assert.deepEqual(
      recorded('native').switched?.map((s) => s.backend.name),
      ['wasm'],
    );

    // Where a compiler is, too, a run of WebAssembly stays one; and a build for another processor is another one.
    const stays = await spawned(['train', '--resume', at('native')]);
    assert.equal(stays.code, 0, stays.err);
    assert.match(stays.err, /^trainer: WebAssembly$/m);
    const file = join(at('native'), RUN_FILES.run);
    const moved = { ...recorded('native'), backend: { ...backend, vector: 2 * backend.vector }, switched: undefined };
    writeFileSync(file, JSON.stringify(moved));
    const elsewhere = await spawned(['train', '--resume', at('native')]);
    assert.equal(elsewhere.code, 1);
    assert.match(elsewhere.err, /was made by native kernels .*, here it is native /);
  });
});

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

  it('of the demo have a shipped model beside them, from the same opening, on the screen and in the report', async () => {
    const { code, out, err } = await spawned(['demo', '--epochs', '0.03', '--out', at('demo-en')]);
    assert.equal(code, 0, err);
    const report = readFileSync(join(at('demo-en'), RUN_FILES.report), 'utf8');
    for (const text of [out, report]) {
      const opening = /“([^]+?)”/.exec(text.slice(text.search(/from the same opening/i)))![1];
      const sides = [...text.matchAll(/(\S+): [\d,]+ bytes, [\d,]+ tokens\/s here/g)].map((m) => m[1]);
      assert.equal(sides.length, 2);
      assert.match(sides[0], /demo-en$/);
      assert.equal(sides[1], DEMO_MODEL);
      assert.ok(text.split(opening).length >= 4, 'the opening, and both texts begin with it');
    }
  });

  it('are swept over thresholds and sizes', async () => {
    const out = at('sweep');
    const one = await tinylm(['sweep', at('float'), '--thresholds', '0.2,0.5', '--out', out, '--json']);
    assert.equal(one.code, 0, one.err);
    const { rows } = JSON.parse(one.out) as { rows: { method: string; threshold?: number; bitsPerByte: number }[] };
    assert.deepEqual(
      rows.map((r) => r.threshold ?? r.method),
      ['float', 0.2, 0.5, 'sign', 'fit', 'fit', 'fit'],
    );
    // Fitted after training, each digit wins back most of what is lost.
    const [float, , , , one1, two, three] = rows.map((r) => r.bitsPerByte);
    assert.ok(float <= three && three < two && two < one1, JSON.stringify(rows));
    assert.deepEqual(readdirSync(out).sort(), ['plan.json', 'sweep.json', 'sweep.md', 'sweep.svg']);
    const before = readFileSync(join(out, 'sweep.json'));

    const sizes = [
      ...['sweep', '--corpus', 'stories:en', '--dims', '8,16', '--epochs', '60', '--json'],
      ...SMALL.filter((w, i, all) => w !== '--hidden' && all[i - 1] !== '--hidden'),
    ];
    const refused = await tinylm([...sizes, '--out', out]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /sweep holds something else than this sweep[^]*--out/);
    assert.deepEqual(readFileSync(join(out, 'sweep.json')), before);

    // One that is stopped goes on where it was, and ends as one that was not.
    const stopped = start([...sizes, '--out', at('stopped')]);
    await stopped.seen(/2 of 2[^]*\nepoch/);
    stopped.process.kill('SIGINT');
    const { code, err } = await stopped.result;
    assert.equal(code, 130, err);
    assert.match(err, /The same command goes on from here/);
    assert.ok(!existsSync(join(at('stopped'), 'sweep.json')));
    const [resumed, whole] = [
      await spawned([...sizes, '--out', at('stopped')]),
      await spawned([...sizes, '--out', at('whole')]),
    ];
    assert.equal(resumed.code, 0, resumed.err);
    assert.match(resumed.err, /1 of 2[^]*is finished, at step \d+[^]*2 of 2[^]*going on with/);
    assert.equal(resumed.out, whole.out);
    const found = JSON.parse(whole.out) as { rows: { model: { layers: { width: number }[] }; bytes: number }[] };
    assert.deepEqual([...new Set(found.rows.map((r) => r.model.layers[0].width))], [8, 16]);
    assert.equal((await tinylm(['generate', join(at('whole'), 'hidden-8'), '--tokens', '5'])).code, 0);

    const piped = await tinylm(['sweep', '--corpus', '-', '--dims', '8'], 'some text');
    assert.equal(piped.code, 2);
    assert.match(piped.err, /standard input[^]*file/);
  });
});
