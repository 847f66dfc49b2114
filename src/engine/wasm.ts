/** The compiled engine: its functions by type, and its memory. Addresses are byte offsets into that memory. */
import { TinyLMError } from '../model/errors.js';

/** The functions of engine/include/tinylm.h and engine/wasm/tlm_wasm.c. */
export interface EngineExports {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base: WebAssembly.Global;
  tlm_open(model: number, blob: number, bytes: number, fault: number): number;
  tlm_memory_bytes(model: number, kernel: number, tableBudget: number): number;
  tlm_init(engine: number, model: number, memory: number, bytes: number, kernel: number, tableBudget: number): number;
  tlm_reset(engine: number): void;
  tlm_step(engine: number, token: number): number;
  tlm_logits(engine: number): number;
  tlm_sample(engine: number, sampler: number): number;
  tlm_encode(model: number, text: number, bytes: number, tokens: number, cap: number): number;
  tlm_decoder_init(decoder: number, model: number): void;
  tlm_decode(decoder: number, token: number, text: number): number;
  tlm_decode_end(decoder: number, text: number): number;
  tlm_snapshot_bytes(model: number): number;
  tlm_save(engine: number, sampler: number, out: number, cap: number): number;
  tlm_restore(engine: number, sampler: number, snapshot: number, bytes: number): number;
  tlm_stream_write(stream: number, bytes: number, n: number): number;
  tlm_stream_submit(stream: number): number;
  tlm_stream_poll(stream: number): number;
  tlm_stream_read(stream: number, text: number, cap: number): number;
  tlm_stream_cancel(stream: number): void;
  tlm_stream_reason(stream: number): number;
  tlm_stream_generated(stream: number): number;
  tlm_stream_prompt_tokens(stream: number): number;
  tlm_wasm_size(which: number): number;
  tlm_wasm_info(model: number, out: number): void;
  tlm_wasm_options(model: number, out: number): number;
  tlm_wasm_sampler(
    sampler: number,
    temperature: number,
    topK: number,
    topP: number,
    penalty: number,
    window: number,
    seed: number,
    keep: number,
  ): number;
  tlm_wasm_stream(
    stream: number,
    engine: number,
    sampler: number,
    input: number,
    inputBytes: number,
    output: number,
    outputBytes: number,
    maxTokens: number,
    stop: number,
    stopBytes: number,
    continuous: number,
  ): number;
  tlm_wasm_stream_token(stream: number): number;
}

/** Arguments of `tlm_wasm_size`. */
export const STRUCT = { model: 0, engine: 1, sampler: 2, encoder: 3, decoder: 4, stream: 5 } as const;

const PAGE = 65536;

/** One instance of the engine's module, with memory that is only ever added to, or given back by whole scopes. */
export class WasmEngine {
  readonly call: EngineExports;
  private top: number;

  /** @throws TinyLMError `engine-module` when the module is not the engine's */
  constructor(module: WebAssembly.Module) {
    let exports: unknown;
    try {
      exports = new WebAssembly.Instance(module, {}).exports;
    } catch (error) {
      throw new TinyLMError(
        'engine-module',
        `the WebAssembly module does not start: ${(error as Error).message}`,
        'run "npm run build"',
      );
    }
    this.call = exports as EngineExports;
    if (this.call.tlm_open === undefined || this.call.tlm_wasm_stream_token === undefined) {
      throw new TinyLMError('engine-module', 'the WebAssembly module is not the engine', 'pass dist/wasm/engine.wasm');
    }
    this.top = this.call.__heap_base.value as number;
  }

  /** Zeroed memory, aligned to 16. */
  allocate(bytes: number): number {
    const at = Math.ceil(this.top / 16) * 16;
    const end = at + bytes;
    const missing = end - this.call.memory.buffer.byteLength;
    if (missing > 0) this.call.memory.grow(Math.ceil(missing / PAGE));
    this.top = end;
    this.bytes(at, bytes).fill(0);
    return at;
  }

  struct(which: keyof typeof STRUCT): number {
    return this.allocate(this.call.tlm_wasm_size(STRUCT[which]));
  }

  /** Runs with memory that is given back at the end. */
  scoped<T>(work: () => T): T {
    const { top } = this;
    try {
      return work();
    } finally {
      this.top = top;
    }
  }

  /** A view, valid until the next allocation. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.call.memory.buffer as ArrayBuffer, at, length);
  }

  /** Copies bytes in. */
  put(data: Uint8Array): number {
    const at = this.allocate(data.length);
    this.bytes(at, data.length).set(data);
    return at;
  }

  u32(at: number, count: number): number[] {
    return Array.from(new Uint32Array(this.call.memory.buffer, at, count));
  }
}
