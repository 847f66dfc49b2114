/** Training as a page does it: the CLI's model, bit for bit, through stops, pauses, reloads and a store that is full. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { unzipSync } from 'fflate';
import { generateStories } from '../src/corpus/index.js';
import { packageRoot, readWasm } from '../src/node/assets.js';
import { decodeCheckpoint, readRunRecord } from '../src/run/index.js';
import { singleKernels } from '../src/train/index.js';
import {
  memoryStore,
  opfsStore,
  type ModelFlags,
  type RunStore,
  type TrainFlags,
  type TrainMessage,
} from '../src/web/index.js';
import { inFolder, tinylm } from './helpers/cli.js';
import { closePages, fakeFolder, fakeLocks, trainerPage } from './helpers/web.js';

const text = generateStories({ lang: 'en', seed: 3, bytes: 40_000 }).join('\n\n\n');
const model: ModelFlags = { tokenizer: 'bpe', vocab: 128, dim: 16, hidden: 24 };
const flags: TrainFlags = { epochs: 3, batch: 8, segment: 32, seed: 5 };
const source = { kind: 'file', name: 'tales.txt', file: new Blob([text]) } as const;

afterEach(closePages);

type TrainerPage = ReturnType<typeof trainerPage>;

/** Reads the text and trains; `act` hears each event and may do something about it. */
async function trained(
  page: TrainerPage,
  train: TrainFlags = flags,
  act: (event: TrainMessage) => void = () => {},
  signal?: AbortSignal,
) {
  const { corpus } = await page.call('corpus/read', { sources: [source] });
  return page.call('train/start', { corpus, model, train }, { onEvent: act, ...(signal && { signal }) });
}

const checkpointOf = async (store: RunStore, run: string) => decodeCheckpoint((await store.read(run, 'last'))!, run);

describe('training in a page', () => {
  it('makes the model and the checkpoint that tinylm train --backend wasm makes, by threads or by one alone', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'tales.txt');
      const out = join(folder, 'run');
      writeFileSync(path, text);
      const words = [
        '--tokenizer',
        'bpe',
        '--vocab',
        '128',
        '--dim',
        '16',
        '--hidden',
        '24',
        '--epochs',
        '3',
        '--batch',
        '8',
        '--segment',
        '32',
      ];
      const { code, err } = await tinylm([
        'train',
        path,
        ...words,
        '--seed',
        '5',
        '--backend',
        'wasm',
        '--threads',
        '2',
        '--out',
        out,
      ]);
      assert.equal(code, 0, err);
      const tlm = new Uint8Array(readFileSync(join(out, 'model.tlm')));
      const last = new Uint8Array(readFileSync(join(out, 'last.safetensors')));
      for (const kernels of [undefined, singleKernels(readWasm('trainer-single'))]) {
        const store = memoryStore();
        const page = trainerPage(store, kernels, 2);
        const kinds = new Set<string>();
        const result = await trained(page, flags, ({ kind }) => kinds.add(kind));
        assert.deepEqual(result.tlm, tlm);
        assert.deepEqual(await store.read(result.run, 'last'), last);
        assert.deepEqual(
          await store.read(result.run, 'best'),
          new Uint8Array(readFileSync(join(out, 'best.safetensors'))),
        );
        assert.equal(result.kind, 'end');
        assert.ok(
          Math.abs(result.bitsPerByte.engine - result.bitsPerByte.trained) < 0.02,
          JSON.stringify(result.bitsPerByte),
        );
        assert.ok(
          ['started', 'progress', 'evaluation'].every((kind) => kinds.has(kind)),
          [...kinds].join(),
        );
      }
    });
  });

  it('makes of a size the model of --size, and of the usual one that of a plain tinylm train', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'tales.txt');
      writeFileSync(path, text);
      const page = trainerPage();
      const { corpus } = await page.call('corpus/read', { sources: [source] });
      const choices = await page.call('size/choices', { corpus, chip: 'esp32c3', flashMode: 'qio80' });
      const usual = choices.find((one) => one.usual)!.flags;
      for (const [made, words] of [
        [{ bytes: 7000, tokenizer: 'bpe' }, ['--size', '7000']],
        [usual, []],
      ] as const) {
        const out = join(folder, `run-${made.bytes}`);
        const { code, err } = await tinylm([
          'train',
          path,
          ...words,
          '--epochs',
          '1',
          '--backend',
          'wasm',
          '--out',
          out,
        ]);
        assert.equal(code, 0, err);
        const train = { epochs: 1, batch: 32, segment: 64, seed: 1 };
        const ask = { corpus, model: made, train };
        const plan = await page.call('train/plan', { ...ask, chip: 'esp32c3', flashMode: 'qio80' });
        const { tlm } = await page.call('train/start', ask);
        assert.deepEqual(tlm, new Uint8Array(readFileSync(join(out, 'model.tlm'))));
        assert.ok(tlm.length <= made.bytes && Math.abs(tlm.length - plan.flashBytes) < 200, `${plan.flashBytes}`);
      }
    });
  });

  it('goes on after a reload as if nothing had been, and keeps a list of runs', async () => {
    const whole = trainerPage();
    const expected = await trained(whole);

    const store = await opfsStore(fakeFolder(), fakeLocks());
    const before = trainerPage(store);
    const leave = new AbortController();
    let evaluations = 0;
    await assert.rejects(
      trained(
        before,
        flags,
        ({ kind }) => {
          if (kind === 'evaluation' && ++evaluations === 2) leave.abort();
        },
        leave.signal,
      ),
      { code: 'train-stopped' },
    );

    const after = trainerPage(store);
    const [open] = await after.call('runs/list', {});
    assert.deepEqual([open.run, open.name, open.state], ['tales', 'tales.txt', 'open']);
    assert.ok(open.step > 0 && open.step < open.steps && open.bytes > 1000);
    const events: TrainMessage[] = [];
    const result = await after.call(
      'train/restore',
      { run: open.run, threads: 1 },
      { onEvent: (event) => events.push(event) },
    );
    const [started] = events;
    assert.ok(
      started.kind === 'started' &&
        started.step === open.step &&
        started.history.length === evaluations &&
        started.store === 'opfs',
    );
    assert.deepEqual(result.tlm, expected.tlm);
    assert.deepEqual(result.history, expected.history);
    const [ended] = await after.call('runs/list', {});
    assert.deepEqual([ended.state, ended.step], ['end', ended.steps]);
    assert.deepEqual((await after.call('runs/model', { run: 'tales' })).tlm, expected.tlm);
    assert.ok(
      readRunRecord(JSON.parse(new TextDecoder().decode((await store.read('tales', 'run'))!)), 'run.json').digest,
    );
    await after.call('runs/remove', { run: 'tales' });
    assert.deepEqual(await after.call('runs/list', {}), []);
  });

  it('goes on from a tab that was closed in the middle of a step: from its newest checkpoint', async () => {
    const whole = trainerPage();
    const expected = await trained(whole);
    // What a killed page leaves: the store as it was after the second evaluation.
    const store = memoryStore();
    const killed = memoryStore();
    const page = trainerPage({
      ...store,
      async write(run, file, content) {
        await store.write(run, file, content);
        if (file !== 'model' && (file !== 'last' || decodeCheckpoint(content, run).history.length <= 2))
          await killed.write(run, file, content);
      },
    });
    await trained(page);
    const after = trainerPage(killed);
    const result = await after.call('train/restore', { run: 'tales' });
    assert.deepEqual(result.tlm, expected.tlm);
  });

  it('stands still and goes on, stops early and keeps what is there, and one at a time', async () => {
    const store = memoryStore();
    const page = trainerPage(store);
    const expected = await trained(page);
    const seen: string[] = [];
    let paused: Promise<unknown> = Promise.resolve();
    const second = await trained(page, flags, (event) => {
      seen.push(event.kind);
      if (event.kind !== 'evaluation' || seen.includes('paused') || seen.filter((k) => k === 'evaluation').length !== 1)
        return;
      paused = (async () => {
        const { step } = await page.call('train/pause', { run: 'tales-2' });
        assert.equal((await checkpointOf(store, 'tales-2')).step, step);
        await assert.rejects(page.call('train/restore', { run: 'tales' }), { code: 'train-busy' });
        await page.call('train/resume', { run: 'tales-2' });
      })();
    });
    await paused;
    assert.ok(seen.indexOf('paused') > 0 && seen.indexOf('resumed') > seen.indexOf('paused'));
    assert.deepEqual(second.tlm, expected.tlm);
    await assert.rejects(page.call('train/pause', { run: 'tales' }), { code: 'run-idle' });

    const kept = await trained(page, flags, (event) => {
      if (event.kind === 'evaluation') void page.call('train/stop', { run: 'tales-3', keep: true }).catch(() => {});
    });
    assert.equal(kept.kind, 'stopped');
    assert.ok(kept.step < kept.steps && kept.tlm.length > 1000);
    const states = (await page.call('runs/list', {})).map(({ run, state }) => [run, state]);
    assert.deepEqual(states.sort(), [
      ['tales', 'end'],
      ['tales-2', 'end'],
      ['tales-3', 'stopped'],
    ]);
  });

  it('trains to its end when the store is full, and says so; a locked or changed run is refused', async () => {
    let full = false;
    const store = await opfsStore(
      fakeFolder(() => full),
      fakeLocks(),
    );
    const page = trainerPage(store);
    const troubles: string[] = [];
    const result = await trained(page, flags, (event) => {
      if (event.kind === 'evaluation') full = true;
      if (event.kind === 'trouble') troubles.push(event.failure.code);
    });
    assert.equal(result.kind, 'end');
    assert.ok(troubles.length > 0 && troubles.every((code) => code === 'store-full'));
    full = false;
    const whole = trainerPage();
    assert.deepEqual(result.tlm, (await trained(whole)).tlm);

    const unlock = await store.lock('tales');
    await assert.rejects(page.call('train/restore', { run: 'tales' }), { code: 'run-locked' });
    unlock!();
    await store.write('tales', 'corpus', new TextEncoder().encode('{"text":"Another text."}\n'.repeat(400)));
    await assert.rejects(page.call('train/restore', { run: 'tales' }), { code: 'run-corpus' });
    await store.write('tales', 'last', (await store.read('tales', 'last'))!.fill(7, -20, -10));
    await assert.rejects(page.call('train/restore', { run: 'tales' }), { code: 'checkpoint-damaged' });
    await assert.rejects(page.call('train/restore', { run: 'nowhere' }), { code: 'run-missing' });
  });

  it('a run of minutes ends in time', async () => {
    const page = trainerPage();
    const began = performance.now();
    const { step, steps } = await trained(page, { ...flags, epochs: undefined, minutes: 0.08 } as TrainFlags);
    assert.equal(step, steps);
    assert.ok(performance.now() - began < 30_000);
  });
});

describe('what a page asks before', () => {
  it('reads texts as the CLI does, and says what was found', async () => {
    const page = trainerPage();
    const csv = 'id,text\n' + Array.from({ length: 40 }, (_, i) => `${i},"A line of words, number ${i}."`).join('\n');
    const found = await page.call('corpus/read', {
      sources: [
        { kind: 'file', name: 'b.csv', file: new Blob([csv]) },
        { kind: 'text', name: 'a', text: 'Pasted words.' },
      ],
    });
    assert.equal(found.name, 'a and 1 more');
    assert.equal(found.stats.documents, 41);
    assert.deepEqual(
      found.files.map(({ name, format, documents }) => [name, format, documents]),
      [
        ['a', 'text', 1],
        ['b.csv', 'csv', 40],
      ],
    );
    assert.match(found.sizeRemark!, /very little/);
    assert.deepEqual(found.preview.slice(0, 2), ['Pasted words.', 'A line of words, number 0.']);
    const stories = await page.call('corpus/read', {
      sources: [{ kind: 'stories', lang: 'pt' }],
      flags: { maxBytes: 30_000 },
    });
    assert.ok(stories.stats.bytes <= 30_000 && stories.stats.bytes > 28_000 && stories.sizeRemark === undefined);
    await assert.rejects(page.call('corpus/read', { sources: [{ kind: 'text', name: 'x', text: '  ' }] }), {
      code: 'corpus-empty',
    });
    await assert.rejects(
      page.call('corpus/read', { sources: [{ kind: 'file', name: 'x', file: new Blob([readWasm('engine')]) }] }),
      { code: 'corpus-binary' },
    );
  });

  it('offers sizes that grow with the flash, and plans the length of a run', async () => {
    const page = trainerPage();
    const { corpus } = await page.call('corpus/read', { sources: [source] });
    const choices = await page.call('size/choices', { corpus, chip: 'esp32c3', flashMode: 'qio80' });
    assert.ok(choices.length > 5);
    for (const [i, { flashBytes, tokensPerSecond, flags: made }] of choices.entries()) {
      assert.ok(flashBytes <= made.bytes && tokensPerSecond >= 4);
      if (i > 0) assert.ok(flashBytes > choices[i - 1].flashBytes);
    }
    assert.equal(choices.filter(({ usual }) => usual).length, 1);
    const plan = await page.call('train/plan', { corpus, model, train: flags, chip: 'esp32c3', flashMode: 'qio80' });
    assert.ok(Math.abs(plan.epochs - 3) < 0.05 && plan.batch === 8 && plan.minutes === undefined);
    await assert.rejects(
      page.call('size/figures', { chip: 'esp32c3', flashMode: 'qio80', model: { ...model, vocab: 100_000 } }),
      { code: 'tokenizer-vocab' },
    );
    await assert.rejects(
      page.call('train/plan', { corpus: 'gone', model, train: flags, chip: 'esp32c3', flashMode: 'qio80' }),
      { code: 'corpus-unknown' },
    );
  });

  it('gives a model as file, header and sketch folder', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'model.tlm');
      assert.equal(
        (await tinylm(['export', join(packageRoot(), 'vectors', 'v2', 'blocks.tlm'), '--out', folder])).code,
        0,
      );
      const tlm = new Uint8Array(readFileSync(path));
      const page = trainerPage();
      assert.deepEqual(await page.call('export', { kind: 'tlm', name: 'My tales!', tlm }), {
        name: 'My_tales_.tlm',
        type: 'application/octet-stream',
        bytes: tlm,
      });
      const { code, err } = await tinylm(['export', path, '--arduino', join(folder, 'Tales'), '--chip', 'esp32c3']);
      assert.equal(code, 0, err);
      const { bytes, name } = await page.call('export', { kind: 'arduino', name: 'Tales', tlm });
      assert.equal(name, 'Tales.zip');
      const files = unzipSync(bytes);
      assert.ok(Object.keys(files).length > 20);
      for (const [inside, content] of Object.entries(files))
        assert.deepEqual(content, new Uint8Array(readFileSync(join(folder, inside))), inside);
      const header = await page.call('export', { kind: 'header', name: 'tales', tlm });
      assert.equal(new TextDecoder().decode(header.bytes), readFileSync(join(folder, 'Tales', 'model.h'), 'utf8'));
      await assert.rejects(page.call('export', { kind: 'checkpoint', name: 'x', run: 'none' }), {
        code: 'export-what',
      });
    });
  });
});
