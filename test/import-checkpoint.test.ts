/** Checkpoints of other programs: whatever the tensors are called, the model is the same; others are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import {
  importTensors,
  parameterSpecs,
  reorderGates,
  tensorsOfModel,
  TinyLMError,
  type ShapedTensor,
} from '../src/model/index.js';
import { modelOf, modules, renamed, same, SIZES, SQUARE, TIED, without, type Rename } from './helpers/import-models.js';

const refused = (tensors: ReadonlyMap<string, ShapedTensor>, message: RegExp, hint = /./, options = {}): void => {
  assert.throws(
    () => importTensors(tensors, options),
    (error: TinyLMError) =>
      (error instanceof TinyLMError &&
        error.code === 'checkpoint-shape' &&
        message.test(error.message) &&
        hint.test(error.hint ?? '')) ||
      assert.fail(`${error.message}\n${error.hint}`),
  );
};

test('names of other programs: found by their endings, shapes and roles', () => {
  const names: Rename[] = [
    ...['_orig_mod.', 'module.', 'model.', 'module._orig_mod.', 'net.lm.'].map(
      (prefix): Rename =>
        (name) =>
          prefix + name,
    ),
    modules('embedding', 'gru', 'lm_head'),
    modules('encoder', 'rnn', 'decoder'),
    modules('wte', 'gru', 'head'),
    modules('emb', 'gru', 'head'),
    modules('tok_embeddings', 'cells', 'output'),
    modules('model.emb', 'model.core', 'model.linear'),
    modules('a', 'b', 'c'),
  ];
  for (const sizes of [SIZES, SQUARE])
    for (const rename of names) same(renamed(modelOf(sizes), rename), modelOf(sizes), rename('embed.weight'));
  // An embedding has no bias; an output layer has. Without, and without a name that tells, nobody knows.
  const bare = renamed(modelOf(SQUARE), modules('a', 'b', 'c'));
  bare.delete('c.bias');
  refused(bare, /no tensor that is for certain its embedding.*a\.weight \(40, 8\), c\.weight \(40, 8\)/, /--map/);
});

test('layers: one module each, cells, and in the order of their numbers', () => {
  const model = modelOf({ ...SIZES, layers: 11 });
  const each: Rename = (name) => name.replace(/^rnn\.(.*)_l(\d+)$/, 'layers.$2.$1_l0');
  same(renamed(model, each), model, 'a module a layer');
  same(
    renamed(model, (name) => name.replace(/^rnn\.(.*)_l(\d+)$/, 'cells.$2.$1')),
    model,
    'GRUCell',
  );
  const odd = modelOf({
    vocab: 9,
    dim: 4,
    layers: [
      { kind: 'gru', width: 5 },
      { kind: 'gru', width: 3 },
    ],
  });
  same(
    renamed(odd, (name) => name.replace('rnn.', 'g.')),
    odd,
    'widths that differ',
  );
});

test('--map: whole names and beginnings, and a tensor left out', () => {
  const model = modelOf(SQUARE);
  const tensors = renamed(model, modules('x', 'y', 'z')).set('step', { shape: [1], data: new Float32Array(1) });
  tensors.delete('z.bias');
  const map = new Map([
    ['x', 'embed'],
    ['y', 'rnn'],
    ['z.weight', 'fc.weight'],
    ['step', '-'],
  ]);
  const notes = same(
    tensors,
    { ...model, tensors: new Map(model.tensors).set('fc.bias', new Float32Array(40)) },
    'mapped',
    { map },
  );
  assert.match(notes.join('\n'), /no bias.*fc\.bias/);
  refused(tensors, /no such tensor; it has x\.weight/, /--map/, { map: new Map([['w', 'embed']]) });
  refused(tensors, /two tensors/, /--map/, {
    map: new Map([
      ['x.weight', 'fc.weight'],
      ['z.weight', 'fc.weight'],
    ]),
  });
});

test('tied: equal twins, also when one was stored in 16 bits; a lone matrix serves both', () => {
  const model = modelOf(TIED);
  const matrix = model.tensors.get('embed.weight')!;
  const both = (data: Float32Array): Map<string, ShapedTensor> =>
    tensorsOfModel(model).set('fc.weight', { shape: [40, 8], data });
  assert.match(same(both(matrix.slice()), model, 'equal').join('\n'), /equal: one matrix serves both/);
  const view = new DataView(new ArrayBuffer(4));
  const bf16 = matrix.map((v) => {
    view.setFloat32(0, v);
    view.setUint32(0, view.getUint32(0) & 0xffff0000);
    return view.getFloat32(0);
  });
  same(both(bf16), model, 'bf16');
  same(
    both(
      matrix.map((v) => {
        const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(v)))) - 10);
        return Math.round(v / unit) * unit;
      }),
    ),
    model,
    'f16',
  );
  const other = matrix.slice();
  other[7] += 0.01;
  assert.equal(importTensors(both(other)).config.tied, false);
  same(
    renamed(model, (name) => name.replace('embed', 'fc')),
    model,
    'a lone fc.weight',
  );
  same(
    renamed(model, (name) => name.replace('embed', 'wte')),
    model,
    'a lone embedding',
  );
});

test('what is missing is zero, or named', () => {
  for (const sizes of [SIZES, TIED]) {
    const model = modelOf(sizes);
    const zeros = new Map(model.tensors);
    for (const [name, values] of zeros) if (/bias/.test(name)) zeros.set(name, new Float32Array(values.length));
    assert.match(
      same(without(model, /bias/), { ...model, tensors: zeros }, 'no bias').join('\n'),
      /no bias in the checkpoint: zeros/,
    );
  }
  refused(
    without(modelOf(SIZES), /^embed/),
    /its embedding \(a matrix of 6 columns.*fc\.weight \(40, 10\), fc\.bias \(40\)/,
    /--map/,
  );
  refused(without(modelOf(SIZES), /^fc\.weight/), /its output layer \(a matrix of 10 columns/, /--map/);
  refused(without(modelOf(SIZES), /weight_ih_l0/), /weight_hh_l0, and no weight_ih/);
});

test('tokens read one-hot are an embedding that is the identity', () => {
  const model = modelOf({ vocab: 9, dim: 9, hidden: 5 });
  const eye = Float32Array.from({ length: 81 }, (_, i) => (Math.floor(i / 9) === i % 9 ? 1 : 0));
  const notes = same(
    without(model, /^embed/),
    { ...model, tensors: new Map(model.tensors).set('embed.weight', eye) },
    'one-hot',
  );
  assert.match(notes.join(), /one-hot/);
});

test('other kinds of models are refused in words', () => {
  const model = modelOf(SIZES);
  const plus = (name: string, ...shape: number[]): Map<string, ShapedTensor> =>
    tensorsOfModel(model).set(name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
  const cell = (gates: number): Map<string, ShapedTensor> =>
    new Map(
      [
        ['e.weight', [40, 6]],
        ['r.weight_ih_l0', [gates * 10, 6]],
        ['r.weight_hh_l0', [gates * 10, 10]],
        ['o.weight', [40, 10]],
      ].map(([name, shape]) => [
        name as string,
        { shape: shape as number[], data: new Float32Array((shape as number[])[0] * (shape as number[])[1]) },
      ]),
    );
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
  refused(tensorsOfModel(model), /embed\.packed is stored as I8/, /before it was quantized/, {
    others: new Map([['embed.packed', { dtype: 'I8', shape: [40, 6] }]]),
  });
  assert.match(importTensors(plus('optimizer.step', 1)).notes.join(), /left out: optimizer\.step/);
});

test("Keras' kernels are turned and their gates put in order", () => {
  const model = modelOf({ vocab: 11, dim: 4, hidden: 6 });
  const kernel = (name: string): ShapedTensor => {
    const {
      shape: [rows, cols],
      data,
    } = tensorsOfModel(reorderGates(model, 'zrn')).get(name)!;
    return {
      shape: [cols, rows],
      data: Float32Array.from(data, (_, i) => data[(i % rows) * cols + Math.floor(i / rows)]),
    };
  };
  // z, r, n to r, z, n is its own reverse.
  const moved = reorderGates(model, 'zrn').tensors;
  const bias = {
    shape: [2, 18],
    data: Float32Array.from([...moved.get('rnn.bias_ih_l0')!, ...moved.get('rnn.bias_hh_l0')!]),
  };
  const tensors = new Map<string, ShapedTensor>([
    ['embedding/embeddings', { shape: [11, 4], data: model.tensors.get('embed.weight')! }],
    ['gru/gru_cell/kernel', kernel('rnn.weight_ih_l0')],
    ['gru/gru_cell/recurrent_kernel', kernel('rnn.weight_hh_l0')],
    ['gru/gru_cell/bias', bias],
    ['dense/kernel', kernel('fc.weight')],
    ['dense/bias', { shape: [11], data: model.tensors.get('fc.bias')! }],
  ]);
  same(tensors, model, 'Keras');
  refused(
    tensors.set('gru/gru_cell/bias', { shape: [18], data: new Float32Array(18) }),
    /reset_after=False/,
    /reset_after=True/,
  );
});

test('whatever tensors a file has: a model, or an error in words', () => {
  const name = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('', 'a.', 'rnn.', 'model.'),
        fc.constantFrom('weight', 'bias'),
        fc.constantFrom('_ih', '_hh', '_hr'),
        fc.constantFrom('', '_l0', '_l1'),
      )
      .map((parts) => parts.join('')),
    fc.constantFrom(
      'emb.weight',
      'head.weight',
      'head.bias',
      'fc.weight',
      'gru/kernel',
      'gru/recurrent_kernel',
      'gru/bias',
      'd/kernel',
      'e/embeddings',
    ),
    fc.string({ maxLength: 6 }),
  );
  const shape = fc.array(fc.constantFrom(1, 2, 3, 6, 9), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, shape), { maxLength: 9 }), (list) => {
      const tensors = new Map(
        list.map(([n, s]): [string, ShapedTensor] => [
          n,
          { shape: s, data: new Float32Array(s.reduce<number>((a, b) => a * b, 1)).fill(0.5) },
        ]),
      );
      try {
        const { config, tensors: values } = importTensors(tensors);
        assert.deepEqual(
          [...values.keys()],
          parameterSpecs(config).map((spec) => spec.name),
        );
      } catch (error) {
        assert.ok(error instanceof TinyLMError, `${String(error)}: ${JSON.stringify(list)}`);
      }
    }),
    { numRuns: 3000 },
  );
});
