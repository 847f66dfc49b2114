/**
 * Models that come with TinyLM. The registry is `models/models.json`: what people say and what was measured with a text
 * that does not travel along. All else (bytes, RAM, speed, sampling) is read from the `.tlm` itself.
 */
import {
  array,
  boolean,
  integer,
  minLength,
  minValue,
  number,
  object,
  optional,
  parse,
  pipe,
  picklist,
  regex,
  string,
  type InferOutput,
} from 'valibot';
import { CHIPS, CHIP_LIST, modelledSpeed, type ChipName } from '../cost/index.js';
import { readTlm, type TlmFile } from '../format/index.js';
import { budget, elementCount, parameterSpecs, type ModelConfig } from '../model/index.js';
import { TinyLMError } from '../model/errors.js';
import { bits } from './words.js';

const sentence = pipe(string(), minLength(1));

const ModelSchema = object({
  name: pipe(string(), regex(/^[a-z]+-\d+[km]$/)),
  language: picklist(['en', 'pt']),
  /** A few words for a list. */
  use: sentence,
  /** What it is, for its card. */
  about: sentence,
  /** A key of `texts`. */
  text: sentence,
  /** Lines of a shell that make the file again. */
  made: pipe(array(sentence), minLength(1)),
  /** What each person should know before relying on it. */
  limits: pipe(array(sentence), minLength(1)),
  measured: object({
    /** Lower is better; the C engine's arithmetic, each document from a reset state. */
    bitsPerByte: pipe(number(), minValue(0)),
    on: sentence,
    /** That text is like the one it was trained on: no figure to compare with others. */
    own: optional(boolean()),
    command: sentence,
    /** Sentences of 100 stories that the grammar of the built-in stories accepts in their place. */
    coherent: optional(object({ sentences: pipe(number(), integer()), of: pipe(number(), integer()) })),
  }),
  /** The card's sample, and how a list of a page begins. */
  sample: object({ prompt: string(), seed: pipe(number(), integer()), tokens: pipe(number(), integer(), minValue(1)) }),
});

const RegistrySchema = object({
  /** What models were trained on, each with its licence. */
  texts: array(object({ name: sentence, what: sentence, licence: sentence })),
  models: pipe(array(ModelSchema), minLength(1)),
});

export type ShippedModel = InferOutput<typeof ModelSchema>;
export type Registry = InferOutput<typeof RegistrySchema>;

/** The model that the examples for boards bring along. */
export const EXAMPLE_MODEL = 'stories-16k';
/** The one that goes on from the opening of a model that was trained a minute ago (`tinylm demo`). */
export const DEMO_MODEL = 'stories-100k';

/** Places of a model's files below the folder of the registry. */
export const SHIPPED_FILES = {
  registry: 'models.json',
  tlm: (name: string) => `${name}/${name}.tlm`,
  card: (name: string) => `${name}/README.md`,
} as const;

/**
 * @param text of models.json
 * @throws TinyLMError `models-registry` where it is none
 */
export function parseRegistry(text: string): Registry {
  try {
    const registry = parse(RegistrySchema, JSON.parse(text));
    for (const { name, text: about } of registry.models)
      if (!registry.texts.some((t) => t.name === about))
        throw new Error(`${name} was trained on ${about}, which texts does not have`);
    return registry;
  } catch (error) {
    throw new TinyLMError(
      'models-registry',
      `the list of models cannot be read: ${(error as Error).message}`,
      'install the package again',
    );
  }
}

/** What a model's own bytes say. */
export interface ShippedFigures {
  readonly config: ModelConfig;
  readonly sampling: TlmFile['sampling'];
  readonly parameters: number;
  /** of the file */
  readonly bytes: number;
  /** Memory that the engine asks for, bytes. */
  readonly ram: number;
  /** Modelled tokens/s at QIO 80 MHz. */
  readonly speeds: readonly { readonly chip: ChipName; readonly title: string; readonly tokensPerSecond: number }[];
}

/** @throws TinyLMError as the reader does */
export function shippedFigures(tlm: Uint8Array): ShippedFigures {
  const {
    model: { config },
    sampling,
  } = readTlm(tlm);
  return {
    config,
    sampling,
    parameters: parameterSpecs(config).reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: tlm.length,
    ram: budget(config).ramB3,
    speeds: CHIP_LIST.map((chip) => ({
      chip,
      title: CHIPS[chip].title,
      tokensPerSecond: modelledSpeed({ config, chip }).tokensPerSecond,
    })),
  };
}

/** Bits per byte for a list. */
export const bitsOf = ({ measured: { bitsPerByte, own } }: ShippedModel): string =>
  `${own ? 'own text: ' : ''}${bits(bitsPerByte)}`;

/** Of several chips the slowest. */
export const slowest = ({ speeds }: ShippedFigures): ShippedFigures['speeds'][number] =>
  speeds.reduce((a, b) => (b.tokensPerSecond < a.tokensPerSecond ? b : a));

/** A model as a list for programs has it: `tinylm models --json`, and what a page fetches (dist/web/models.json). */
export type ListedModel = ShippedModel &
  Pick<ShippedFigures, 'bytes' | 'ram' | 'parameters'> & {
    readonly modelled: ShippedFigures['speeds'];
    /** Below the folder of the registry. */
    readonly file: string;
  };

export function listed(model: ShippedModel, { bytes, ram, parameters, speeds }: ShippedFigures): ListedModel {
  return { ...model, file: SHIPPED_FILES.tlm(model.name), bytes, ram, parameters, modelled: speeds };
}
