/** The C engine over a `.tlm`: generating and measuring. */
import { Engine, SAMPLER_DEFAULTS, type EndReason, type GenerateOptions } from '../engine/index.js';
import { Tokenizer } from '../tokenizer/index.js';
import { readTlm } from '../format/index.js';
import { measureBits, type Document } from '../reference/index.js';

/** Q9: the engine's logits in natural logarithm units. */
const LOGIT_ONE = 512;

/** What is left out is as the file says, or as by default (SPEC.md 4). */
export interface Sampling {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly repetitionPenalty?: number;
  readonly seed: number;
  /** 0 for no limit. */
  readonly maxTokens: number;
  readonly stop?: string;
}

export interface Generated {
  readonly text: string;
  /** Tokens generated. */
  readonly tokens: number;
  readonly promptTokens: number;
  readonly reason: EndReason;
}

/** temperature 0.6, top-k 40, seed 1 */
export function samplingWords({
  temperature = SAMPLER_DEFAULTS.temperature,
  topK = SAMPLER_DEFAULTS.topK,
  topP = 1,
  repetitionPenalty = 1,
  seed,
}: Sampling): string {
  return [
    temperature === 0 ? 'greedy' : `temperature ${temperature}`,
    ...(temperature > 0 && topK > 0 ? [`top-k ${topK}`] : []),
    ...(temperature > 0 && topP > 0 && topP < 1 ? [`top-p ${topP}`] : []),
    ...(repetitionPenalty > 1 ? [`repetition penalty ${repetitionPenalty}`] : []),
    ...(temperature > 0 ? [`seed ${seed}`] : []),
  ].join(', ');
}

/** Opens a model; the engine's code is at hand where this is made. */
export type OpenEngine = (tlm: Uint8Array) => Promise<EngineModel>;

function decodeParts(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
}

export class EngineModel {
  readonly engine: Engine;
  readonly memoryBytes: number;
  readonly #tlm: Uint8Array;

  private constructor(engine: Engine, tlm: Uint8Array) {
    this.engine = engine;
    this.memoryBytes = engine.memoryBytes;
    this.#tlm = tlm;
  }

  /**
   * @param engine the engine's code (`dist/wasm/engine.wasm`)
   * @throws TinyLMError `tlm-…` for a file that the engine refuses
   */
  static async load(engine: BufferSource | WebAssembly.Module, tlm: Uint8Array): Promise<EngineModel> {
    return new EngineModel(await Engine.load(engine, tlm), tlm);
  }

  /** Generates after a prompt. */
  generate(prompt: string, sampling: Sampling): Generated {
    const parts: Uint8Array[] = [];
    const pieces = this.pieces(prompt, sampling);
    for (;;) {
      const next = pieces.next();
      if (next.done) return { ...next.value, text: decodeParts(parts) };
      parts.push(next.value);
    }
  }

  /** The same, piece by piece: whole characters each, unless the text has bytes that are no UTF-8. */
  *pieces(prompt: string, sampling: Sampling): Generator<Uint8Array, Omit<Generated, 'text'>, undefined> {
    const options: GenerateOptions = sampling;
    const stream = this.engine.stream(options);
    yield* stream.run(prompt);
    return { tokens: stream.generated, promptTokens: stream.promptTokens, reason: stream.reason };
  }

  /** Bits per byte of documents, each from a reset state, the end of each included. */
  bitsPerByte(documents: readonly Document[]): number {
    const { engine } = this;
    return measureBits(documents, engine.info.eod, () => {
      engine.reset();
      return (token) => {
        engine.step(token);
        return { logits: engine.logits(), one: LOGIT_ONE };
      };
    });
  }

  /** Tokens a second on this machine: generating freely, for about half a second. */
  speed(milliseconds = 500): number {
    const { engine } = this;
    const sampler = engine.sampler({ seed: 1 });
    engine.reset();
    let token = engine.info.eod;
    let tokens = 0;
    const run = (until: number): void => {
      while (performance.now() < until) {
        for (let i = 0; i < 100; i++) {
          engine.step(token);
          token = engine.sample(sampler);
        }
        tokens += 100;
      }
    };
    run(performance.now() + 100); // until the engine is compiled for speed
    tokens = 0;
    const start = performance.now();
    run(start + milliseconds);
    return tokens / ((performance.now() - start) / 1000);
  }

  /** The tokenizer of the file, in TypeScript. */
  tokenizer(): Tokenizer {
    return new Tokenizer(readTlm(this.#tlm).tokenizer);
  }
}
