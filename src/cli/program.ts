/** The command line as a whole: its verbs, and how they are run. */
import { Command, CommanderError } from 'commander';
import { budgetCommand } from './commands/budget.js';
import { chatCommand } from './commands/chat.js';
import { corpusCommand } from './commands/corpus.js';
import { demoCommand } from './commands/demo.js';
import { devicesCommand } from './commands/devices.js';
import { evalCommand } from './commands/eval.js';
import { exportCommand } from './commands/export.js';
import { flashCommand } from './commands/flash.js';
import { generateCommand } from './commands/generate.js';
import { inspectCommand } from './commands/inspect.js';
import { modelsCommand } from './commands/models.js';
import { monitorCommand } from './commands/monitor.js';
import { quantizeCommand } from './commands/quantize.js';
import { simulateCommand } from './commands/simulate.js';
import { studioCommand } from './commands/studio.js';
import { sweepCommand } from './commands/sweep.js';
import { trainCommand } from './commands/train.js';
import { wifiCommand } from './commands/wifi.js';
import { releaseLocks } from '../node/lock.js';
import type { Context } from './context.js';
import { EXIT, reportError } from './errors.js';
import { visible } from './visible.js';

/** In the order of the pipeline. */
const VERBS = [
  demoCommand,
  corpusCommand,
  budgetCommand,
  trainCommand,
  evalCommand,
  quantizeCommand,
  sweepCommand,
  exportCommand,
  inspectCommand,
  generateCommand,
  modelsCommand,
  devicesCommand,
  flashCommand,
  chatCommand,
  monitorCommand,
  wifiCommand,
  simulateCommand,
  studioCommand,
];

export function buildProgram(context: Context, version: string): Command {
  const program = new Command('tinylm')
    .description('Train a tiny ternary language model on your own text and run it on a microcontroller.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [verb]', 'show the help of a verb')
    .showSuggestionAfterError(true);
  for (const make of VERBS) program.addCommand(make(context));
  program.addHelpText(
    'after',
    '\nExamples:\n  $ tinylm demo\n  $ tinylm train my-text.txt\n  $ tinylm generate run/my-text --prompt "Once upon"',
  );
  const { terminal } = context;
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(visible(text)),
      writeErr: (text) => terminal.stderr.write(visible(text)),
      outputError: (text, write) => write(`${text.trimEnd()}\nhint: ${hint(command)}\n`),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  }
  return program;
}

function hint(command: Command): string {
  return command.parent ? `tinylm ${command.name()} --help shows its options` : 'tinylm --help shows the verbs';
}

/** Runs a command line; `words` are those after `tinylm`. @returns the exit code */
export async function runProgram(words: readonly string[], context: Context, version: string): Promise<number> {
  const program = buildProgram(context, version);
  if (words.length === 0) {
    program.outputHelp();
    return EXIT.ok;
  }
  try {
    await program.parseAsync(words, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(error, context.terminal);
  } finally {
    releaseLocks();
  }
}
