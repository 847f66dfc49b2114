/** Gates in another order, and tokens with other numbers: the model stays the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryGates } from '../src/run/import-check.js';
import {
  configOf,
  GATE_ORDERS,
  gateOrder,
  OWN_GATES,
  renumberTokens,
  reorderGates,
  tensorsOfModel,
  type FloatModel,
  type ShapedTensor,
} from '../src/model/index.js';
import { floatForward } from '../src/reference/index.js';
import { modelOf, same, SIZES, TIED } from './helpers/import-models.js';

test('gates: every order is put into ours, and gives the same model', () => {
  const model = modelOf(SIZES);
  assert.equal(GATE_ORDERS.length, 12);
  assert.equal(GATE_ORDERS[0], OWN_GATES);
  for (const order of GATE_ORDERS) {
    // What reorderGates takes from the order: blocks in it, and -z for Z.
    const theirs = new Map(
      [...tensorsOfModel(model)].map(([name, tensor]): [string, ShapedTensor] => {
        if (!name.startsWith('rnn.')) return [name, tensor];
        const block = tensor.data.length / 3;
        const data = new Float32Array(tensor.data.length);
        [...order].forEach((gate, to) => {
          const from = 'rzn'.indexOf(gate.toLowerCase());
          for (let i = 0; i < block; i++)
            data[to * block + i] = (gate === 'Z' ? -1 : 1) * tensor.data[from * block + i];
        });
        return [name, { ...tensor, data }];
      }),
    );
    same(theirs, model, order, { gates: order });
  }
  assert.equal(gateOrder('z,r,h'), 'zrn');
  for (const wrong of ['rz', 'rzz', 'abc', 'rznn']) assert.throws(() => gateOrder(wrong), { code: 'checkpoint-gates' });
});

test('gates turned round are the formula of the paper', () => {
  const model = modelOf({ vocab: 5, dim: 3, hidden: 4 });
  const [w, u, b, c] = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map(
    (part) => model.tensors.get(`rnn.${part}_l0`)!,
  );
  const e = model.tensors.get('embed.weight')!;
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  let h = new Array<number>(4).fill(0);
  for (const token of [1, 4, 2]) {
    const gx = (row: number): number =>
      b[row] + [0, 1, 2].reduce((sum, i) => sum + w[row * 3 + i] * e[token * 3 + i], 0);
    const old = h;
    const gh = (row: number): number => c[row] + old.reduce((sum, v, i) => sum + u[row * 4 + i] * v, 0);
    h = h.map((v, i) => {
      const z = sigmoid(gx(4 + i) + gh(4 + i));
      return (1 - z) * v + z * Math.tanh(gx(8 + i) + sigmoid(gx(i) + gh(i)) * gh(8 + i)); // Cho et al.
    });
  }
  const f = model.tensors.get('fc.weight')!;
  const logits = Array.from(
    model.tensors.get('fc.bias')!,
    (v, r) => v + h.reduce((sum, x, i) => sum + f[r * 4 + i] * x, 0),
  );
  const found = floatForward(reorderGates(model, 'rZn'), [1, 4, 2]).at(-1)!;
  found.forEach((v, i) => assert.ok(Math.abs(v - logits[i]) < 1e-6, `${v} ${logits[i]}`));
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
  // A model that says the last token again: z is closed, so its state is the token read. In other orders z stays open,
  // and nothing gets in.
  const vocab = 6;
  const width = vocab;
  const tensors = new Map<string, Float32Array>();
  const eye = (scale: number, rows: number, at: number): Float32Array =>
    Float32Array.from({ length: rows * width }, (_, i) => (Math.floor(i / width) === at + (i % width) ? scale : 0));
  tensors.set('embed.weight', eye(3, vocab, 0));
  tensors.set('rnn.weight_ih_l0', eye(3, 3 * width, 2 * width));
  tensors.set('rnn.weight_hh_l0', new Float32Array(3 * width * width));
  tensors.set(
    'rnn.bias_ih_l0',
    new Float32Array(3 * width)
      .fill(8, 0, width)
      .fill(-6, width, 2 * width)
      .fill(-5, 2 * width),
  );
  tensors.set('rnn.bias_hh_l0', new Float32Array(3 * width));
  tensors.set('fc.weight', eye(6, vocab, 0));
  tensors.set('fc.bias', new Float32Array(vocab));
  const model: FloatModel = { config: configOf({ vocab, dim: width }), tensors };
  const documents = Array.from({ length: 4 }, (_, d) => ({ tokens: new Array<number>(50).fill(d + 1), bytes: 20 }));
  assert.equal(tryGates(model, documents, 0).length, 1, 'well as it is');
  for (const order of ['zrn', 'nzr', 'rnz']) {
    const theirs = GATE_ORDERS.find((o) =>
      reorderGates(reorderGates(model, order), o)
        .tensors.get('rnn.bias_ih_l0')!
        .every((v, i) => v === tensors.get('rnn.bias_ih_l0')![i]),
    );
    const [own, best] = tryGates(reorderGates(model, order), documents, 0);
    assert.equal(best?.order, theirs, order);
    assert.ok(best !== undefined && best.bits < own.bits - 0.5);
  }
});
