/** A conversation with the engine over its ring buffers (`tlm_stream` in engine/include/tinylm.h). */
import { TinyLMError } from '../model/errors.js';
import type { Sampler } from './engine.js';
import { checked } from './errors.js';
import type { NaturalSamplerOptions } from './options.js';
import type { WasmEngine } from './wasm.js';

export interface GenerateOptions extends NaturalSamplerOptions {
  /** Most tokens of one turn; 0 = no limit. */
  readonly maxTokens?: number;
  /** The turn ends before this text, at most 32 UTF-8 bytes. */
  readonly stop?: string;
}

export interface StreamOptions extends GenerateOptions {
  /** Generate without end: neither eod nor `maxTokens` stops it. */
  readonly continuous?: boolean;
  /** Instead of the sampling options here. */
  readonly sampler?: Sampler;
  /** Sizes of the ring buffers, bytes; 4096 by default, the output's at least 128. */
  readonly inputBytes?: number;
  readonly outputBytes?: number;
}

/** What a poll did, or why it did nothing. */
export type StreamState = 'idle' | 'prompt' | 'generating' | 'full' | 'ended';
export type EndReason = 'none' | 'eod' | 'limit' | 'stop' | 'cancelled';

const STATES: readonly StreamState[] = ['idle', 'prompt', 'generating', 'full', 'ended'];
const REASONS: readonly EndReason[] = ['none', 'eod', 'limit', 'stop', 'cancelled'];
/** Bytes of a stop text, at most (SPEC.md 6.5). */
export const STOP_MAX = 32;
const CHUNK = 1024;

export class TextStream {
  private readonly wasm: WasmEngine;
  private readonly stream: number;
  private readonly transfer: number;
  private readonly stop: number;
  private readonly input: number;
  private readonly output: number;
  private readonly inputBytes: number;
  private readonly outputBytes: number;
  private readonly engine: number;

  /** Made by `Engine.stream`. @throws TinyLMError `engine-argument` */
  constructor(wasm: WasmEngine, engine: number, sampler: Sampler, options: StreamOptions) {
    this.wasm = wasm;
    this.engine = engine;
    this.inputBytes = options.inputBytes ?? 4096;
    this.outputBytes = options.outputBytes ?? 4096;
    this.stream = wasm.struct('stream');
    this.transfer = wasm.allocate(CHUNK);
    this.stop = wasm.allocate(STOP_MAX);
    this.input = wasm.allocate(this.inputBytes);
    this.output = wasm.allocate(this.outputBytes);
    this.restart(sampler, options);
  }

  /**
   * A new conversation in the same buffers: resets the engine; unread output and input are dropped.
   * @throws TinyLMError `engine-argument`
   */
  restart(sampler: Sampler, options: Omit<StreamOptions, 'inputBytes' | 'outputBytes'> = {}): void {
    const { maxTokens = 0, stop = '', continuous = false } = options;
    const stopBytes = new TextEncoder().encode(stop);
    if (stopBytes.length > STOP_MAX) {
      throw new TinyLMError(
        'engine-argument',
        `the stop string has ${stopBytes.length} bytes, expected at most ${STOP_MAX}`,
        'give a shorter one',
      );
    }
    if (!Number.isInteger(maxTokens) || maxTokens < 0 || maxTokens > 0xffffffff) {
      throw new TinyLMError('engine-argument', `maxTokens is ${maxTokens}, expected a whole number; 0 = no limit`);
    }
    this.wasm.bytes(this.stop, stopBytes.length).set(stopBytes);
    checked(
      this.wasm.call.tlm_wasm_stream(
        this.stream,
        this.engine,
        sampler.address,
        this.input,
        this.inputBytes,
        this.output,
        this.outputBytes,
        maxTokens,
        this.stop,
        stopBytes.length,
        continuous ? 1 : 0,
      ),
      `buffers of ${this.inputBytes} and ${this.outputBytes} bytes, expected at least 1 and 128`,
    );
  }

  /** Adds prompt bytes; returns how many found room. */
  write(bytes: Uint8Array): number {
    let taken = 0;
    while (taken < bytes.length) {
      const part = bytes.subarray(taken, taken + CHUNK);
      this.wasm.bytes(this.transfer, part.length).set(part);
      const n = this.wasm.call.tlm_stream_write(this.stream, this.transfer, part.length);
      taken += n;
      if (n < part.length) break;
    }
    return taken;
  }

  /** The prompt is complete: generate. */
  submit(): void {
    checked(this.wasm.call.tlm_stream_submit(this.stream));
  }

  /** One bounded piece of work: feeds a prompt token or generates one. */
  poll(): StreamState {
    return STATES[checked(this.wasm.call.tlm_stream_poll(this.stream))];
  }

  /** Takes generated text, whole characters while more follows; empty when there is none. */
  read(most = CHUNK): Uint8Array {
    const n = this.wasm.call.tlm_stream_read(this.stream, this.transfer, Math.max(4, Math.min(most, CHUNK)));
    return this.wasm.bytes(this.transfer, n).slice();
  }

  /** Ends the turn; text generated so far can still be read. */
  cancel(): void {
    this.wasm.call.tlm_stream_cancel(this.stream);
  }

  get reason(): EndReason {
    return REASONS[this.wasm.call.tlm_stream_reason(this.stream)];
  }

  /**
   * The token that the last poll has generated, where the text goes on with it; the engine's logits are still those that it was drawn
   * from.
   */
  get token(): number | undefined {
    const token = this.wasm.call.tlm_wasm_stream_token(this.stream);
    return token < 0 ? undefined : token;
  }

  /** Tokens generated, and tokens of the prompt, in this turn. */
  get generated(): number {
    return this.wasm.call.tlm_stream_generated(this.stream);
  }
  get promptTokens(): number {
    return this.wasm.call.tlm_stream_prompt_tokens(this.stream);
  }

  /** One turn: the prompt in, pieces of text out until it ends; in continuous mode, until the caller stops asking. */
  *run(prompt: string | Uint8Array): Generator<Uint8Array, void, undefined> {
    let rest = typeof prompt === 'string' ? new TextEncoder().encode(prompt) : prompt;
    let submitted = false;
    for (;;) {
      rest = rest.subarray(this.write(rest));
      if (rest.length === 0 && !submitted) {
        this.submit();
        submitted = true;
      }
      const state = this.poll();
      for (let text = this.read(); text.length > 0; text = this.read()) yield text;
      if (state === 'ended') return;
    }
  }
}
