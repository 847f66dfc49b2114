/** Modelled tokens a second: instructions and their cycles, plus the lines of flash that the core waits for. */
import { TinyLMError, elementCount, parameterSpecs, validateConfig, type ModelConfig } from '../model/index.js';
import {
  CHIPS,
  INSTRUCTION_CLASSES,
  computeCycles,
  lineCycles,
  totalInstructions,
  type ChipName,
  type ClassNumbers,
  type FlashMode,
  type Isa,
} from './chips.js';
import { flashReads, type FlashReads } from './flash.js';
import { INSTRUCTIONS } from './instructions.js';
import { WORK, tokenWork, type Packing } from './work.js';

/** Instructions of one token. */
export interface TokenCost {
  readonly instructions: number;
  /** by class, for rv32imc */
  readonly classes?: ClassNumbers;
  /** that a token multiplies: those of all matrices, but of an untied embedding, of which it reads one row */
  readonly weights: number;
  readonly perWeight: number;
}

/**
 * Predicted instructions of a token: embedding, cell, output layer and sampling (as by default, top-k 40), with the
 * table kernel.
 * @param tableBudget most bytes of look-up tables; the engine's default {@link TABLE_BUDGET_DEFAULT}
 */
export function tokenCost(config: ModelConfig, packing: Packing, isa: Isa, tableBudget?: number): TokenCost {
  validateConfig(config);
  const work = tokenWork(config, packing, tableBudget);
  const { perWork } = INSTRUCTIONS[isa][packing];
  const sums = perWork.tokens.map((_, c) =>
    WORK.reduce((sum, name) => sum + work[name] * (perWork[name]?.[c] ?? 0), 0),
  );
  const instructions = sums.reduce((a, b) => a + b, 0);
  const weights = parameterSpecs(config)
    .filter(({ uses }) => uses.length > 0)
    .reduce((n, { shape }) => n + elementCount(shape), 0);
  const classes =
    sums.length === 1
      ? undefined
      : (Object.fromEntries(INSTRUCTION_CLASSES.map((name, c) => [name, sums[c]])) as Record<
          keyof ClassNumbers,
          number
        >);
  return { instructions, ...(classes && { classes }), weights, perWeight: instructions / weights };
}

export interface SpeedInput {
  readonly config: ModelConfig;
  readonly packing?: Packing;
  readonly chip: ChipName;
  readonly flashMode?: FlashMode;
  /**
   * Matrices in SRAM: true, as the firmware copies them by default; false, all weights are read from flash; a number,
   * the bytes that copies may take, at most what the chip has.
   */
  readonly copies?: boolean | number;
  /** Instructions of a token as counted, application included, instead of predicted; by class for the ESP32-C3. */
  readonly instructions?: ClassNumbers | number;
  /** Lines of flash a token fetches as counted, instead of replayed. */
  readonly lines?: number;
  readonly tableBudget?: number;
}

export interface ModelledSpeed {
  readonly tokensPerSecond: number;
  /** clock cycles a token in which instructions run */
  readonly cyclesCompute: number;
  /** clock cycles a token in which the core waits for flash; never overlapped with the others */
  readonly cyclesFlash: number;
  readonly bytesFromFlash: number;
  /** bytes of lines that no order of reads could save; 0 when all fits the cache */
  readonly leastBytes: number;
  /** tokens/s if nothing cost time but fetching each needed byte of flash once; Infinity when it all fits the cache */
  readonly flashBoundTokensPerSecond: number;
  /** tokensPerSecond as a part of that bound, 0 … 1; 0 when there is no bound */
  readonly ofFlashBound: number;
  readonly inputs: {
    readonly chip: ChipName;
    readonly clockMhz: number;
    readonly flashMode: FlashMode;
    readonly packing: Packing;
    readonly instructions: number;
    readonly counted: boolean;
    readonly cyclesPerInstruction: number;
    readonly lines: number;
    readonly lineBytes: number;
    readonly cyclesPerLine: number;
    readonly sram: FlashReads['inSram'];
    readonly sramBytes: number;
  };
}

/**
 * What the application executes around the engine for a token: the difference between the direct-boot image, default
 * model, and the prediction (the image is built with -O2, which is some of it). Its mix is taken to be the engine's.
 */
const APPLICATION_INSTRUCTIONS = 3_000;

function withApplication({ instructions, classes }: TokenCost): ClassNumbers | number {
  const factor = 1 + APPLICATION_INSTRUCTIONS / instructions;
  if (!classes) return instructions * factor;
  return Object.fromEntries(INSTRUCTION_CLASSES.map((name) => [name, classes[name] * factor])) as Record<
    keyof ClassNumbers,
    number
  >;
}

/** @throws TinyLMError `model-config`, or `cost-input` for a count that is no count */
export function modelledSpeed({ flashMode = 'qio80', ...input }: SpeedInput): ModelledSpeed {
  return speedsByMode(input, [flashMode])[0];
}

/** The same for several flash modes; which lines are fetched does not depend on them. */
export function speedsByMode(input: Omit<SpeedInput, 'flashMode'>, modes: readonly FlashMode[]): ModelledSpeed[] {
  const { config, packing = 'b3', copies = true, tableBudget } = input;
  validateConfig(config);
  const chip = CHIPS[input.chip];
  const cost = tokenCost(config, packing, chip.isa, tableBudget);
  const counts = input.instructions ?? withApplication(cost);
  const instructions = typeof counts === 'number' ? counts : totalInstructions(counts);
  if (!(instructions > 0) || (input.lines !== undefined && !(input.lines >= 0)))
    throw new TinyLMError(
      'cost-input',
      `${instructions} instructions and ${input.lines} lines a token, expected positive numbers`,
      'give counts of at least one token',
    );
  const room = copies === true ? chip.copyBytes : copies === false ? 0 : Math.min(copies, chip.copyBytes);
  const reads = flashReads(config, packing, chip, room, tableBudget);
  const lines = input.lines ?? reads.lines;
  const cyclesCompute = computeCycles(chip, counts);
  const hertz = chip.clockMhz * 1e6;
  return modes.map((flashMode) => {
    const perLine = lineCycles(chip, flashMode);
    const cyclesFlash = lines * perLine;
    const tokensPerSecond = hertz / (cyclesCompute + cyclesFlash);
    const bound = reads.leastLines === 0 ? Infinity : hertz / (reads.leastLines * perLine);
    return {
      tokensPerSecond,
      cyclesCompute,
      cyclesFlash,
      bytesFromFlash: lines * chip.cache.line,
      leastBytes: reads.leastLines * chip.cache.line,
      flashBoundTokensPerSecond: bound,
      ofFlashBound: Number.isFinite(bound) ? tokensPerSecond / bound : 0,
      inputs: {
        chip: input.chip,
        clockMhz: chip.clockMhz,
        flashMode,
        packing,
        instructions,
        counted: input.instructions !== undefined,
        cyclesPerInstruction: cyclesCompute / instructions,
        lines,
        lineBytes: chip.cache.line,
        cyclesPerLine: perLine,
        sram: reads.inSram,
        sramBytes: reads.copied,
      },
    };
  });
}
