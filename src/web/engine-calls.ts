/** What the engine worker answers: models, and texts token by token. The same code as on the chip, and the same text as the CLI's. */
import { cleanPrompt, normalText } from '../corpus/index.js';
import { Engine, type Sampler, type TextStream } from '../engine/index.js';
import { TinyLMError } from '../model/errors.js';
import { nextTask } from '../model/next-task.js';
import type { Handlers, Telling } from './calls.js';
import { guesser, type Guesses } from './guesses.js';
import type { EngineCalls, GeneratedText, GeneratedToken, SamplingFlags } from './protocol.js';

const MAX_TOKENS = 256;
/** Tokens that are told together wait so long at most, in milliseconds: a frame of a screen. */
const TELL_EVERY = 16;

/** A model with its buffers, which serve one text at a time. */
class Loaded {
  readonly engine: Engine;
  readonly #sampler: Sampler;
  readonly #guess: (token: number) => Guesses;
  #stream: TextStream | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine) {
    this.engine = engine;
    this.#sampler = engine.sampler();
    this.#guess = guesser(engine);
  }

  /** A text; after the one that is under way. */
  generate(prompt: string, sampling: SamplingFlags, telling: Telling<{ tokens: GeneratedToken[] }>): Promise<GeneratedText> {
    const text = this.#turn.catch(() => undefined).then(() => this.#generate(prompt, sampling, telling));
    this.#turn = text;
    return text;
  }

  async #generate(prompt: string, { stop, maxTokens = MAX_TOKENS, ...sampling }: SamplingFlags,
    { tell, signal }: Telling<{ tokens: GeneratedToken[] }>): Promise<GeneratedText> {
    const { engine } = this;
    this.#sampler.restart(sampling);
    const options = { maxTokens, ...(stop !== undefined && { stop: normalText(stop) }) };
    if (this.#stream === undefined) this.#stream = engine.stream({ ...options, sampler: this.#sampler });
    else this.#stream.restart(this.#sampler, options);
    const stream = this.#stream;
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const started = performance.now();
    let rest = new TextEncoder().encode(cleanPrompt(prompt, engine.info.tokenizer).text);
    let submitted = false;
    let text = '';
    let waiting: GeneratedToken[] = [];
    let told = started;
    const flush = (): void => {
      if (waiting.length > 0) tell({ tokens: waiting });
      waiting = [];
      told = performance.now();
    };
    for (let ended = false; !ended;) {
      rest = rest.subarray(stream.write(rest));
      if (rest.length === 0 && !submitted) {
        stream.submit();
        submitted = true;
      }
      const before = stream.generated;
      ended = stream.poll() === 'ended';
      if (!ended && signal.aborted) {
        stream.cancel();
        ended = true;
      }
      let piece = '';
      for (let bytes = stream.read(); bytes.length > 0; bytes = stream.read()) piece += decoder.decode(bytes, { stream: true });
      if (ended) piece += decoder.decode();
      text += piece;
      const drawn = stream.generated > before ? stream.token : stream.reason === 'eod' ? engine.info.eod : undefined;
      if (drawn !== undefined) {
        const { drawn: own, likeliest } = this.#guess(drawn);
        waiting.push({ ...own, piece, likeliest });
      } else if (piece !== '') {
        // Text that was held back, by a character that was not complete or a stop text that did not come.
        waiting.push({ token: engine.info.eod, text: '', end: true, probability: 1, piece, likeliest: [] });
      }
      if (ended || performance.now() - told > TELL_EVERY) {
        flush();
        await nextTask();
      }
    }
    const seconds = (performance.now() - started) / 1000;
    return {
      text,
      reason: stream.reason as GeneratedText['reason'],
      promptTokens: stream.promptTokens,
      tokens: stream.generated,
      tokensPerSecond: stream.generated / Math.max(seconds, 1e-6),
    };
  }
}

/** @param code the engine's (`engine.wasm`) */
export function engineHandlers(code: () => Promise<WebAssembly.Module>): Handlers<EngineCalls> {
  const models = new Map<string, Loaded>();
  let last = 0;
  return {
    async 'engine/load'({ tlm }) {
      const engine = await Engine.load(await code(), tlm);
      const model = `model-${++last}`;
      models.set(model, new Loaded(engine));
      return { model, info: engine.info, memoryBytes: engine.memoryBytes };
    },
    'engine/unload'({ model }) {
      models.delete(model);
      return {};
    },
    'engine/generate'({ model, prompt, sampling = {} }, telling) {
      const loaded = models.get(model);
      if (loaded === undefined) throw new TinyLMError('model-unknown', 'this model is not loaded any more', 'load it again');
      return loaded.generate(prompt, sampling, telling);
    },
  };
}
