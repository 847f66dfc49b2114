/** Web Serial (WICG) as a transport. The page has the port: only there may a person choose one. */
import { TransportBase, type Signals } from '../device/index.js';
import { TinyLMError } from '../model/errors.js';

/** The part of a `SerialPort` that is used; tests pass their own. */
export interface SerialPortLike {
  /** null while closed; a fresh one after an error of the line that is not the end of it */
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { baudRate: number; bufferSize?: number }): Promise<void>;
  close(): Promise<void>;
  setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void>;
  getInfo(): { usbVendorId?: number; usbProductId?: number };
}

const BAUD = 115_200;
/** Of what comes between two looks of the page: a chip sends at most about 1 MB/s. */
const BUFFER_BYTES = 64 * 1024;

/** USB ids as people look them up, e.g. "USB 303A:1001". */
export function serialName({ usbVendorId, usbProductId }: ReturnType<SerialPortLike['getInfo']>): string {
  const hex = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0');
  return usbVendorId === undefined || usbProductId === undefined ? 'serial port' : `USB ${hex(usbVendorId)}:${hex(usbProductId)}`;
}

export class WebSerialTransport extends TransportBase {
  readonly usb: { vendorId: number; productId: number } | undefined;
  readonly #port: SerialPortLike;
  #baud: number;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #reading: Promise<void> = Promise.resolve();
  /** The port is being closed by us. */
  #leaving = false;

  constructor(port: SerialPortLike, { baud = BAUD, name }: { baud?: number; name?: string } = {}) {
    const info = port.getInfo();
    super(name ?? serialName(info));
    this.#port = port;
    this.#baud = baud;
    const { usbVendorId, usbProductId } = info;
    this.usb = usbVendorId === undefined || usbProductId === undefined ? undefined : { vendorId: usbVendorId, productId: usbProductId };
  }

  async open(): Promise<void> {
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    await this.#openPort();
    this.opened();
    this.#listen();
  }

  async #openPort(): Promise<void> {
    try {
      await this.#port.open({ baudRate: this.#baud, bufferSize: BUFFER_BYTES });
    } catch (error) {
      throw openError(this.name, error as Error);
    }
    this.#writer = this.#port.writable!.getWriter();
  }

  #listen(): void {
    this.#leaving = false;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    let failure: unknown;
    // A line error (break, framing, overrun) ends one stream, and the port gives another; when it is gone there is none.
    while (this.#port.readable && !this.#leaving) {
      this.#reader = this.#port.readable.getReader();
      try {
        for (;;) {
          const { value, done } = await this.#reader.read();
          if (done) break;
          this.received(value);
        }
      } catch (error) {
        failure = error;
      } finally {
        this.#reader.releaseLock();
        this.#reader = undefined;
      }
      if ((failure as Error | undefined)?.name === 'NetworkError') break;
    }
    if (this.#leaving) return;
    this.closed(new TinyLMError('port-lost', `${this.name} was disconnected`, 'plug the board in again'));
    await this.#shut().catch(() => undefined);
  }

  /** Ends the reading, and closes the browser's port. */
  async #leave(): Promise<void> {
    this.#leaving = true;
    await this.#reader?.cancel().catch(() => undefined);
    await this.#reading;
    await this.#shut();
  }

  async #shut(): Promise<void> {
    await this.#writer?.abort().catch(() => undefined);
    this.#writer?.releaseLock();
    this.#writer = undefined;
    await this.#port.close();
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.closed();
    await this.#leave().catch(() => undefined);
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    try {
      await this.#writer!.write(data);
    } catch {
      throw new TinyLMError('port-lost', `${this.name} was disconnected`, 'plug the board in again');
    }
  }

  async setSignals({ dtr, rts }: Signals): Promise<boolean> {
    this.requireOpen();
    try {
      await this.#port.setSignals({
        ...(dtr !== undefined && { dataTerminalReady: dtr }),
        ...(rts !== undefined && { requestToSend: rts }),
      });
      return true;
    } catch (error) {
      if ((error as Error).name === 'NetworkError' && this.#port.readable) return false; // an adapter without these lines
      throw new TinyLMError('port-lost', `${this.name} was disconnected`, 'plug the board in again');
    }
  }

  /** Web Serial knows no other way than to close and to open again. */
  async setBaudRate(baud: number): Promise<void> {
    this.requireOpen();
    if (baud === this.#baud) return;
    this.#baud = baud;
    await this.#leave();
    await this.#openPort();
    this.#listen();
  }
}

function openError(name: string, error: Error): TinyLMError {
  if (error.name === 'InvalidStateError')
    return new TinyLMError('port-busy', `${name} is open in this page already`, 'close it first, or reload the page');
  return new TinyLMError(
    'port-busy',
    `${name} could not be opened (${error.message})`,
    'close other programs and pages that use it (a serial monitor, an IDE); on Linux you may lack the permission: ' +
      'sudo usermod -aG dialout $USER, then log in again',
  );
}
