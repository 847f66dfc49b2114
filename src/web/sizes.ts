/** What a model of some size costs: the figures behind a page's slider. */
import { largestModel, modelledSpeed, type ChipName, type FlashMode } from '../cost/index.js';
import { budget, type ModelConfig } from '../model/index.js';
import { modelConfig, shape, tokenizerBytes, type ModelOptions } from '../run/index.js';
import type { ModelFlags, SizeAsk, SizeChoice, SizeFigures } from './protocol.js';

/** Bytes of flash that a slider runs over: each a good third more than the one before. */
const LIMITS = [
  4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024,
].map((kb) => kb * 1024);
const RAM_BYTES = 64 << 10;
/** Slower than this nobody reads along. */
const LEAST_SPEED = 4;
const VOCAB = 256;

/** Flags of a page as options of the run room, which may change none of them. */
export const optionsOf = (flags: ModelFlags): ModelOptions => flags as ModelOptions;

function figures(config: ModelConfig, tokenizer: number, { chip, flashMode }: SizeAsk): SizeFigures {
  const { parameters, b3Bytes, ramB3 } = budget(config, { tokenizerBytes: tokenizer });
  return {
    model: config,
    words: shape(config),
    parameters,
    flashBytes: b3Bytes,
    ramBytes: ramB3,
    // Matrices are copied to SRAM as the firmware does by default.
    tokensPerSecond: modelledSpeed({ config, chip, flashMode }).tokensPerSecond,
  };
}

/** @throws TinyLMError for sizes that cannot be */
export function sizeFigures(flags: ModelFlags, ask: SizeAsk, vocab?: number): SizeFigures {
  const config = modelConfig(optionsOf(flags), vocab);
  return figures(config, tokenizerBytes(flags, config), ask);
}

export interface ChoicesAsk {
  readonly chip: ChipName;
  readonly flashMode: FlashMode;
  readonly ramBytes?: number;
  readonly leastSpeed?: number;
  readonly vocab?: number;
}

/** The largest model within each limit, one for each shape that there is; ascending. */
export function sizeChoices(ask: ChoicesAsk): SizeChoice[] {
  const { chip, flashMode, ramBytes = RAM_BYTES, leastSpeed = LEAST_SPEED, vocab = VOCAB } = ask;
  const tokenizer = 'bpe';
  const section = tokenizerBytes({ tokenizer }, { vocab });
  const choices: SizeChoice[] = [];
  for (const limit of LIMITS) {
    const found = largestModel({ chip, flashMode, flash: limit, ram: ramBytes, speed: leastSpeed, vocab, tokenizerBytes: section });
    if (found === undefined) continue;
    const { config } = found;
    const flags: ModelFlags = { tokenizer, vocab, dim: config.dim, hidden: config.layers[0].width, layers: config.layers.length, tied: config.tied };
    const choice = { limit, flags, ...figures(config, section, ask) };
    const before = choices.at(-1);
    if (before === undefined || before.flashBytes < choice.flashBytes) choices.push(choice);
  }
  return choices;
}
