/** Checkpoints of other programs: whatever the tensors are called, the model is the same; what is none is refused in words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryGates } from '../src/cli/import-check.js';
import { foreignKind } from '../src/format/index.js';
import {
  configOf, GATE_ORDERS, gateOrder, importTensors, initModel, OWN_GATES, parameterSpecs, reorderGates, renumberTokens, tensorsOfModel,
  TinyLMError, type FloatModel, type ModelShorthand, type ShapedTensor,
} from '../src/model/index.js';
import { floatForward } from '../src/reference/index.js';

const SIZES: ModelShorthand = { vocab: 40, dim: 6, hidden: 10, layers: 2 };
const TIED: ModelShorthand = { vocab: 40, dim: 8, tied: true };
const SQUARE: ModelShorthand = { vocab: 40, dim: 8 };

/** A model in which no tensor is zero, so that a tensor taken for another one shows. */
function modelOf(sizes: ModelShorthand): FloatModel {
  const model = initModel(configOf(sizes), 5);
  const tensors = parameterSpecs(model.config).map(({ name }, i): [string, Float32Array] =>
    [name, model.tensors.get(name)!.map((v, j) => v + 0.01 * Math.sin(i + j))]);
  return { config: model.config, tensors: new Map(tensors) };
}

type Rename = (name: string) => string;
const renamed = (model: FloatModel, rename: Rename): Map<string, ShapedTensor> =>
  new Map([...tensorsOfModel(model)].map(([name, tensor]) => [rename(name), tensor]));
const without = (model: FloatModel, pattern: RegExp): Map<string, ShapedTensor> =>
  new Map([...tensorsOfModel(model)].filter(([name]) => !pattern.test(name)));
const modules = (embed: string, rnn: string, fc: string): Rename => (name) =>
  name.replace(/^embed/, embed).replace(/^rnn/, rnn).replace(/^fc/, fc);

const same = (tensors: ReadonlyMap<string, ShapedTensor>, model: FloatModel, why: string, options = {}): readonly string[] => {
  const { config, tensors: values, notes } = importTensors(tensors, options);
  assert.deepEqual(config, model.config, why);
  assert.deepEqual(new Map(values), new Map(model.tensors), why);
  return notes;
};
const refused = (tensors: ReadonlyMap<string, ShapedTensor>, message: RegExp, hint = /./, options = {}): void => {
  assert.throws(() => importTensors(tensors, options), (error: TinyLMError) =>
    error instanceof TinyLMError && error.code === 'checkpoint-shape' && message.test(error.message) && hint.test(error.hint ?? '') ||
    assert.fail(`${error.message}\n${error.hint}`));
};

test('names of other programs: found by their endings, shapes and roles', () => {
  const names: Rename[] = [
    ...['_orig_mod.', 'module.', 'model.', 'module._orig_mod.', 'net.lm.'].map((prefix): Rename => (name) => prefix + name),
    modules('embedding', 'gru', 'lm_head'), modules('encoder', 'rnn', 'decoder'), modules('wte', 'gru', 'head'), modules('emb', 'gru', 'head'),
    modules('tok_embeddings', 'cells', 'output'), modules('model.emb', 'model.core', 'model.linear'),
    modules('a', 'b', 'c'),
  ];
  for (const sizes of [SIZES, SQUARE]) for (const rename of names) same(renamed(modelOf(sizes), rename), modelOf(sizes), rename('embed.weight'));
  // An embedding has no bias; an output layer has. Without, and without a name that tells, nobody knows.
  const bare = renamed(modelOf(SQUARE), modules('a', 'b', 'c'));
  bare.delete('c.bias');
  refused(bare, /no tensor that is for certain its embedding.*a\.weight \(40, 8\), c\.weight \(40, 8\)/, /--map/);
});

test('layers: one module each, cells, and in the order of their numbers', () => {
  const model = modelOf({ ...SIZES, layers: 11 });
  const each: Rename = (name) => name.replace(/^rnn\.(.*)_l(\d+)$/, 'layers.$2.$1_l0');
  same(renamed(model, each), model, 'a module a layer');
  same(renamed(model, (name) => name.replace(/^rnn\.(.*)_l(\d+)$/, 'cells.$2.$1')), model, 'GRUCell');
  const odd = modelOf({ vocab: 9, dim: 4, layers: [{ kind: 'gru', width: 5 }, { kind: 'gru', width: 3 }] });
  same(renamed(odd, (name) => name.replace('rnn.', 'g.')), odd, 'widths that differ');
});

test('--map: whole names and beginnings, and a tensor left out', () => {
  const model = modelOf(SQUARE);
  const tensors = renamed(model, modules('x', 'y', 'z')).set('step', { shape: [1], data: new Float32Array(1) });
  tensors.delete('z.bias');
  const map = new Map([['x', 'embed'], ['y', 'rnn'], ['z.weight', 'fc.weight'], ['step', '-']]);
  const notes = same(tensors, { ...model, tensors: new Map(model.tensors).set('fc.bias', new Float32Array(40)) }, 'mapped', { map });
  assert.match(notes.join('\n'), /no bias.*fc\.bias/);
  refused(tensors, /no such tensor; it has x\.weight/, /--map/, { map: new Map([['w', 'embed']]) });
  refused(tensors, /two tensors/, /--map/, { map: new Map([['x.weight', 'fc.weight'], ['z.weight', 'fc.weight']]) });
});

test('tied: equal twins, also when one was stored in 16 bits; a lone matrix serves both', () => {
  const model = modelOf(TIED);
  const matrix = model.tensors.get('embed.weight')!;
  const both = (data: Float32Array): Map<string, ShapedTensor> => tensorsOfModel(model).set('fc.weight', { shape: [40, 8], data });
  assert.match(same(both(matrix.slice()), model, 'equal').join('\n'), /equal: one matrix serves both/);
  const view = new DataView(new ArrayBuffer(4));
  const bf16 = matrix.map((v) => {
    view.setFloat32(0, v);
    view.setUint32(0, view.getUint32(0) & 0xffff0000);
    return view.getFloat32(0);
  });
  same(both(bf16), model, 'bf16');
  same(both(matrix.map((v) => {
    const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(v)))) - 10);
    return Math.round(v / unit) * unit;
  })), model, 'f16');
  const other = matrix.slice();
  other[7] += 0.01;
  assert.equal(importTensors(both(other)).config.tied, false);
  same(renamed(model, (name) => name.replace('embed', 'fc')), model, 'a lone fc.weight');
  same(renamed(model, (name) => name.replace('embed', 'wte')), model, 'a lone embedding');
});

test('what is missing is zero, or named', () => {
  for (const sizes of [SIZES, TIED]) {
    const model = modelOf(sizes);
    const zeros = new Map(model.tensors);
    for (const [name, values] of zeros) if (/bias/.test(name)) zeros.set(name, new Float32Array(values.length));
    assert.match(same(without(model, /bias/), { ...model, tensors: zeros }, 'no bias').join('\n'), /no bias in the checkpoint: zeros/);
  }
  refused(without(modelOf(SIZES), /^embed/), /its embedding \(a matrix of 6 columns.*fc\.weight \(40, 10\), fc\.bias \(40\)/, /--map/);
  refused(without(modelOf(SIZES), /^fc\.weight/), /its output layer \(a matrix of 10 columns/, /--map/);
  refused(without(modelOf(SIZES), /weight_ih_l0/), /weight_hh_l0, and no weight_ih/);
});

test('other kinds of models are refused in words', () => {
  const model = modelOf(SIZES);
  const plus = (name: string, ...shape: number[]): Map<string, ShapedTensor> =>
    tensorsOfModel(model).set(name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
  const cell = (gates: number): Map<string, ShapedTensor> => new Map([
    ['e.weight', [40, 6]], ['r.weight_ih_l0', [gates * 10, 6]], ['r.weight_hh_l0', [gates * 10, 10]], ['o.weight', [40, 10]],
  ].map(([name, shape]) => [name as string, { shape: shape as number[], data: new Float32Array((shape as number[])[0] * (shape as number[])[1]) }]));
  refused(cell(4), /an LSTM/, /GRU/);
  refused(cell(1), /plain RNN/, /GRU/);
  refused(cell(2), /three gates/);
  refused(plus('rnn.weight_ih_l0_reverse', 30, 6), /bidirectional/);
  refused(plus('rnn.weight_hr_l0', 5, 10), /projections/);
  refused(plus('proj.weight', 6, 10), /proj\.weight \(6, 10\).*projection/);
  refused(plus('ln.weight', 10), /ln\.weight \(10\).*normalisation/);
  refused(plus('wpe.weight', 64, 7), /positions/);
  refused(new Map([['h.0.attn.c_attn.weight', { shape: [2, 2], data: new Float32Array(4) }]]), /a transformer/);
  refused(new Map([['w', { shape: [2, 2], data: new Float32Array(4) }]]), /no GRU layer.*it has w \(2, 2\)/, /--map/);
  refused(new Map(), /no tensors/);
  refused(plus('\u001b[2Jx', 3), /\\u001b\[2Jx/);
  refused(tensorsOfModel(model), /embed\.packed is stored as I8/, /before it was quantized/,
    { others: new Map([['embed.packed', { dtype: 'I8', shape: [40, 6] }]]) });
  assert.match(importTensors(plus('optimizer.step', 1)).notes.join(), /left out: optimizer\.step/);
});

test('gates: every order is put into ours, and gives the same model', () => {
  const model = modelOf(SIZES);
  assert.equal(GATE_ORDERS.length, 12);
  assert.equal(GATE_ORDERS[0], OWN_GATES);
  for (const order of GATE_ORDERS) {
    // What reorderGates takes from the order: blocks in it, and -z for Z.
    const theirs = new Map([...tensorsOfModel(model)].map(([name, tensor]): [string, ShapedTensor] => {
      if (!name.startsWith('rnn.')) return [name, tensor];
      const block = tensor.data.length / 3;
      const data = new Float32Array(tensor.data.length);
      [...order].forEach((gate, to) => {
        const from = 'rzn'.indexOf(gate.toLowerCase());
        for (let i = 0; i < block; i++) data[to * block + i] = (gate === 'Z' ? -1 : 1) * tensor.data[from * block + i];
      });
      return [name, { ...tensor, data }];
    }));
    same(theirs, model, order, { gates: order });
  }
  assert.equal(gateOrder('z,r,h'), 'zrn');
  for (const wrong of ['rz', 'rzz', 'abc', 'rznn']) assert.throws(() => gateOrder(wrong), { code: 'checkpoint-gates' });
});

test('gates turned round are the formula of the paper', () => {
  const model = modelOf({ vocab: 5, dim: 3, hidden: 4 });
  const [w, u, b, c] = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((part) => model.tensors.get(`rnn.${part}_l0`)!);
  const e = model.tensors.get('embed.weight')!;
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  let h = new Array<number>(4).fill(0);
  for (const token of [1, 4, 2]) {
    const gx = (row: number): number => b[row] + [0, 1, 2].reduce((sum, i) => sum + w[row * 3 + i] * e[token * 3 + i], 0);
    const old = h;
    const gh = (row: number): number => c[row] + old.reduce((sum, v, i) => sum + u[row * 4 + i] * v, 0);
    h = h.map((v, i) => {
      const z = sigmoid(gx(4 + i) + gh(4 + i));
      return (1 - z) * v + z * Math.tanh(gx(8 + i) + sigmoid(gx(i) + gh(i)) * gh(8 + i)); // Cho et al.
    });
  }
  const f = model.tensors.get('fc.weight')!;
  const logits = Array.from(model.tensors.get('fc.bias')!, (v, r) => v + h.reduce((sum, x, i) => sum + f[r * 4 + i] * x, 0));
  const found = floatForward(reorderGates(model, 'rZn'), [1, 4, 2]).at(-1)!;
  found.forEach((v, i) => assert.ok(Math.abs(v - logits[i]) < 1e-6, `${v} ${logits[i]}`));
});

test("Keras' kernels are turned and their gates put in order", () => {
  const model = modelOf({ vocab: 11, dim: 4, hidden: 6 });
  const kernel = (name: string): ShapedTensor => {
    const { shape: [rows, cols], data } = tensorsOfModel(reorderGates(model, 'zrn')).get(name)!;
    return { shape: [cols, rows], data: Float32Array.from(data, (_, i) => data[(i % rows) * cols + Math.floor(i / rows)]) };
  };
  // z, r, n to r, z, n is its own reverse.
  const moved = reorderGates(model, 'zrn').tensors;
  const bias = { shape: [2, 18], data: Float32Array.from([...moved.get('rnn.bias_ih_l0')!, ...moved.get('rnn.bias_hh_l0')!]) };
  const tensors = new Map<string, ShapedTensor>([
    ['embedding/embeddings', { shape: [11, 4], data: model.tensors.get('embed.weight')! }],
    ['gru/gru_cell/kernel', kernel('rnn.weight_ih_l0')], ['gru/gru_cell/recurrent_kernel', kernel('rnn.weight_hh_l0')],
    ['gru/gru_cell/bias', bias], ['dense/kernel', kernel('fc.weight')],
    ['dense/bias', { shape: [11], data: model.tensors.get('fc.bias')! }],
  ]);
  same(tensors, model, 'Keras');
  refused(tensors.set('gru/gru_cell/bias', { shape: [18], data: new Float32Array(18) }), /reset_after=False/, /reset_after=True/);
});

test('renumbered tokens: the same logits under other numbers; strangers are never written', () => {
  for (const sizes of [SIZES, TIED]) {
    const model = modelOf({ ...sizes, vocab: 5 });
    const output = [3, -1, 0, 4, 2, 1];
    const ours = renumberTokens(model, { input: [3, 1, 0, 4, 2, 1], output });
    assert.equal(ours.config.vocab, 6);
    const [a] = [floatForward(model, [3, 0, 2, 1]).at(-1)!];
    const b = floatForward(ours, [0, 2, 4, 5]).at(-1)!;
    output.forEach((theirs, i) => {
      if (theirs >= 0) assert.ok(Math.abs(a[theirs] - b[i]) < 1e-9);
      else assert.ok(b[i] < Math.min(...a) - 10, `${b[i]}`);
    });
  }
});

test('gates in another order show on a text, and the order that fits is named', () => {
  // A model that says the last token again: z is closed, so its state is the token read. In other orders z stays open, and nothing gets in.
  const vocab = 6;
  const width = vocab;
  const tensors = new Map<string, Float32Array>();
  const eye = (scale: number, rows: number, at: number): Float32Array =>
    Float32Array.from({ length: rows * width }, (_, i) => (Math.floor(i / width) === at + (i % width) ? scale : 0));
  tensors.set('embed.weight', eye(3, vocab, 0));
  tensors.set('rnn.weight_ih_l0', eye(3, 3 * width, 2 * width));
  tensors.set('rnn.weight_hh_l0', new Float32Array(3 * width * width));
  tensors.set('rnn.bias_ih_l0', new Float32Array(3 * width).fill(8, 0, width).fill(-6, width, 2 * width).fill(-5, 2 * width));
  tensors.set('rnn.bias_hh_l0', new Float32Array(3 * width));
  tensors.set('fc.weight', eye(6, vocab, 0));
  tensors.set('fc.bias', new Float32Array(vocab));
  const model: FloatModel = { config: configOf({ vocab, dim: width }), tensors };
  const documents = Array.from({ length: 4 }, (_, d) => ({ tokens: new Array<number>(50).fill(d + 1), bytes: 20 }));
  assert.equal(tryGates(model, documents, 0).length, 1, 'well as it is');
  for (const order of ['zrn', 'nzr', 'rnz']) {
    const theirs = GATE_ORDERS.find((o) => reorderGates(reorderGates(model, order), o).tensors.get('rnn.bias_ih_l0')!
      .every((v, i) => v === tensors.get('rnn.bias_ih_l0')![i]));
    const [own, best] = tryGates(reorderGates(model, order), documents, 0);
    assert.equal(best?.order, theirs, order);
    assert.ok(best !== undefined && best.bits < own.bits - 0.5);
  }
});

const bytesOf = (text: string, length = text.length): Uint8Array => {
  const out = new Uint8Array(length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
};

test('files of other kinds are named for what they are, with the way out', () => {
  const torch = 'ctorch._utils\n_rebuild_tensor_v2\n';
  const cases: [string, RegExp, RegExp][] = [
    [`PK\x03\x04..gru/data.pkl\x80\x02${torch}`, /file of torch\.save/, /torch\.load\("FILE", map_location="cpu"\)\.items/],
    [`PK\x03\x04..ckpt/data.pkl\x80\x02}X\x10\0\0\0model_state_dict${torch}`, /with the weights as "model_state_dict"/, /\["model_state_dict"\]/],
    [`PK\x03\x04..ckpt/data.pkl\x80\x02X\x19\0\0\0pytorch-lightning_version${torch}`, /Lightning/, /\["state_dict"\]/],
    [`PK\x03\x04..m/data.pkl\x80\x02ctorch.nn.modules.rnn\nGRU\n`, /whole model/, /weights_only=False\)\.state_dict\(\)/],
    ['PK\x03\x04..m/data.pkl..m/code/__torch__/net.py m/constants.pkl', /TorchScript/, /torch\.jit\.load/],
    ['PK\x03\x04..emb.weight.npy', /NumPy arrays \(\.npz\)/, /np\.load/],
    ['PK\x03\x04..model.weights.h5', /Keras/, /keras\.saving/],
    ['PK\x03\x04..photos/a.jpg', /ZIP/, /unpack/],
    ['\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', /torch\.save/, /save_file/],
    ['\x80\x04\x95\x10}\x94(\x8c\x04stoi\x94}', /meta\.pkl/, /json\.dump/],
    ['\x80\x04\x95\x10}\x94', /a pickle of Python/, /save_file/],
    ['\x89HDF\r\n\x1a\n', /HDF5/, /keras/],
    ['\x08\x07\x12\x07pytorch\x1a\x052.1.0', /ONNX/, /model\.state_dict/],
    ['GGUF\x03\0\0\0', /GGUF/, /model\.state_dict/],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n', /Git LFS pointer/, /git lfs pull/],
    ['<!DOCTYPE html><html>', /web page/, /raw/],
    ['{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}',
      /index of a checkpoint in 2 parts/, /load_file/],
    ['{"weight_map": {"a": "model.safetensors"}}', /one part/, /model\.safetensors/],
    ['{"model_type": "gru", "vocab_size": 256}', /config\.json/, /model\.safetensors/],
    ['\x1f\x8b\x08', /gzip/, /unpack/],
    ['\x93NUMPY', /NumPy array/, /./],
  ];
  for (const [text, what, hint] of cases) {
    const kind = foreignKind(bytesOf(text, Math.max(text.length, 64)));
    assert.match(kind?.what ?? 'nothing', what);
    assert.match(kind!.hint, hint);
  }
  // A header's length may be any number, also one that looks like a pickle's mark or a ZIP's.
  for (const length of [0x0280, 0x8b1f, 0x0302]) {
    const safetensors = bytesOf(`........{"x":1}`);
    new DataView(safetensors.buffer).setBigUint64(0, BigInt(length), true);
    assert.equal(foreignKind(safetensors), undefined);
  }
  assert.equal(foreignKind(bytesOf('Once upon a time')), undefined);
});
