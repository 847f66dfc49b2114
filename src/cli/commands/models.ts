import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { CHIPS, type ChipName } from '../../cost/index.js';
import { TinyLMError } from '../../model/errors.js';
import { readBytes } from '../../node/files.js';
import { readRegistry, shippedCard, shippedNames, shippedTlm } from '../../node/shipped.js';
import { bitsOf, listed, shippedFigures } from '../../run/shipped.js';
import { CHIP_CHOICES } from '../budget-speed.js';
import { verb, type Context } from '../context.js';
import { addOptions } from '../options.js';
import { table } from '../terminal.js';
import { count } from '../values.js';

interface Options {
  chip: ChipName;
  json?: boolean;
}

export function modelsCommand(context: Context): Command {
  const command = verb('models', 'List the models that come with TinyLM, or show the card of one.', [
    'tinylm models',
    'tinylm models stories-16k',
    'tinylm models --chip esp32 --json',
  ]).argument('[name]', 'show the card of this model: a sample, data and licence, how it was made');
  command.addOption(new Option('--chip <name>', 'chip to say the speed for').choices(CHIP_CHOICES).default('esp32c3'));
  addOptions(command, ['json']);
  return command.action((name: string | undefined, options: Options) => models(context, name, options));
}

function models({ terminal }: Context, name: string | undefined, { chip, json }: Options): void {
  const shown = readRegistry().models.filter((m) => name === undefined || m.name === name);
  if (shown.length === 0)
    throw new TinyLMError(
      'model-not-found',
      `no model called ${name} comes with TinyLM; there are ${shippedNames()}`,
      'tinylm models lists them',
    );
  const all = shown.map((model) => {
    const path = shippedTlm(model.name);
    return { model, path, figures: shippedFigures(readBytes(path)) };
  });
  if (json) {
    const described = all.map(({ model, path, figures }) => ({ ...listed(model, figures), path }));
    return terminal.json(name === undefined ? described : described[0]);
  }
  if (name !== undefined) return terminal.out(readFileSync(shippedCard(name), 'utf8').trimEnd());
  const rows = all.map(({ model, figures }) => [
    model.name,
    count(figures.bytes),
    bitsOf(model),
    count(figures.ram),
    count(figures.speeds.find((s) => s.chip === chip)!.tokensPerSecond),
    model.use,
  ]);
  terminal.out(
    table([['name', 'bytes', 'bits per byte', 'RAM, bytes', `tokens/s, ${CHIPS[chip].title}`, 'for'], ...rows], [0, 5]),
  );
  terminal.note(
    'Speeds are modelled. A name serves wherever a model is expected; a file or folder of yours that is called the same wins.',
  );
  terminal.note(`  tinylm generate ${all[0].model.name} --prompt "Once"`);
  terminal.note(`  tinylm models ${all[0].model.name}      (its card)`);
}
