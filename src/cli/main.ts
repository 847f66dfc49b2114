#!/usr/bin/env node
/** The command `tinylm`. */
import { runProgram } from './program.js';
import { makeTerminal } from './terminal.js';
import { version } from './version.js';

// The reader of a pipe may leave early (| head): that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runProgram(
  process.argv.slice(2),
  {
    terminal: makeTerminal(process.stdout, process.stderr),
    stdin: process.stdin,
    exitCode: 0,
  },
  version(),
);
