import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { operations } from '../bench/contestant.js';
import { exponent, ratio, spread } from '../bench/measure.js';
import { complete, readmeBlock } from '../bench/readme.js';
import { keptResults } from '../bench/kept.js';
import { report } from '../bench/report.js';
import { FIGURES, fill } from '../scripts/marked.js';
import { packageRoot, readWasm } from '../src/node/assets.js';
import { nativeForBench } from '../src/node/native-trainer.js';

const near = (found: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(found - expected) <= tolerance, `found ${found}, expected ${expected} ± ${tolerance}`);

describe('the arithmetic of the benchmarks', () => {
  it('spread and ratio', () => {
    assert.deepEqual(spread([3, 1, 2]), { min: 1, median: 2, max: 3 });
    assert.deepEqual(spread([4, 1, 2, 3]), { min: 1, median: 2.5, max: 4 });
    assert.deepEqual(ratio([2, 9, 8], [1, 3, 2]), { min: 2, median: 3, max: 4 });
  });

  it('the exponent of a power law', () => {
    near(exponent([1, 2, 5, 9].map((x) => ({ x, y: 7 * x ** -1.5 }))), -1.5, 1e-9);
  });

  it('operations of a step, counted by hand', () => {
    const size = { vocab: 10, dim: 3, hidden: 4, lanes: 5, segment: 6, tied: false };
    // 30 tokens: recurrent 12 × 4 and head 10 × 4 weights, forward and two products back, two operations each;
    // the input's 12 × 3 weights once for each of the 10 tokens of the vocabulary
    assert.equal(operations(size), 30 * (12 * 4 + 10 * 4) * 6 + 10 * 12 * 3 * 6);
    // a vocabulary above half of the tokens: for every token of the text
    assert.equal(operations({ ...size, vocab: 16 }), 30 * (12 * 4 + 16 * 4) * 6 + 30 * 12 * 3 * 6);
  });
});

describe('what is written of the figures that are kept', () => {
  const read = (...path: string[]): string => readFileSync(join(packageRoot(), ...path), 'utf8');
  const all = keptResults();

  it('RESULTS.md', () => assert.equal(read('RESULTS.md'), report(all), 'run "npm run bench -- report"'));

  assert.ok(complete(all), 'PyTorch must have taken part in what is kept');
  for (const language of ['en', 'pt'] as const) {
    it(FIGURES[language], () => {
      const text = read(FIGURES[language]);
      assert.equal(text, fill(text, 'bench', readmeBlock(all, language)), 'run "npm run bench -- report"');
    });
  }
});

const native = await nativeForBench([], []);
const skip = native ? false : 'no compiler, or koffi is missing';

/** Largest relative error of an exponential over the range of its arguments. */
function worstError(exp: (x: number) => number): number {
  let worst = 0;
  for (let x = -86.9; x < 88; x += 0.01) {
    const argument = Math.fround(x);
    worst = Math.max(worst, Math.abs(exp(argument) / Math.exp(argument) - 1));
  }
  return worst;
}

describe("the kernels' exponential", () => {
  it('is right to 3e-7, WebAssembly', async () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 32768, shared: true });
    const { instance } = await WebAssembly.instantiate(readWasm('trainer'), { env: { memory } });
    const exp = instance.exports.trainer_exp as (x: number) => number;
    assert.ok(worstError(exp) < 3e-7, `${worstError(exp)}`);
    near(exp(1000), Math.exp(88), 1e33); // clamped, not infinite
    near(exp(-1000), Math.exp(-87), 1e-42);
  });

  it('is right to 3e-7, native', { skip }, () => {
    const exp = native!.library.func('trainer_exp', 'float', ['float']) as (x: number) => number;
    assert.ok(worstError(exp) < 3e-7, `${worstError(exp)}`);
  });
});

describe("the choice of the trainer's build", () => {
  const cache = mkdtempSync(join(tmpdir(), 'tinylm-bench-'));
  after(() => rmSync(cache, { recursive: true, force: true }));
  const module = pathToFileURL(join(packageRoot(), 'dist', 'src', 'node', 'native-trainer.js')).href;
  /** A process of its own, because a build is loaded once a process. */
  const ask = (env: Record<string, string>): string =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
    import { loadTrainer } from ${JSON.stringify(module)};
    console.log(await loadTrainer().then((t) => t.name + ';' + (t.note ?? ''), (e) => e.code + ';' + e.message));
  `,
      ],
      { encoding: 'utf8', env: { ...process.env, TINYLM_BACKEND: '', ...env } as NodeJS.ProcessEnv },
    ).trim();

  it('without a compiler it is WebAssembly, and says why', () => {
    assert.match(
      ask({ TINYLM_BACKEND: 'auto', TINYLM_CC: 'no-such-compiler' }),
      /^WebAssembly;.*(no-such-compiler|koffi)/,
    );
    assert.match(
      ask({ TINYLM_BACKEND: 'native', TINYLM_CC: 'no-such-compiler' }),
      /^train-backend;native kernels were asked for/,
    );
    assert.match(ask({ TINYLM_BACKEND: 'wasm' }), /^WebAssembly;$/);
    assert.match(ask({ TINYLM_BACKEND: 'gpu' }), /^train-backend;TINYLM_BACKEND is "gpu"/);
  });

  it('with one the kernels are built once, whole, into the cache', { skip }, () => {
    assert.match(ask({ TINYLM_BACKEND: 'auto', TINYLM_CACHE: cache }), /^native \(.*floats a vector\);$/);
    const files = readdirSync(cache);
    assert.equal(files.length, 1);
    assert.match(files[0], /^trainer-[0-9a-f]{24}\.so$/);
    assert.ok(existsSync(join(cache, files[0])));
    ask({ TINYLM_BACKEND: 'auto', TINYLM_CACHE: cache });
    assert.deepEqual(readdirSync(cache), files);
  });

  it('a compiler that fails leaves nothing behind', { skip }, () => {
    assert.match(ask({ TINYLM_BACKEND: 'auto', TINYLM_CC: 'false', TINYLM_CACHE: join(cache, 'x') }), /^WebAssembly;/);
    assert.ok(!existsSync(join(cache, 'x')) || readdirSync(join(cache, 'x')).length === 0);
  });
});
