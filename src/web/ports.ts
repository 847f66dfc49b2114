/**
 * A transport across a message port: the side that has the port serves it, the other side uses it as a transport. So the chip worker
 * does not know whether a port is the page's (Web Serial) or a virtual chip's.
 */
import { TransportBase, type Signals, type Transport } from '../device/index.js';
import { TinyLMError } from '../model/errors.js';
import { errorOf, failureOf, type Endpoint } from './calls.js';
import type { Failure } from './protocol.js';
import { WebSerialTransport, type SerialPortLike } from './serial.js';

type Usb = { readonly vendorId: number; readonly productId: number };
type Asked =
  | { readonly kind: 'about' }
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
  | { readonly kind: 'write'; readonly data: Uint8Array }
  | { readonly kind: 'signals'; readonly signals: Signals }
  | { readonly kind: 'baud'; readonly baud: number };
type ToPort = Asked & { readonly id: number };
type FromPort =
  | { readonly kind: 'done'; readonly id: number; readonly value?: boolean | Usb | undefined }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'over'; readonly failure?: Failure };

/** A port that is served; `close` ends that. */
export interface ServedPort {
  close(): Promise<void>;
}

/**
 * Serves a port of Web Serial, or any transport, to whoever has the other end of `channel`.
 * @param port closed; opened and closed as the other side asks
 */
export function servePort(port: SerialPortLike | Transport, channel: Endpoint): ServedPort {
  const transport: Transport = 'onData' in port ? port : new WebSerialTransport(port);
  const send = (message: FromPort): void => channel.postMessage(message, []);
  let off: (() => void)[] = [];
  const quiet = (): void => off.splice(0).forEach((end) => end());
  const act = async (asked: Asked): Promise<boolean | Usb | undefined> => {
    switch (asked.kind) {
      case 'about':
        return transport.usb;
      case 'open':
        await transport.open();
        quiet();
        off = [
          transport.onData((data) => send({ kind: 'data', data })),
          transport.onClose((error) => send({ kind: 'over', ...(error && { failure: failureOf(error) }) })),
        ];
        return undefined;
      case 'close':
        quiet();
        return void (await transport.close());
      case 'write':
        return void (await transport.write(asked.data));
      case 'signals':
        return (await transport.setSignals?.(asked.signals)) ?? false;
      case 'baud':
        return void (await transport.setBaudRate?.(asked.baud));
      default:
        return asked satisfies never;
    }
  };
  channel.addEventListener('message', ({ data: { id, ...asked } }: MessageEvent<ToPort>) => {
    act(asked).then((value) => send({ kind: 'done', id, value }), (error: unknown) => send({ kind: 'failed', id, failure: failureOf(error) }));
  });
  channel.start?.();
  return {
    async close() {
      await transport.close();
      quiet();
    },
  };
}

/** The other side: a transport whose port is served elsewhere. */
export class RemotePort extends TransportBase {
  usb: Usb | undefined;
  readonly #channel: Endpoint;
  readonly #open = new Map<number, { resolve: (value: boolean | Usb | undefined) => void; reject: (error: TinyLMError) => void }>();
  #last = 0;

  constructor(channel: Endpoint, name: string) {
    super(name);
    this.#channel = channel;
    channel.addEventListener('message', ({ data }: MessageEvent<FromPort>) => this.#heard(data));
    channel.start?.();
  }

  #heard(message: FromPort): void {
    switch (message.kind) {
      case 'data':
        return this.received(message.data);
      case 'over':
        return this.closed(message.failure && errorOf(message.failure));
      default: {
        const waiting = this.#open.get(message.id);
        this.#open.delete(message.id);
        if (message.kind === 'done') waiting?.resolve(message.value);
        else waiting?.reject(errorOf(message.failure));
      }
    }
  }

  /** Learns the USB ids, by which a flasher chooses how to reset the chip. Before the first `open`. */
  async learn(): Promise<void> {
    this.usb = (await this.#ask({ kind: 'about' })) as Usb | undefined;
  }

  #ask(asked: Asked): Promise<boolean | Usb | undefined> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#channel.postMessage({ ...asked, id } satisfies ToPort, []);
    });
  }

  async open(): Promise<void> {
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    this.opened(); // what comes with the answer is kept
    try {
      await this.#ask({ kind: 'open' });
    } catch (error) {
      this.closed();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.closed();
    await this.#ask({ kind: 'close' });
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    await this.#ask({ kind: 'write', data });
  }

  async setSignals(signals: Signals): Promise<boolean> {
    this.requireOpen();
    return (await this.#ask({ kind: 'signals', signals })) === true;
  }

  async setBaudRate(baud: number): Promise<void> {
    this.requireOpen();
    await this.#ask({ kind: 'baud', baud });
  }
}
