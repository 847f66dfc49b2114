#!/usr/bin/env node
// The command `tinylm`: plain JavaScript, so that a clone that was not built can say so.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error(`error: ${fileURLToPath(main)} does not exist: tinylm was not built yet`);
  console.error('hint: run "npm ci" and "npm run build" in its folder (needs nothing but npm packages)');
  process.exitCode = 1;
}
