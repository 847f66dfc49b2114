#!/usr/bin/env node
// The command `tinylm`: plain JavaScript, so that a clone that was not built, or not installed, can say so.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/src/cli/main.js', import.meta.url);
const OLDEST = 20;

function fail(message, hint) {
  console.error(`error: ${message}\nhint: ${hint}`);
  process.exitCode = 1;
}

if (Number(process.versions.node.split('.')[0]) < OLDEST)
  fail(`this is Node ${process.versions.node}, expected ${OLDEST} or later`, 'install a newer one: https://nodejs.org');
else if (!existsSync(main))
  fail(
    `${fileURLToPath(main)} does not exist: tinylm was not built yet`,
    'run "npm ci" and "npm run build" in its folder (needs nothing but npm packages)',
  );
else
  try {
    await import(main.href);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    fail(error.message.split('\n')[0], 'run "npm ci" in the folder of tinylm, or install the package again');
  }
