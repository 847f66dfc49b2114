/** Whole runs of a small model: stopped, killed and resumed, they end as the uninterrupted one. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../src/node/checkpoints.js';
import { RUN_FILES } from '../src/node/run-folder.js';
import { SMALL, spawned, start, tinylm, type Result } from './helpers/cli.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const WORDS = ['train', 'stories:en', ...SMALL, '--epochs', '12', '--seed', '7'];
/** Of an evaluation. */
const EVALUATION = /^epoch +\d/m;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-train-'));
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

interface Figures {
  folder: string;
  tlmBytes: number;
  quality: { float: number; trained?: number; exported: number; sign: number };
  grammar: { stories: number; sentences: number };
  samples: string[];
}

/** All that decides what a run has become: its newest checkpoint, its best weights, the exported file. */
function assertSameRun(path: string, other: string): void {
  const [a, b] = [path, other].map((p) => loadCheckpoint(join(p, RUN_FILES.last)));
  assert.deepEqual(a.history, b.history);
  assert.deepEqual(a, b);
  for (const name of [RUN_FILES.best, RUN_FILES.model, RUN_FILES.history])
    assert.ok(readFileSync(join(path, name)).equals(readFileSync(join(other, name))), name);
}

describe('a training run', () => {
  let whole: Result;

  it('ends with everything in its folder', async () => {
    whole = await spawned([...WORDS, '--out', at('whole'), '--threads', '1', '--json']);
    assert.equal(whole.code, 0, whole.err);
    assert.deepEqual(
      readdirSync(at('whole')).sort(),
      Object.entries(RUN_FILES)
        .filter(([k]) => k !== 'corpus')
        .map(([, f]) => f)
        .sort(),
    );
    const figures = JSON.parse(whole.out) as Figures;
    const { quality } = figures;
    assert.equal(figures.folder, at('whole'));
    assert.equal(figures.tlmBytes, readFileSync(join(at('whole'), RUN_FILES.model)).length);
    assert.ok(
      Math.abs(quality.exported - quality.trained!) <= 0.01,
      `trained ${quality.trained}, exported ${quality.exported}`,
    );
    assert.ok(quality.exported < quality.sign, 'sign alone is worse');
    assert.equal(figures.grammar.stories, 100);
    const report = readFileSync(join(at('whole'), RUN_FILES.report), 'utf8');
    for (const words of ['# TinyLM on stories:en', quality.exported.toFixed(3), quality.sign.toFixed(3), 'curve.svg'])
      assert.ok(report.includes(words), words);
    assert.match(readFileSync(join(at('whole'), RUN_FILES.curve), 'utf8'), /^<svg /);
    assert.match(readFileSync(join(at('whole'), RUN_FILES.samples), 'utf8'), /^=== step /);
    assert.match(whole.err, EVALUATION);

    // What the report says is what the other verbs say.
    const measured = async (kind: string): Promise<number> =>
      (
        JSON.parse((await tinylm(['eval', at('whole'), '--kind', kind, '--json', '--threads', '2'])).out) as {
          bitsPerByte: number;
        }
      ).bitsPerByte;
    assert.equal(await measured('engine'), quality.exported);
    assert.equal(await measured('ternary'), quality.trained);
    assert.equal(await measured('float'), quality.float);
    const again = await tinylm(['quantize', at('whole'), '--out', at('again.tlm')]);
    assert.equal(again.code, 0, again.err);
    assert.equal((await tinylm(['inspect', at('again.tlm'), '--compare', at('whole')])).code, 0);
  });

  it('stopped by Ctrl-C and resumed ends as if it had not been, with other threads too', async () => {
    const path = at('stopped');
    const first = start([...WORDS, '--out', path, '--threads', '2']);
    await first.seen(EVALUATION);
    first.process.kill('SIGINT');
    const { code, err } = await first.result;
    assert.equal(code, 130, err);
    assert.match(err, /everything is saved\ngo on with: tinylm train --resume .*stopped/);
    assert.ok(!existsSync(join(path, RUN_FILES.model)));
    // What is there can be used already.
    assert.equal((await tinylm(['generate', path, '--tokens', '10'])).code, 0);
    const second = await spawned(['train', '--resume', path, '--threads', '1']);
    assert.equal(second.code, 0, second.err);
    assert.match(second.err, /going on with .* from step \d+/);
    assertSameRun(path, at('whole'));
  });

  it('killed again and again loses one interval each time at most', async () => {
    const path = at('killed');
    const steps = (): number =>
      existsSync(join(path, RUN_FILES.last)) ? loadCheckpoint(join(path, RUN_FILES.last)).step : 0;
    // Before the first checkpoint, …
    const first = start([...WORDS, '--out', path]);
    await first.seen(/steps; .*killed/);
    first.process.kill('SIGKILL');
    assert.equal((await first.result).code, null);
    assert.ok(existsSync(join(path, RUN_FILES.run)));
    // … after one evaluation, and at other moments.
    for (const delay of [0, 40, 90]) {
      const run = start(['train', '--resume', path]);
      await run.seen(EVALUATION);
      await new Promise((resolve) => setTimeout(resolve, delay));
      run.process.kill('SIGKILL');
      await run.result;
      assert.ok(steps() > 0);
    }
    const last = await spawned(['train', '--resume', path]);
    assert.equal(last.code, 0, last.err);
    assertSameRun(path, at('whole'));
    // A finished run that is resumed writes the same once more.
    assert.equal((await spawned(['train', '--resume', path])).code, 0);
    assertSameRun(path, at('whole'));
  });

  it('ends at once with a second Ctrl-C', async () => {
    const run = start([...WORDS, '--out', at('twice')]);
    await run.seen(EVALUATION);
    run.process.kill('SIGINT');
    await run.seen(/saving/);
    run.process.kill('SIGINT');
    assert.equal((await run.result).code, 130);
  });
});
