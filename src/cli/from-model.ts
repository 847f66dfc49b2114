/** The model that `--from` names, made ready for training on. */
import { renumberTokens, type ImportOptions } from '../model/index.js';
import { latentWeights } from '../quantize/index.js';
import type { CorpusRecord } from '../run/run-record.js';
import type { Origin } from '../run/begin.js';
import { withTrits } from './quantized-figures.js';
import type { Context } from './context.js';
import { UsageError } from '../run/errors.js';
import { floatModel, openSource, runWeights, type Source, type WeightsSource } from './model-source.js';
import type { ModelShorthand } from '../model/index.js';
import { findTokenizer, sampleTexts, type TokenizerOptions } from './tokenizer-source.js';

export interface FromOptions extends TokenizerOptions {
  trits?: ModelShorthand['trits'];
  importing?: ImportOptions;
}

export interface FromModel {
  readonly origin: Origin;
  /** The text that a run was trained on. */
  readonly corpus?: CorpusRecord;
  /** The run's folder, where a relative path of its text begins. */
  readonly folder?: string;
}

/**
 * Opens a run folder, a `.tlm`, a checkpoint of TinyLM's or one of another program's, with its tokenizer.
 * @throws TinyLMError as the readers do; `usage` for digits that a ternary file does not have
 */
export async function fromModel(context: Context, name: string, options: FromOptions): Promise<FromModel> {
  const source = openSource(name, undefined, options.importing);
  if (options.tokenizerFrom !== undefined && !isForeign(source))
    throw new UsageError(`${name} has its own tokenizer`, 'leave --tokenizer-from out');
  if (source.kind === 'tlm') {
    if (options.trits !== undefined)
      throw new UsageError(
        `${name} has its own digits a weight, and --trits would be others`,
        'leave --trits out; a run folder or a float checkpoint can be trained on with more',
      );
    const { model, tokenizer } = source.file;
    return {
      origin: {
        kind: 'from',
        name,
        float: latentWeights(model),
        table: tokenizer,
        ternary: true,
        embedFrac: model.embedFrac,
      },
    };
  }
  const weights = source.kind === 'run' ? runWeights(source) : source;
  const { origin, notes } = await ofWeights(context, name, weights, options);
  for (const note of notes) context.terminal.note(note);
  const trits =
    options.trits === undefined
      ? origin
      : { ...origin, float: { ...origin.float, config: withTrits(origin.float.config, options.trits) } };
  return { origin: trits, ...(source.kind === 'run' && { corpus: source.record.corpus, folder: source.path }) };
}

const isForeign = (source: Source): boolean => source.kind === 'weights' && source.file.trained === undefined;

async function ofWeights(
  { stdin }: Context,
  name: string,
  source: WeightsSource,
  options: FromOptions,
): Promise<{ origin: Origin; notes: readonly string[] }> {
  const { trained, notes = [] } = source.file;
  const float = floatModel(source.file);
  if (trained) {
    const {
      options: { ternary, threshold, embedFrac },
      tokenizer,
    } = trained;
    return {
      origin: { kind: 'from', name, float, table: tokenizer, ternary, ...(ternary && { threshold }), embedFrac },
      notes,
    };
  }
  const found = await findTokenizer(source, options, sampleTexts(), stdin);
  return {
    origin: {
      kind: 'from',
      name,
      table: found.table,
      ternary: false,
      float: found.rows === undefined ? float : renumberTokens(float, found.rows),
    },
    notes: [...notes, ...found.notes],
  };
}
