/** Text from the WebAssembly engine, with the words of the device's protocol: what every machine must give. */
import { readFileSync } from 'node:fs';
import { Engine } from '../../src/engine/index.js';
import { readWasm } from '../../src/node/index.js';

export interface TextOptions {
  readonly seed: number;
  readonly length: number;
  readonly temperature?: number;
  readonly top_k?: number;
}

/** A model file in the WebAssembly engine. */
export async function loadEngineModel(path: string): Promise<{ text(prompt: string, options: TextOptions): string }> {
  const engine = await Engine.load(readWasm('engine'), readFileSync(path));
  return {
    text(prompt, { seed, length, temperature, top_k: topK }) {
      let text = '';
      for (const piece of engine.generate(prompt, { seed, maxTokens: length, temperature, topK })) text += piece;
      return text;
    },
  };
}
