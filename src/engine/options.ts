/** Sampling options in natural units, and the integers of SPEC.md 4 that they become. */
import { TinyLMError } from '../model/errors.js';
import { SAMPLER } from '../format/constants.js';

/** Of SPEC.md 6.5, here and on the device. */
export const SAMPLER_DEFAULTS = {
  temperature: SAMPLER.temperatureDefault / SAMPLER.temperatureOne,
  topK: SAMPLER.topKDefault,
} as const;

/** Whatever is left out has the default. */
export interface NaturalSamplerOptions {
  /** 0 = always the likeliest token; else 0.05 … 10. Default 0.5. */
  readonly temperature?: number;
  /** Keep the k likeliest tokens; 0 = off. Default 40. */
  readonly topK?: number;
  /** Keep the likeliest tokens that together have this probability, 0 < p ≤ 1; 0 or 1 = off (the default). */
  readonly topP?: number;
  /** Divides the logits of recent tokens, 1 (off, the default) … 4. */
  readonly repetitionPenalty?: number;
  /** How many tokens are recent, 0 … 64. Default 64 with a penalty above 1, else 0. */
  readonly penaltyWindow?: number;
  /** Start of the generator, 0 … 2^32 − 1. Default 1. */
  readonly seed?: number;
}

/** The options of SPEC.md 4, as the C engine and the integer reference take them. */
export interface IntegerSamplerOptions {
  /** Q8 */
  readonly temperature: number;
  readonly topK: number;
  /** Q15 */
  readonly topP: number;
  /** Q10 */
  readonly penalty: number;
  readonly penaltyWindow: number;
  /** u32 */
  readonly seed: number;
}

/**
 * Natural units to the integers of SPEC.md 4: temperature · 256, top-p · 32768 and the penalty · 1024, each rounded
 * half up (top-p at least to 1); the rest as it is.
 * @throws TinyLMError `sampler-option` for a number out of its range
 */
export function samplerOptions(natural: NaturalSamplerOptions = {}): IntegerSamplerOptions {
  const {
    temperature = SAMPLER_DEFAULTS.temperature,
    topK = SAMPLER_DEFAULTS.topK,
    topP = 0,
    repetitionPenalty = 1,
    seed = 1,
  } = natural;
  const penaltyWindow = natural.penaltyWindow ?? (repetitionPenalty > 1 ? SAMPLER.penaltyWindowMax : 0);
  const round = (v: number): number => Math.floor(v + 0.5);
  const check = (name: string, value: number, min: number, max: number, whole = false): void => {
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) return;
    const range = `${whole ? 'a whole number ' : ''}${min} to ${max}`;
    throw new TinyLMError(
      'sampler-option',
      `${name} is ${value}, expected ${range}`,
      name === 'temperature' ? '0 always takes the likeliest token' : undefined,
    );
  };
  const one = SAMPLER.temperatureOne;
  const q8 = round(temperature * one);
  if (temperature !== 0) check('temperature', temperature, 0.05, SAMPLER.temperatureMax / one);
  check('topK', topK, 0, 65535, true);
  check('topP', topP, 0, 1);
  check('repetitionPenalty', repetitionPenalty, 1, SAMPLER.penaltyMax / SAMPLER.penaltyOff);
  check('penaltyWindow', penaltyWindow, 0, SAMPLER.penaltyWindowMax, true);
  check('seed', seed, 0, 0xffffffff, true);
  return {
    temperature: temperature === 0 ? 0 : Math.max(q8, SAMPLER.temperatureMin),
    topK,
    topP: topP === 0 || topP === 1 ? 0 : Math.max(1, round(topP * SAMPLER.topPOff)),
    penalty: round(repetitionPenalty * SAMPLER.penaltyOff),
    penaltyWindow,
    seed,
  };
}

/** Integers of SPEC.md 4 in natural units: `samplerOptions` of them gives the same integers. Neither top-p nor seed. */
export function naturalOptions(o: IntegerSamplerOptions): NaturalSamplerOptions {
  return {
    temperature: o.temperature / SAMPLER.temperatureOne,
    topK: o.topK,
    repetitionPenalty: o.penalty / SAMPLER.penaltyOff,
    penaltyWindow: o.penaltyWindow,
  };
}
