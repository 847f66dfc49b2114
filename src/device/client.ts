/**
 * A typed client of the device over any {@link Transport}: what a device is, its settings, texts as they are made,
 * speed, another model. One request is under way at a time; calls made meanwhile wait their turn.
 */
import { TinyLMError } from '../model/errors.js';
import { BenchSchema, ModelSchema, ResultSchema, SettingsSchema, StatusSchema } from './answers.js';
import type {
  BenchResult,
  ClientOptions,
  DeviceModel,
  DeviceSettings,
  DeviceStatus,
  GenerateOptions,
  GenerateResult,
  Generation,
} from './client-types.js';
import { deviceError, encode, join, json, parseAnswer, u32 } from './payload.js';
import { FrameReader, PROTOCOL, encodeFrame, type Frame } from './protocol.js';
import type { Transport } from './transport.js';

/** How long a text that is being made may stand still: no device is as slow as this. */
const STALL_MS = 60_000;
/** What a token takes at most on the slowest device that is of any use, and a bench may: it answers at its end only. */
const SLOWEST_TOKEN_MS = 2000;
/** Errors after which the device takes the same piece of a model again. */
const DAMAGED: readonly string[] = ['device-line', 'device-bad-frame', 'device-silent'];

interface Waiting {
  sequence: number;
  onData: (payload: Uint8Array) => void;
  resolve: (payload: Uint8Array) => void;
  reject: (error: TinyLMError) => void;
  timer?: ReturnType<typeof setTimeout> | undefined;
  patience: number;
}

export class DeviceClient {
  readonly #transport: Transport;
  readonly #timeout: number;
  readonly #onText: (text: string) => void;
  readonly #reader = new FrameReader();
  readonly #text = new TextDecoder();
  readonly #waiting = new Map<number, Waiting>();
  readonly #off: (() => void)[] = [];
  #sequence = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param transport open, or opened by {@link open} */
  constructor(transport: Transport, options: ClientOptions = {}) {
    this.#transport = transport;
    this.#timeout = options.timeoutMs ?? 5000;
    this.#onText = options.onText ?? ((): void => undefined);
  }

  /** Opens the transport (unless it is) and begins to listen. */
  async open(): Promise<void> {
    if (!this.#transport.isOpen) await this.#transport.open();
    this.#off.push(this.#transport.onData((data) => this.#receive(data)));
    this.#off.push(
      this.#transport.onClose((error) =>
        this.#fail(error ?? new TinyLMError('port-closed', `${this.#transport.name} was closed`)),
      ),
    );
  }

  async close(): Promise<void> {
    for (const off of this.#off.splice(0)) off();
    this.#fail(new TinyLMError('port-closed', `${this.#transport.name} was closed`));
    await this.#transport.close();
  }

  #fail(error: TinyLMError): void {
    for (const waiting of [...this.#waiting.values()]) this.#settle(waiting, () => waiting.reject(error));
  }

  #settle(waiting: Waiting, how: () => void): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting.sequence);
    how();
  }

  #watch(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    waiting.timer = setTimeout(
      () =>
        this.#settle(waiting, () =>
          waiting.reject(
            new TinyLMError(
              'device-silent',
              `${this.#transport.name} did not answer for ${waiting.patience} ms`,
              "check that TinyLM's firmware runs on it, and the speed of the line",
            ),
          ),
        ),
      waiting.patience,
    );
  }

  #receive(data: Uint8Array): void {
    for (const received of this.#reader.push(data)) {
      if (received.kind === 'text') this.#onText(this.#text.decode(received.bytes, { stream: true }));
      else if (received.kind === 'frame') this.#frame(received.frame);
      else this.#damaged();
    }
  }

  /** An answer was damaged on its way: whose it was is not known, so all that wait are told. */
  #damaged(): void {
    this.#fail(
      new TinyLMError(
        'device-line',
        `bytes from ${this.#transport.name} were damaged on their way`,
        'try again; if it happens often, use a shorter cable or a lower speed',
      ),
    );
  }

  #frame({ type, sequence, payload }: Frame): void {
    const waiting = this.#waiting.get(sequence);
    if (!waiting) {
      // Sequence 0 is the device's word for a frame that it could not read.
      if (type === PROTOCOL.MSG_ERROR && sequence === 0) this.#fail(deviceError(payload));
      return;
    }
    switch (type) {
      case PROTOCOL.MSG_DATA:
        this.#watch(waiting);
        waiting.onData(payload);
        break;
      case PROTOCOL.MSG_DONE:
        this.#settle(waiting, () => waiting.resolve(payload));
        break;
      case PROTOCOL.MSG_ERROR:
        this.#settle(waiting, () => waiting.reject(deviceError(payload)));
        break;
      default:
        break; // a later version's
    }
  }

  /** Sends a frame and waits for its done, at once. */
  #request(
    type: number,
    payload: Uint8Array = new Uint8Array(),
    onData: Waiting['onData'] = () => undefined,
    patience = this.#timeout,
  ): Promise<Uint8Array> {
    do
      this.#sequence = (this.#sequence % 255) + 1; // 0 is kept for damaged frames
    while (this.#waiting.has(this.#sequence));
    const sequence = this.#sequence;
    return new Promise<Uint8Array>((resolve, reject) => {
      const waiting: Waiting = { sequence, onData, resolve, reject, patience };
      this.#waiting.set(sequence, waiting);
      this.#watch(waiting);
      this.#transport
        .write(encodeFrame({ type, sequence, payload }))
        .catch((error: TinyLMError) => this.#settle(waiting, () => reject(error)));
    });
  }

  /** Runs `body` when all that was asked before is done. */
  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(body, body);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What the device is and holds. @param timeoutMs how long the answer may take; default that of the client */
  info(timeoutMs = this.#timeout): Promise<DeviceStatus> {
    return this.#inTurn(async () => {
      const parts: Uint8Array[] = [];
      await this.#request(PROTOCOL.MSG_INFO, undefined, (part) => parts.push(part), timeoutMs);
      return parseAnswer(StatusSchema, join(parts));
    });
  }

  /** Changes settings (all of them or none) and returns all; without an argument only returns them. */
  set(changes: Partial<DeviceSettings> = {}): Promise<DeviceSettings> {
    return this.#inTurn(async () =>
      parseAnswer(SettingsSchema, await this.#request(PROTOCOL.MSG_SETTINGS, json(changes))),
    );
  }

  /** Shows the device its token, which changes over the network need. @throws TinyLMError `device-forbidden` */
  async authorize(token: string): Promise<void> {
    await this.#inTurn(() => this.#request(PROTOCOL.MSG_AUTH, encode(token)));
  }

  /** Has the device keep its network's name and password, its token, its own name; '' removes one. */
  async config(values: {
    ssid?: string;
    password?: string;
    token?: string;
    name?: string;
    allow?: string;
  }): Promise<void> {
    await this.#inTurn(() => this.#request(PROTOCOL.MSG_CONFIG, json(values)));
  }

  async restart(): Promise<void> {
    await this.#inTurn(() => this.#request(PROTOCOL.MSG_RESTART));
  }

  /** Forgets this client's conversation. */
  async reset(): Promise<void> {
    await this.#inTurn(() => this.#request(PROTOCOL.MSG_RESET));
  }

  /** Ends what runs for this client, at once; what runs ends with its own result. Nothing happens when nothing runs. */
  async cancel(): Promise<void> {
    await this.#request(PROTOCOL.MSG_CANCEL).catch((error: TinyLMError) => {
      if (error.code !== 'device-idle') throw error;
    });
  }

  /** Speed over `tokens` tokens, 1 … 10000; fewer when cancelled. */
  bench(tokens = 64): Promise<BenchResult> {
    return this.#inTurn(async () =>
      parseAnswer(
        BenchSchema,
        await this.#request(PROTOCOL.MSG_BENCH, json({ tokens }), undefined, STALL_MS + tokens * SLOWEST_TOKEN_MS),
      ),
    );
  }

  async #say(text: string): Promise<void> {
    const bytes = encode(text);
    for (let at = 0; at < bytes.length; at += PROTOCOL.PAYLOAD_MAX) {
      // Feeding a long prompt takes as long as the device's steps.
      await this.#request(
        PROTOCOL.MSG_PROMPT,
        bytes.slice(at, at + PROTOCOL.PAYLOAD_MAX),
        undefined,
        Math.max(this.#timeout, STALL_MS),
      );
    }
  }

  async #run(settings: Uint8Array, onText: (part: Uint8Array) => void): Promise<GenerateResult> {
    try {
      return parseAnswer(
        ResultSchema,
        await this.#request(PROTOCOL.MSG_GENERATE, settings, onText, Math.max(this.#timeout, STALL_MS)),
      );
    } catch (error) {
      // The device does not know that a piece was damaged, and would go on.
      if (error instanceof TinyLMError && error.code === 'device-line') {
        await this.#request(PROTOCOL.MSG_CANCEL).catch(() => undefined);
      }
      throw error;
    }
  }

  /** Generates a text that goes on from `prompt`. Settings that are not given are the device's. */
  generate(prompt: string, options: GenerateOptions = {}): Generation {
    const { goOn = false, ...settings } = options;
    const pieces: string[] = [];
    const text = new TextDecoder('utf-8', { ignoreBOM: true });
    let wake = (): void => undefined;
    let ended = false;
    let running = false;
    let wanted = true;
    const result = this.#inTurn(async () => {
      if (!goOn) await this.#request(PROTOCOL.MSG_RESET);
      await this.#say(prompt);
      if (!wanted) {
        if (prompt !== '') await this.#request(PROTOCOL.MSG_CANCEL);
        return { reason: 'cancelled', prompt_tokens: 0, tokens: 0, ms: 0, tokens_per_second: 0, seed: 0 } as const;
      }
      running = true;
      try {
        return await this.#run(json(settings), (part) => {
          pieces.push(text.decode(part, { stream: true }));
          wake();
        });
      } finally {
        running = false;
      }
    }).finally(() => {
      const rest = text.decode();
      if (rest !== '') pieces.push(rest);
      ended = true;
      wake();
    });
    result.catch(() => undefined); // who iterates gets it there
    const cancel = async (): Promise<void> => {
      wanted = false;
      if (running) await this.cancel(); // idle: it ended by itself meanwhile
      await result.catch(() => undefined);
    };
    return {
      result,
      cancel,
      say: (more) => this.#say(more),
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) {
            const piece = pieces.shift();
            if (piece !== undefined) yield piece;
            else if (ended) break;
            else
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
          }
          await result;
        } finally {
          if (!ended) await cancel(); // the reader left the loop
        }
      },
    };
  }

  /**
   * Sends a model and has the device use it. A break leaves the device without a model but reachable; send again then.
   * @param model a .tlm file
   * @param onProgress bytes that the device has, and all
   * @throws TinyLMError `device-bad-model` (refused after the check), `device-too-large`, `device-forbidden`, …
   */
  uploadModel(
    model: Uint8Array,
    onProgress: (sent: number, total: number) => void = () => undefined,
  ): Promise<DeviceModel> {
    return this.#inTurn(async () => {
      await this.#request(PROTOCOL.MSG_UPLOAD_BEGIN, u32(model.length));
      const piece = PROTOCOL.PAYLOAD_MAX - 4;
      for (let at = 0, lost = 0; at < model.length; ) {
        onProgress(at, model.length);
        try {
          const part = join([u32(at), model.subarray(at, at + piece)]);
          const next = await this.#request(PROTOCOL.MSG_UPLOAD_DATA, part);
          at = new DataView(next.buffer, next.byteOffset).getUint32(0, true);
          lost = 0;
        } catch (error) {
          // A piece or its answer was damaged on the way: the device takes the same piece again.
          if (!(error instanceof TinyLMError && DAMAGED.includes(error.code)) || ++lost > 3) throw error;
        }
      }
      onProgress(model.length, model.length);
      return parseAnswer(
        ModelSchema,
        await this.#request(PROTOCOL.MSG_UPLOAD_END, undefined, undefined, Math.max(this.#timeout, 10_000)),
      );
    });
  }
}
