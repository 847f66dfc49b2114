import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { configOf, budget, initModel, parameterSpecs, TinyLMError } from '../src/model/index.js';
import { quantizeModel } from '../src/quantize/index.js';
import {
  crc32,
  pack,
  readTlm,
  rowBytes,
  GENERATED_HEADERS,
  spec,
  unpack,
  writeTlm,
  type Packing,
} from '../src/format/index.js';
import { encodeTokenizer } from '../src/format/write-tokenizer.js';
import { tensorPlan } from '../src/format/plan.js';
import { VERSIONS } from '../scripts/vectors.js';
import { packageRoot } from '../src/node/assets.js';
import { byteTable } from '../src/tokenizer/index.js';
import { anyModels, livelyModel, TABLES } from './helpers/tiny-models.js';

const packings = fc.constantFrom<Packing>('t2', 'b3');
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof TinyLMError && error.code === expected;

test('the generated headers are those of the tables here', () => {
  for (const [file, text] of Object.entries(GENERATED_HEADERS))
    assert.equal(
      readFileSync(join(packageRoot(), file), 'utf8'),
      text(),
      `${file}: run npm run build && node dist/scripts/generate-header.js`,
    );
});

test('CRC-32 of the check string', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test('packings: the bits of SPEC.md 1.3', () => {
  const trits = Int8Array.of(-1, 0, 1, 1, -1, 0);
  assert.deepEqual([...pack(trits, 1, 6, 't2')], [0b10_10_01_00, 0b01_01_01_00]);
  assert.deepEqual([...pack(trits, 1, 6, 'b3')], [0 + 3 * 1 + 9 * 2 + 27 * 2 + 81 * 0, 1 + 3 + 9 + 27 + 81]);
  // Each row begins a byte.
  assert.deepEqual([...pack(trits, 3, 2, 't2')], [0b01_01_01_00, 0b01_01_10_10, 0b01_01_01_00]);
});

test('packings: round trip, and every byte that they cannot yield is refused', () => {
  fc.assert(
    fc.property(
      packings,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 23 }),
      fc.infiniteStream(fc.constantFrom(-1, 0, 1)),
      (packing, rows, cols, stream) => {
        const trits = Int8Array.from({ length: rows * cols }, () => stream.next().value!);
        const data = pack(trits, rows, cols, packing);
        assert.equal(data.length, rows * rowBytes(packing, cols));
        assert.deepEqual(unpack(data, rows, cols, packing), trits);
      },
    ),
    { numRuns: 200 },
  );
  for (const packing of ['t2', 'b3'] as const) {
    const full = packing === 't2' ? 4 : 5;
    const accepted = (cols: number): number =>
      Array.from({ length: 256 }, (_, byte) => byte).filter(
        (byte) => unpack(Uint8Array.of(byte), 1, cols, packing) instanceof Int8Array,
      ).length;
    assert.equal(accepted(full), 3 ** full);
    assert.equal(accepted(1), 3, 'padding digits are 1');
  }
});

test('the plan has the tensors of the model room', () => {
  fc.assert(
    fc.property(anyModels, ({ model: { config, embedFrac } }) => {
      const plan = tensorPlan(config, embedFrac);
      // A file has the gate n alone of bias_hh, and an n-gram table's scale with the table.
      const stored = parameterSpecs(config).filter((spec) => spec.stored > 0);
      assert.deepEqual(
        plan.map(({ id, name, rows, cols, trits }) => ({ id, name, rows, cols, trits })),
        stored.map(({ rule, name, stored: rows, cols, trits }) => ({ id: rule.id, name, rows, cols, trits })),
      );
      assert.deepEqual(
        plan.map(({ kind }) => kind === 'fixed'),
        stored.map(({ kind }) => kind === 'bias'),
      );
    }),
    { numRuns: 30 },
  );
});

test('a file round-trips: model, tokenizer, metadata, whatever the packing', () => {
  fc.assert(
    fc.property(
      anyModels,
      packings,
      packings,
      fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
      ({ model, tokenizer }, one, other, made) => {
        const metadata = JSON.parse(JSON.stringify(made)) as Record<string, unknown>;
        const bytes = writeTlm({
          model,
          tokenizer,
          metadata,
          packing: (name) => (name.includes('_hh_') ? one : other),
        });
        const file = readTlm(bytes);
        assert.deepEqual(file.model, model);
        assert.deepEqual(file.tokenizer, tokenizer);
        assert.deepEqual(file.metadata, metadata);
        assert.equal(file.info.fileBytes, bytes.length);
        assert.equal(bytes.length % 4, 0);
        for (const tensor of file.info.tensors) {
          const matrix = tensor.scaleBytes > 0;
          assert.equal(tensor.dataOffset % (matrix ? 4 : tensor.rowBytes), 0);
          assert.equal(tensor.scaleOffset % (tensor.scaleBytes || 1), 0);
          if (matrix) assert.equal(tensor.type, tensor.name.includes('_hh_') ? one : other);
          else assert.ok(['i8', 'i16'].includes(tensor.type));
        }
        // A flash partition is longer than the file.
        const region = new Uint8Array(bytes.length + 77).fill(255);
        region.set(bytes);
        assert.deepEqual(readTlm(region), file);
      },
    ),
    { numRuns: 60 },
  );
});

test('the budget says the exact size of the file', () => {
  fc.assert(
    fc.property(anyModels, packings, ({ float, tokenizer }, packing) => {
      const { model } = quantizeModel(float);
      if (model.tensors.some((t) => t.kind === 'ternary' && t.scaleBytes === 2)) return; // scales too large for a byte
      const bytes = writeTlm({ model, tokenizer, packing, metadata: { note: 'ã' } });
      const sizes = budget(model.config, { tokenizerBytes: encodeTokenizer(tokenizer).length, metadataBytes: 13 });
      assert.equal(packing === 't2' ? sizes.t2Bytes : sizes.b3Bytes, bytes.length);
    }),
    { numRuns: 60 },
  );
  // Matrices large enough to begin with a cache line.
  const large = initModel(configOf({ vocab: 256, dim: 70, hidden: 90, layers: 2, tied: false }), 1);
  for (const packing of ['t2', 'b3'] as const) {
    const bytes = writeTlm({ model: quantizeModel(large).model, tokenizer: byteTable(), packing });
    const sizes = budget(large.config);
    assert.equal(packing === 't2' ? sizes.t2Bytes : sizes.b3Bytes, bytes.length);
  }
});

/** The smallest file: 18 tokens, one weight a row. */
function smallFile(): Uint8Array {
  const config = configOf({ vocab: TABLES[1].base.length, dim: 2, hidden: 2, layers: 1, tied: true });
  return writeTlm({ model: quantizeModel(livelyModel(config, 1)).model, tokenizer: TABLES[1] });
}

test('a file cut off at any length is refused', () => {
  const bytes = smallFile();
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readTlm(bytes.subarray(0, length)), code('tlm-short'), `${length} bytes`);
  }
});

test('a file with any one bit flipped is refused', () => {
  const bytes = smallFile();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    assert.throws(() => readTlm(bytes), TinyLMError, `bit ${bit}`);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
  readTlm(bytes);
});

test('with the CRC made right again, any byte changed is refused or reads as another model', () => {
  const good = smallFile();
  const before = readTlm(good);
  const end = good.length - spec.FILE.crcBytes;
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(end - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = good.slice();
      bytes[at] ^= change;
      new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
      try {
        const { info, ...after } = readTlm(bytes);
        assert.notDeepEqual(
          { ...after },
          { model: before.model, tokenizer: before.tokenizer, metadata: before.metadata, sampling: before.sampling },
        );
      } catch (error) {
        assert.ok(error instanceof TinyLMError && error.code.startsWith('tlm-'), String(error));
        refused++;
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(refused > 200, `${refused} of 2000`);
});

for (const version of VERSIONS)
  test(`each rule broken alone is refused for its reason (vectors/${version}/bad)`, () => {
    const folder = join(packageRoot(), 'vectors', version, 'bad');
    const index = readFileSync(join(folder, 'index.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    assert.equal(index.length, readdirSync(folder).filter((name) => name.endsWith('.tlm')).length);
    for (const [name, expected] of index) {
      assert.throws(
        () => readTlm(readFileSync(join(folder, `${name}.tlm`))),
        (error) => {
          assert.ok(error instanceof TinyLMError, name);
          assert.equal(error.code, expected, name);
          assert.match(error.message, /at byte \d+: found .+, expected .+/);
          assert.ok(error.hint);
          return true;
        },
      );
    }
  });

test('metadata that are no JSON object are taken for none, as the engine does; more than 4096 bytes are not written', () => {
  const model = readTlm(smallFile());
  assert.throws(() => writeTlm({ ...model, metadata: { long: 'x'.repeat(4096) } }), code('tlm-write'));
  for (const text of ['[1]', '"x"', '{"a":}', '{"\u0000']) {
    const bytes = writeTlm({ ...model, metadata: { k: 'x'.repeat(20) } });
    const at = readTlm(bytes).info.metadataOffset;
    bytes.fill(0x20, at, at + 28);
    bytes.set(new TextEncoder().encode(text), at);
    const end = bytes.length - 4;
    new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
    assert.deepEqual(readTlm(bytes).metadata, {}, text);
    assert.deepEqual(readTlm(bytes).model, model.model);
  }
});

test('what does not fit the format is not written', () => {
  const file = readTlm(smallFile());
  assert.throws(() => writeTlm({ ...file, tokenizer: TABLES[0] }), code('tlm-tokenizer'));
  assert.throws(() => writeTlm({ ...file, model: { ...file.model, eod: 3 } }), code('tlm-header'));
  assert.throws(
    () => writeTlm({ ...file, model: { ...file.model, tensors: file.model.tensors.slice(1) } }),
    code('tlm-write'),
  );
  assert.throws(
    () => writeTlm({ ...file, model: { ...file.model, tensors: [...file.model.tensors].reverse() } }),
    code('tlm-write'),
  );
});
