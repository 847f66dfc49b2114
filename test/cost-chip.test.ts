/**
 * The cost model against the virtual ESP32-C3, which runs the direct-boot image: exact instructions by class, and the
 * lines that its cache model fills, against the prediction from the sizes alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOnC3, directBootImage } from '../bench/c3-count.js';
import { FLASH_MODE_LIST, modelledSpeed, totalInstructions, type Packing } from '../src/cost/index.js';
import { writeTlm } from '../src/format/index.js';
import { configOf, budget, defaultConfig, type ModelConfig } from '../src/model/index.js';
import { quantizeModel } from '../src/quantize/index.js';
import { byteTable } from '../src/tokenizer/index.js';
import { toolsFor } from './firmware-support.js';
import { livelyModel } from './helpers/tiny-models.js';
import { toolsOf } from '../scripts/debian.js';

/** Relative errors. A small model just fits the cache, where single lines decide: there only cycles are compared. */
const INSTRUCTIONS = 0.03;
const LINES = 0.05;
const SPEED = 0.07;
/** FW_ENGINE_BYTES of the direct-boot image: with larger models the tables are smaller. */
const ENGINE_BYTES = 18432;

const CASES: readonly {
  readonly config: ModelConfig;
  readonly packing: Packing;
  readonly tokens: readonly [number, number];
}[] = [
  { config: defaultConfig(), packing: 'b3', tokens: [4, 20] },
  { config: configOf({ vocab: 256, dim: 64, hidden: 128 }), packing: 't2', tokens: [4, 12] },
  { config: configOf({ vocab: 256, dim: 384, tied: true }), packing: 'b3', tokens: [2, 6] },
];

for (const { config, packing, tokens } of CASES) {
  test(`${config.vocab} × ${config.dim} × ${config.layers[0].width} ${packing}: modelled, and run on the virtual C3`, (t) => {
    if (!toolsFor(t, toolsOf('riscv64-unknown-elf-gcc', 'make'))) return;
    let tableBudget = 16384;
    const memory = (): number => budget(config, { tableBudget })[packing === 'b3' ? 'ramB3' : 'ramT2'];
    while (memory() > ENGINE_BYTES) tableBudget -= 512;
    const tlm = writeTlm({ model: quantizeModel(livelyModel(config, 1)).model, tokenizer: byteTable(), packing });
    const ran = countOnC3(directBootImage(), tlm, tokens);
    const lines = ran.dataLines + ran.fetchLines;
    assert.equal(ran.info['engine'], memory(), 'the engine has the tables that were assumed');
    const close = (what: string, modelled: number, counted: number, most: number): void => {
      const error = modelled / counted - 1;
      t.diagnostic(
        `${what}: modelled ${modelled.toFixed(1)}, counted ${counted.toFixed(1)} (${(100 * error).toFixed(2)} %)`,
      );
      assert.ok(Math.abs(error) <= most, `${what}: ${modelled} modelled, ${counted} counted`);
    };
    for (const flashMode of FLASH_MODE_LIST) {
      const input = { config, packing, chip: 'esp32c3', flashMode, copies: false, tableBudget } as const;
      const modelled = modelledSpeed(input);
      const counted = modelledSpeed({ ...input, instructions: ran.classes, lines });
      if (flashMode === 'qio80') {
        close('instructions', modelled.inputs.instructions, totalInstructions(ran.classes), INSTRUCTIONS);
        if (lines > 500) close('lines', modelled.inputs.lines, lines, LINES);
        else t.diagnostic(`lines: modelled ${modelled.inputs.lines}, counted ${lines}`);
      }
      close(`tokens/s at ${flashMode}`, modelled.tokensPerSecond, counted.tokensPerSecond, SPEED);
    }
  });
}
