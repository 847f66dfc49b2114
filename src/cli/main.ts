#!/usr/bin/env node
/** The command `tinylm`. */
import { EXIT } from './errors.js';
import { leave } from './interrupt.js';
import { runProgram } from './program.js';
import { makeTerminal } from './terminal.js';
import { version } from './version.js';

// The reader of a pipe may leave early (| head): that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') console.error(`error: the output cannot be written (${error.code})`);
  void leave(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
});

process.exitCode = await runProgram(
  process.argv.slice(2),
  {
    terminal: makeTerminal(process.stdout, process.stderr),
    stdin: process.stdin,
    exitCode: 0,
  },
  version(),
);
