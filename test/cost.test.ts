/** The cost model by itself: flash timing, what moves which way, and the inverse question. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheModel } from '../src/device/chip/index.js';
import {
  CHIPS,
  CHIP_LIST,
  FLASH_MODE_LIST,
  INSTRUCTION_CLASSES,
  flashReads,
  largestModel,
  lineClocks,
  lineCycles,
  modelledRows,
  modelledSpeeds,
  modelledSpeed,
  tokenCost,
  tokenWork,
  totalInstructions,
  type ClassNumbers,
  type Limits,
} from '../src/cost/index.js';
import { totalOf } from '../src/device/chip/index.js';
import { configOf, budget, defaultConfig, parameterCount, type ModelConfig } from '../src/model/index.js';

/** About a million weights. */
const LARGE: ModelConfig = configOf({ vocab: 256, dim: 384, hidden: 384, layers: 1, tied: true });

test('a line of 32 bytes takes opcode, address, wait and data', () => {
  // QIO: 8 + 6 + 6 + 64 clocks; DIO: 8 + 12 + 4 + 128. At 240 MHz these are the cycles of the chips' documentation.
  assert.deepEqual(
    FLASH_MODE_LIST.map((m) => lineClocks(m, 32)),
    [84, 152, 84, 152],
  );
  assert.deepEqual(
    FLASH_MODE_LIST.map((m) => lineCycles(CHIPS.esp32, m)),
    [252, 456, 504, 912],
  );
  assert.deepEqual(
    FLASH_MODE_LIST.map((m) => lineCycles(CHIPS.esp32c3, m)),
    [168, 304, 336, 608],
  );
  assert.equal(lineClocks('qio80', 64), 148);
});

test('the classes are those of the virtual chip', () => {
  const ones = Object.fromEntries(INSTRUCTION_CLASSES.map((c) => [c, 1])) as ClassNumbers;
  assert.equal(totalInstructions(ones), totalOf(ones as Record<keyof ClassNumbers, number>));
});

test('work: tables are built once for what the head and the next step share, and in pieces for each product', () => {
  // b3: 32 columns are 7 groups, 64 are 13; the hidden state's table serves head and recurrence.
  assert.deepEqual(tokenWork(defaultConfig(), 'b3'), {
    bytes: 192 * 13 + 192 * 7 + 256 * 13,
    tails: 192 + 192 * 3 + 256,
    blockRows: 192 + 192 + 256,
    planeRows: 0,
    builds: 4 + 7,
    lookedUp: 32,
    loads: 64,
    units: 64,
    mlgruUnits: 0,
    gluUnits: 0,
    normed: 0,
    norms: 0,
    streamed: 0,
    ngrams: 0,
    cached: 0,
    cacheVocab: 0,
    vocab: 256,
    products: 3,
    tokens: 1,
  });
  // 77 groups of 486 bytes do not fit 32 KB: 64 + 13, anew for each of three products.
  const large = tokenWork(LARGE, 'b3');
  assert.deepEqual([large.builds, large.products, large.loads, large.lookedUp], [3 * (32 + 7), 6, 384, 384]);
  assert.deepEqual(tokenWork(LARGE, 'b3', 65536).products, 3);
});

test('work of two trits and of blocks: planes are look-ups, tables are built once for all of them', () => {
  const one = tokenWork(configOf({ vocab: 256, dim: 32, hidden: 64 }), 'b3');
  const two = tokenWork(configOf({ vocab: 256, dim: 32, hidden: 64, trits: 2 }), 'b3');
  assert.equal(two.bytes, 2 * one.bytes);
  assert.equal(two.builds, one.builds);
  assert.equal(two.planeRows, 192 + 192 + 256);
  const blocks = tokenWork(
    configOf({
      vocab: 256,
      dim: 40,
      ngrams: [{ order: 2, rows: 4096, width: 8 }],
      layers: [
        { kind: 'mlgru', width: 64 },
        { kind: 'glu', width: 96 },
      ],
    }),
    'b3',
  );
  // The stream is 48 wide: normed before each block and before the head, and what the GLU's gate leaves.
  assert.deepEqual([blocks.normed, blocks.norms, blocks.streamed], [48 * 3 + 96, 4, 96]);
  assert.deepEqual(
    [blocks.mlgruUnits, blocks.gluUnits, blocks.units, blocks.lookedUp, blocks.ngrams],
    [64, 96, 0, 48, 1],
  );
  assert.equal(blocks.bytes, 3 * 64 * 10 + 48 * 13 + 2 * 96 * 10 + 48 * 20 + 256 * 10);
});

test('a model that fits the cache fetches next to nothing; a large one at least each of its lines', () => {
  const small = flashReads(defaultConfig(), 'b3', CHIPS.esp32, 0);
  assert.ok(small.lines < 20, `${small.lines} lines`);
  assert.equal(small.leastLines, 0);
  for (const chip of CHIP_LIST) {
    const { lines, leastLines, needed } = flashReads(LARGE, 'b3', CHIPS[chip], 0);
    assert.ok(needed > 190_000 && needed < 210_000);
    assert.ok(lines > leastLines, `${chip}: ${lines} lines, at least ${leastLines}`);
  }
});

test('matrices go to SRAM while they fit, the largest first', () => {
  const bytes = (rows: number, cols: number): number => rows * Math.ceil(cols / 5);
  const all = flashReads(defaultConfig(), 'b3', CHIPS.esp32c3, 1e6);
  assert.deepEqual(all.inSram, ['fc.weight', 'rnn.weight_hh_l0', 'rnn.weight_ih_l0']);
  assert.equal(all.copied, bytes(192, 32) + bytes(192, 64) + bytes(256, 64));
  assert.deepEqual(flashReads(defaultConfig(), 'b3', CHIPS.esp32c3, 5000).inSram, ['fc.weight', 'rnn.weight_ih_l0']);
  assert.deepEqual(
    flashReads(LARGE, 'b3', CHIPS.esp32s3, 20_000).inSram,
    ['embed.weight'],
    'tied: it is the output layer too',
  );
});

test('speed: slower flash, fewer copies, larger models are slower; bounds are above; counts override', () => {
  for (const chip of CHIP_LIST) {
    const speeds = FLASH_MODE_LIST.map((flashMode) => modelledSpeed({ config: LARGE, chip, flashMode, copies: false }));
    for (const { tokensPerSecond, flashBoundTokensPerSecond, ofFlashBound, cyclesCompute, cyclesFlash } of speeds) {
      assert.ok(tokensPerSecond < flashBoundTokensPerSecond && ofFlashBound > 0 && ofFlashBound < 1);
      assert.equal(tokensPerSecond, (CHIPS[chip].clockMhz * 1e6) / (cyclesCompute + cyclesFlash));
    }
    const rates = speeds.map((s) => s.tokensPerSecond);
    assert.deepEqual(
      rates,
      [...rates].sort((a, b) => b - a),
      'qio80, dio80, qio40, dio40',
    );
    assert.ok(modelledSpeed({ config: LARGE, chip }).tokensPerSecond > rates[0]);
    assert.equal(modelledSpeed({ config: defaultConfig(), chip: 'esp32' }).flashBoundTokensPerSecond, Infinity);
  }
  const { classes } = tokenCost(defaultConfig(), 'b3', 'rv32imc');
  const counted = modelledSpeed({ config: defaultConfig(), chip: 'esp32c3', instructions: classes, lines: 0 });
  assert.equal(counted.inputs.counted, true);
  assert.equal(counted.cyclesFlash, 0);
  assert.throws(() => modelledSpeed({ config: defaultConfig(), chip: 'esp32', instructions: 0 }), {
    code: 'cost-input',
  });
  assert.throws(() => modelledSpeed({ config: configOf({ vocab: 256, dim: 32, hidden: 0 }), chip: 'esp32' }), {
    code: 'model-config',
  });
});

test('the table has a row for each chip and a column for each mode', () => {
  const rows = modelledRows(modelledSpeeds({ config: defaultConfig() }));
  assert.deepEqual(
    rows.map((r) => r.length),
    [9, 9, 9, 9],
  );
  assert.match(rows[3].join(' '), /ESP32-C3 160 /);
  const classes = tokenCost(defaultConfig(), 'b3', 'rv32imc').classes!;
  const own = modelledRows(
    modelledSpeeds({
      config: defaultConfig(),
      chips: ['esp32c3'],
      counted: { chip: 'esp32c3', classes, lines: 100 },
    }),
  );
  assert.match(own[1].join(' | '), /counted \| \d\.\d\d \| 100 of 32 B/);
});

test('the largest model is within its limits, and a larger one of the same kind is not', () => {
  const limits: Limits = { chip: 'esp32c3', flash: 1 << 20, ram: 65536, speed: 100 };
  const found = largestModel(limits)!;
  const { config, tableBudget, engineBytes, flashBytes, copiedBytes, modelled } = found;
  const cost = budget(config, { tableBudget });
  assert.deepEqual([found.parameters, flashBytes, engineBytes], [parameterCount(config), cost.b3Bytes, cost.ramB3]);
  assert.ok(
    flashBytes <= limits.flash && engineBytes + copiedBytes <= limits.ram && modelled.tokensPerSecond >= limits.speed,
  );
  {
    const [{ width: hidden }] = config.layers;
    const larger = configOf({ vocab: config.vocab, dim: config.dim * (1 + 4 / hidden), hidden: hidden + 4 });
    const speed = modelledSpeed({ config: larger, chip: 'esp32c3', copies: limits.ram - budget(larger).ramB3 });
    assert.ok(
      speed.tokensPerSecond < limits.speed,
      `${speed.tokensPerSecond} tokens/s at hidden ${larger.layers[0].width}`,
    );
  }
  // Each limit in turn is the one that binds.
  const smaller = (change: Partial<Limits>): number => largestModel({ ...limits, ...change })!.parameters;
  for (const change of [{ flash: 40_000 }, { ram: 10_000 }, { speed: 300 }, { flashMode: 'dio40' as const }])
    assert.ok(smaller(change) < found.parameters, JSON.stringify(change));
  assert.ok(largestModel({ ...limits, ram: 6000 })!.tableBudget < 16384, 'smaller tables where memory is short');
  assert.equal(largestModel({ ...limits, speed: 1e6 }), undefined);
  assert.equal(largestModel({ ...limits, flash: 500 }), undefined);
});

test('the cache of the C3 is the one of the virtual chip', () => {
  const { bytes, line, ways } = CHIPS.esp32c3.cache;
  assert.deepEqual(new CacheModel().shape, { bytes, line, ways });
});
