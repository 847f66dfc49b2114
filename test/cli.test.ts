import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { curveChart, lineChart, sweepChart } from '../src/cli/chart.js';
import { checkStories } from '../src/run/grammar.js';
import { buildProgram } from '../src/cli/program.js';
import { coloured, makeTerminal, markdownTable, table } from '../src/cli/terminal.js';
import {
  bytesText,
  byteSize,
  decimal,
  decimalRange,
  duration,
  numberList,
  unescapeText,
  wholeNumber,
} from '../src/cli/values.js';
import { generateStories } from '../src/corpus/index.js';
import { exportModel } from '../src/run/export-model.js';
import { readTlm } from '../src/format/index.js';
import { configOf, initModel } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import { trainTokenizer } from '../src/tokenizer/index.js';
import { inFolder, tinylm } from './helpers/cli.js';

describe('help', () => {
  const stream = { write: () => true, once: () => {} };
  const program = buildProgram(
    { terminal: makeTerminal(stream, stream), stdin: (async function* () {})(), exitCode: 0 },
    '0.0.0',
  );

  // UPDATE_SNAPSHOTS=1 npm test writes the file anew.
  it('is as it was', async () => {
    const path = join(packageRoot(), 'test', 'snapshots', 'help.txt');
    const parts: string[] = [];
    for (const words of [['--help'], ...program.commands.map((c) => [c.name(), '--help'])]) {
      const { code, out, err } = await tinylm(words);
      assert.equal(code, 0);
      assert.equal(err, '');
      parts.push(`$ tinylm ${words.join(' ')}\n${out}`);
    }
    const text = parts.join('\n');
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(path, text);
    assert.equal(text, readFileSync(path, 'utf8'));
  });

  it('of every verb has examples that its own parser takes', () => {
    for (const command of program.commands) {
      const help = command.helpInformation({ error: false });
      assert.match(help, /-h, --help/);
      let after = '';
      command.configureOutput({ writeOut: (text) => void (after += text) });
      command.outputHelp();
      const examples = [...after.matchAll(/^ {2}\$ .*?tinylm (\S+)(.*)$/gm)];
      assert.ok(examples.length > 0, command.name());
      for (const [, name, rest] of examples) {
        assert.equal(name, command.name());
        const flags = [...rest.matchAll(/ (--?[a-z][a-z-]*)/g)].map((m) => m[1]);
        for (const flag of flags.filter((f) => !['-S'].includes(f)))
          assert.ok(
            command.options.some((o) => o.long === flag || o.short === flag),
            `${name} has no ${flag}`,
          );
      }
    }
  });

  it('comes without words, too', async () => {
    const { code, out } = await tinylm([]);
    assert.equal(code, 0);
    assert.match(out, /Usage: tinylm/);
    assert.equal((await tinylm(['--version'])).out, '0.0.0\n');
  });
});

describe('values on the command line', () => {
  it('numbers', () => {
    assert.equal(wholeNumber(1, 10)('7'), 7);
    for (const bad of ['0', '11', '1.5', '', 'x', '0x5', ' 3', '1e1'])
      assert.throws(() => wholeNumber(1, 10)(bad), /whole number from 1 to 10/, bad);
    assert.equal(decimal(0, 1)('0.25'), 0.25);
    for (const bad of ['', ' ', 'NaN', '1.1', '-1', 'Infinity'])
      assert.throws(() => decimal(0, 1)(bad), /number from 0 to 1/, bad);
    assert.deepEqual(numberList(1, 99)('16, 32,64'), [16, 32, 64]);
    assert.deepEqual(decimalRange(0, 3)('0.5,0.7'), [0.5, 0.7]);
    assert.deepEqual(decimalRange(0, 3)('0.3:0.6:0.1'), [0.3, 0.4, 0.5, 0.6]);
    for (const bad of ['0:1', '1:0:0.1', '0:1:0', '0:4:1', '0:1:1e-9'])
      assert.throws(() => decimalRange(0, 3)(bad), { code: 'commander.invalidArgument' }, bad);
  });

  it('sizes', () => {
    assert.deepEqual(
      ['200000', '520K', '1.5M', '1MiB', '12 kb'].map(byteSize),
      [200000, 532480, 1572864, 1048576, 12288],
    );
    for (const bad of ['', 'K', '-1', '0', '1G', '5constructor'])
      assert.throws(() => byteSize(bad), /number of bytes/, bad);
    assert.deepEqual([999, 12244, 5e6].map(bytesText), ['999 bytes', '12.0 KB', '4.77 MB']);
    assert.deepEqual([0.4, 59.6, 200, 7500].map(duration), ['0 s', '1 min 0 s', '3 min 20 s', '2 h 5 min']);
    assert.equal(unescapeText('a\\nb\\t\\\\n\\x'), 'a\nb\t\\n\\x');
  });

  it('tables', () => {
    const rows = [
      ['a', 'b'],
      ['long', '1'],
    ];
    assert.equal(table(rows), 'a     b\nlong  1');
    assert.equal(
      markdownTable([
        ['a', 'b'],
        ['x|y', '1'],
      ]),
      '| a | b |\n| --- | ---: |\n| x\\|y | 1 |',
    );
  });

  it('colours only for a terminal that wants them', () => {
    const terminal = { write: () => true, once: () => {}, isTTY: true };
    assert.equal(coloured(terminal, {}), true);
    assert.equal(coloured(terminal, { NO_COLOR: '1' }), false);
    assert.equal(coloured({ ...terminal, isTTY: false }, {}), false);
  });
});

describe('pictures', () => {
  it('are SVG with their lines and words', async () => {
    const curve = await curveChart(
      [
        { epoch: 1, train: NaN, valid: 3 },
        { epoch: 2, train: 2, valid: 2.5 },
        { epoch: 3, train: 1, valid: 2 },
      ],
      'The <title>',
      'sub',
    );
    assert.match(curve, /^<svg /);
    assert.match(curve, /The &lt;title>|The &lt;title&gt;/);
    assert.match(curve, /validation text/);
    assert.doesNotMatch(curve, /NaN/);
    const sweep = await sweepChart(
      [
        { series: 'sign', label: '16', bytes: 4000, bitsPerByte: 2 },
        { series: 'sign', label: '32', bytes: 8000, bitsPerByte: 1.5 },
      ],
      't',
      's',
    );
    assert.match(sweep, />32</);
    assert.match(
      await lineChart(
        [
          { x: 0, y: 1, series: 'a' },
          { x: 1, y: 2, series: 'a' },
        ],
        { title: 't', subtitle: 's', x: 'tau', y: 'bits' },
      ),
      />tau</,
    );
  });
});

describe("the grammar's verdict", () => {
  it('finds the built-in stories coherent, and says why others are not', () => {
    const stories = generateStories({ lang: 'en', seed: 5, count: 20 });
    const good = checkStories(
      stories.map((text) => ({ text, complete: true })),
      'en',
    );
    assert.equal(good.share, 1);
    assert.equal(good.stories, 20);
    assert.deepEqual(good.reasons, []);
    const bad = checkStories([{ text: `${stories[0]} Xyzzy said nothing.`, complete: true }], 'en');
    assert.equal(bad.coherent, bad.sentences - 1);
    assert.match(bad.reasons[0], /^1 × no sentence of the grammar, e.g. “Xyzzy/);
    assert.equal(checkStories([], 'en').share, 0);
  });
});

describe('tinylm corpus', () => {
  it('shows figures, as text and as JSON', async () => {
    const { code, out } = await tinylm(['corpus', 'stories:en', '--max-bytes', '20K', '--samples', '1']);
    assert.equal(code, 0);
    assert.match(out, /^source +stories:en\n/);
    const { out: json } = await tinylm(['corpus', 'stories:en', '--max-bytes', '20K', '--samples', '1', '--json']);
    const figures = JSON.parse(json) as {
      documents: number;
      train: { documents: number };
      valid: { documents: number };
      samples: string[];
    };
    assert.equal(figures.documents, figures.train.documents + figures.valid.documents);
    assert.equal(figures.samples.length, 1);
    assert.ok(out.includes(figures.samples[0]));
  });

  it('writes text that reads back as the same documents', async () => {
    await inFolder(async (folder) => {
      const { out } = await tinylm(['corpus', 'stories:pt', '--emit', '--bytes', '5000']);
      const bytes = Buffer.byteLength(out);
      assert.ok(bytes > 4000 && bytes < 5500, `${bytes} bytes`);
      const path = join(folder, 'a.txt');
      writeFileSync(path, out);
      assert.equal((await tinylm(['corpus', path, '--emit'])).out, out);
      assert.equal((await tinylm(['corpus', '-', '--emit'], out)).out, out);
    });
  });
});

describe('tinylm budget', () => {
  it('says what a model costs and whether it fits', async () => {
    const { code, out } = await tinylm([
      'budget',
      '--vocab',
      '256',
      '--dim',
      '64',
      '--hidden',
      '64',
      '--no-tied',
      '--json',
      '--flash',
      '1M',
      '--ram',
      '16K',
    ]);
    assert.equal(code, 0);
    const figures = JSON.parse(out) as { parameters: number; floatBytes: number; fits: Record<string, boolean> };
    // 256·64 + 2·192·64 + 2·192 + 256·64 + 256: the plain model.
    assert.equal(figures.parameters, 57_984);
    assert.equal(figures.floatBytes, 231_936);
    assert.deepEqual(figures.fits, { flash: true, ram: true });
    assert.equal((await tinylm(['fit', '--ram', '1K'])).code, 1);
    assert.match((await tinylm(['budget', '--ram', '1K'])).out, /DOES NOT FIT 1,024 bytes of RAM/);
  });
});

describe('tinylm on a model', () => {
  it('shows, exports, compares, quantizes and generates', async () => {
    await inFolder(async (folder) => {
      const tlm = join(folder, 'a.tlm');
      writeFileSync(tlm, untrained());
      const { out: dump } = await tinylm(['inspect', tlm]);
      assert.match(dump, /^file \d+ bytes, crc/);
      assert.match((await tinylm(['inspect', tlm, '--diffable'])).out, /^vocab 100\ndim 12\nlayers 2 × GRU 20\n/);
      assert.match((await tinylm(['inspect', tlm, '--tensor', 'fc.bias'])).out, /^fc.bias \(/);
      const { config } = JSON.parse((await tinylm(['inspect', tlm, '--json'])).out) as { config: unknown };
      assert.deepEqual(config, readTlm(readFileSync(tlm)).model.config);

      const out = join(folder, 'out');
      assert.equal((await tinylm(['export', tlm, '--packing', 't2', '--header', '--out', out])).code, 0);
      for (const name of ['model.tlm', 'model.h', 'tensors.json', 'fc.bias.i8.bin'])
        assert.ok(existsSync(join(out, name)), name);
      // The same again is no change; another packing would be one.
      assert.equal((await tinylm(['export', tlm, '--packing', 't2', '--header', '--out', out])).code, 0);
      const other = await tinylm(['export', tlm, '--packing', 'b3', '--out', out]);
      assert.equal(other.code, 1);
      assert.match(other.err, /model\.tlm is there already, with other content\nhint: .*--force/);
      for (const packing of ['b3', 't2'])
        assert.equal((await tinylm(['export', tlm, '--packing', packing, '--out', out, '--force'])).code, 0);
      const same = await tinylm(['inspect', tlm, '--compare', join(out, 'model.tlm')]);
      assert.equal(same.code, 0);
      assert.match(same.out, /the two give the same results/);

      const texts = await Promise.all(
        ['a.tlm', 'out/model.tlm'].map((f) =>
          tinylm(['generate', join(folder, f), '--seed', '3', '--tokens', '30', '--prompt', 'a\\n']),
        ),
      );
      assert.equal(texts[0].code, 0, texts[0].err);
      assert.equal(texts[0].out, texts[1].out);
      assert.ok(texts[0].out.startsWith('a\n'));
      const json = JSON.parse(
        (
          await tinylm(
            ['generate', tlm, '--seed', '3', '--tokens', '30', '--prompt', '-', '--json', '--count', '2'],
            'a\n\n',
          )
        ).out,
      ) as { seed: number; text: string; prompt: string }[];
      assert.deepEqual(
        json.map((r) => r.seed),
        [3, 4],
      );
      assert.equal(`a\n${json[0].text}\n`, texts[0].out);

      const cost = JSON.parse((await tinylm(['budget', tlm, '--json'])).out) as { t2Bytes: number };
      assert.equal(cost.t2Bytes, readFileSync(join(out, 'model.tlm')).length);
      const eight = await tinylm(['eval', tlm, 'stories:en', '--max-bytes', '20K', '--json']);
      assert.equal(eight.code, 0, eight.err);
      assert.ok((JSON.parse(eight.out) as { bitsPerByte: number }).bitsPerByte > 1);
    });
  });
});

/** A .tlm of random weights, with a vocabulary for the stories. */
function untrained(): Uint8Array {
  const tokenizer = trainTokenizer(generateStories({ lang: 'en', seed: 1, count: 20 }), { kind: 'bpe', vocab: 100 });
  return exportModel(initModel(configOf({ vocab: 100, dim: 12, hidden: 20, layers: 2, tied: false }), 1), tokenizer)
    .bytes;
}
