/** The C engine, compiled to WebAssembly, over one model. */
import { TinyLMError } from '../model/errors.js';
import type { TokenizerKind } from '../tokenizer/table.js';
import { checked, engineError } from './errors.js';
import { naturalOptions, samplerOptions, type NaturalSamplerOptions } from './options.js';
import { TextStream, type GenerateOptions, type StreamOptions } from './stream.js';
import { WasmEngine } from './wasm.js';

export interface EngineOptions {
  /** `table` (default) looks sums up, `reference` unpacks each weight; the results are equal bit for bit. */
  readonly kernel?: 'table' | 'reference';
  /** Most bytes for look-up tables; 0 = 32,768, else at least 512. */
  readonly tableBudget?: number;
}

export interface ModelInfo {
  readonly vocab: number;
  readonly dim: number;
  /** Width of what the head reads. */
  readonly hidden: number;
  readonly layers: number;
  readonly tied: boolean;
  /** The end-of-document token. */
  readonly eod: number;
  readonly resetOnEod: boolean;
  readonly tokenizer: TokenizerKind;
  readonly fileBytes: number;
  /** The file's checksum: the model's identity. */
  readonly crc: number;
  /** Ternary weights, and the bytes that they are packed in. */
  readonly weights: number;
  readonly weightBytes: number;
  /** The JSON text of the file. */
  readonly metadata: string;
  /** Version of the file's format. */
  readonly version: number;
  /** What the file says that the model is best sampled with; empty where it says nothing. Samplers begin with these. */
  readonly sampling: NaturalSamplerOptions;
}

const KINDS: readonly TokenizerKind[] = ['byte', 'char', 'bpe'];

/** Sampling options at work: a random generator and its settings. Belongs to the engine that made it. */
export class Sampler {
  /** Address in the engine's memory. */
  readonly address: number;
  private readonly wasm: WasmEngine;
  private readonly model: NaturalSamplerOptions;

  /** @param model the model's own options, for what is left out */
  constructor(wasm: WasmEngine, model: NaturalSamplerOptions, options: NaturalSamplerOptions) {
    this.wasm = wasm;
    this.model = model;
    this.address = wasm.struct('sampler');
    this.apply(options, 0);
  }

  /** Other options; the generator goes on where it is. @throws TinyLMError `sampler-option` */
  set(options: NaturalSamplerOptions): void {
    this.apply(options, 1);
  }

  /** The same options and seed as a new sampler would have. @throws TinyLMError `sampler-option` */
  restart(options: NaturalSamplerOptions): void {
    this.apply(options, 0);
  }

  private apply(options: NaturalSamplerOptions, keep: 0 | 1): void {
    const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const o = samplerOptions({ ...this.model, ...said });
    checked(
      this.wasm.call.tlm_wasm_sampler(
        this.address,
        o.temperature,
        o.topK,
        o.topP,
        o.penalty,
        o.penaltyWindow,
        o.seed,
        keep,
      ),
    );
  }
}

export class Engine {
  readonly info: ModelInfo;
  /** Bytes of state, tables and work area: what a device has to set aside beside the model. */
  readonly memoryBytes: number;
  private readonly wasm: WasmEngine;
  private readonly model: number;
  private readonly engine: number;
  private readonly own: Sampler;
  private ownStream: TextStream | undefined;

  private constructor(module: WebAssembly.Module, tlm: Uint8Array, options: EngineOptions) {
    const wasm = new WasmEngine(module);
    const { call } = wasm;
    const kernel = options.kernel === 'reference' ? 0 : 1;
    const budget = options.tableBudget ?? 0;
    this.wasm = wasm;
    this.model = wasm.struct('model');
    const fault = wasm.allocate(12);
    const blob = wasm.put(tlm);
    const status = call.tlm_open(this.model, blob, tlm.length, fault);
    if (status < 0) {
      const [offset, found, expected] = wasm.u32(fault, 3);
      throw engineError(status, { offset, found, expected });
    }
    this.info = this.readInfo();
    this.memoryBytes = call.tlm_memory_bytes(this.model, kernel, budget);
    if (this.memoryBytes === 0) {
      throw new TinyLMError('engine-argument', `table budget ${budget}, expected 0 or at least 512 bytes`);
    }
    this.engine = wasm.struct('engine');
    checked(call.tlm_init(this.engine, this.model, wasm.allocate(this.memoryBytes), this.memoryBytes, kernel, budget));
    this.own = new Sampler(wasm, this.info.sampling, {});
  }

  /**
   * Opens a model.
   * @param wasm `dist/wasm/engine.wasm` (in Node: `readWasm('engine')` of src/node), or the module made from it
   * @param tlm the model's file; copied
   * @throws TinyLMError `tlm-…` with what was found and expected, `engine-module`
   */
  static async load(
    wasm: BufferSource | WebAssembly.Module,
    tlm: Uint8Array,
    options: EngineOptions = {},
  ): Promise<Engine> {
    return new Engine(wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm), tlm, options);
  }

  /** As `load`, at once; browsers allow it in workers only. */
  static loadSync(wasm: BufferSource | WebAssembly.Module, tlm: Uint8Array, options: EngineOptions = {}): Engine {
    return new Engine(wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm), tlm, options);
  }

  /** Zero state, no recent tokens. Generation starts with this and the token `info.eod`. */
  reset(): void {
    this.wasm.call.tlm_reset(this.engine);
  }

  /** Feeds one token (SPEC.md 3). @throws TinyLMError `engine-token` */
  step(token: number): void {
    if (!Number.isInteger(token) || token < 0) throw engineError(-22, `token ${token}`);
    checked(this.wasm.call.tlm_step(this.engine, token), `${token} of ${this.info.vocab}`);
  }

  /**
   * Logits (vocab) after the last step, Q9: v / 512 in natural logarithm units. A view into the engine,
   * valid until the next call of any of its functions; copy it to keep it.
   */
  logits(): Int16Array {
    const at = this.wasm.call.tlm_logits(this.engine);
    return new Int16Array(this.wasm.call.memory.buffer, at, this.info.vocab);
  }

  /** @throws TinyLMError `sampler-option` */
  sampler(options: NaturalSamplerOptions = {}): Sampler {
    return new Sampler(this.wasm, this.info.sampling, options);
  }

  /** Draws the next token from the logits of the last step, without feeding it (SPEC.md 4). */
  sample(sampler: Sampler = this.own): number {
    return checked(this.wasm.call.tlm_sample(this.engine, sampler.address));
  }

  /** Text (or UTF-8 or any other bytes) to tokens (SPEC.md 2). */
  encode(text: string | Uint8Array): Uint16Array {
    const data = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    return this.wasm.scoped(() => {
      const cap = 2 * data.length;
      const at = this.wasm.put(data);
      const tokens = this.wasm.allocate(2 * cap);
      const count = checked(this.wasm.call.tlm_encode(this.model, at, data.length, tokens, cap));
      return new Uint16Array(this.wasm.call.memory.buffer, tokens, count).slice();
    });
  }

  /** Tokens to the bytes of their text. @throws TinyLMError `engine-token` */
  decodeBytes(tokens: ArrayLike<number>): Uint8Array {
    const { call } = this.wasm;
    return this.wasm.scoped(() => {
      const decoder = this.wasm.struct('decoder');
      const text = this.wasm.allocate(64);
      const out: number[] = [];
      call.tlm_decoder_init(decoder, this.model);
      for (let i = 0; i < tokens.length; i++) {
        out.push(...this.wasm.bytes(text, checked(call.tlm_decode(decoder, tokens[i], text), `${tokens[i]}`)));
      }
      out.push(...this.wasm.bytes(text, call.tlm_decode_end(decoder, text)));
      return Uint8Array.from(out);
    });
  }

  /** Tokens to text; bytes that are no UTF-8 become U+FFFD. @throws TinyLMError `engine-token` */
  decode(tokens: ArrayLike<number>): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.decodeBytes(tokens));
  }

  /** State, generator and recent tokens (SPEC.md 1.5). */
  save(sampler: Sampler = this.own): Uint8Array {
    const { call } = this.wasm;
    return this.wasm.scoped(() => {
      const bytes = call.tlm_snapshot_bytes(this.model);
      const at = this.wasm.allocate(bytes);
      return this.wasm.bytes(at, checked(call.tlm_save(this.engine, sampler.address, at, bytes))).slice();
    });
  }

  /** Goes on from a snapshot of the same model file. @throws TinyLMError `engine-snapshot`; nothing has changed then */
  restore(snapshot: Uint8Array, sampler: Sampler = this.own): void {
    this.wasm.scoped(() => {
      checked(this.wasm.call.tlm_restore(this.engine, sampler.address, this.wasm.put(snapshot), snapshot.length));
    });
  }

  /**
   * A conversation: prompt bytes in at any time, text out. It uses this engine's state, so only one is in use at a
   * time; `TextStream.restart` uses its buffers again.
   * @throws TinyLMError `sampler-option`, `engine-argument`
   */
  stream(options: StreamOptions = {}): TextStream {
    return new TextStream(this.wasm, this.engine, options.sampler ?? this.sampler(options), options);
  }

  /**
   * Generates text after a prompt, token by token, each time whole characters. Starts with a reset and the
   * token eod; ends at eod, at `maxTokens` (256 by default) or before the stop string.
   * @throws TinyLMError `sampler-option`, `engine-argument`
   */
  *generate(prompt: string | Uint8Array = '', options: GenerateOptions = {}): Generator<string, void, undefined> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for (const bytes of this.generateBytes(prompt, options)) {
      const text = decoder.decode(bytes, { stream: true });
      if (text !== '') yield text;
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  }

  /** As `generate`, the bytes as they are. */
  *generateBytes(
    prompt: string | Uint8Array = '',
    options: GenerateOptions = {},
  ): Generator<Uint8Array, void, undefined> {
    const all = { maxTokens: 256, ...options };
    this.own.restart(options);
    if (this.ownStream === undefined) this.ownStream = this.stream({ ...all, sampler: this.own });
    else this.ownStream.restart(this.own, all);
    yield* this.ownStream.run(prompt);
  }

  private readInfo(): ModelInfo {
    return this.wasm.scoped(() => {
      const { call } = this.wasm;
      const at = this.wasm.allocate(15 * 4);
      call.tlm_wasm_info(this.model, at);
      const [
        vocab,
        dim,
        hidden,
        layers,
        tied,
        eod,
        resetOnEod,
        kind,
        fileBytes,
        crc,
        weights,
        weightBytes,
        metadata,
        metadataBytes,
        version,
      ] = this.wasm.u32(at, 15);
      const own = call.tlm_wasm_options(this.model, at) !== 0;
      const [temperature, topK, penalty, penaltyWindow] = this.wasm.u32(at, 4);
      return {
        vocab,
        dim,
        hidden,
        layers,
        tied: tied !== 0,
        eod,
        resetOnEod: resetOnEod !== 0,
        tokenizer: KINDS[kind - 1],
        fileBytes,
        crc,
        weights,
        weightBytes,
        version,
        metadata: new TextDecoder().decode(this.wasm.bytes(metadata, metadataBytes)),
        sampling: own ? naturalOptions({ temperature, topK, topP: 0, penalty, penaltyWindow, seed: 1 }) : {},
      };
    });
  }
}
