/**
 * What models cost on the chips: flash, RAM, instructions (exact, under emulation), and tokens/s as modelled by
 * src/cost. Needs Debian's cross compilers and QEMU.
 */
import { countTotal } from '../scripts/fit-cost.js';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CHIPS,
  CHIP_LIST,
  FLASH_MODE_LIST,
  INSTRUCTION_CLASSES,
  lineCycles,
  modelledSpeed,
  tokenCost,
  totalInstructions,
  type ChipName,
  type FlashMode,
  type Isa,
  type Packing,
} from '../src/cost/index.js';
import { INSTRUCTIONS } from '../src/cost/instructions.js';
import { largestOf, type LargestAnswer } from '../src/cli/budget-speed.js';
import { writeTlm } from '../src/format/index.js';
import {
  stateWidths,
  configOf,
  TABLE_BUDGET_DEFAULT,
  budget,
  defaultConfig,
  initModel,
  parameterCount,
  type ModelConfig,
} from '../src/model/index.js';

import { quantizeModel } from '../src/quantize/index.js';
import { byteTable } from '../src/tokenizer/index.js';
import { buildBarePort } from '../scripts/bare-ports.js';
import { emulated } from '../scripts/emulators.js';
import { countOnC3, directBootImage, type C3Count } from './c3-count.js';
import { circumstances, type Circumstances } from './measure.js';
import { packagesOf } from '../scripts/debian.js';

const NEEDED = [
  'riscv64-unknown-elf-gcc',
  'xtensa-lx106-elf-gcc',
  'make',
  'qemu-system-riscv32',
  'qemu-system-xtensa',
] as const;
const PACKINGS = ['b3', 't2'] as const;
const ISAS = ['rv32imc', 'lx106'] as const;
/** FW_ENGINE_BYTES of the images without an operating system. */
const BARE_ENGINE_BYTES = 18432;

const blocks = (width: number, inner: number): ModelConfig['layers'] =>
  [1, 2].flatMap(
    () =>
      [
        { kind: 'mlgru', width },
        { kind: 'glu', width: inner },
      ] as const,
  );
/** A megabyte, of which a token reads two rows. */
const TABLES: ModelConfig['ngrams'] = [
  { order: 2, rows: 32768, width: 48 },
  { order: 3, rows: 65536, width: 48 },
];

/** The default, its like of two trits, one three times as large, about a million weights in GRUs and in blocks, a megabyte of tables. */
const MODELS: readonly { readonly name: string; readonly config: ModelConfig }[] = [
  { name: 'default', config: defaultConfig() },
  { name: '2 trits', config: configOf({ ...defaultConfig(), trits: 2 }) },
  { name: '124 k', config: configOf({ vocab: 256, dim: 64, hidden: 128 }) },
  { name: '1 M', config: configOf({ vocab: 256, dim: 280, layers: 2, tied: true }) },
  { name: '1 M, wide', config: configOf({ vocab: 256, dim: 384, tied: true }) },
  { name: 'blocks', config: configOf({ vocab: 256, dim: 192, tied: true, trits: 2, layers: blocks(192, 384) }) },
  { name: 'n-grams', config: configOf({ vocab: 256, dim: 32, hidden: 96, ngrams: TABLES }) },
];
/** What `tinylm budget --largest` is asked for the budget table. */
interface Question {
  readonly flash: number;
  readonly ram: number;
  readonly speed: number;
  readonly flashMode: FlashMode;
}
const QUESTIONS: readonly Question[] = [
  { flash: 16 << 10, ram: 16 << 10, speed: 1000, flashMode: 'qio80' },
  { flash: 64 << 10, ram: 32 << 10, speed: 500, flashMode: 'qio80' },
  { flash: 256 << 10, ram: 64 << 10, speed: 100, flashMode: 'qio80' },
  { flash: 1 << 20, ram: 64 << 10, speed: 50, flashMode: 'qio80' },
  { flash: 1 << 20, ram: 64 << 10, speed: 50, flashMode: 'dio40' },
  { flash: 1 << 20, ram: 128 << 10, speed: 20, flashMode: 'qio80' },
];

export interface ChipSpeed {
  readonly chip: ChipName;
  /** by flash mode, in the order of FLASH_MODE_LIST; matrices in SRAM as the firmware copies them, and all in flash */
  readonly withCopies: readonly number[];
  readonly streamed: readonly number[];
  /** bytes in SRAM, bytes from flash a token with and without copies */
  readonly copied: number;
  readonly bytes: number;
  readonly bytesStreamed: number;
  /** of bytesStreamed, what no order of reads could save */
  readonly leastBytes: number;
  /** of the streamed model: bound by flash mode (null: it fits the cache), and instructions' own bound */
  readonly bounds: readonly (number | null)[];
  readonly computeBound: number;
  readonly cyclesPerInstruction: number;
}

export interface ChipModel {
  readonly name: string;
  readonly config: ModelConfig;
  readonly parameters: number;
  readonly weights: number;
  readonly bytes: Readonly<Record<Packing, number>>;
  /** engine memory with the default budget of tables */
  readonly engineBytes: Readonly<Record<Packing, number>>;
  /** hidden state alone */
  readonly stateBytes: number;
  /** instructions a token of the engine, counted under QEMU */
  readonly instructions: Readonly<Record<Isa, Readonly<Record<Packing, number>>>>;
  /** run on the virtual ESP32-C3, application included; tables may be smaller, to fit 32 KB of RAM */
  readonly c3: {
    readonly instructions: number;
    readonly modelled: number;
    readonly lines: number;
    readonly modelledLines: number;
    readonly tableBudget: number;
  };
  readonly speeds: readonly ChipSpeed[];
}

/** RAM of the whole application without an operating system, as it says itself under emulation. */
export interface AppRam {
  readonly machine: string;
  readonly ram: number;
  readonly app: number;
  readonly engineLimit: number;
  readonly stack: number;
  readonly stackUsed: number;
}

export interface ChipsResults {
  readonly circumstances: Circumstances;
  readonly compilers: readonly string[];
  /** largest relative error of the fitted instructions */
  readonly fitError: number;
  readonly models: readonly ChipModel[];
  readonly ram: readonly AppRam[];
  readonly inputs: readonly {
    readonly chip: ChipName;
    readonly clockMhz: number;
    readonly cycles: string;
    readonly cache: string;
    readonly sram: string;
    readonly perLine: readonly number[];
  }[];
  readonly budget: readonly LargestAnswer[];
}

const tlmOf = (config: ModelConfig, packing: Packing): Uint8Array => {
  const tokenizer = byteTable();
  return writeTlm({ model: quantizeModel(initModel(config, 1), { eod: tokenizer.eod }).model, tokenizer, packing });
};

function onC3(image: Uint8Array, config: ModelConfig): { count: C3Count; c3: ChipModel['c3'] } {
  let tableBudget = TABLE_BUDGET_DEFAULT;
  while (budget(config, { tableBudget }).ramB3 > BARE_ENGINE_BYTES) tableBudget -= 512;
  const count = countOnC3(image, tlmOf(config, 'b3'), [4, 12]);
  const modelled = modelledSpeed({ config, chip: 'esp32c3', copies: false, tableBudget }).inputs;
  return {
    count,
    c3: {
      instructions: totalInstructions(count.classes),
      modelled: modelled.instructions,
      lines: count.dataLines + count.fetchLines,
      modelledLines: modelled.lines,
      tableBudget,
    },
  };
}

function speeds(config: ModelConfig): ChipSpeed[] {
  return CHIP_LIST.map((chip) => {
    const of = (copies: boolean) =>
      FLASH_MODE_LIST.map((flashMode) => modelledSpeed({ config, chip, flashMode, copies }));
    const [withCopies, streamed] = [of(true), of(false)];
    return {
      chip,
      withCopies: withCopies.map((s) => s.tokensPerSecond),
      streamed: streamed.map((s) => s.tokensPerSecond),
      copied: withCopies[0].inputs.sramBytes,
      bytes: withCopies[0].bytesFromFlash,
      bytesStreamed: streamed[0].bytesFromFlash,
      leastBytes: streamed[0].leastBytes,
      bounds: streamed.map((s) => (Number.isFinite(s.flashBoundTokensPerSecond) ? s.flashBoundTokensPerSecond : null)),
      computeBound: (CHIPS[chip].clockMhz * 1e6) / streamed[0].cyclesCompute,
      cyclesPerInstruction: streamed[0].inputs.cyclesPerInstruction,
    };
  });
}

/** What /info says under QEMU. */
function ramUnderQemu(isa: Isa, tlm: string): Promise<AppRam> {
  const program = buildBarePort(isa === 'rv32imc' ? 'qemu-riscv' : 'qemu-xtensa');
  const [machine, args] = emulated(isa, program, tlm);
  return new Promise((resolve, reject) => {
    const child = spawn(machine, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 60_000 });
    const turns: readonly (readonly [string, RegExp])[] = [
      ['/bench 8\n', /\[8 tokens/],
      ['/info\n', /"device":\{[^}]*\}\}/],
    ];
    let said = '';
    let turn = 0;
    child.stdin.write(turns[0][0]);
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (turn >= turns.length || !turns[turn][1].test(said)) return;
      turn++;
      if (turn < turns.length) said = '';
      child.stdin.write(turn < turns.length ? turns[turn][0] : '/restart\n');
    });
    child.on('error', reject);
    child.on('exit', () => {
      if (turn < turns.length) return reject(new Error(`${machine} said ${said}`));
      const info = JSON.parse(said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1)) as Record<
        'device' | 'ram',
        Record<string, number>
      >;
      resolve(appRam(`QEMU ${isa}`, { ...info.device, ...info.ram }));
    });
  });
}

const appRam = (machine: string, info: Readonly<Record<string, number>>): AppRam => ({
  machine,
  ram: info['ram_bytes'],
  app: info['app'],
  engineLimit: info['engine_limit'],
  stack: info['stack_bytes'],
  stackUsed: info['stack_bytes'] - info['stack_free_min'],
});

/** The answers of `tinylm budget --largest`. */
export const budgetTable = (): LargestAnswer[] =>
  QUESTIONS.flatMap((question) => largestOf({ ...question, vocab: 256, tokenizerBytes: 8 }));

/** @throws Error naming the Debian packages, when a compiler or emulator is missing */
export async function benchChips(say: (line: string) => void): Promise<ChipsResults> {
  const absent = NEEDED.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (absent.length > 0) {
    throw new Error(`${absent.join(', ')} not found; on Debian: apt-get install ${packagesOf(...absent)}`);
  }
  const image = directBootImage();
  const ram: AppRam[] = [];
  const models: ChipModel[] = [];
  for (const { name, config } of MODELS) {
    say(`chips: ${name}`);
    const cost = budget(config);
    const { count, c3 } = onC3(image, config);
    if (models.length === 0) {
      ram.push(appRam('virtual ESP32-C3', count.info));
      const folder = mkdtempSync(join(tmpdir(), 'tinylm-chips-'));
      try {
        const file = join(folder, 'model.tlm');
        writeFileSync(file, tlmOf(config, 'b3'));
        for (const isa of ISAS) ram.push(await ramUnderQemu(isa, file));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    const each = <K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> =>
      Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
    models.push({
      name,
      config,
      parameters: parameterCount(config),
      weights: tokenCost(config, 'b3', 'rv32imc').weights,
      bytes: { b3: cost.b3Bytes, t2: cost.t2Bytes },
      engineBytes: { b3: cost.ramB3, t2: cost.ramT2 },
      stateBytes: 2 * stateWidths(config).reduce((a, b) => a + b, 0),
      instructions: each(ISAS, (isa) => each(PACKINGS, (packing) => countTotal(isa, config, packing))),
      c3,
      speeds: speeds(config),
    });
  }
  return {
    circumstances: circumstances('npm run bench -- chips'),
    compilers: ISAS.map((isa) => INSTRUCTIONS[isa].compiler),
    fitError: Math.max(...ISAS.flatMap((isa) => PACKINGS.map((packing) => INSTRUCTIONS[isa][packing].worst))),
    models,
    ram,
    inputs: CHIP_LIST.map((chip) => {
      const { clockMhz, cyclesFrom, cache, copyFrom, copyBytes, cycles } = CHIPS[chip];
      return {
        chip,
        clockMhz,
        cycles:
          typeof cycles === 'number'
            ? `${cycles.toFixed(2)} ${cyclesFrom}`
            : `${cyclesFrom}: ${INSTRUCTION_CLASSES.map((c) => `${c} ${cycles[c]}`).join(', ')}`,
        cache:
          `${cache.bytes / 1024} KB, ${cache.ways} ways, ${cache.line}-byte lines` + (cache.code ? ', code too' : ''),
        sram: `${(copyBytes / 1024).toFixed(0)} KB: ${copyFrom}`,
        perLine: FLASH_MODE_LIST.map((mode) => lineCycles(CHIPS[chip], mode)),
      };
    }),
    budget: budgetTable(),
  };
}
