import type { Command } from 'commander';
import { compare, comparisonText, dump, showTensor } from '../../format/index.js';
import { verb, type Context } from '../context.js';
import { EXIT } from '../errors.js';
import { openTlm } from '../model-source.js';
import { addOptions } from '../options.js';

interface Options {
  diffable?: boolean;
  tensor?: string;
  compare?: string;
  json?: boolean;
}

export function inspectCommand(context: Context): Command {
  const command = verb('inspect', 'Look inside a .tlm: everything, one tensor, or what differs from another file.', [
    'tinylm inspect run/demo',
    'tinylm inspect run/demo --tensor rnn.weight_hh_l0 | less -S',
    'diff <(tinylm inspect a.tlm --diffable) <(tinylm inspect b.tlm --diffable)',
    'tinylm inspect a.tlm --compare b.tlm',
  ]).argument('<model>', 'a run folder, a .tlm file, a checkpoint or a name (tinylm models)');
  command
    .option('--diffable', 'leave out offsets and sizes, so that two dumps can be compared line by line')
    .option('--tensor <name>', 'show the weights of one tensor, a line a row (+ - .)')
    .option('--compare <other>', 'compare with another model by value; exits with 1 when they differ');
  addOptions(command, ['json']);
  return command.action((path: string, options: Options) => inspect(context, path, options));
}

function inspect(context: Context, path: string, options: Options): void {
  const { terminal } = context;
  const { file } = openTlm(path);
  if (options.compare !== undefined) {
    const result = compare(file, openTlm(options.compare).file);
    if (options.json) terminal.json(result);
    else terminal.out(comparisonText(result).trimEnd());
    if (!result.same) context.exitCode = EXIT.failed;
    return;
  }
  if (options.tensor !== undefined) {
    terminal.out(showTensor(file, options.tensor).trimEnd());
    return;
  }
  if (!options.json) {
    terminal.out(dump(file, options).trimEnd());
    return;
  }
  const { config, embedFrac, eod, resetOnEod } = file.model;
  terminal.json({
    config,
    embedFrac,
    eod,
    resetOnEod,
    tokenizer: { kind: file.tokenizer.kind, base: file.tokenizer.base.length, merges: file.tokenizer.merges.length },
    metadata: file.metadata,
    ...(options.diffable
      ? { tensors: file.info.tensors.map(({ name, type, rows, cols }) => ({ name, type, rows, cols })) }
      : file.info),
  });
}
