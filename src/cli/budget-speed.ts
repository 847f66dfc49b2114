/** What `tinylm budget` says of speed: modelled tokens/s by chip and flash mode, and the largest model for a speed. */
import {
  CHIPS,
  CHIP_LIST,
  FLASH_MODES,
  FLASH_MODE_LIST,
  largestModel,
  modelledSpeeds,
  type ChipName,
  type FlashMode,
  type Largest,
  type ModelledRow,
} from '../cost/index.js';
import type { ModelConfig } from '../model/index.js';
import { shapeOptions } from '../run/shape.js';
import { table } from './terminal.js';
import { bytesText, count } from './values.js';

export const CHIP_CHOICES: readonly ChipName[] = CHIP_LIST;
export const FLASH_MODE_CHOICES: readonly FlashMode[] = FLASH_MODE_LIST;

/** What `--largest` takes for granted when nothing else is said. */
export const LARGEST_DEFAULTS = { flash: 1 << 20, ram: 64 << 10, speed: 50 } as const;

const rate = (n: number): string => (n >= 100 ? count(n) : n.toFixed(1));

/** Speeds of a model on the chips asked for; matrices are copied to SRAM as the firmware does by default. */
export function speedsOf(config: ModelConfig, chip?: ChipName, flashMode?: FlashMode): ModelledRow[] {
  return modelledSpeeds({
    config,
    chips: chip ? [chip] : CHIP_LIST,
    flashModes: flashMode ? [flashMode] : FLASH_MODE_LIST,
  });
}

/** A table of speeds; of a single chip, every input of the model too. */
export function speedText(rows: readonly ModelledRow[]): string {
  const [{ speeds }] = rows;
  const cells = table([
    ['modelled tokens/s', ...speeds.map(({ inputs }) => FLASH_MODES[inputs.flashMode].title)],
    ...rows.map((row) => [row.title, ...row.speeds.map((s) => rate(s.tokensPerSecond))]),
  ]);
  return rows.length === 1 ? `${cells}\n${inputsText(rows[0])}` : cells;
}

/** What went into the speeds of one chip. */
function inputsText({ chip, speeds }: ModelledRow): string {
  const { inputs, bytesFromFlash } = speeds[0];
  const facts = CHIPS[chip];
  const perLine = speeds.map((s) => `${count(s.inputs.cyclesPerLine)} (${FLASH_MODES[s.inputs.flashMode].title})`);
  const bounds = speeds.filter((s) => Number.isFinite(s.flashBoundTokensPerSecond));
  return table(
    [
      ['instructions a token', `${count(inputs.instructions)} (${facts.isa}, fitted to counts under QEMU)`],
      [
        'cycles an instruction',
        `${inputs.cyclesPerInstruction.toFixed(2)} at ${inputs.clockMhz} MHz; ${facts.cyclesFrom}`,
      ],
      ['flash lines a token', `${count(inputs.lines)} of ${inputs.lineBytes} bytes, ${bytesText(bytesFromFlash)}`],
      ['cycles a line', perLine.join(', ')],
      [
        'matrices in SRAM',
        inputs.sram.length === 0
          ? 'none fits'
          : `${inputs.sram.join(', ')}: ${bytesText(inputs.sramBytes)} (room: ${facts.copyFrom})`,
      ],
      [
        'flash bound',
        bounds.length === 0
          ? 'none, the rest fits the cache'
          : bounds
              .map(
                (s) => `${rate(s.flashBoundTokensPerSecond)} tokens/s, ${Math.round(100 * s.ofFlashBound)} % reached`,
              )
              .join('; '),
      ],
    ],
    [0, 1],
  );
}

export interface LargestAsked {
  readonly chip?: ChipName;
  readonly flashMode?: FlashMode;
  readonly flash?: number;
  readonly ram?: number;
  readonly speed?: number;
  readonly vocab: number;
  readonly tokenizerBytes: number;
}

export interface LargestAnswer {
  readonly chip: ChipName;
  readonly flashMode: FlashMode;
  readonly flash: number;
  readonly ram: number;
  readonly speed: number;
  readonly found: Largest | null;
}

/** The largest model for each chip asked for. */
export function largestOf({ chip, flashMode = 'qio80', ...asked }: LargestAsked): LargestAnswer[] {
  const { flash, ram, speed, vocab, tokenizerBytes } = { ...LARGEST_DEFAULTS, ...asked };
  return (chip ? [chip] : CHIP_LIST).map((name) => ({
    chip: name,
    flashMode,
    flash,
    ram,
    speed,
    found: largestModel({ chip: name, flashMode, flash, ram, speed, vocab, tokenizerBytes }) ?? null,
  }));
}

/** Limits each of which, if it alone were lifted, would leave a model. */
export function tooTight(
  { found: _, ...limits }: LargestAnswer,
  tokens: Pick<LargestAsked, 'vocab' | 'tokenizerBytes'>,
): string[] {
  const lifted = { flash: { flash: Infinity }, RAM: { ram: Infinity }, speed: { speed: 0.1 } } as const;
  return Object.entries(lifted)
    .filter(([, lift]) => largestModel({ ...limits, ...tokens, ...lift }) !== undefined)
    .map(([name]) => name);
}

export function largestText(answers: readonly LargestAnswer[]): string {
  const { flash, ram, speed, flashMode } = answers[0];
  const head =
    `largest model for ${bytesText(flash)} of flash, ${bytesText(ram)} of RAM, ` +
    `${count(speed)} modelled tokens/s at ${FLASH_MODES[flashMode].title}:`;
  const cells = answers.map(({ chip, found }) => {
    const { title } = CHIPS[chip];
    if (!found) return [title, 'none', '', '', '', ''];
    const { config, parameters, flashBytes, engineBytes, copiedBytes, modelled } = found;
    return [
      title,
      shapeOptions(config),
      count(parameters),
      count(flashBytes),
      copiedBytes > 0 ? `${count(engineBytes)} + ${count(copiedBytes)}` : count(engineBytes),
      rate(modelled.tokensPerSecond),
    ];
  });
  return `${head}\n${table(
    [['chip', 'sizes', 'parameters', '.tlm bytes', 'RAM: engine + copies', 'modelled tokens/s'], ...cells],
    [0, 1],
  )}`;
}

/** The command that trains a model of these sizes, to be copied: one for each chip whose largest is another. */
export function trainLines(answers: readonly LargestAnswer[]): string {
  const lines = answers.flatMap(({ chip, found }) => {
    if (!found) return [];
    return [{ title: CHIPS[chip].title, line: `  tinylm train my-text.txt ${shapeOptions(found.config)}` }];
  });
  const each = [...new Set(lines.map(({ line }) => line))].map((line) => {
    const chips = lines.filter((l) => l.line === line).map((l) => l.title);
    return `To train it for ${chips.join(' or ')}:\n${line}`;
  });
  return each.join('\n');
}
