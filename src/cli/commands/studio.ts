import type { Command } from 'commander';
import { openPage } from '../../node/open-page.js';
import { serveSite } from '../../node/site-server.js';
import { verb, type Context } from '../context.js';
import { onceInterrupted } from '../interrupt.js';
import { wholeNumber } from '../values.js';

/** One port, as what the browser keeps (runs, settings) belongs to it. */
const PORT = 4663;

interface Options {
  port: number;
  open: boolean;
}

export function studioCommand(context: Context): Command {
  return verb('studio', 'One page that trains, tries, flashes and talks, in the browser of this computer.', [
    'tinylm studio',
    'tinylm studio --port 8080 --no-open',
  ])
    .option(
      '--port <n>',
      'port to serve on, for this computer only; 0 for any that is free',
      wholeNumber(0, 65_535),
      PORT,
    )
    .option('--no-open', 'only say the address, open no browser')
    .action((options: Options) => studio(context, options));
}

async function studio({ terminal }: Context, { port, open }: Options): Promise<void> {
  const site = await serveSite({ port });
  const ended = onceInterrupted();
  terminal.out(site.url);
  terminal.note('The studio is served to this computer only, and nothing leaves it. Ctrl-C ends it.');
  if (open && process.stderr.isTTY) openPage(site.url);
  await ended;
  await site.close();
}
