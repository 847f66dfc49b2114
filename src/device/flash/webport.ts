/** A Transport in the shape of a Web Serial port: what esptool-js knows how to drive. */
import { TinyLMError } from '../../model/errors.js';
import type { Transport } from '../transport.js';

/** The part of the Web Serial API (WICG) that esptool-js uses. */
export interface WebPort {
  /** null while closed, fresh after open */
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { baudRate: number }): Promise<void>;
  close(): Promise<void>;
  setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void>;
  getInfo(): { usbVendorId?: number; usbProductId?: number };
  setBaudRate?: (baud: number) => Promise<void>;
}

export class WebPortAdapter implements WebPort {
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  readonly setBaudRate?: (baud: number) => Promise<void>;
  /** whether the line has control lines: known after the first {@link setSignals} */
  hasSignals: boolean | undefined;
  /** the first write that failed */
  failure: TinyLMError | undefined;
  readonly #transport: Transport;
  #off: (() => void)[] = [];

  /** @param transport opened and closed together with this port */
  constructor(transport: Transport) {
    this.#transport = transport;
    // Present only where it works: without it esptool-js closes and opens the port anew.
    if (transport.setBaudRate) this.setBaudRate = (baud) => transport.setBaudRate!(baud);
  }

  async open(options: { baudRate: number }): Promise<void> {
    const transport = this.#transport;
    if (!transport.isOpen) await transport.open();
    await transport.setBaudRate?.(options.baudRate);
    let over = false;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const offData = transport.onData((data) => {
          if (!over) controller.enqueue(data);
        });
        const offClose = transport.onClose((error) => {
          if (over) return;
          over = true;
          if (error) controller.error(error);
          else controller.close();
        });
        this.#off = [
          offData,
          offClose,
          () => {
            over = true;
          },
        ];
      },
      // The reader has left: what still comes is for nobody.
      cancel: () => {
        over = true;
      },
    });
    this.writable = new WritableStream<Uint8Array>({
      write: (data) =>
        transport.write(data).catch((error: unknown) => {
          // esptool-js goes on after it, and fails by what its stream is then.
          if (error instanceof TinyLMError) this.failure ??= error;
          throw error;
        }),
    });
  }

  async close(): Promise<void> {
    for (const off of this.#off.splice(0)) off();
    this.readable = null;
    this.writable = null;
    await this.#transport.close();
  }

  async setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void> {
    const lines: { dtr?: boolean; rts?: boolean } = {};
    if (signals.dataTerminalReady !== undefined) lines.dtr = signals.dataTerminalReady;
    if (signals.requestToSend !== undefined) lines.rts = signals.requestToSend;
    this.hasSignals = (await this.#transport.setSignals?.(lines)) ?? false;
  }

  getInfo(): { usbVendorId?: number; usbProductId?: number } {
    const usb = this.#transport.usb;
    return usb ? { usbVendorId: usb.vendorId, usbProductId: usb.productId } : {};
  }
}
