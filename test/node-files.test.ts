import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { configOf, initModel, type ModelConfig } from '../src/model/index.js';
import { decodeCheckpoint, decodeWeights, encodeCheckpoint } from '../src/run/checkpoint-file.js';
import { makeFolder, readBytes, readJson, writeAtomic } from '../src/node/files.js';
import { RUN_FILES, RunFolder } from '../src/node/run-folder.js';
import { shellWord } from '../src/node/shell.js';
import { byteTable, trainTokenizer } from '../src/tokenizer/index.js';
import { trainDefaults, type Checkpoint } from '../src/train/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('a path can be pasted into a shell', () => {
  assert.equal(shellWord('run/my-text'), 'run/my-text');
  assert.equal(shellWord('C:\\runs\\a'), 'C:\\runs\\a');
  assert.equal(shellWord("run/ação d'água"), "'run/ação d'\\''água'");
});

describe('files', () => {
  it('writes whole files and leaves nothing else behind', () => {
    const path = join(folder, 'a.bin');
    writeAtomic(path, Uint8Array.of(1, 2, 3));
    writeAtomic(path, 'é');
    assert.deepEqual([...readBytes(path)], [0xc3, 0xa9]);
    assert.deepEqual(readdirSync(folder), ['a.bin']);
  });

  it('makes folders with their parents, and twice', () => {
    const path = join(folder, 'a', 'b');
    makeFolder(path);
    makeFolder(path);
    writeFileSync(join(path, 'c'), 'x');
    assert.throws(() => makeFolder(join(path, 'c')), { code: 'file-unwritable' });
    assert.throws(() => makeFolder(join(path, 'c', 'd')), { code: 'file-unwritable' });
  });

  // Ends at all: Node's own recursive mkdir does not here.
  it('says that a folder cannot be made in /proc', { skip: process.platform !== 'linux' && 'no /proc' }, () => {
    assert.throws(() => makeFolder('/proc/tinylm/export'), { code: 'file-unwritable' });
  });

  it('keeps the old file when the new one cannot be put in its place', () => {
    const path = join(folder, 'a');
    mkdirSync(join(path, 'b'), { recursive: true });
    assert.throws(() => writeAtomic(path, 'x'), { code: 'file-unwritable' });
    assert.deepEqual(readdirSync(folder), ['a']);
  });

  it('says what is wrong with a path', () => {
    writeFileSync(join(folder, 'text'), 'not json');
    assert.throws(() => readBytes(join(folder, 'none')), { code: 'file-not-found' });
    assert.throws(() => readBytes(folder), { code: 'file-unreadable' });
    assert.throws(() => readJson(join(folder, 'text')), { code: 'file-json' });
    assert.throws(() => writeAtomic(join(folder, 'text', 'below'), ''), { code: 'file-unwritable' });
    assert.throws(() => writeAtomic(join(folder, 'none', 'below'), ''), { code: 'file-unwritable' });
  });
});

describe('the run folder', () => {
  it('has its run.json from the first moment', () => {
    const path = join(folder, 'run', 'first');
    const run = RunFolder.create(path, { seed: 1 });
    assert.deepEqual(readdirSync(path), [RUN_FILES.run]);
    assert.deepEqual(readdirSync(join(folder, 'run')), ['first']);
    assert.deepEqual(RunFolder.open(path).readJson('run'), { seed: 1 });
    run.append('samples', 'a');
    run.append('samples', 'b');
    assert.equal(readFileSync(run.file('samples'), 'utf8'), 'ab');
  });

  it('never takes a folder that has something in it, and says how to go on', () => {
    const path = join(folder, 'first');
    RunFolder.create(path, {});
    assert.throws(
      () => RunFolder.create(path, {}),
      (e: { code: string; hint: string }) => e.code === 'run-exists' && e.hint.includes('--resume'),
    );
    assert.throws(() => RunFolder.create(folder, {}), { code: 'run-exists' });
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => RunFolder.create(join(folder, 'file'), {}), { code: 'run-exists' });
    assert.throws(() => RunFolder.open(folder), { code: 'run-missing' });
    assert.throws(() => RunFolder.open(join(folder, 'none')), { code: 'run-missing' });
  });

  it("takes an empty folder of the user's", () => {
    const path = join(folder, 'mine');
    mkdirSync(path, { mode: 0o700 });
    RunFolder.create(path, { a: 1 });
    assert.deepEqual(readdirSync(folder), ['mine']);
    assert.deepEqual(readdirSync(path), [RUN_FILES.run]);
  });

  it('refuses a folder that cannot be written', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => RunFolder.create(join(folder, 'file', 'run'), {}), { code: 'file-unwritable' });
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o500 });
    // The superuser may write everywhere.
    if (process.getuid?.() !== 0)
      assert.throws(() => RunFolder.create(join(closed, 'run'), {}), { code: 'file-unwritable' });
    chmodSync(closed, 0o700);
  });

  it('finds the first free name', () => {
    assert.equal(RunFolder.free(folder, 'demo'), join(folder, 'demo'));
    mkdirSync(join(folder, 'demo'));
    mkdirSync(join(folder, 'demo-2'));
    assert.equal(RunFolder.free(folder, 'demo'), join(folder, 'demo-3'));
    assert.ok(!existsSync(join(folder, 'demo-3')));
  });
});

describe('checkpoint files', () => {
  const config: ModelConfig = configOf({ vocab: 40, dim: 5, hidden: 7, layers: 2, tied: false });
  const filled = (seed: number): ReadonlyMap<string, Float32Array> => initModel(config, seed).tensors;
  const checkpoint = (): Checkpoint => ({
    options: { ...trainDefaults({ model: config, lanes: 3, segment: 16 }), steps: 70 },
    tokenizer: trainTokenizer(['the cat and the hat and the mat'], { kind: 'bpe', vocab: 40 }),
    step: 12,
    best: { step: 0, valid: Infinity },
    history: [
      { step: 5, epoch: 0.1, train: NaN, valid: 3.3, learningRate: 1e-3 },
      { step: 10, epoch: 0.2, train: 2.5, valid: 1 / 3, learningRate: 2e-3 },
    ],
    dataDigest: 'deadbeef',
    running: { nats: 0.1 + 0.2, tokens: 96 },
    weights: filled(1),
    moment1: filled(2),
    moment2: filled(3),
    scaleMoment1: new Map([['embed.weight', Float32Array.of(1, 2, 3)]]),
    scaleMoment2: new Map([['embed.weight', Float32Array.of(4, 5, 6)]]),
    state: Float32Array.from({ length: 2 * 3 * 7 }, (_, i) => i / 100),
  });

  it('come back exactly as they were', () => {
    const made = checkpoint();
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(made), 'x'), made);
    const better = { ...made, best: { step: 10, valid: 1 / 3 } };
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(better), 'x').best, better.best);
  });

  it('give their weights to those who want no more', () => {
    const made = checkpoint();
    for (const resumable of [true, false]) {
      const { model, weights, trained } = decodeWeights(encodeCheckpoint(made, { resumable }), 'x');
      assert.deepEqual(model, config);
      assert.deepEqual(weights, made.weights);
      assert.deepEqual(trained?.tokenizer, made.tokenizer);
      assert.equal(trained?.step, 12);
    }
    assert.throws(() => decodeCheckpoint(encodeCheckpoint(made, { resumable: false }), 'x'), {
      code: 'checkpoint-weights-only',
    });
    assert.throws(
      () =>
        decodeWeights(encodeCheckpoint(made), 'x', {
          ...config,
          layers: config.layers.map((l) => ({ ...l, width: 8 })),
        }),
      {
        code: 'checkpoint-shape',
      },
    );
  });

  it('are refused when they are cut off anywhere', () => {
    const bytes = encodeCheckpoint({ ...checkpoint(), tokenizer: byteTable() });
    for (let length = 0; length < bytes.length; length += 97) {
      assert.throws(() => decodeCheckpoint(bytes.slice(0, length), 'x'), { name: 'TinyLMError' }, `length ${length}`);
    }
  });
});
