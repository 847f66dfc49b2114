import { Option, type Command } from 'commander';
import type { ChipName, FlashMode } from '../../cost/index.js';
import { encodeTokenizer } from '../../format/index.js';
import { budget, type ModelConfig } from '../../model/index.js';
import {
  CHIP_CHOICES,
  FLASH_MODE_CHOICES,
  largestOf,
  largestText,
  LARGEST_DEFAULTS as usual,
  speedsOf,
  speedText,
  tooTight,
  trainLines,
} from '../budget-speed.js';
import { verb, type Context } from '../context.js';
import { EXIT, UsageError } from '../errors.js';
import { modelConfig, tokenizerBytes, wantedVocab, type ModelOptions } from '../../run/model-options.js';
import { openTlm } from '../model-source.js';
import { addOptions, MODEL_OPTIONS } from '../options.js';
import { shape, weightWords } from '../../run/shape.js';
import { table } from '../terminal.js';
import { trainingHere } from '../training-speed.js';
import { bytesText, byteSize, count, decimal } from '../values.js';

interface Options extends ModelOptions {
  flash?: number;
  ram?: number;
  chip?: ChipName;
  flashMode?: FlashMode;
  speed?: number;
  largest?: boolean;
  json?: boolean;
}

export function budgetCommand(context: Context): Command {
  const command = verb(
    'budget',
    'What a model of some size costs: parameters, bytes, memory on the chip, modelled speed, and whether it fits.',
    [
      'tinylm budget',
      'tinylm budget --dim 96 --layers 2 --flash 1M --ram 64K',
      'tinylm budget --vocab 512 --dim 48 --hidden 96 --no-tied --json',
      'tinylm budget run/demo --ram 10K --chip esp32c3',
      'tinylm budget --largest --flash 1M --ram 64K --speed 50 --chip esp32c3',
    ],
  )
    .alias('fit')
    .argument(
      '[model]',
      'a .tlm file, a run folder, a checkpoint or a name (tinylm models) to measure, instead of sizes to compute with',
    );
  addOptions(command, [...MODEL_OPTIONS]);
  command
    .option('--flash <bytes>', 'room for the model in flash, e.g. 1M; exits with 1 when it does not fit', byteSize)
    .option('--ram <bytes>', 'memory for the engine, e.g. 32K; exits with 1 when it does not fit', byteSize)
    .addOption(
      new Option('--chip <name>', 'chip to model, with all that goes into the figures (default: all)').choices(
        CHIP_CHOICES,
      ),
    )
    .addOption(
      new Option('--flash-mode <mode>', 'how the chip reads its flash (default: all)').choices(FLASH_MODE_CHOICES),
    )
    .option('--speed <t>', 'least modelled tokens/s; exits with 1 when a chip is slower', decimal(0.01, 1e6))
    .option(
      '--largest',
      'the largest model within --flash, --ram (engine, and copies of matrices) and --speed ' +
        `(default: ${bytesText(usual.flash)}, ${bytesText(usual.ram)}, ${usual.speed})`,
    );
  addOptions(command, ['json']);
  return command.action((path: string | undefined, options: Options) => showBudget(context, command, path, options));
}

interface Cost {
  readonly config: ModelConfig;
  readonly parameters: number;
  readonly floatBytes: number;
  readonly t2Bytes: number;
  readonly b3Bytes: number;
  readonly ramT2: number;
  readonly ramB3: number;
  readonly ramReference: number;
}

/** By the sizes alone. */
function computed(options: ModelOptions): Cost {
  const config = modelConfig(options);
  return { config, ...budget(config, { tokenizerBytes: tokenizerBytes(options, config) }) };
}

/** Of a model that is there: its own parts, in either packing. */
function measuredCost(path: string): Cost {
  const { file } = openTlm(path);
  const { config } = file.model;
  const metadata = Object.keys(file.metadata).length === 0 ? '' : JSON.stringify(file.metadata);
  const sizes = {
    tokenizerBytes: encodeTokenizer(file.tokenizer).length,
    metadataBytes: new TextEncoder().encode(metadata).length,
  };
  return { config, ...budget(config, sizes) };
}

async function showBudget(
  context: Context,
  command: Command,
  path: string | undefined,
  options: Options,
): Promise<void> {
  const sizes = ['tokenizer', 'vocab', 'dim', 'hidden', 'layers', 'ngrams', 'cache', 'tied', 'trits'].filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  if (path !== undefined && sizes.length > 0)
    throw new UsageError(
      `a model and --${sizes[0]} exclude each other`,
      'a model has its own sizes; leave the option out',
    );
  if (options.largest) return showLargest(context, path, sizes, options);
  const cost = path === undefined ? computed(options) : measuredCost(path);
  const speeds = speedsOf(cost.config, options.chip, options.flashMode);
  const fits = {
    ...(options.flash !== undefined && { flash: cost.b3Bytes <= options.flash }),
    ...(options.ram !== undefined && { ram: cost.ramB3 <= options.ram }),
    ...(options.speed !== undefined && {
      speed: speeds.every((row) => row.speeds.every((s) => s.tokensPerSecond >= options.speed!)),
    }),
  };
  if (options.json) {
    const { config, parameters, floatBytes, t2Bytes, b3Bytes, ramT2, ramB3, ramReference } = cost;
    // No bound is Infinity, which JSON has no word for: it becomes null.
    const modelled = speeds.flatMap((row) => row.speeds);
    const sizesAndFits = { config, parameters, floatBytes, t2Bytes, b3Bytes, ramT2, ramB3, ramReference, fits };
    context.terminal.json({ ...sizesAndFits, modelled });
  } else {
    const { terminal } = context;
    const verdict = (yes: boolean, limit: string): string => (yes ? `fits ${limit}` : `DOES NOT FIT ${limit}`);
    terminal.out(
      table(
        [
          ['model', shape(cost.config)],
          ['parameters', count(cost.parameters)],
          ['weights', weightWords(cost.config)],
          ['original weights, float32', `${count(cost.floatBytes)} bytes`],
          [
            '.tlm at 1.6 bits a digit (b3)',
            `${count(cost.b3Bytes)} bytes` +
              (fits.flash === undefined ? '' : `: ${verdict(fits.flash, `${bytesText(options.flash!)} of flash`)}`),
          ],
          ['.tlm at 2 bits a digit (t2)', `${count(cost.t2Bytes)} bytes`],
          [
            'engine memory, table kernel, b3',
            `${count(cost.ramB3)} bytes` +
              (fits.ram === undefined ? '' : `: ${verdict(fits.ram, `${bytesText(options.ram!)} of RAM`)}`),
          ],
          ['engine memory, table kernel, t2', `${count(cost.ramT2)} bytes`],
          ['engine memory, reference kernel', `${count(cost.ramReference)} bytes`],
        ],
        [0, 1],
      ),
    );
    terminal.out(speedText(speeds));
    const training = await trainingHere(terminal, cost.config, options.tokenizer);
    if (training !== undefined) terminal.out(training);
    if (fits.speed !== undefined)
      terminal.out(fits.speed ? `fast enough for ${options.speed} tokens/s` : `TOO SLOW for ${options.speed} tokens/s`);
  }
  if (fits.flash === false || fits.ram === false || fits.speed === false) context.exitCode = EXIT.failed;
}

/** The inverse: the sizes follow from the limits. */
function showLargest(context: Context, path: string | undefined, sizes: readonly string[], options: Options): void {
  const given = path === undefined ? sizes.filter((name) => !['tokenizer', 'vocab'].includes(name)) : ['model'];
  if (given.length > 0)
    throw new UsageError(
      `--largest finds the sizes, and ${path === undefined ? `--${given[0]} is one` : `${path} has its own`}`,
      'leave it out; --vocab, --tokenizer, --chip, --flash-mode, --flash, --ram and --speed may be given',
    );
  const vocab = wantedVocab(options);
  const tokens = { vocab, tokenizerBytes: tokenizerBytes(options, { vocab }) };
  const answers = largestOf({ ...options, ...tokens });
  if (options.json) context.terminal.json(answers);
  else context.terminal.out(`${largestText(answers)}\n${trainLines(answers)}`);
  const none = answers.filter(({ found }) => found === null);
  if (none.length === 0) return;
  context.exitCode = EXIT.failed;
  const limits = tooTight(none[0], tokens);
  context.terminal.note(
    limits.length > 0
      ? `hint: without the limit on ${limits.join(' or on ')} there would be one`
      : 'hint: more than one of flash, RAM and speed is out of reach',
  );
}
