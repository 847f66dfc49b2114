/** Whether a checkpoint from elsewhere means what we take it for: measured on text, with its gates in every order. */
import {
  GATE_ORDERS,
  gateWords,
  OWN_GATES,
  reorderGates,
  TinyLMError,
  weightCount,
  type FloatModel,
  type GateOrder,
} from '../model/index.js';
import { evaluateFloat, type Document } from '../reference/index.js';
import { bits } from './words.js';

/**
 * Bits per byte above which a model has learned nothing of a text: those of a byte, or of tokens that are drawn
 * blindly where these are fewer, as with tokens of several bytes.
 */
export function noiseLevel(documents: readonly Document[], vocab: number): number {
  const tokens = documents.reduce((sum, d) => sum + d.tokens.length + 1, 0);
  return Math.min(8, (Math.log2(vocab) * tokens) / documents.reduce((sum, d) => sum + d.bytes, 0));
}

export interface GateFit {
  readonly order: GateOrder;
  /** Bits per byte. */
  readonly bits: number;
}

/** Multiplications for all orders together, and tokens: a second or two. */
const WORK = 4e8;
const TOKENS = { min: 200, max: 800 };
/** A model this good has its gates in order. */
const GOOD = 3;
/** What another order must be better by, in bits per byte, and its share of the noise level, before it is believed. */
const MARGIN = 0.5;
const CLEAR = 0.6;

/**
 * Bits per byte of a model on the beginning of a text, with its gates as they are and, unless that is good, in all
 * other orders.
 * @returns the order as it is first, then the best other one, where there is one that is clearly better
 */
export function tryGates(model: FloatModel, documents: readonly Document[], eod: number): [GateFit, GateFit?] {
  const { weights } = weightCount(model.config);
  const limit = Math.max(TOKENS.min, Math.min(TOKENS.max, Math.floor(WORK / (GATE_ORDERS.length * weights))));
  const sample = beginning(documents, limit);
  const measure = (order: GateOrder): GateFit => ({
    order,
    bits: evaluateFloat(order === OWN_GATES ? model : reorderGates(model, order), sample, {}, eod),
  });
  const own = measure(OWN_GATES);
  if (own.bits < GOOD) return [own];
  const [best] = GATE_ORDERS.filter((order) => order !== OWN_GATES)
    .map(measure)
    .sort((a, b) => a.bits - b.bits);
  const clear = best.bits < CLEAR * noiseLevel(sample, model.config.vocab) && best.bits < own.bits - MARGIN;
  return clear ? [own, best] : [own];
}

/** Whole documents, the first of them cut where it alone is too long. */
function beginning(documents: readonly Document[], limit: number): Document[] {
  const out: Document[] = [];
  let left = limit;
  for (const { tokens, bytes } of documents) {
    if (tokens.length === 0 || (out.length > 0 && tokens.length > left)) continue;
    const taken = Math.min(left, tokens.length);
    out.push({
      tokens: Array.prototype.slice.call(tokens, 0, taken) as number[],
      bytes: (bytes * taken) / tokens.length,
    });
    left -= taken;
    if (left <= 0) break;
  }
  return out;
}

/**
 * @param text what it was measured on, in words
 * @throws TinyLMError `import-gates` where the gates fit in another order
 */
export function judgeGates([own, other]: readonly [GateFit, GateFit?], text: string): void {
  if (other === undefined) return;
  throw new TinyLMError(
    'import-gates',
    `the gates of this checkpoint are not in PyTorch's order ${gateWords(OWN_GATES)}: with it, ${bits(own.bits)} ` +
      `bits per byte on ${text}; as ${gateWords(other.order)}, ${bits(other.bits)}`,
    `add --gates ${other.order}`,
  );
}

/**
 * @param level see `noiseLevel`
 * @throws TinyLMError `import-noise` above it
 */
export function judgeNoise(found: number, level: number, what: string, text: string, hint: string): void {
  if (found <= level) return;
  throw new TinyLMError(
    'import-noise',
    `${what}: ${bits(found)} bits per byte on ${text}, ${noiseWords(level)}: it has learned nothing of this text`,
    `${hint}; --force writes the file all the same`,
  );
}

/** What is to be said of a model that knows nothing of a text; undefined for one that does. @param level see `noiseLevel` */
export const noiseSentence = (found: number, level: number): string | undefined =>
  found <= level
    ? undefined
    : `${bits(found)} bits per byte are ${noiseWords(level)}: of this text the model knows nothing, what it writes is noise`;

/** What is worse than knowing nothing. */
export const noiseWords = (level: number): string =>
  level >= 8 ? 'worse than a coin for every bit' : `worse than tokens drawn blindly (${bits(level)})`;
