/** The models that come with TinyLM: registry, files, cards and names agree. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, test } from 'node:test';
import { modelList } from '../scripts/build-web.js';
import { pages, PAGE, sampleText } from '../scripts/model-cards.js';
import { openingOf } from '../src/cli/beside.js';
import { openEngine } from '../src/cli/engine.js';
import { loadModel } from '../src/cli/flash-files.js';
import { openSource, openTlm } from '../src/cli/model-source.js';
import { naturalOptions } from '../src/engine/index.js';
import { readTlm } from '../src/format/index.js';
import { packageRoot } from '../src/node/assets.js';
import { readRegistry, shippedCard, shippedTlm } from '../src/node/shipped.js';
import { DEMO_MODEL, EXAMPLE_MODEL, parseRegistry, shippedFigures, type ListedModel } from '../src/run/shipped.js';
import { inFolder, tinylm } from './helpers/cli.js';

const { models } = readRegistry();
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(shippedTlm(name)));

/** With another working folder. */
async function within(folder: string, use: () => Promise<void>): Promise<void> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    await use();
  } finally {
    process.chdir(before);
  }
}

describe('registry and files', () => {
  it('each folder is a line of the registry, and the other way round', () => {
    const folders = readdirSync(join(packageRoot(), 'models'), { withFileTypes: true })
      .filter((e) => e.isDirectory())
      .map((e) => e.name);
    assert.deepEqual(folders.sort(), models.map(({ name }) => name).sort());
    for (const { name } of models)
      assert.deepEqual(readdirSync(dirname(shippedTlm(name))).sort(), ['README.md', `${name}.tlm`]);
    for (const name of [EXAMPLE_MODEL, DEMO_MODEL]) assert.ok(folders.includes(name), name);
  });

  it('cards and the page are what the script makes of them, the sample by the engine as WebAssembly', async () => {
    const written = await pages();
    assert.equal(Object.keys(written).length, models.length + 1);
    for (const [path, text] of Object.entries(written))
      assert.equal(readFileSync(path, 'utf8'), text, `${path}: node dist/scripts/model-cards.js`);
  });

  for (const model of models)
    it(`${model.name}: keeps the promise of its name; RAM as the engine asks; sampling in the file`, async () => {
      const tlm = bytesOf(model.name);
      const { bytes, ram, sampling, speeds } = shippedFigures(tlm);
      const [, size, unit] = /-(\d+)([km])$/.exec(model.name)!;
      assert.ok(
        bytes <= (model.name.endsWith('-16k') ? 16_384 : Number(size) * (unit === 'k' ? 1e3 : 1e6)),
        `${bytes} bytes`,
      );
      assert.equal(ram, (await openEngine(tlm)).memoryBytes);
      assert.ok(sampling !== undefined && speeds.every((s) => s.tokensPerSecond >= 25));
      const { made, measured, sample } = model;
      assert.ok(made.some((line) => line.startsWith('tinylm train ') && line.includes(' --seed ')));
      assert.match(measured.command, /^tinylm eval /);
      // Every line of a shell is one of today's.
      for (const line of [...made, measured.command].filter((l) => l.startsWith('tinylm '))) {
        const help = (await tinylm([line.split(' ')[1], '--help'])).out;
        for (const [flag] of line.matchAll(/--[a-z-]+/g)) assert.match(help, new RegExp(`${flag}\\b`), line);
      }
      // What the line exports is what the file says.
      const given = /^tinylm export .*--temperature (\S+) --top-k (\d+) --repetition-penalty (\S+)/m.exec(
        made.join('\n'),
      )!;
      const own = naturalOptions({ ...sampling, topP: 0, seed: 1 });
      for (const [i, value] of [own.temperature!, own.topK!, own.repetitionPenalty!].entries())
        assert.ok(Math.abs(value - Number(given[i + 1])) < 0.002, `${value}, ${given[i + 1]}`);
      const { out } = await tinylm([
        'generate',
        model.name,
        '--prompt',
        sample.prompt,
        '--seed',
        String(sample.seed),
        '--tokens',
        String(sample.tokens),
      ]);
      assert.equal(out.trimEnd(), (await sampleText(tlm, sample)).trimEnd());
    });

  it('a registry that is none is said so', () => {
    const { texts } = readRegistry();
    for (const text of [
      '',
      '{}',
      JSON.stringify({ texts: [], models }),
      JSON.stringify({ texts, models: [{ ...models[0], name: '../x' }] }),
    ])
      assert.throws(() => parseRegistry(text), { code: 'models-registry' });
  });
});

describe('a name serves as a model', () => {
  const name = EXAMPLE_MODEL;
  const tlm = bytesOf(name);

  it('of every verb that takes one', async () => {
    await inFolder((folder) =>
      within(folder, async () => {
        const text = join(folder, 'text.txt');
        writeFileSync(text, 'Tom had a ball. He was happy.\n'.repeat(40));
        const ok = async (...words: string[]): Promise<string> => {
          const { code, out, err } = await tinylm(words);
          assert.equal(code, 0, `${words.join(' ')}: ${err}`);
          return out;
        };
        assert.match(await ok('generate', name, '--prompt', 'Tom', '--tokens', '4'), /^Tom/);
        assert.match(await ok('inspect', name), /vocab/);
        assert.equal((JSON.parse(await ok('budget', name, '--json')) as { b3Bytes: number }).b3Bytes, tlm.length);
        assert.ok((JSON.parse(await ok('eval', name, text, '--json')) as { bitsPerByte: number }).bitsPerByte < 4);
        await ok('export', name, '--out', 'again');
        assert.deepEqual(new Uint8Array(readFileSync('again/model.tlm')), tlm);
        await ok('export', name, '--arduino', 'Sketch');
        assert.ok(existsSync('Sketch/model.h'));
        const simulated = await ok('simulate', name, '--prompt', 'Tom', '--tokens', '12', '--seed', '5', '--no-report');
        assert.equal(simulated, await ok('generate', name, '--prompt', 'Tom', '--tokens', '12', '--seed', '5'));
        await ok('train', text, '--from', name, '--steps', '2', '--backend', 'wasm', '--threads', '1', '--out', 'mine');
        assert.equal(
          readTlm(new Uint8Array(readFileSync('mine/model.tlm'))).model.config.vocab,
          readTlm(tlm).model.config.vocab,
        );
      }),
    );
    for (const force of [false, true]) assert.deepEqual((await loadModel(name, force)).bytes, tlm); // flash, by both roads, and simulate
    assert.deepEqual(openTlm(name).bytes, tlm); // /load of a chat
  });

  it('a file or folder of that name wins; a folder with one .tlm is that model', async () => {
    await inFolder((folder) =>
      within(folder, async () => {
        mkdirSync(name);
        assert.throws(() => openSource(name), { message: /run/ });
        writeFileSync(join(name, 'other.tlm'), tlm);
        assert.equal(openSource(name).path, join(name, 'other.tlm'));
        writeFileSync(join(name, 'second.tlm'), tlm);
        assert.throws(() => openSource(name), { message: /run/ });
      }),
    );
    assert.equal(openSource(join(packageRoot(), 'models', name)).path, shippedTlm(name));
  });

  it('one that there is not is told which there are', async () => {
    for (const words of [
      ['generate', 'stories-2k'],
      ['simulate', 'stories-2k', '--prompt', 'x'],
      ['models', 'stories-2k'],
    ]) {
      const { code, out, err } = await tinylm(words);
      assert.equal(code, 1);
      assert.equal(out, '');
      for (const m of models) assert.ok(err.includes(m.name), err);
      assert.match(err, /hint: tinylm models lists/);
    }
    assert.match((await tinylm(['generate', 'run/nothing'])).err, /run\/nothing: no such file or folder/);
  });
});

it('a page gets the same list as --json', async () => {
  const said = JSON.parse((await tinylm(['models', '--json'])).out) as (ListedModel & { path?: string })[];
  assert.deepEqual(
    said.map(({ path: _, ...rest }) => rest),
    JSON.parse(JSON.stringify(modelList())),
  );
  for (const { file, bytes } of modelList())
    assert.equal(readFileSync(join(packageRoot(), 'models', file)).length, bytes);
});

describe('tinylm models', () => {
  it('lists them with what they cost', async () => {
    const { out } = await tinylm(['models']);
    for (const { name, use } of models) {
      const line = out.split('\n').find((l) => l.startsWith(`${name} `))!;
      assert.ok(line.includes(shippedFigures(bytesOf(name)).bytes.toLocaleString('en-US')) && line.endsWith(use), line);
    }
    const json = JSON.parse((await tinylm(['models', '--json'])).out) as { name: string; path: string; ram: number }[];
    assert.deepEqual(
      json.map((m) => m.name),
      models.map((m) => m.name),
    );
    for (const { path } of json) assert.ok(existsSync(path));
  });

  it('shows a card', async () => {
    for (const { name } of models)
      assert.equal((await tinylm(['models', name])).out.trimEnd(), readFileSync(shippedCard(name), 'utf8').trimEnd());
    assert.ok(readFileSync(join(packageRoot(), PAGE), 'utf8').includes('tinylm models'));
  });
});

test('what the opening of a story is', () => {
  assert.equal(openingOf('Tom had a ball. He lost it.'), 'Tom had a ball.');
  assert.equal(openingOf(' "Oh!" she said.\nAnd so on.'), '"Oh!" she said.');
  assert.equal(openingOf('one two three four five six seven'), 'one two three four five six');
  assert.equal(openingOf('3.5 cats sat here. Yes.'), '3.5 cats sat here.');
  assert.equal(openingOf(''), '');
});

test('a cache gets other numbers on request, of a model that has one', async () => {
  await inFolder(async (folder) => {
    const out = join(folder, 'out');
    const wanted = [0.5, 1, 1.5, 0.25, 0.5, 0.75, 0, -2, -4];
    await tinylm(['export', EXAMPLE_MODEL, `--cache-bias=${wanted.join(',')}`, '--out', out]);
    const { model } = readTlm(new Uint8Array(readFileSync(join(out, 'model.tlm'))));
    const bias = model.tensors.find(({ name }) => name === 'cache.bias')!;
    assert.ok(bias.kind === 'fixed');
    assert.deepEqual(
      [...bias.values].map((v) => v / 2 ** bias.frac),
      wanted,
    );
    const few = await tinylm(['export', EXAMPLE_MODEL, '--cache-bias=1,2', '--out', out, '--force']);
    assert.match(few.err, /expected 9 numbers/);
    assert.notEqual(few.code, 0);
    const none = join(packageRoot(), 'vectors', 'v2', 'blocks.tlm');
    const refused = await tinylm(['export', none, `--cache-bias=${wanted.join(',')}`, '--out', join(folder, 'none')]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /has no cache of recent text/);
    assert.ok(!existsSync(join(folder, 'none')));
  });
});

test('sampling options travel in the file and serve where none are given', async () => {
  await inFolder(async (folder) => {
    const out = join(folder, 'out');
    const options = ['--temperature', '1.5', '--top-k', '7', '--repetition-penalty', '1.25'];
    await tinylm(['export', EXAMPLE_MODEL, ...options, '--out', out]);
    const file = join(out, 'model.tlm');
    assert.deepEqual(readTlm(new Uint8Array(readFileSync(file))).sampling, {
      temperature: 384,
      topK: 7,
      penalty: 1280,
      penaltyWindow: 64,
    });
    const text = async (...words: string[]): Promise<string> =>
      (await tinylm(['generate', file, '--tokens', '40', ...words])).out;
    assert.equal(await text(), await text(...options));
    assert.notEqual(await text(), await text('--temperature', '0'));
    // One that is given changes that one.
    await tinylm(['export', file, '--top-k', '9', '--out', out, '--force']);
    assert.deepEqual(readTlm(new Uint8Array(readFileSync(file))).sampling, {
      temperature: 384,
      topK: 9,
      penalty: 1280,
      penaltyWindow: 64,
    });
  });
});
