/** What a model of some size costs: the figures behind a page's slider. The shapes are those of `--size`. */
import { modelledSpeed } from '../cost/index.js';
import { TinyLMError } from '../model/errors.js';
import { budget, type ModelConfig } from '../model/index.js';
import {
  aboutBytes,
  characterCounts,
  fittingBytes,
  modelConfig,
  shape,
  shapeFor,
  sizeStops,
  tokenizerBytes,
  USUAL_SIZE,
  vocabFor,
  type ModelOptions,
  type Wanted,
} from '../run/index.js';
import type { ModelAsk, ModelFlags, SizeAsk, SizeChoice, SizedFlags, SizeFigures } from './protocol.js';

/** Slower than this nobody reads along. */
const LEAST_SPEED = 4;
const RAM_BYTES = 64 << 10;

/** Flags of a page as options of the run room, which may change none of them. */
const optionsOf = (flags: ModelFlags): ModelOptions => flags as ModelOptions;

/** What a page asks for, in the words of the run room. */
export const wantedOf = (ask: ModelAsk): Wanted =>
  'bytes' in ask ? { kind: 'size', fit: false, ...ask } : { kind: 'shape', options: optionsOf(ask) };

/** @param section bytes of the tokenizer in the file */
export function figuresOf(config: ModelConfig, section: number, { chip, flashMode }: SizeAsk): SizeFigures {
  const { parameters, b3Bytes, ramB3 } = budget(config, { tokenizerBytes: section });
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
export function sizeFigures(flags: ModelFlags, ask: SizeAsk): SizeFigures {
  const config = modelConfig(optionsOf(flags));
  return figuresOf(config, tokenizerBytes(flags, config), ask);
}

/** What the sizes of models for a text depend on. */
export interface TextFacts {
  readonly characters: ReadonlyMap<string, number>;
  /** Of the model of `tinylm train` where nothing is said. */
  readonly usual: number;
  /** Most bytes of the words about a model in its file. */
  readonly about: number;
}

export const textFacts = (documents: readonly string[], name: string): TextFacts => ({
  characters: characterCounts(documents),
  usual: fittingBytes(USUAL_SIZE, documents),
  about: aboutBytes(name),
});

/** A model for each stop of the slider that the chip can run, ascending. */
export function sizeChoices({ characters, usual, about }: TextFacts, ask: SizeAsk): SizeChoice[] {
  const tokenizer = 'bpe';
  const stops = [...new Set([...sizeStops(), usual])].sort((a, b) => a - b);
  return stops.flatMap((bytes) => {
    const vocab = vocabFor(characters, bytes);
    const section = tokenizerBytes({ tokenizer }, { vocab });
    const flags: SizedFlags = { bytes, tokenizer };
    try {
      const config = shapeFor(bytes, vocab, { tokenizerBytes: section, metadataBytes: about });
      const figures = figuresOf(config, section, ask);
      const runs = figures.ramBytes <= RAM_BYTES && figures.tokensPerSecond >= LEAST_SPEED;
      return runs ? [{ flags, usual: bytes === usual, ...figures }] : [];
    } catch (error) {
      if (error instanceof TinyLMError && error.code === 'model-size') return [];
      throw error;
    }
  });
}
