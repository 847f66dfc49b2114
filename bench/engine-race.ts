/** The engine as WebAssembly against the same float model in plain TypeScript, one thread; runs in Node and in a browser. */
import { Engine } from '../src/engine/index.js';
import { writeTlm } from '../src/format/index.js';
import { configOf, initModel, parameterCount, type ModelConfig } from '../src/model/index.js';
import { quantizeModel } from '../src/quantize/index.js';
import { byteTable } from '../src/tokenizer/index.js';
import { plainFloat } from './plain.js';

export interface EngineResult {
  readonly model: ModelConfig;
  readonly parameters: number;
  /** Bytes of the .tlm file, and of the float weights. */
  readonly fileBytes: number;
  readonly floatBytes: number;
  /** Tokens a second in each round, next token by greatest logit. */
  readonly engine: number[];
  readonly plain: number[];
}

const MODELS: readonly ModelConfig[] = [
  configOf({ vocab: 256, dim: 32, hidden: 64, layers: 1, tied: false }),
  configOf({ vocab: 256, dim: 128, hidden: 128, layers: 1, tied: true }),
  configOf({ vocab: 256, dim: 256, hidden: 400, layers: 1, tied: false }),
];

function greatest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Tokens a second of something that takes a token and gives the next, over about `seconds`. */
function speed(next: (token: number) => number, seconds: number): number {
  let token = 0;
  const run = (count: number): number => {
    const begin = performance.now();
    for (let i = 0; i < count; i++) token = next(token);
    return (performance.now() - begin) / 1000;
  };
  let count = 50;
  let took = run(count);
  while (took < 0.005) took = run((count *= 4)); // clocks of browsers are coarse
  count = Math.max(10, Math.round((seconds * count) / took));
  return count / run(count);
}

/** @param wasm bytes of engine.wasm */
export async function raceEngines(
  wasm: BufferSource,
  rounds: number,
  say: (line: string) => void,
): Promise<EngineResult[]> {
  const module = await WebAssembly.compile(wasm);
  const results: EngineResult[] = [];
  for (const model of MODELS) {
    say(`${model.vocab} × ${model.dim} × ${model.layers[0].width}`);
    const float = initModel(model, 1);
    const tokenizer = byteTable();
    const file = writeTlm({
      model: quantizeModel(float, { eod: tokenizer.eod }).model,
      tokenizer,
      metadata: {},
      packing: 'b3',
    });
    const engine = await Engine.load(module, file);
    engine.reset();
    const sampler = engine.sampler({ temperature: 0 });
    const viaEngine = (token: number): number => {
      engine.step(token);
      return engine.sample(sampler);
    };
    const step = plainFloat(float);
    const viaPlain = (token: number): number => greatest(step(token));
    speed(viaEngine, 0.3); // warm-up
    speed(viaPlain, 0.3);
    const result: EngineResult = {
      model,
      parameters: parameterCount(model),
      fileBytes: file.length,
      floatBytes: 4 * parameterCount(model),
      engine: [],
      plain: [],
    };
    for (let i = 0; i < rounds; i++) {
      result.engine.push(speed(viaEngine, 0.15));
      result.plain.push(speed(viaPlain, 0.15));
    }
    results.push(result);
  }
  return results;
}

/** The same in a page of bench/browser.ts. */
export const raceInPage = async (rounds: number): Promise<EngineResult[]> =>
  raceEngines(await (await fetch('/dist/wasm/engine.wasm')).arrayBuffer(), rounds, (line) => console.log(line));
