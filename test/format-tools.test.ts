import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { configOf, initModel, modelFromTensors, tensorsOfModel, TinyLMError } from '../src/model/index.js';
import { dequantize, quantizeModel } from '../src/quantize/index.js';
import {
  cHeader,
  compare,
  comparisonText,
  dump,
  exportBins,
  readSafetensors,
  readTlm,
  showTensor,
  unpack,
  writeSafetensors,
  writeTlm,
  type TlmFile,
} from '../src/format/index.js';
import { livelyModel, TABLES } from './helpers/tiny-models.js';

const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof TinyLMError && error.code === expected;

const SIZES = { vocab: TABLES[1].base.length, dim: 6, hidden: 5 };
const CONFIG = configOf(SIZES);
const write = (seed: number, packing: 't2' | 'b3', metadata = {}): Uint8Array =>
  writeTlm({ model: quantizeModel(livelyModel(CONFIG, seed)).model, tokenizer: TABLES[1], packing, metadata });

test('dump: a line for each tensor; diffable leaves out what moves', () => {
  const [t2, b3] = [readTlm(write(1, 't2', { name: 'x' })), readTlm(write(1, 'b3', { name: 'x' }))];
  const text = dump(t2);
  assert.match(text, /^file \d+ bytes, crc [0-9a-f]{8}\n/);
  assert.match(text, /\ntensor rnn\.weight_hh_l0 \(15, 5\) t2 shift \d+, - [\d.]+ %, 0 [\d.]+ %, \+ [\d.]+ %, scales /);
  assert.match(text, / at \d+, 30 bytes, scales at \d+\n/);
  assert.match(text, /\nmetadata name "x"\n/);
  const plain = dump(t2, { diffable: true });
  assert.doesNotMatch(plain, /crc|bytes| at /);
  assert.equal(plain.replaceAll(') t2 ', ') b3 '), dump(b3, { diffable: true }));
});

test('one tensor as text', () => {
  const file = readTlm(write(1, 'b3'));
  const lines = showTensor(file, 'embed.weight').trimEnd().split('\n');
  assert.equal(lines.length, 1 + CONFIG.vocab);
  const tensor = file.model.tensors[0];
  assert.ok(tensor.kind === 'ternary');
  assert.equal(
    lines[3].split(' ')[2],
    Array.from(tensor.levels.subarray(12, 18), (w) => (w < 0 ? '-' : w > 0 ? '+' : '.')).join(''),
  );
  assert.match(showTensor(file, 'fc.bias'), /^fc\.bias \(\d+, 1\) frac \d+/);
  assert.throws(() => showTensor(file, 'fc.wait'), code('inspect-tensor'));
});

test('compare: by value, not by packing', () => {
  const a = readTlm(write(1, 't2', { name: 'a' }));
  const same = compare(a, readTlm(write(1, 'b3', { name: 'b' })));
  assert.equal(same.same, true);
  assert.deepEqual(same.settings, ['metadata: {"name":"a"} / {"name":"b"}']);
  const changed: TlmFile = {
    ...a,
    model: {
      ...a.model,
      embedFrac: 5,
      tensors: a.model.tensors.map((t) => {
        if (t.name === 'embed.weight' && t.kind === 'ternary') {
          const levels = t.levels.map((w, i) => (i < 3 ? ((w + 2) % 3) - 1 : w));
          return { ...t, levels, mantissas: t.mantissas.map((m, r) => m - Number(r === 1)) };
        }
        if (t.name === 'fc.bias' && t.kind === 'fixed') {
          return { ...t, values: t.values.map((v, i) => v + Number(i === 4)) };
        }
        return t;
      }),
    },
  };
  const other = compare(a, changed);
  assert.equal(other.same, false);
  const find = (name: string) => other.tensors.find((t) => t.name === name)!;
  assert.deepEqual(
    [find('embed.weight').values, find('embed.weight').scales, find('fc.bias').values, find('fc.weight').state],
    [3, 1, 1, 'equal'],
  );
  assert.match(
    comparisonText(other),
    /embedFrac: 6 \/ 5[^]*embed\.weight: 3 values differ, 1 row scales differ[^]*the two differ/,
  );
  const smaller = writeTlm({
    model: quantizeModel(livelyModel(configOf({ ...SIZES, hidden: 4 }), 1)).model,
    tokenizer: TABLES[1],
  });
  assert.equal(compare(a, readTlm(smaller)).tensors.find((t) => t.name === 'rnn.weight_hh_l0')!.state, 'other-shape');
});

test('one .bin for each tensor, and an index that says how to read them', () => {
  const bytes = write(1, 'b3');
  const file = readTlm(bytes);
  const files = new Map(exportBins(file, bytes).map((f) => [f.name, f.bytes]));
  const index = JSON.parse(new TextDecoder().decode(files.get('tensors.json'))) as {
    tensors: { name: string; type: string; rows: number; cols: number; file: string; scales?: string }[];
  };
  assert.deepEqual(
    index.tensors.map((t) => t.name),
    file.model.tensors.map((t) => t.name),
  );
  index.tensors.forEach((entry, i) => {
    const tensor = file.model.tensors[i];
    const data = files.get(entry.file)!;
    const wide = (bytes: Uint8Array, each: number): number[] =>
      Array.from({ length: bytes.length / each }, (_, at) =>
        each === 1 ? bytes[at] : bytes[2 * at] | (bytes[2 * at + 1] << 8),
      );
    if (tensor.kind === 'fixed')
      assert.deepEqual(
        wide(data, tensor.bytes).map((v) => (v << (32 - 8 * tensor.bytes)) >> (32 - 8 * tensor.bytes)),
        [...tensor.values],
      );
    else {
      assert.deepEqual(unpack(data, entry.rows, entry.cols, 'b3'), tensor.levels);
      assert.deepEqual(wide(files.get(entry.scales!)!, tensor.scaleBytes), [...tensor.mantissas]);
    }
  });
});

test('a C header has every byte, aligned, the same each time', () => {
  const bytes = write(1, 'b3');
  const text = cHeader(bytes, 'my_model');
  assert.equal(text, cHeader(bytes, 'my_model'));
  assert.match(text, /const uint8_t my_model\[\] __attribute__\(\(aligned\(16\)\)\) = \{/);
  const body = text.slice(text.indexOf('= {') + 3, text.indexOf('};'));
  assert.deepEqual(
    Uint8Array.from(
      body
        .split(',')
        .map((s) => s.trim())
        .filter(Boolean),
      Number,
    ),
    bytes,
  );
  for (const name of ['1x', 'a-b', '', 'x y']) assert.throws(() => cHeader(bytes, name), code('export-name'));
});

test('safetensors: a model round-trips bit for bit', () => {
  for (const tied of [false, true]) {
    const model = initModel(configOf({ ...SIZES, dim: 5, layers: 2, tied }), 2);
    const bytes = writeSafetensors(tensorsOfModel(model), { format: 'pt' });
    const { tensors, metadata } = readSafetensors(bytes);
    assert.deepEqual(metadata, { format: 'pt' });
    assert.deepEqual(modelFromTensors(tensors), model);
    assert.deepEqual(quantizeModel(modelFromTensors(tensors)), quantizeModel(model));
    assert.equal(dequantize(quantizeModel(model).model).config, model.config);
  }
});

/** A file with one tensor, its header as given. */
function file(header: unknown, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  out.set(data, 8 + json.length);
  return out;
}

test('safetensors: F64, F16 and BF16 are read as floats', () => {
  const one = (dtype: string, data: number[]): number => {
    const bytes = file({ x: { dtype, shape: [1], data_offsets: [0, data.length] } }, Uint8Array.from(data));
    return readSafetensors(bytes).tensors.get('x')!.data[0];
  };
  assert.equal(one('F64', [0, 0, 0, 0, 0, 0, 0xf8, 0xbf]), -1.5);
  assert.equal(one('F32', [0, 0, 0xc0, 0x3f]), 1.5);
  assert.equal(one('BF16', [0xc0, 0xbf]), -1.5);
  assert.equal(one('F16', [0x00, 0xbe]), -1.5);
  assert.equal(one('F16', [0xff, 0x7b]), 65504);
  assert.equal(one('F16', [0x01, 0x00]), 2 ** -24);
  assert.equal(one('F16', [0x00, 0x7c]), Infinity);
  assert.ok(Number.isNaN(one('F16', [0x01, 0x7c])));
});

test('safetensors: whatever is broken is refused in words', () => {
  const x = (entry: object) => ({ x: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...entry } });
  const data = new Uint8Array(8);
  const bad: [unknown, Uint8Array][] = [
    [x({ dtype: 'I64' }), data],
    [x({ dtype: 'toString' }), data],
    [x({ shape: [3] }), data],
    [x({ shape: [-2] }), data],
    [x({ shape: 2 }), data],
    [x({ data_offsets: [0] }), data],
    [x({ data_offsets: [4, 12] }), data],
    [x({ data_offsets: [8, 0] }), data],
    [x({}), data.subarray(1)],
    [x({}), new Uint8Array(9)],
    [{ ...x({}), y: x({}).x }, data],
    [{ ...x({}), __metadata__: { a: 1 } }, data],
    ['[]', new Uint8Array()],
    ['{', new Uint8Array()],
    [{ x: null }, data],
  ];
  for (const [header, bytes] of bad) {
    assert.throws(() => readSafetensors(file(header, bytes)), code('safetensors'), JSON.stringify(header));
  }
  const good = file(x({}), data);
  assert.deepEqual(readSafetensors(good).tensors.get('x'), { shape: [2], data: new Float32Array(2) });
  for (let length = 0; length < good.length; length++) {
    assert.throws(() => readSafetensors(good.subarray(0, length)), code('safetensors'), `${length} bytes`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readSafetensors(bytes);
      } catch (error) {
        assert.ok(error instanceof TinyLMError, String(error));
      }
    }),
  );
});
