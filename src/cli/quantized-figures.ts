/** What quantizing has made of a model, measured: on the user's text, or a stranger's checkpoint on the stories. */
import {
  configOf,
  parameterSpecs,
  TinyLMError,
  TRITS,
  type FloatModel,
  type ModelConfig,
  type ModelShorthand,
} from '../model/index.js';
import { Tokenizer, TOKENIZER_LIMITS, type TokenizerTable } from '../tokenizer/index.js';
import { encodeDocuments, type TokenizedDocument } from '../train/index.js';
import { chooseTrainer } from './choose-trainer.js';
import type { Context } from './context.js';
import { openEngine } from './engine.js';
import { exportModel, type ExportOptions } from '../run/export-model.js';
import { judgeGates, judgeNoise, noiseLevel, noiseWords, tryGates } from '../run/import-check.js';
import { bitsOfFloat, bitsOfTlm } from '../run/measure.js';
import { threadsOf } from './pipeline.js';
import { measured, prepareData, SPLIT } from '../run/prepare.js';
import { sampleTexts } from './tokenizer-source.js';
import { bits } from './values.js';

/** A model on its way into a file. */
export interface Quantizing {
  readonly float: FloatModel;
  readonly tokenizer: TokenizerTable;
  readonly options: ExportOptions;
  /** What trained it: nothing that we know of, or TinyLM with float or ternary weights. */
  readonly origin: 'elsewhere' | 'float' | 'ternary';
}

export interface FigureOptions {
  threads?: number;
  /** Given: their order is known, and not looked for. */
  gates?: string;
  force?: boolean;
}

/** A judgement that --force turns into a warning. */
function unless(force: boolean | undefined, terminal: Context['terminal'], judge: () => void): void {
  try {
    judge();
  } catch (error) {
    if (!force || !(error instanceof TinyLMError)) throw error;
    terminal.warn(`${error.message}; ${error.hint ?? ''}`);
  }
}

/** Digits of all weights, or of the groups that are named. */
export const withTrits = (config: ModelConfig, trits: ModelShorthand['trits']): ModelConfig =>
  configOf({ ...config, trits: typeof trits === 'object' ? { ...config.trits, ...trits } : trits });

const OTHER_TOKENIZER = 'give the tokenizer that the model was trained with, and a text of the kind that it knows';

/**
 * Without a text of the user's: a checkpoint from elsewhere is tried on the built-in stories.
 * @throws TinyLMError `import-gates` where its gates fit in another order
 */
export function tryOnStories(
  { float, tokenizer }: Quantizing,
  { gates, force }: FigureOptions,
  { terminal }: Context,
): void {
  const documents = encodeDocuments(new Tokenizer(tokenizer), sampleTexts());
  if (strangeShare(documents, tokenizer) > STRANGE) {
    terminal.note('not measured: give --corpus with a text of the kind that the model knows');
    return;
  }
  const level = noiseLevel(documents, float.config.vocab);
  const fit = tryGates(float, documents, tokenizer.eod);
  const [own] = fit;
  const stories = 'the built-in English stories';
  if (gates === undefined) unless(force, terminal, () => judgeGates(fit, stories));
  if (own.bits > level)
    terminal.warn(
      `${bits(own.bits)} bits per byte on ${stories}, ${noiseWords(level)}; give --corpus with a text of the ` +
        'kind that the model knows, and see whether it is the right tokenizer',
    );
  else
    terminal.note(
      `not measured on a text that it knows (--corpus); on ${stories} it has ${bits(own.bits)} bits per byte`,
    );
}

/** Share of nibbles above which a text is of other letters than the model's. */
const STRANGE = 0.2;

function strangeShare(documents: readonly TokenizedDocument[], { nibbleBase }: TokenizerTable): number {
  const nibble = (token: number): boolean =>
    nibbleBase >= 0 && token >= nibbleBase && token < nibbleBase + TOKENIZER_LIMITS.nibbleCount;
  const tokens = documents.flatMap((d) => [...d.tokens]);
  return tokens.filter(nibble).length / tokens.length;
}

export interface Figures {
  readonly bytes: number;
  readonly before: number;
  readonly after: number;
  /** Bits per byte with more trits, where one loses much. */
  readonly trits?: Readonly<Record<string, number>>;
}

/** A loss in bits per byte that is not said calmly. */
const LOSS = 0.3;

/**
 * Bits per byte before and after, on the validation part of a text.
 * @throws TinyLMError `import-gates`, `import-noise` for what is worse than nothing
 */
export async function measureOn(
  texts: readonly string[],
  where: string,
  tlm: Uint8Array,
  quantizing: Quantizing,
  { threads, gates, force }: FigureOptions,
  { terminal }: Context,
): Promise<Figures> {
  const { float, tokenizer, origin } = quantizing;
  const { valid } = prepareData(texts, SPLIT, tokenizer);
  const documents = measured(valid);
  if (origin === 'elsewhere' && gates === undefined)
    unless(force, terminal, () => judgeGates(tryGates(float, documents, tokenizer.eod), where));
  const before = await bitsOfFloat(float, documents, {
    kernels: (await chooseTrainer(terminal)).kernels,
    threads: threadsOf({ threads }),
    eod: tokenizer.eod,
  });
  const level = noiseLevel(documents, float.config.vocab);
  const judge = (found: number, what: string, hint: string): void =>
    unless(force, terminal, () => judgeNoise(found, level, what, where, hint));
  // Weights that were trained ternary are not meant to be used as the floats behind them.
  if (origin !== 'ternary') judge(before, 'as floats', OTHER_TOKENIZER);
  const after = await bitsOfTlm(tlm, documents, openEngine);
  const figures = { bytes: documents.reduce((sum, d) => sum + d.bytes, 0), before, after };
  if (origin === 'ternary') judge(after, 'made ternary', OTHER_TOKENIZER);
  if (origin === 'ternary' || after - before <= LOSS) return figures;
  const trits = await moreTrits(quantizing, documents);
  const tried = Object.entries(trits).map(([n, found]) => `--trits ${n}: ${bits(found)}`);
  const help =
    `${tried.length > 0 ? `${tried.join(', ')} bits per byte; ` : ''}` +
    'going on with its training as ternary weights wins most of it back: tinylm train my-text.txt --from <checkpoint>, with --trits 2 or not; ' +
    'weights that are ternary from the beginning lose least (tinylm train without --float)';
  judge(after, `made ternary (${bits(before)} as floats)`, help);
  terminal.warn(
    `made ternary, the model loses ${bits(after - before)} bits per byte (${bits(before)} → ${bits(after)})`,
  );
  terminal.note(`what helps: ${help}`);
  return { ...figures, trits };
}

/** The same model with more digits a weight, in the engine. */
async function moreTrits(
  { float, tokenizer, options }: Quantizing,
  documents: readonly TokenizedDocument[],
): Promise<Record<string, number>> {
  const fewest = Math.min(...parameterSpecs(float.config).flatMap(({ trits }) => (trits === 0 ? [] : [trits])));
  const tried: Record<string, number> = {};
  for (const trits of TRITS.filter((n) => n > fewest)) {
    const config = withTrits(float.config, trits);
    const { bytes } = exportModel({ ...float, config }, tokenizer, { ...options, method: 'fit' });
    tried[trits] = await bitsOfTlm(bytes, documents, openEngine);
  }
  return tried;
}
