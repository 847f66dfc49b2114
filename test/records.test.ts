/** Records that come from the disk or from a device are read by one reader; what does not fit is named, never used. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as v from 'valibot';
import { deviceError, parseAnswer } from '../src/device/payload.js';
import { SettingsSchema, StatusSchema } from '../src/device/answers.js';
import { readIdfBuild } from '../src/device/flash/index.js';
import { configOf, initModel } from '../src/model/index.js';
import { readRecord, whole } from '../src/model/record.js';
import { decodeCheckpoint, decodeWeights, encodeCheckpoint } from '../src/run/checkpoint-file.js';
import { lockFolder } from '../src/node/lock.js';
import { RUN_FILES, RunFolder } from '../src/node/run-folder.js';
import { removeTemporaries, writeAtomic } from '../src/node/files.js';
import { byteTable } from '../src/tokenizer/index.js';
import { trainDefaults } from '../src/train/index.js';
import { FAKE_STATUS } from './helpers/fake-device.js';
import { tinylm } from './helpers/cli.js';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinylm-records-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const TEXT = 'The fox ran up the hill. The cat sat on the mat. '.repeat(120);
const WORDS = [
  '--tokenizer',
  'char',
  '--dim',
  '8',
  '--hidden',
  '8',
  '--batch',
  '4',
  '--segment',
  '16',
  '--epochs',
  '1',
];

/** A run that was killed before its first checkpoint. */
async function begun(name: string): Promise<{ path: string; corpus: string }> {
  const [path, corpus] = [at(name), at(`${name}.txt`)];
  writeFileSync(corpus, TEXT);
  const made = await tinylm(['train', corpus, ...WORDS, '--out', path, '--backend', 'wasm', '--threads', '1']);
  assert.equal(made.code, 0, made.err);
  for (const file of readdirSync(path)) if (file !== RUN_FILES.run) rmSync(join(path, file));
  return { path, corpus };
}

/** Changes run.json, and resumes. */
async function resumedWith(path: string, change: (record: { options: Record<string, unknown> }) => void) {
  const before = readFileSync(join(path, RUN_FILES.run), 'utf8');
  const record = JSON.parse(before) as { options: Record<string, unknown> };
  change(record);
  writeFileSync(join(path, RUN_FILES.run), JSON.stringify(record));
  try {
    return await tinylm(['train', '--resume', path, '--threads', '1']);
  } finally {
    writeFileSync(join(path, RUN_FILES.run), before);
  }
}

describe('run.json is not trusted', () => {
  let run: { path: string; corpus: string };
  before(async () => {
    run = await begun('trusted');
  });

  it('lanes, segment, steps and evaluateEvery that cannot be are named with the field', async () => {
    const values: [string, unknown[]][] = [
      ['lanes', [0, -1, 2.5, '4', null, 1e9]],
      ['segment', [0, 0.5]],
      ['evaluateEvery', [0, null, -1, 0.5, undefined]],
      ['steps', [0, 1e99]],
      ['seed', [-1, 'x']],
      ['threshold', ['0.5', 17]],
    ];
    for (const [name, wrong] of values)
      for (const value of wrong) {
        const { code, err } = await resumedWith(run.path, ({ options }) => (options[name] = value));
        assert.equal(code, 1, `${name} ${String(value)}`);
        assert.match(err, new RegExp(`run\\.json does not describe .*: options\\.${name} is `), String(value));
        assert.match(err, /^hint: /m);
        assert.doesNotMatch(err, /^\s+at .*\.js/m);
      }
  });

  it('a model of other sizes, an option of a later version and a record that is none are refused', async () => {
    const model = async (change: object) =>
      (
        await resumedWith(
          run.path,
          ({ options }) => (options['model'] = { ...(options['model'] as object), ...change }),
        )
      ).err;
    assert.match(await model({ dim: 0 }), /options\.model\.dim is 0/);
    assert.match(
      await model({ layers: [{ kind: 'lstm', width: 8 }] }),
      /options\.model\.layers\.0\.kind is "lstm", expected one of gru, mlgru, glu/,
    );
    assert.match(await model({ dim: 9 }), /the model in run\.json is not the one the run was begun with/);
    const dropout = await resumedWith(run.path, ({ options }) => (options['dropout'] = 0.1));
    assert.match(dropout.err, /options\.dropout is not known to this version/);
    for (const text of ['null', '[]', '7', '"x"', '{"version":2}']) {
      writeFileSync(join(run.path, 'kept'), readFileSync(join(run.path, RUN_FILES.run)));
      writeFileSync(join(run.path, RUN_FILES.run), text);
      assert.match((await tinylm(['train', '--resume', run.path])).err, /^error: .*run\.json does not describe a run/);
      writeFileSync(join(run.path, RUN_FILES.run), readFileSync(join(run.path, 'kept')));
    }
  });

  it('a tokenizer with more tokens than the model is told before the kernels see a token', async () => {
    const { code, err } = await resumedWith(run.path, (record) => {
      (record.options['model'] as { vocab: number }).vocab = 8;
      delete (record as { digest?: unknown }).digest;
    });
    assert.equal(code, 1);
    assert.match(err, /the tokenizer of its text has \d+ tokens, the model in run\.json 8/);
  });

  it('a text that has changed since a run died before its first checkpoint is told so', async () => {
    const { path, corpus } = await begun('grown');
    for (const more of ['αβγδεζηθ ÀÉÎÕÜ 12345\n'.repeat(20), 'The cat ran up the hill. '.repeat(3)]) {
      writeFileSync(corpus, TEXT + more);
      const { code, err } = await tinylm(['train', '--resume', path, '--threads', '1']);
      assert.equal(code, 1);
      assert.match(err, /the text of .*grown, .*grown\.txt, has changed since the run began/);
    }
    writeFileSync(corpus, TEXT);
    assert.equal((await tinylm(['train', '--resume', path, '--threads', '1'])).code, 0);
  });
});

describe('a run folder is guarded', () => {
  const made = (name: string): RunFolder => RunFolder.create(at(name), {});

  it('two runs of one folder do not go on side by side, and a lock of a killed one does not bar', async () => {
    const { path } = await begun('locked');
    // A process that is there, and holds the lock as another tinylm would.
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']);
    const { hostname } = await import('node:os');
    const lock = (pid: number): void =>
      writeFileSync(join(path, 'run.lock'), JSON.stringify({ pid, host: hostname(), id: 'other' }));
    lock(other.pid!);
    const { code, err } = await tinylm(['train', '--resume', path, '--threads', '1']);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`locked is in use: process ${other.pid} trains there`));
    const gone = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await gone;
    assert.equal((await tinylm(['train', '--resume', path, '--threads', '1'])).code, 0);
    assert.ok(!existsSync(join(path, 'run.lock')), 'given back');
    for (const half of ['', '{"pid":', 'null']) {
      writeFileSync(join(path, 'run.lock'), half);
      lockFolder(path).release();
    }
  });

  it('one whose lock was taken meanwhile writes nothing more', () => {
    const run = made('taken');
    run.lock();
    rmSync(at('taken', 'run.lock'));
    const other = lockFolder(at('taken'));
    assert.throws(() => run.write('report', 'x'), { code: 'run-lock-lost' });
    other.release();
  });

  it('samples.txt that is a link is not written through', () => {
    const run = made('linked');
    writeFileSync(at('precious'), 'mine');
    symlinkSync(at('precious'), run.file('samples'));
    assert.throws(() => run.append('samples', 'theirs'), { code: 'file-unwritable', message: /is a link/ });
    assert.throws(() => run.lock(), { code: 'file-unwritable' }, 'told before anything is trained');
    rmSync(run.file('samples'));
    linkSync(at('precious'), run.file('samples'));
    run.append('samples', '+');
    assert.equal(readFileSync(at('precious'), 'utf8'), 'mine');
    assert.equal(readFileSync(run.file('samples'), 'utf8'), 'mine+');
    symlinkSync(at('precious'), run.file('report'));
    run.write('report', 'new');
    assert.equal(readFileSync(at('precious'), 'utf8'), 'mine');
  });

  it('temporary files of killed writes are removed by the next that may write there', () => {
    const run = made('litter');
    const left = ['last.safetensors.4194304-00c0ffee.tmp', 'model.tlm.1-00c0ffee.tmp', 'best.safetensors.77.tmp'];
    for (const name of left) writeFileSync(at('litter', name), 'x');
    writeFileSync(at('litter', 'my.tmp'), 'mine');
    removeTemporaries(at('litter'));
    assert.equal(readdirSync(at('litter')).length, 5, 'young ones may be of a write that goes on');
    run.lock();
    assert.deepEqual(readdirSync(at('litter')).sort(), ['my.tmp', RUN_FILES.run, 'run.lock'].sort());
    writeAtomic(at('litter', 'a'), 'b');
  });
});

describe('a checkpoint has a checksum', () => {
  const config = configOf({ vocab: 256, dim: 4, hidden: 4, layers: 1, tied: false });
  const { tensors } = initModel(config, 1);
  const bytes = encodeCheckpoint({
    options: { ...trainDefaults({ model: config, lanes: 2, segment: 8 }), steps: 9, evaluateEvery: 3 },
    tokenizer: byteTable(),
    step: 3,
    best: { step: 3, valid: 2 },
    history: [{ step: 3, epoch: 0.5, train: 2, valid: 2, learningRate: 0.01 }],
    dataDigest: '00c0ffee',
    running: { nats: 0, tokens: 0 },
    weights: tensors,
    moment1: tensors,
    moment2: tensors,
    scaleMoment1: new Map(),
    scaleMoment2: new Map(),
    state: new Float32Array(8),
  });

  it('none of many damaged ones is accepted', () => {
    decodeCheckpoint(bytes, 'whole');
    const header = Number(new DataView(bytes.buffer).getBigUint64(0, true)) + 8;
    let state = 7;
    const random = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below;
    for (let i = 0; i < 1500; i++) {
      const damaged = bytes.slice();
      // In the header and in the numbers alike, one bit or a whole byte.
      const place = i % 2 === 0 ? random(header) : header + random(bytes.length - header);
      damaged[place] ^= i % 3 === 0 ? 0xff : 1 << random(8);
      assert.throws(() => decodeCheckpoint(damaged, 'x'), { name: 'TinyLMError' }, `byte ${place}`);
    }
  });

  it('weights alone are checked too, and a file of another program needs none', () => {
    const damaged = bytes.slice();
    damaged[damaged.length - 5] ^= 1;
    assert.throws(() => decodeWeights(damaged, 'x'), { code: 'checkpoint-damaged', message: /checksum is wrong/ });
  });
});

describe('other records', () => {
  it('a device whose answer is of another kind is told by the field', () => {
    const answer = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    const status = { ...FAKE_STATUS, later: 1 };
    assert.deepEqual(parseAnswer(StatusSchema, answer(status)), status, 'what a later firmware adds is kept');
    for (const [wrong, field] of [
      [{ ...FAKE_STATUS, ram: null }, /ram is null/],
      [{ ...FAKE_STATUS, model: { state: 'gone' } }, /model\.state is "gone", expected one of ready/],
      [{ ...FAKE_STATUS, device: { chip: {} } }, /device\.chip is/],
      [[], /the record is \[\]/],
    ] as const)
      assert.throws(() => parseAnswer(StatusSchema, answer(wrong)), { code: 'device-protocol', message: field });
    assert.throws(() => parseAnswer(SettingsSchema, answer({ temperature: '0.5' })), { code: 'device-protocol' });
    assert.equal(deviceError(answer({ code: 7 })).code, 'device-protocol');
    assert.equal(deviceError(answer({ code: 'busy', message: 'x' })).code, 'device-busy');
  });

  it('flasher_args.json that is none is told by the field', async () => {
    for (const [json, field] of [
      ['[]', /the record is \[\]/],
      ['{"flash_files":7}', /flash_files is 7/],
      ['{"flash_files":{"0x0":7}}', /flash_files\.0x0 is 7, expected text/],
      ['{"extra_esptool_args":{"chip":"toString"}}', /the chip "toString"/],
      ['{', /is not JSON/],
    ] as const)
      await assert.rejects(
        readIdfBuild(async () => new TextEncoder().encode(json)),
        { code: 'idf-build', message: field },
      );
  });

  it('a message names the path, what was found and what was expected', () => {
    const schema = v.strictObject({ a: v.array(v.object({ b: whole(1, 9) })) });
    assert.throws(() => readRecord(schema, { a: [{ b: 2 }, { b: 10 }] }, 'x.json', { code: 'c', hint: 'h' }), {
      code: 'c',
      hint: 'h',
      message: 'x.json: a.1.b is 10, expected a whole number from 1 to 9',
    });
  });
});
