/** The budget's RAM is what the engine asks for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from './helpers/fast-check.js';
import { Engine } from '../src/engine/index.js';
import { writeTlm, type Packing } from '../src/format/index.js';
import { configOf, budget, defaultConfig, type ModelConfig } from '../src/model/index.js';
import { quantizeModel } from '../src/quantize/index.js';
import { byteTable, type TokenizerTable } from '../src/tokenizer/index.js';
import { readWasm } from '../src/node/assets.js';
import { livelyModel, tinyModels } from './helpers/tiny-models.js';

const wasm = new WebAssembly.Module(readWasm('engine'));

function check(config: ModelConfig, tokenizer: TokenizerTable, packing: Packing, tableBudget: number): void {
  const tlm = writeTlm({ model: quantizeModel(livelyModel(config, 1)).model, tokenizer, packing });
  const sizes = budget(config, { tableBudget });
  const shown = JSON.stringify({ ...config, packing, tableBudget });
  const table = Engine.loadSync(wasm, tlm, { tableBudget });
  assert.equal(packing === 't2' ? sizes.ramT2 : sizes.ramB3, table.memoryBytes, shown);
  assert.equal(sizes.ramReference, Engine.loadSync(wasm, tlm, { kernel: 'reference' }).memoryBytes, shown);
}

test('RAM of any configuration, table budget and kernel is that of the engine', () => {
  const packings = fc.constantFrom<Packing>('t2', 'b3');
  const budgets = fc.constantFrom(0, 512, 1000, 4099, 32768);
  fc.assert(
    fc.property(tinyModels, packings, budgets, ({ model, tokenizer }, packing, bytes) => {
      check(model.config, tokenizer, packing, bytes);
    }),
    { numRuns: 40 },
  );
  check(defaultConfig(), byteTable(), 'b3', 0);
  for (const packing of ['t2', 'b3'] as const) {
    // Rows wider than the table budget, several layers.
    check(configOf({ vocab: 256, dim: 700, hidden: 200, layers: 3, tied: false }), byteTable(), packing, 0);
    check(configOf({ vocab: 256, dim: 100, hidden: 100, layers: 6, tied: true }), byteTable(), packing, 65536);
  }
});
