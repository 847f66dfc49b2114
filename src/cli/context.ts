/** What a verb is given besides its options, and how a verb is made. */
import { Command } from 'commander';
import type { Terminal } from './terminal.js';

export interface Context {
  readonly terminal: Terminal;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** The process's exit code when the verb returns; 0 unless the verb sets it. */
  exitCode: number;
}

/** Makes a verb's command with the examples that end its help. */
export function verb(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(summary)
    .allowExcessArguments(false)
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', `\nExamples:\n${examples.map((e) => `  $ ${e}`).join('\n')}`);
}
