import type { Command } from 'commander';
import { budget, type ModelConfig } from '../../model/index.js';
import { verb, type Context } from '../context.js';
import { EXIT } from '../errors.js';
import { modelConfig, type ModelOptions } from '../model-options.js';
import { addOptions, FLOAT_LIMIT, MODEL_OPTIONS } from '../options.js';
import { table } from '../terminal.js';
import { bytesText, byteSize, count } from '../values.js';

interface Options extends ModelOptions {
  flash?: number;
  ram?: number;
  json?: boolean;
}

export function budgetCommand(context: Context): Command {
  const command = verb('budget', 'What a model of some size costs: parameters, bytes, memory on the chip, and whether it fits.', [
    'tinylm budget',
    'tinylm budget --dim 96 --layers 2 --flash 1M --ram 64K',
    'tinylm budget --vocab 512 --dim 48 --hidden 96 --no-tied --json',
  ]).alias('fit');
  addOptions(command, [...MODEL_OPTIONS]);
  command
    .option('--flash <bytes>', 'room for the model in flash, e.g. 1M; exits with 1 when it does not fit', byteSize)
    .option('--ram <bytes>', 'memory for the engine, e.g. 32K; exits with 1 when it does not fit', byteSize);
  addOptions(command, ['json']);
  return command.action((options: Options) => showBudget(context, options));
}

/** Bytes of a tokenizer section whose vocabulary is full (SPEC.md 1.4): a merge and a symbol take 4 bytes each. */
function tokenizerBytes(options: ModelOptions, config: ModelConfig): number {
  return options.tokenizer === 'byte' ? 8 : 8 + 4 * config.vocab;
}

function showBudget(context: Context, options: Options): void {
  const config = modelConfig(options);
  const cost = budget(config, { tokenizerBytes: tokenizerBytes(options, config) });
  const fits = {
    original: cost.fits(FLOAT_LIMIT),
    ...(options.flash !== undefined && { flash: cost.b3Bytes <= options.flash }),
    ...(options.ram !== undefined && { ram: cost.ramB3 <= options.ram }),
  };
  if (options.json) {
    const { parameters, floatBytes, t2Bytes, b3Bytes, ramT2, ramB3, ramReference } = cost;
    context.terminal.json({ config, parameters, floatBytes, t2Bytes, b3Bytes, ramT2, ramB3, ramReference, fits });
  } else {
    const { terminal } = context;
    const verdict = (yes: boolean, limit: string): string => (yes ? `fits ${limit}` : `DOES NOT FIT ${limit}`);
    const { vocab, dim, hidden, layers, tied } = config;
    terminal.out(table([
      ['model', `vocab ${vocab}, dim ${dim}, hidden ${hidden}, layers ${layers}, ${tied ? 'tied' : 'not tied'}`],
      ['parameters', count(cost.parameters)],
      ['original weights, float32', `${count(cost.floatBytes)} bytes: ${verdict(fits.original, `${count(FLOAT_LIMIT)} bytes`)}`],
      ['.tlm at 1.6 bits a weight (b3)', `${count(cost.b3Bytes)} bytes`
        + (fits.flash === undefined ? '' : `: ${verdict(fits.flash, `${bytesText(options.flash!)} of flash`)}`)],
      ['.tlm at 2 bits a weight (t2)', `${count(cost.t2Bytes)} bytes`],
      ['engine memory, table kernel, b3', `${count(cost.ramB3)} bytes`
        + (fits.ram === undefined ? '' : `: ${verdict(fits.ram, `${bytesText(options.ram!)} of RAM`)}`)],
      ['engine memory, table kernel, t2', `${count(cost.ramT2)} bytes`],
      ['engine memory, reference kernel', `${count(cost.ramReference)} bytes`],
    ], [0, 1]));
  }
  if (fits.flash === false || fits.ram === false) context.exitCode = EXIT.failed;
}
