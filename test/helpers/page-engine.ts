/** What the WebAssembly engine answers, computed with nothing that a browser lacks. */
import { Engine } from '../../src/engine/index.js';

/** Logits after a few tokens, sampled text and the state's bytes of a model file. */
export async function engineAnswers(wasm: BufferSource, model: Uint8Array): Promise<object> {
  const engine = await Engine.load(wasm, model);
  const { vocab, eod } = engine.info;
  engine.reset();
  const logits: number[][] = [];
  for (const token of [eod, 1, vocab - 1, vocab >> 1]) {
    engine.step(token);
    logits.push(Array.from(engine.logits()));
  }
  const texts = [0, 0.5, 1.5].map((temperature) =>
    [...engine.generate('a', { seed: 7, maxTokens: 60, temperature })].join(''),
  );
  return { logits, texts };
}

const bytesOf = async (url: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await fetch(url)).arrayBuffer());

/** The same, called in a page of bench/browser.ts. */
export async function answersInPage(models: readonly string[]): Promise<object[]> {
  const wasm = await bytesOf('/dist/wasm/engine.wasm');
  return Promise.all(models.map(async (name) => engineAnswers(wasm, await bytesOf(`/vectors/${name}.tlm`))));
}
