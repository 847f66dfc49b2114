/** What the command line says is so: limits, speeds, counts, and what is better or worse than what. */
import { modelFile } from './firmware-support.js';
import { configOf } from '../src/model/index.js';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { reportMarkdown, reportText } from '../src/cli/report.js';
import type { Figures } from '../src/run/finish.js';
import { fittingSteps, lastMoment } from '../src/run/time-limit.js';
import { plural } from '../src/cli/values.js';
import { zipBits } from '../src/cli/zip.js';
import { packageRoot } from '../src/node/assets.js';
import { RUN_FILES } from '../src/node/run-folder.js';
import { trainDefaults } from '../src/train/index.js';
import { SMALL, start, tinylm } from './helpers/cli.js';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
const WORDS = ['train', 'stories:en', ...SMALL, '--threads', '1', '--backend', 'wasm'];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-words-'));
  const made = await tinylm([...WORDS, '--epochs', '0.5', '--out', at('run')]);
  assert.equal(made.code, 0, made.err);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const figures = (quality: Partial<Figures['quality']>, more: Partial<Figures> = {}): Figures => ({
  corpus: 'x',
  model: configOf({ vocab: 256, dim: 64 }),
  ternary: true,
  threshold: 0.5,
  parameters: 57_984,
  floatBytes: 231_936,
  tlmBytes: 20_000,
  engineBytes: 9000,
  quality: {
    documents: 1,
    bytes: 1000,
    tokens: 1,
    float: 2,
    trained: 1.5,
    exported: 1.5,
    sign: 1.9,
    zip: 2.6,
    ...quality,
  },
  training: { seconds: 9, tokens: 100, backend: 'WebAssembly', threads: 1, steps: 1, epochs: 1 },
  engineTokensPerSecond: 1000,
  samples: ['One.\n\nTwo.\n```\ncode\n```', '> three'],
  samplingWords: 'greedy',
  ...more,
});

describe('a report', () => {
  it('says why the threshold is the default only where it is so', () => {
    assert.match(
      reportText(figures({ sign: 1.9 })),
      /0\.40 bits per byte worse\. That is why the threshold is the default\./,
    );
    const better = reportText(figures({ sign: 1.4 }));
    assert.match(better, /0\.10 bits per byte better/);
    assert.doesNotMatch(better, /That is why/);
    assert.doesNotMatch(reportText(figures({ sign: 1.502 })), /That is why|worse|better:/);
  });

  it('says what bits per byte are better or worse than', () => {
    for (const text of [reportText(figures({})), reportMarkdown(figures({}), 'x')])
      assert.match(text, /a zip of this text has 2\.600/);
    const noise = Array.from({ length: 3000 }, (_, i) =>
      String.fromCharCode(33 + ((i * 7919 + ((i * i) % 31)) % 90)),
    ).join('');
    assert.ok(zipBits(['a'.repeat(1000)]) < 0.2 && zipBits([noise]) > 2);
    assert.ok(Number.isNaN(zipBits([])));
  });

  it('names no limit that nobody has set', async () => {
    assert.doesNotMatch(reportText(figures({})), /limit|EXCEEDED|200,000/);
    for (const words of [[], ['--vocab', '256', '--dim', '64', '--hidden', '64', '--no-tied']]) {
      const { code, out } = await tinylm(['budget', ...words]);
      assert.equal(code, 0);
      assert.doesNotMatch(out, /DOES NOT FIT|200,000/);
    }
  });

  it('shows samples as blocks, whatever is in them', () => {
    const markdown = reportMarkdown(figures({}), 'x');
    assert.match(markdown, /\n````text\nOne\.\n\nTwo\.\n```\ncode\n```\n````\n/);
    assert.match(markdown, /\n```text\n> three\n```\n/);
  });

  it('counts in words', () => {
    assert.deepEqual(
      [0, 1, 2, 1234].map((n) => plural(n, 'document')),
      ['0 documents', '1 document', '2 documents', '1,234 documents'],
    );
    assert.match(reportMarkdown(figures({}), 'x'), /On 1 held-out document, 1,000 bytes, 1 token\./);
    assert.match(reportText(figures({})), /1 step, 1\.0 epochs/);
  });
});

describe('minutes', () => {
  const options = { ...trainDefaults({ model: figures({}).model }), steps: 1000 };

  it('are a limit: the plan follows the speed', () => {
    // Half as fast as planned: half of the steps that were left still fit.
    const slow = fittingSteps({ step: 100, options }, { done: 100, elapsed: 20, seconds: 100 });
    assert.equal(slow, 100 + Math.floor(5 * (lastMoment(100) - 20)));
    assert.ok(fittingSteps({ step: 100, options }, { done: 100, elapsed: 1, seconds: 100 })! > 1000);
    assert.equal(
      fittingSteps({ step: 500, options }, { done: 500, elapsed: 48.5, seconds: 100 }),
      undefined,
      'as planned',
    );
    assert.equal(
      fittingSteps({ step: 999, options }, { done: 999, elapsed: 500, seconds: 100 }),
      undefined,
      'the last one',
    );
    assert.equal(fittingSteps({ step: 900, options }, { done: 900, elapsed: 500, seconds: 100 }), 901);
    assert.ok(lastMoment(1) < 1 && lastMoment(3600) >= 3597);
  });

  it('end a run that was planned far too long, with a report', async () => {
    cpSync(at('run'), at('late'), { recursive: true });
    for (const file of Object.values(RUN_FILES)) if (file !== RUN_FILES.run) rmSync(at('late', file), { force: true });
    const path = at('late', RUN_FILES.run);
    type Run = { plan: object; options: { steps: number; evaluateEvery: number } };
    const record = JSON.parse(readFileSync(path, 'utf8')) as Run;
    record.plan = { minutes: 0.02 };
    record.options = { ...record.options, steps: 1e9, evaluateEvery: 1e8 };
    writeFileSync(path, JSON.stringify(record));
    const { code, err } = await tinylm(['train', '--resume', at('late'), '--threads', '1']);
    assert.equal(code, 0, err);
    const { options: after } = JSON.parse(readFileSync(path, 'utf8')) as Run;
    assert.ok(after.steps > 0 && after.steps < 1e8, `${after.steps}`);
    assert.ok(existsSync(at('late', RUN_FILES.report)));
  });
});

describe('work that is kept in files', () => {
  it('goes on when nobody reads what is said any more', async () => {
    const run = start([...WORDS, '--epochs', '2', '--out', at('head')]);
    await run.seen(/epoch/);
    run.process.stderr!.destroy();
    run.process.stdout!.destroy();
    const code = await new Promise((resolve) => run.process.once('exit', resolve));
    assert.equal(code, 0);
    assert.ok(existsSync(at('head', RUN_FILES.report)));
  });

  it('is saved when its terminal is closed', async () => {
    const run = start([...WORDS, '--epochs', '200', '--out', at('closed')]);
    await run.seen(/epoch/);
    run.process.kill('SIGHUP');
    assert.equal((await run.result).code, 130);
    assert.ok(existsSync(at('closed', RUN_FILES.last)));
    assert.ok(!existsSync(at('closed', 'run.lock')));
  });
});

describe('eval', () => {
  const measured = async (...words: string[]): Promise<{ documents: number; text: string; zipBitsPerByte: number }> => {
    const { code, out, err } = await tinylm(['eval', ...words, '--json']);
    assert.equal(code, 0, err);
    return JSON.parse(out) as Awaited<ReturnType<typeof measured>>;
  };

  it('says of noise that it is noise, and of a model that knows something nothing', async () => {
    writeFileSync(at('cat.txt'), 'The cat sat on the mat.\n'.repeat(40));
    const noise = await tinylm(['eval', modelFile(), at('cat.txt')]);
    assert.equal(noise.code, 0);
    assert.match(noise.err, /warning: [\d.]+ bits per byte are worse than [^]*what it writes is noise/);
    assert.doesNotMatch((await tinylm(['eval', at('run')])).err, /noise/);
  });

  it("measures all of a text that is not the run's own, and of its own what was held out", async () => {
    writeFileSync(
      at('other.txt'),
      Array.from({ length: 40 }, (_, i) => `Story ${i}. The cat sat.\n<|endoftext|>\n`).join(''),
    );
    const other = await measured(at('run'), at('other.txt'));
    const whole = await measured(at('run'), at('other.txt'), '--all');
    assert.deepEqual([other.documents, other.text], [whole.documents, 'other.txt']);
    assert.ok(other.zipBitsPerByte > 0);
    const own = await measured(at('run'), 'stories:en', '--max-bytes', '40K');
    assert.match(own.text, /validation part/);
    assert.equal((await measured(join(at('run'), RUN_FILES.model), 'stories:en', '--max-bytes', '40K')).text, own.text);
    assert.equal((await measured(at('run'))).documents, own.documents);
    const { out } = await tinylm(['eval', at('run'), at('other.txt')]);
    assert.match(out, /bits per byte +\d\.\d+ \(lower is better; a zip of this text has \d\.\d+\)/);
  });
});

describe('texts, sizes and speeds', () => {
  it('of several texts each is told from the next', async () => {
    const { out } = await tinylm(['generate', at('run'), '--count', '3', '-n', '5', '--seed', '7']);
    assert.deepEqual(out.match(/^=== .* ===$/gm), [
      '=== 1 of 3, seed 7 ===',
      '=== 2 of 3, seed 8 ===',
      '=== 3 of 3, seed 9 ===',
    ]);
    assert.doesNotMatch((await tinylm(['generate', at('run'), '-n', '5'])).out, /---/);
  });

  it('the largest model ends with the line that trains it', async () => {
    const { out } = await tinylm(['budget', '--largest', '--chip', 'esp32c3']);
    const line = out.trimEnd().split('\n').at(-1)!;
    assert.match(line, /^ {2}tinylm train my-text\.txt --vocab \d+ --dim \d+ --hidden \d+( --layers \d)?(?= |$)/);
    const fits = await tinylm([
      'budget',
      ...line.trim().split(' ').slice(3),
      '--chip',
      'esp32c3',
      '--flash-mode',
      'qio80',
      '--speed',
      '50',
      '--flash',
      '1M',
    ]);
    assert.equal(fits.code, 0, fits.out);
  });

  it('a budget says how long training takes here', async () => {
    const { out } = await tinylm(['budget', '--hidden', '16', '--dim', '16']);
    assert.match(
      out,
      /training here: [\d,]+ tokens\/s with \d+ threads? .*, measured just now; \d+ times through 1 MB/,
    );
  });

  it('the chip is as fast for simulate as for budget, and what differs has its reason', async () => {
    const model = join(at('run'), RUN_FILES.model);
    const row = (text: string): string | undefined => /^ESP32-C3 +\d.*$/m.exec(text)?.[0].replace(/ +/g, ' ');
    const budget = await tinylm(['budget', model]);
    const simulated = await tinylm(['simulate', model, '--prompt', 'a', '-n', '5']);
    assert.ok(row(budget.out), budget.out);
    assert.equal(row(simulated.err), row(budget.out));
    assert.match(simulated.err, /lower for one reason: .* copies no weights into SRAM/);
  });
});

describe('a clone that was not built', () => {
  it('says npm run build', () => {
    mkdirSync(at('clone', 'bin'), { recursive: true });
    cpSync(join(packageRoot(), 'bin', 'tinylm.js'), at('clone', 'bin', 'tinylm.js'));
    writeFileSync(at('clone', 'package.json'), '{"type":"module"}');
    const { status, stderr } = spawnSync(process.execPath, [at('clone', 'bin', 'tinylm.js'), 'demo'], {
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /^error: .*was not built yet\nhint: .*npm run build/);
    const built = spawnSync(process.execPath, [join(packageRoot(), 'bin', 'tinylm.js'), '--version'], {
      encoding: 'utf8',
    });
    assert.equal(built.status, 0, built.stderr);
  });
});
