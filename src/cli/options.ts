/** Every option that more than one verb has, once: name, meaning, range and default. */
import { Option, type Command } from 'commander';
import { SAMPLER_DEFAULTS } from '../engine/index.js';
import { FORMATS } from '../corpus/index.js';
import { CACHE_BIASES, defaultConfig, MODEL_LIMITS } from '../model/index.js';
import { DEFAULT_THRESHOLD } from '../quantize/index.js';
import { LEARNING_RATE, OPTIMIZERS, TRAIN_THRESHOLD } from '../train/index.js';
import { biasList, layerList, ngramList, tritGroups } from './shape-options.js';
import { byteSize, decimal, extensionList, wholeNumber } from './values.js';

interface OptionSpec {
  readonly flags: string;
  readonly about: string;
  readonly parse?: (text: string) => unknown;
  readonly initial?: unknown;
  readonly choices?: readonly string[];
}

const whole = (min: number, max: number) => ({ parse: wholeNumber(min, max) });
const number = (min: number, max: number) => ({ parse: decimal(min, max) });
const usual = defaultConfig();
const { vocabMin, vocabMax, dimMin, dimMax, widthMin, widthMax, cacheLogMax } = MODEL_LIMITS;

export const OPTIONS = {
  // the corpus
  format: {
    flags: '--format <kind>',
    about: 'what the corpus is (default: what its content says)',
    choices: FORMATS.map(({ id }) => id).sort(),
  },
  field: {
    flags: '--field <name>',
    about:
      'field or column with the text, or several with commas; nested as messages[].content ' +
      '(default: text, or the only one with text)',
  },
  split: {
    flags: '--split <how>',
    about:
      'where documents end: none, lines, blank (lines), marker, chat, or a text between them ' +
      '(default: by what the text plainly is)',
  },
  encoding: { flags: '--encoding <name>', about: 'encoding of the text, e.g. windows-1251 (default: by its bytes)' },
  ext: {
    flags: '--ext <list>',
    about: 'of a folder: read the files with these extensions, e.g. txt,log (default: all known kinds)',
    parse: extensionList,
  },
  maxBytes: { flags: '--max-bytes <n>', about: 'read no more text than this, e.g. 2M', parse: byteSize },
  // the tokenizer
  tokenizer: {
    flags: '--tokenizer <kind>',
    about: 'how text becomes tokens',
    choices: ['byte', 'char', 'bpe'],
    initial: 'bpe',
  },
  vocab: {
    flags: '--vocab <n>',
    about: `most tokens of the vocabulary, ${vocabMin} to ${vocabMax}`,
    initial: usual.vocab,
    ...whole(vocabMin, Number.MAX_SAFE_INTEGER),
  },
  // the model
  dim: {
    flags: '--dim <n>',
    about: `width of an embedding (default: ${usual.dim}; tied: --hidden)`,
    ...whole(dimMin, dimMax),
  },
  hidden: {
    flags: '--hidden <n>',
    about: `width of the hidden state of GRU layers (default: ${usual.layers[0].width}; tied: --dim)`,
    ...whole(widthMin, widthMax),
  },
  layers: {
    flags: '--layers <list>',
    about: `how many GRU layers, or a stack, e.g. mlgru:128,glu:256,gru:96 (default: ${usual.layers.length})`,
    parse: layerList,
  },
  ngrams: {
    flags: '--ngrams <list>',
    about: 'tables of rows for the last tokens, as <tokens>:<rows>x<width>, e.g. 2:8192x8 (default: none)',
    parse: ngramList,
  },
  cache: {
    flags: '--cache <n>',
    about: `tokens of the text so far that it remembers word for word, 0 for none (default: ${usual.cache})`,
    ...whole(0, 2 ** cacheLogMax),
  },
  cacheBias: {
    flags: '--cache-bias <list>',
    about:
      `${CACHE_BIASES} numbers of --cache that are not learned, with commas: what a token gains that followed the last token once, twice, oftener; ` +
      'the same for the last two and three tokens. Smaller ones keep a text from running in circles (default: learned)',
    parse: biasList,
  },
  trits: {
    flags: '--trits <n>',
    about: 'ternary digits a weight, 1 to 3, or by group, e.g. embed=2,ih=2,hh=1,head=2 (default: 1)',
    parse: tritGroups,
  },
  tied: {
    flags: '--tied',
    about: `share the embedding's weights with the output layer${usual.tied ? ' (default)' : ''}`,
  },
  untied: { flags: '--no-tied', about: `give the output layer weights of its own${usual.tied ? '' : ' (default)'}` },
  // training
  float: { flags: '--float', about: 'train an ordinary float model, without ternary weights' },
  threshold: {
    flags: '--threshold <t>',
    about:
      `weights below t times their row's mean become zero ` +
      `(default: ${TRAIN_THRESHOLD}; with --float, after training, ${DEFAULT_THRESHOLD})`,
    ...number(0, 3),
  },
  steps: { flags: '--steps <n>', about: 'steps of training, instead of epochs', ...whole(1, 10_000_000) },
  epochs: { flags: '--epochs <n>', about: 'times through the corpus', ...number(0.01, 100_000) },
  minutes: { flags: '--minutes <m>', about: 'train for so long at most, instead of epochs', ...number(0.01, 10_000) },
  batch: { flags: '--batch <n>', about: 'texts read side by side', initial: 32, ...whole(1, 1024) },
  segment: { flags: '--segment <n>', about: 'tokens the gradient goes back through', initial: 64, ...whole(2, 1024) },
  lr: {
    flags: '--lr <rate>',
    about: `highest learning rate (default: ${LEARNING_RATE.ternary}, float ${LEARNING_RATE.float})`,
    ...number(1e-7, 1),
  },
  optimizer: {
    flags: '--optimizer <kind>',
    about:
      'what moves the weights: adam, or muon, which learns more from as many tokens and takes longer for each (default: adam)',
    choices: OPTIMIZERS,
  },
  seed: {
    flags: '--seed <n>',
    about: 'start of the random numbers: the same seed gives the same result',
    initial: 1,
    ...whole(0, 2 ** 32 - 1),
  },
  threads: {
    flags: '--threads <n>',
    about: 'threads to train with; the result is the same for any number (default: cores)',
    ...whole(1, 64),
  },
  backend: {
    flags: '--backend <kind>',
    about: 'kernels built by the C compiler here, or WebAssembly (default: auto, native where it can be had)',
    choices: ['auto', 'native', 'wasm'],
  },
  // sampling
  temperature: {
    flags: '-t, --temperature <t>',
    about: `0 always takes the likeliest token; higher is more varied, up to 10 (default: the model's own, else ${SAMPLER_DEFAULTS.temperature})`,
    ...number(0, 10),
  },
  topK: {
    flags: '--top-k <k>',
    about: `draw among the k likeliest tokens only; 0 for all (default: the model's own, else ${SAMPLER_DEFAULTS.topK})`,
    ...whole(0, vocabMax),
  },
  topP: {
    flags: '--top-p <p>',
    about: 'draw among the likeliest tokens that make up p; 1 for all',
    initial: 1,
    ...number(0, 1),
  },
  repetitionPenalty: {
    flags: '--repetition-penalty <r>',
    about: "make recent tokens less likely; 1 is off, up to 4 (default: the model's own, else 1)",
    ...number(1, 4),
  },
  // output
  out: { flags: '-o, --out <path>', about: 'where to write' },
  packing: {
    flags: '--packing <kind>',
    about: 'b3 takes 1.6 bits a ternary digit, t2 takes 2',
    choices: ['b3', 't2'],
    initial: 'b3',
  },
  force: { flags: '--force', about: 'overwrite files that are there already with other content' },
  json: { flags: '--json', about: 'print the result as JSON' },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;

/** Adds shared options to a verb, in this order; `changes` gives a verb its own default or words. */
export function addOptions(
  command: Command,
  names: readonly OptionName[],
  changes: Partial<Record<OptionName, Partial<OptionSpec>>> = {},
): Command {
  for (const name of names) {
    const { flags, about, parse, initial, choices }: OptionSpec = { ...OPTIONS[name], ...changes[name] };
    const option = new Option(flags, about);
    if (choices) option.choices(choices);
    if (parse) option.argParser(parse);
    if (initial !== undefined) option.default(initial);
    command.addOption(option);
  }
  return command;
}

export const CORPUS_OPTIONS = ['format', 'field', 'split', 'encoding', 'ext', 'maxBytes'] as const;
export const MODEL_OPTIONS = [
  'tokenizer',
  'vocab',
  'dim',
  'hidden',
  'layers',
  'ngrams',
  'cache',
  'tied',
  'untied',
  'trits',
] as const;
export const TRAIN_OPTIONS = [
  'float',
  'threshold',
  'epochs',
  'steps',
  'minutes',
  'batch',
  'segment',
  'lr',
  'cacheBias',
  'optimizer',
  'seed',
  'threads',
  'backend',
] as const;
export const SAMPLING_OPTIONS = ['temperature', 'topK', 'topP', 'repetitionPenalty', 'seed'] as const;
