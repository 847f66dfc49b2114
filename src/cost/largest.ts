/** The inverse: the largest model that some flash, some RAM and some speed allow. */
import {
  TABLE_BUDGET_DEFAULT,
  budget,
  configOf,
  defaultConfig,
  parameterCount,
  type Budget,
  type ModelConfig,
} from '../model/index.js';
import { CHIPS, computeCycles, lineCycles, type ChipName, type FlashMode } from './chips.js';
import { modelledSpeed, tokenCost, type ModelledSpeed } from './speed.js';
import type { Packing } from './work.js';

export interface Limits {
  readonly chip: ChipName;
  readonly flashMode?: FlashMode;
  /** most bytes of the `.tlm` */
  readonly flash: number;
  /** most bytes for the engine and for copies of matrices in SRAM together */
  readonly ram: number;
  /** least modelled tokens a second */
  readonly speed: number;
  readonly packing?: Packing;
  /** tokens; 256 */
  readonly vocab?: number;
  /** bytes of the tokenizer section; 0, a byte tokenizer, by default */
  readonly tokenizerBytes?: number;
}

export interface Largest {
  readonly config: ModelConfig;
  readonly parameters: number;
  readonly flashBytes: number;
  /** memory of the engine, and what of the RAM is left for copies of matrices and used for it */
  readonly engineBytes: number;
  readonly copiedBytes: number;
  /** most bytes of look-up tables that the engine has to be given to stay within the RAM */
  readonly tableBudget: number;
  readonly modelled: ModelledSpeed;
}

/** The steps in which the firmware goes below the default budget when memory is short. */
const TABLE_STEP = 512;
const HIDDEN_MAX = 1024;
/** Widths of the embedding for a hidden state, untied: the default is a half. */
const RATIOS = [0.25, 0.5, 1] as const;

/** One layer, untied and with a cache as the default model, hidden sizes in steps of 4; the largest first. */
function shapes(vocab: number): ModelConfig[] {
  const all: ModelConfig[] = [];
  for (let hidden = 4; hidden <= HIDDEN_MAX; hidden += 4)
    for (const ratio of RATIOS)
      all.push(configOf({ vocab, dim: hidden * ratio, hidden, cache: defaultConfig().cache }));
  const size = new Map(all.map((c) => [c, parameterCount(c)]));
  return all.sort((a, b) => size.get(b)! - size.get(a)!);
}

/** @returns undefined when not even the smallest shape is within the limits */
export function largestModel(limits: Limits): Largest | undefined {
  const { chip, flashMode = 'qio80', flash, ram, speed, packing = 'b3', vocab = 256, tokenizerBytes = 0 } = limits;
  const facts = CHIPS[chip];
  const bytesOf = (b: Budget): number => (packing === 'b3' ? b.b3Bytes : b.t2Bytes);
  const ramOf = (b: Budget): number => (packing === 'b3' ? b.ramB3 : b.ramT2);
  for (const config of shapes(vocab)) {
    if (bytesOf(budget(config, { tokenizerBytes })) > flash) continue;
    let tableBudget = TABLE_BUDGET_DEFAULT;
    while (tableBudget >= TABLE_STEP && ramOf(budget(config, { tableBudget })) > ram) tableBudget -= TABLE_STEP;
    if (tableBudget < TABLE_STEP) continue;
    // Instructions alone are quickly reckoned and already too slow for most shapes.
    const cost = tokenCost(config, packing, facts.isa, tableBudget);
    const cycles = computeCycles(facts, cost.classes ?? cost.instructions);
    if ((facts.clockMhz * 1e6) / cycles < speed) continue;
    const engineBytes = ramOf(budget(config, { tableBudget }));
    const flashBytes = bytesOf(budget(config, { tokenizerBytes }));
    // At least this much of the file is read anew for each token; all but the embedding, with its scales, and the head.
    const unread = (config.vocab * config.dim) / 4 + 2 * config.vocab + tokenizerBytes + 1024;
    const inFlash = flashBytes - unread - Math.min(ram - engineBytes, facts.copyBytes) - facts.cache.bytes;
    const least = (Math.max(0, inFlash) / facts.cache.line) * lineCycles(facts, flashMode);
    if ((facts.clockMhz * 1e6) / (cycles + least) < speed) continue;
    const modelled = modelledSpeed({ config, packing, chip, flashMode, copies: ram - engineBytes, tableBudget });
    if (modelled.tokensPerSecond < speed) continue;
    return {
      config,
      parameters: parameterCount(config),
      flashBytes,
      engineBytes,
      copiedBytes: modelled.inputs.sramBytes,
      tableBudget,
      modelled,
    };
  }
  return undefined;
}
