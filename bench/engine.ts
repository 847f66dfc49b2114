/** Tokens a second of the engine as WebAssembly, against the same float model in plain TypeScript: in Node, and in Chromium when it is there. */
import { readWasm } from '../src/node/assets.js';
import { openBrowser } from './browser.js';
import { raceEngines, type EngineResult } from './engine-race.js';
import { circumstances, type Circumstances } from './measure.js';

export interface EngineResults {
  readonly circumstances: Circumstances;
  readonly places: readonly { readonly name: string; readonly models: readonly EngineResult[] }[];
}

export async function benchEngine(rounds: number, say: (line: string) => void): Promise<EngineResults> {
  const where = circumstances('npm run bench -- engine');
  const places = [
    {
      name: `Node ${process.version}`,
      models: await raceEngines(readWasm('engine'), rounds, (line) => say(`engine in Node: ${line}`)),
    },
  ];
  const browser = await openBrowser((line) => say(`engine in the browser: ${line}`));
  if (browser === undefined)
    say('engine in the browser: not measured, no Chromium or Chrome was found (CHROMIUM=path names one)');
  else {
    places.push({
      name: browser.name,
      models: await browser.call<EngineResult[]>('bench/engine-race.js', 'raceInPage', rounds),
    });
    await browser.close();
  }
  return { circumstances: where, places };
}
