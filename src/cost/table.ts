/** Modelled tokens/s of one model on every chip, as rows of text. */
import type { ModelConfig } from '../model/index.js';
import {
  CHIPS,
  CHIP_LIST,
  FLASH_MODES,
  FLASH_MODE_LIST,
  type ChipName,
  type ClassNumbers,
  type FlashMode,
} from './chips.js';
import { speedsByMode, type ModelledSpeed } from './speed.js';
import type { Packing } from './work.js';

/** Exact counts of a run on a virtual chip, a token on average. */
export interface ChipCounts {
  readonly chip: ChipName;
  readonly classes: ClassNumbers;
  /** lines of flash filled a token, code and data; predicted when left out */
  readonly lines?: number;
}

export interface TableInput {
  readonly config: ModelConfig;
  readonly packing?: Packing;
  readonly chips?: readonly ChipName[];
  readonly flashModes?: readonly FlashMode[];
  /** Counts that stand in for the prediction on their chip. */
  readonly counted?: ChipCounts;
  /** as in SpeedInput; on the chip of `counted` it only matters where lines were not counted */
  readonly copies?: boolean | number;
}

export interface ModelledRow {
  readonly chip: ChipName;
  readonly title: string;
  /** in the order of flashModes */
  readonly speeds: readonly ModelledSpeed[];
}

/** Speeds of a model by chip and flash mode. */
export function modelledSpeeds({
  config,
  packing,
  chips = CHIP_LIST,
  flashModes = FLASH_MODE_LIST,
  counted,
  copies,
}: TableInput): ModelledRow[] {
  return chips.map((chip) => ({
    chip,
    title: CHIPS[chip].title,
    speeds: speedsByMode(
      {
        config,
        packing,
        chip,
        copies,
        ...(counted?.chip === chip && { instructions: counted.classes, lines: counted.lines }),
      },
      flashModes,
    ),
  }));
}

const figure = (n: number): string => (n >= 100 ? Math.round(n).toLocaleString('en-US') : n.toFixed(1));

/**
 * A table of cells, the first row being its head: chip, instructions a token (counted or predicted), cycles each, lines
 * of flash, then modelled tokens/s by flash mode. Print it under a line that says "modelled".
 */
export function modelledRows(rows: readonly ModelledRow[]): string[][] {
  const head = [
    'chip',
    'MHz',
    'instructions a token',
    'cycles each',
    'lines a token',
    ...rows[0].speeds.map(({ inputs }) => FLASH_MODES[inputs.flashMode].title),
  ];
  return [
    head,
    ...rows.map(({ title, speeds }) => {
      const { inputs } = speeds[0];
      return [
        title,
        String(inputs.clockMhz),
        `${figure(inputs.instructions)}${inputs.counted ? ' counted' : ''}`,
        inputs.cyclesPerInstruction.toFixed(2),
        `${figure(inputs.lines)} of ${inputs.lineBytes} B`,
        ...speeds.map(({ tokensPerSecond }) => figure(tokensPerSecond)),
      ];
    }),
  ];
}
