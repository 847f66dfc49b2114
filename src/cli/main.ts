#!/usr/bin/env node
/** The command `tinylm`. */
import { TinyLMError } from '../model/errors.js';
import { EXIT, reportError } from './errors.js';
import { leave } from './interrupt.js';
import { runProgram } from './program.js';
import { makeTerminal } from './terminal.js';
import { VERSION } from '../run/version.js';

// A token on the command line is nobody else's business: `ps` shows the name alone from here on.
process.title = 'tinylm';

// The reader of a pipe may leave early (| head): that is no fault. Work that is kept in files goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') console.error(`error: the output cannot be written (${error.code})`);
  void leave(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
});
// Nobody reads what is said along the way (2>&1 | head): it is said to nobody.
process.stderr.on('error', () => undefined);

const terminal = makeTerminal(process.stdout, process.stderr);
process.on('uncaughtException', (error) => process.exit(reportError(error, terminal)));
// Nothing is left that could come, and the verb still waits: Node would end with code 13 and no word.
let ended = false;
process.on('beforeExit', () => {
  if (ended) return;
  const lost = 'what tinylm waited for has gone without a word';
  process.exit(
    reportError(new TinyLMError('lost', lost, 'run it again; please report it with what was done'), terminal),
  );
});

const code = await runProgram(process.argv.slice(2), { terminal, stdin: process.stdin, exitCode: 0 }, VERSION);
ended = true;
process.exitCode = code;
// What a verb has given up (a board that vanished) may still wait somewhere: that keeps nobody.
setInterval(() => {
  if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit(code);
}, 300).unref();
