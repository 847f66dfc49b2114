/** The C engine (WebAssembly) over stacks of every kind, trits and n-gram tables: bit for bit what the reference says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { Engine } from '../src/engine/index.js';
import { crc32, readTlm, spec, writeTlm, type Packing } from '../src/format/index.js';
import { budget } from '../src/model/index.js';
import { readWasm } from '../src/node/assets.js';
import { Generator, ReferenceEngine, writeSnapshot } from '../src/reference/index.js';
import { anyModels, type TinyModel } from './helpers/tiny-models.js';

const wasm = new WebAssembly.Module(readWasm('engine'));
const packings = fc.array(fc.constantFrom<Packing>('t2', 'b3'), { minLength: 7, maxLength: 7 });
const tokens = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });

/** The file, its tensors packed in one way or the other by their place. */
function fileOf({ model, tokenizer }: TinyModel, packing: readonly Packing[]): Uint8Array {
  const place = new Map(model.tensors.map(({ name }, i) => [name, i]));
  return writeTlm({ model, tokenizer, packing: (name) => packing[place.get(name)! % packing.length] });
}

test("logits and snapshots of any model equal the reference's, with both kernels and any room for tables", () => {
  const budgets = fc.constantFrom(0, 512, 1000, 3000);
  fc.assert(
    fc.property(anyModels, packings, tokens, budgets, (tiny, packing, fed, tableBudget) => {
      const bytes = fileOf(tiny, packing);
      const reference = new ReferenceEngine(readTlm(bytes).model);
      for (const options of [{ kernel: 'reference' as const }, { kernel: 'table' as const, tableBudget }]) {
        const engine = Engine.loadSync(wasm, bytes, options);
        const { vocab, eod, crc } = engine.info;
        const sampler = engine.sampler({ seed: 5 });
        engine.reset();
        reference.reset();
        fed.forEach((number, i) => {
          // Every fourth token ends a document.
          const token = i % 4 === 3 ? eod : number % vocab;
          engine.step(token);
          const expected = reference.step(token);
          // Tables must be right also where no logits were asked for.
          if (i % 3 !== 1) assert.deepEqual(engine.logits(), expected, `step ${i}`);
        });
        const snapshot = engine.save(sampler);
        assert.deepEqual(snapshot, writeSnapshot(reference, new Generator(5), crc));
        const logits = engine.logits().slice();
        engine.reset();
        engine.step(1);
        engine.restore(snapshot, sampler);
        assert.deepEqual(engine.logits(), logits, 'the logits come back with the state');
        engine.step(2);
        assert.deepEqual(engine.logits(), reference.step(2), 'and it goes on as if nothing had been');
      }
    }),
    { numRuns: 300, seed: 10 },
  );
});

test("a cache that fills up, with tokens that come again: logits and snapshots equal the reference's", () => {
  const cached = anyModels.filter(({ model }) => model.config.cache > 0);
  const fed = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 70, maxLength: 70 });
  let raised = 0;
  fc.assert(
    fc.property(cached, fed, fc.integer({ min: 0, max: 69 }), (tiny, numbers, saved) => {
      const bytes = fileOf(tiny, ['b3']);
      const engine = Engine.loadSync(wasm, bytes);
      const plain = Engine.loadSync(wasm, writeTlm({ ...tiny, model: silent(tiny.model) }));
      const reference = new ReferenceEngine(readTlm(bytes).model);
      const sampler = engine.sampler({ seed: 5 });
      engine.reset();
      plain.reset();
      numbers.forEach((number, i) => {
        const token = i === 0 || i === 50 ? engine.info.eod : 1 + number; // an eod late, when all places are taken
        engine.step(token);
        plain.step(token);
        const expected = reference.step(token);
        if (i % 7 === 3) return; // not all logits are asked for
        assert.deepEqual(engine.logits(), expected, `step ${i}`);
        const without = plain.logits();
        raised += Number(expected.some((v, t) => v !== without[t]));
        if (i !== saved) return;
        const snapshot = engine.save(sampler);
        assert.deepEqual(snapshot, writeSnapshot(reference, new Generator(5), engine.info.crc));
        engine.reset();
        for (const other of [3, 1, 3, 1]) engine.step(other);
        engine.restore(snapshot, sampler);
        assert.deepEqual(engine.logits(), expected);
      });
    }),
    { numRuns: 60, seed: 14 },
  );
  assert.ok(raised > 2000, `${raised} times the cache said something`);
});

/** The same model with a cache that says nothing. */
function silent(model: TinyModel['model']): TinyModel['model'] {
  return {
    ...model,
    tensors: model.tensors.map((t) =>
      t.name === 'cache.bias' && t.kind === 'fixed' ? { ...t, values: new Int16Array(t.rows) } : t,
    ),
  };
}

test("the engine's memory is what budget says, for any model", () => {
  fc.assert(
    fc.property(anyModels, fc.constantFrom(0, 512, 1000, 3000), (tiny, tableBudget) => {
      const said = budget(tiny.model.config, { tableBudget });
      const asked = (packing: Packing, kernel: 'table' | 'reference'): number =>
        Engine.loadSync(wasm, fileOf(tiny, [packing]), { kernel, tableBudget }).memoryBytes;
      assert.deepEqual(
        [asked('t2', 'table'), asked('b3', 'table'), asked('b3', 'reference')],
        [said.ramT2, said.ramB3, said.ramReference],
      );
    }),
    { numRuns: 200, seed: 11 },
  );
});

/** The class of a refusal, or `ok`. */
function judged(read: () => unknown): string {
  try {
    read();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

test('bytes of a file changed, its CRC mended: C and TypeScript accept and refuse alike', () => {
  const seen = new Map<string, number>();
  const changes = fc.array(fc.tuple(fc.integer({ min: 0, max: 999_999 }), fc.nat(255), fc.boolean()), {
    minLength: 1,
    maxLength: 3,
  });
  const twenty = fc.array(changes, { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(anyModels, packings, twenty, (tiny, packing, all) => {
      const good = fileOf(tiny, packing);
      for (const change of all) {
        const bytes = good.slice();
        const end = bytes.length - spec.FILE.crcBytes;
        // Half of them in the header and the records.
        for (const [where, value, early] of change) bytes[8 + (where % (early ? 92 : end - 8))] = value;
        new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
        const expected = judged(() => readTlm(bytes));
        assert.equal(
          judged(() => Engine.loadSync(wasm, bytes)),
          expected,
          Buffer.from(bytes).toString('hex'),
        );
        seen.set(expected, (seen.get(expected) ?? 0) + 1);
      }
    }),
    { numRuns: 100, seed: 12 },
  );
  const wanted = 'ok tlm-header tlm-cell tlm-directory tlm-tokenizer tlm-weight tlm-scale tlm-gap tlm-layout'.split(
    ' ',
  );
  for (const code of wanted) assert.ok((seen.get(code) ?? 0) > 0, `${code} was met: ${[...seen].join('; ')}`);
});

test('what a file says of sampling is what its samplers begin with', () => {
  fc.assert(
    fc.property(
      anyModels,
      fc.record({
        temperature: fc.oneof(fc.constant(0), fc.integer({ min: 13, max: 2560 })),
        topK: fc.nat(65535),
        penalty: fc.integer({ min: 1024, max: 4096 }),
        penaltyWindow: fc.nat(64),
      }),
      ({ model, tokenizer }, sampling) => {
        const { temperature, topK, penalty, penaltyWindow } = sampling;
        const engine = Engine.loadSync(wasm, writeTlm({ model, tokenizer, sampling }));
        const plain = Engine.loadSync(wasm, writeTlm({ model, tokenizer }));
        assert.deepEqual(plain.info.sampling, {});
        const natural = { temperature: temperature / 256, topK, repetitionPenalty: penalty / 1024, penaltyWindow };
        assert.deepEqual(engine.info.sampling, natural);
        const text = (from: Engine, options: object): string =>
          [...from.generate('the', { maxTokens: 20, ...options })].join('');
        assert.equal(text(engine, { seed: 9 }), text(plain, { ...natural, seed: 9 }));
        assert.equal(text(engine, { seed: 9, temperature: 0 }), text(plain, { ...natural, seed: 9, temperature: 0 }));
      },
    ),
    { numRuns: 50, seed: 13 },
  );
});
