/**
 * A way to a device: bytes out, bytes in, perhaps two control lines. Everything above (the line protocol, the flasher)
 * knows this interface only. Implementations: in memory (here), serial port, TCP, WebSocket (their own files).
 */
import { TinyLMError } from '../model/errors.js';
import { afterTask } from '../model/next-task.js';

/** The modem control lines that reset a board: DTR pulls IO0 low, RTS pulls EN low (through the auto-reset circuit). */
export interface Signals {
  dtr?: boolean;
  rts?: boolean;
}

export interface Transport {
  /** what this is, for messages: a path, a URL */
  readonly name: string;
  readonly isOpen: boolean;
  /** USB ids of the adapter, where known; 303A:1001 is Espressif's USB-Serial-JTAG */
  readonly usb?: { vendorId: number; productId: number } | undefined;
  /** Opens; throws a TinyLMError in words (`port-missing`, `port-busy`, `port-denied`, `connect-…`). */
  open(): Promise<void>;
  /** Closes; may be called again. */
  close(): Promise<void>;
  /** Sends all bytes, in order; throws `port-closed` or `port-lost`. */
  write(data: Uint8Array): Promise<void>;
  /** Calls `listener` with bytes as they come; bytes that come while nobody listens are kept. Returns the way out. */
  onData(listener: (data: Uint8Array) => void): () => void;
  /** Calls `listener` once when the connection ends; with an error when it was lost, without one after close(). */
  onClose(listener: (error?: TinyLMError) => void): () => void;
  /** Sets control lines; false when this port has none (a pseudo-terminal, a network connection). */
  setSignals?(signals: Signals): Promise<boolean>;
  /** Changes the speed of an open line. */
  setBaudRate?(baud: number): Promise<void>;
}

/** Listeners, buffering and the closed state: what all transports share. */
export abstract class TransportBase implements Transport {
  readonly name: string;
  #open = false;
  #early: Uint8Array[] = [];
  readonly #data = new Set<(data: Uint8Array) => void>();
  readonly #close = new Set<(error?: TinyLMError) => void>();

  constructor(name: string) {
    this.name = name;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  abstract open(): Promise<void>;
  abstract close(): Promise<void>;
  abstract write(data: Uint8Array): Promise<void>;

  onData(listener: (data: Uint8Array) => void): () => void {
    this.#data.add(listener);
    for (const data of this.#early.splice(0)) listener(data);
    return () => this.#data.delete(listener);
  }

  onClose(listener: (error?: TinyLMError) => void): () => void {
    this.#close.add(listener);
    return () => this.#close.delete(listener);
  }

  protected opened(): void {
    this.#early = [];
    this.#open = true;
  }

  /** Hands bytes to the listeners. */
  protected received(data: Uint8Array): void {
    if (!this.#open || data.length === 0) return;
    if (this.#data.size === 0) this.#early.push(data);
    for (const listener of [...this.#data]) listener(data);
  }

  /** Marks the end of the connection; only the first call counts. */
  protected closed(error?: TinyLMError): void {
    if (!this.#open) return;
    this.#open = false;
    for (const listener of [...this.#close]) listener(error);
  }

  protected requireOpen(): void {
    if (this.#open) return;
    throw new TinyLMError('port-closed', `${this.name} is not open`, 'open it first, or open it again');
  }
}

/** The bytes of a transport as an async iterator; ends when the connection is closed, throws when it is lost. */
export async function* bytesOf(transport: Transport): AsyncGenerator<Uint8Array, void, void> {
  const queue: Uint8Array[] = [];
  let ended = !transport.isOpen;
  let failure: TinyLMError | undefined;
  let wake = (): void => {};
  const offData = transport.onData((data) => {
    queue.push(data);
    wake();
  });
  const offClose = transport.onClose((error) => {
    ended = true;
    failure = error;
    wake();
  });
  try {
    for (;;) {
      const data = queue.shift();
      if (data) yield data;
      else if (failure) throw failure;
      else if (ended) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    offData();
    offClose();
  }
}

/** One end of a cable in memory. */
class MemoryTransport extends TransportBase {
  peer: MemoryTransport | undefined;
  #waiting: Uint8Array[] = [];

  async open(): Promise<void> {
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    this.opened();
    for (const data of this.#waiting.splice(0)) this.received(data);
  }

  async close(): Promise<void> {
    this.closed();
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    const copy = data.slice();
    // The other side hears it later, as over any real line; order is kept.
    await new Promise<void>((resolve) =>
      afterTask(() => {
        this.peer?.arrive(copy);
        resolve();
      }),
    );
  }

  arrive(data: Uint8Array): void {
    if (this.isOpen) this.received(data);
    else this.#waiting.push(data);
  }

  /** The cable is pulled: both ends see the loss. */
  lose(): void {
    this.closed(new TinyLMError('port-lost', `${this.name} was disconnected`, 'plug it in again'));
  }
}

/**
 * Two transports joined in memory: what one writes the other receives (kept until it is opened).
 * `pull` breaks the connection on both sides.
 */
export function memoryPair(name = 'memory'): { a: Transport; b: Transport; pull: () => void } {
  const a = new MemoryTransport(`${name} (a)`);
  const b = new MemoryTransport(`${name} (b)`);
  a.peer = b;
  b.peer = a;
  return {
    a,
    b,
    pull: () => {
      a.lose();
      b.lose();
    },
  };
}

/** What a fake device sends back for the bytes it gets, if anything. */
export type Answer = (data: Uint8Array) => Uint8Array | undefined | void;

/** What a {@link FakeTransport} does on top of answering. */
export interface FakeOptions {
  name?: string;
  /** bytes a chunk of input has at most: to see that a reader copes with any split; default all at once */
  chunk?: number;
  /** error thrown by open() */
  openError?: TinyLMError;
  signals?: boolean;
}

/** A transport for tests: a function answers what is written; writes and signals are recorded; it can fail. */
export class FakeTransport extends TransportBase {
  readonly written: Uint8Array[] = [];
  readonly signals: Signals[] = [];
  readonly #answer: Answer;
  readonly #options: FakeOptions;

  constructor(answer: Answer = () => undefined, options: FakeOptions = {}) {
    super(options.name ?? 'fake');
    this.#answer = answer;
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#options.openError) throw this.#options.openError;
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    this.opened();
  }

  async close(): Promise<void> {
    this.closed();
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    this.written.push(data.slice());
    const answer = this.#answer(data);
    if (answer) this.send(answer);
  }

  /** The device speaks. */
  send(data: Uint8Array): void {
    const chunk = this.#options.chunk ?? data.length;
    for (let i = 0; i < data.length; i += chunk) {
      const part = data.slice(i, i + chunk);
      afterTask(() => this.received(part));
    }
  }

  /** The device vanishes. */
  drop(): void {
    this.closed(new TinyLMError('port-lost', `${this.name} was disconnected`, 'plug it in again'));
  }

  async setSignals(signals: Signals): Promise<boolean> {
    this.signals.push(signals);
    return this.#options.signals ?? true;
  }
}
