import type { Command } from 'commander';
import { Engine } from '../../engine/index.js';
import { writeTlm, type Packing } from '../../format/index.js';
import { budget, type ModelConfig } from '../../model/index.js';
import { readWasm } from '../../node/assets.js';
import { verb, type Context } from '../context.js';
import { EXIT, UsageError } from '../errors.js';
import { modelConfig, type ModelOptions } from '../model-options.js';
import { openTlm } from '../model-source.js';
import { addOptions, FLOAT_LIMIT, MODEL_OPTIONS } from '../options.js';
import { table } from '../terminal.js';
import { bytesText, byteSize, count } from '../values.js';

interface Options extends ModelOptions {
  flash?: number;
  ram?: number;
  json?: boolean;
}

export function budgetCommand(context: Context): Command {
  const command = verb(
    'budget',
    'What a model of some size costs: parameters, bytes, memory on the chip, and whether it fits.',
    [
      'tinylm budget',
      'tinylm budget --dim 96 --layers 2 --flash 1M --ram 64K',
      'tinylm budget --vocab 512 --dim 48 --hidden 96 --no-tied --json',
      'tinylm budget run/demo --ram 10K',
    ],
  )
    .alias('fit')
    .argument('[model]', 'a .tlm file, run folder or checkpoint to measure, instead of sizes to compute with');
  addOptions(command, [...MODEL_OPTIONS]);
  command
    .option('--flash <bytes>', 'room for the model in flash, e.g. 1M; exits with 1 when it does not fit', byteSize)
    .option('--ram <bytes>', 'memory for the engine, e.g. 32K; exits with 1 when it does not fit', byteSize);
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

/** Of a model that is there: its files as they would be written, and what the engine itself asks for. */
async function measuredCost(path: string): Promise<Cost> {
  const { file } = openTlm(path);
  const { config } = file.model;
  const written = (packing: Packing): Uint8Array =>
    writeTlm({ model: file.model, tokenizer: file.tokenizer, metadata: file.metadata, packing });
  const [t2, b3] = [written('t2'), written('b3')];
  const ram = async (tlm: Uint8Array, kernel: 'table' | 'reference'): Promise<number> =>
    (await Engine.load(readWasm('engine'), tlm, { kernel })).memoryBytes;
  const { parameters, floatBytes } = budget(config);
  return {
    config,
    parameters,
    floatBytes,
    t2Bytes: t2.length,
    b3Bytes: b3.length,
    ramT2: await ram(t2, 'table'),
    ramB3: await ram(b3, 'table'),
    ramReference: await ram(b3, 'reference'),
  };
}

/** Bytes of a tokenizer section whose vocabulary is full (SPEC.md 1.4): a merge and a symbol take 4 bytes each. */
function tokenizerBytes(options: ModelOptions, config: ModelConfig): number {
  return options.tokenizer === 'byte' ? 8 : 8 + 4 * config.vocab;
}

async function showBudget(
  context: Context,
  command: Command,
  path: string | undefined,
  options: Options,
): Promise<void> {
  const sizes = ['tokenizer', 'vocab', 'dim', 'hidden', 'layers', 'tied'].filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  if (path !== undefined && sizes.length > 0)
    throw new UsageError(
      `a model and --${sizes[0]} exclude each other`,
      'a model has its own sizes; leave the option out',
    );
  const cost = path === undefined ? computed(options) : await measuredCost(path);
  const fits = {
    original: cost.floatBytes <= FLOAT_LIMIT,
    ...(options.flash !== undefined && { flash: cost.b3Bytes <= options.flash }),
    ...(options.ram !== undefined && { ram: cost.ramB3 <= options.ram }),
  };
  if (options.json) {
    const { config, parameters, floatBytes, t2Bytes, b3Bytes, ramT2, ramB3, ramReference } = cost;
    context.terminal.json({ config, parameters, floatBytes, t2Bytes, b3Bytes, ramT2, ramB3, ramReference, fits });
  } else {
    const { terminal } = context;
    const verdict = (yes: boolean, limit: string): string => (yes ? `fits ${limit}` : `DOES NOT FIT ${limit}`);
    const { vocab, dim, hidden, layers, tied } = cost.config;
    terminal.out(
      table(
        [
          ['model', `vocab ${vocab}, dim ${dim}, hidden ${hidden}, layers ${layers}, ${tied ? 'tied' : 'not tied'}`],
          ['parameters', count(cost.parameters)],
          [
            'original weights, float32',
            `${count(cost.floatBytes)} bytes: ${verdict(fits.original, `${count(FLOAT_LIMIT)} bytes`)}`,
          ],
          [
            '.tlm at 1.6 bits a weight (b3)',
            `${count(cost.b3Bytes)} bytes` +
              (fits.flash === undefined ? '' : `: ${verdict(fits.flash, `${bytesText(options.flash!)} of flash`)}`),
          ],
          ['.tlm at 2 bits a weight (t2)', `${count(cost.t2Bytes)} bytes`],
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
  }
  if (fits.flash === false || fits.ram === false) context.exitCode = EXIT.failed;
}
