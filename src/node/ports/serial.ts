/** Serial ports by the npm package `serialport`, and the list of what is plugged in. */
import { TinyLMError } from '../../model/errors.js';
import { within } from '../../device/deadline.js';
import { TransportBase, type Signals } from '../../device/transport.js';

/** The part of `serialport` used here; tests pass their own. */
export interface SerialBackend {
  list(): Promise<SerialPortInfo[]>;
  create(path: string, baudRate: number): SerialHandle;
}

export interface SerialPortInfo {
  path: string;
  manufacturer?: string | undefined;
  serialNumber?: string | undefined;
  vendorId?: string | undefined;
  productId?: string | undefined;
}

type Callback = (error: Error | null) => void;

export interface SerialHandle {
  open(done: Callback): void;
  close(done: Callback): void;
  write(data: Uint8Array, done: (error: Error | null | undefined) => void): unknown;
  drain(done: Callback): void;
  set(signals: Signals, done: Callback): void;
  update(options: { baudRate: number }, done: Callback): void;
  /** asks for the modem lines */
  get?(done: (error: Error | null) => void): void;
  on(event: 'data', listener: (data: Uint8Array) => void): unknown;
  on(event: 'close' | 'error', listener: (error?: Error | null) => void): unknown;
}

/** The real one; loaded when first needed, since it is native code. */
export async function serialBackend(): Promise<SerialBackend> {
  let module: typeof import('serialport');
  try {
    module = await import('serialport');
  } catch (e) {
    throw new TinyLMError(
      'serialport-missing',
      `the package serialport could not be loaded: ${(e as Error).message}`,
      'run npm install, or use --host for a device on the network',
    );
  }
  return {
    list: () => module.SerialPort.list(),
    create: (path, baudRate) => new module.SerialPort({ path, baudRate, autoOpen: false }) as SerialHandle,
  };
}

/** A message of the operating system in words: which file, what is wrong, what to do. */
export function serialError(path: string, error: Error): TinyLMError {
  const text = error.message;
  if (/no such file|file not found|cannot find/i.test(text)) {
    return new TinyLMError(
      'port-missing',
      `there is no serial port ${path}`,
      'run `tinylm devices` to see what is plugged in; some USB cables carry power only',
    );
  }
  if (/input\/output error|no such device|\bEIO\b|\bENXIO\b|device not configured/i.test(text)) {
    return new TinyLMError('port-lost', `${path} was disconnected`, 'plug the board in again');
  }
  if (/cannot lock|resource busy|temporarily unavailable|access denied|in use/i.test(text)) {
    return new TinyLMError(
      'port-busy',
      `${path} is used by another program`,
      'close the other program (a serial monitor, an IDE) and try again',
    );
  }
  if (/permission denied|not permitted/i.test(text)) {
    return new TinyLMError(
      'port-denied',
      `no permission to open ${path}`,
      'on Linux: sudo usermod -aG dialout $USER, then log in again',
    );
  }
  return new TinyLMError('port-error', `${path}: ${text}`, 'unplug the board, plug it in again, and try again');
}

const OPEN_ATTEMPTS = 6;
const OPEN_PAUSE_MS = 100;
const ALIVE_MS = 1000;
/** A driver that does not answer for so long will not: a device that vanished, or hung. */
const CALL_MS = 10_000;
/** Slower than its speed says by this factor at most: flow control, a busy computer. */
const SLOWNESS = 8;

/** A serial port. */
export class SerialTransport extends TransportBase {
  readonly usb: { vendorId: number; productId: number } | undefined;
  readonly #path: string;
  readonly #backend: SerialBackend | undefined;
  readonly #patience: number;
  #baud: number;
  #port: SerialHandle | undefined;
  #alive: ReturnType<typeof setInterval> | undefined;

  /**
   * @param path e.g. /dev/ttyACM0 or COM3
   * @param options baud: speed of the line, default 115200; usb: ids from {@link listDevices}; for tests: backend, and
   *   patienceMs, how long the driver may take for an answer
   */
  constructor(
    path: string,
    options: {
      baud?: number;
      usb?: { vendorId: number; productId: number } | undefined;
      backend?: SerialBackend;
      patienceMs?: number;
    } = {},
  ) {
    super(path);
    this.#path = path;
    this.#baud = options.baud ?? 115200;
    this.usb = options.usb;
    this.#backend = options.backend;
    this.#patience = options.patienceMs ?? CALL_MS;
  }

  async open(): Promise<void> {
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    const backend = this.#backend ?? (await serialBackend());
    const port = await this.#openPatiently(backend);
    this.#port = port;
    port.on('data', (data) => this.received(data));
    port.on('close', (error) => {
      clearInterval(this.#alive);
      this.#port = undefined;
      this.closed(error ? this.#lost() : undefined);
    });
    // Without a listener an error event would end the process; a loss is also told by `close`.
    port.on('error', () => undefined);
    this.#alive = setInterval(() => this.#lookAlive(port), ALIVE_MS);
    this.#alive.unref();
    this.opened();
  }

  /**
   * Reads from a terminal that was hung up give no bytes and no error, and serialport then reads again without end
   * (bindings-cpp, unix-read.js): a question about its lines tells. One that has none (a pseudo-terminal) says ENOTTY.
   */
  #lookAlive(port: SerialHandle): void {
    port.get?.((error) => {
      const gone = error !== null && /input\/output error|no such device|\bEIO\b|\bENXIO\b/i.test(error.message);
      if (!gone || this.#port !== port) return;
      clearInterval(this.#alive);
      this.#port = undefined;
      this.closed(this.#lost());
      port.close(() => undefined);
    });
  }

  /** Opens; a port that is busy may be one that was closed a moment ago, so it is tried again for about half a second. */
  async #openPatiently(backend: SerialBackend): Promise<SerialHandle> {
    for (let attempt = 1; ; attempt++) {
      const port = backend.create(this.#path, this.#baud);
      try {
        await this.#call((done) => port.open(done), 'to be opened');
        return port;
      } catch (error) {
        if (!(error instanceof TinyLMError && error.code === 'port-busy') || attempt === OPEN_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, OPEN_PAUSE_MS));
      }
    }
  }

  #lost(): TinyLMError {
    return new TinyLMError('port-lost', `${this.#path} was disconnected`, 'plug the board in again');
  }

  /** @param what it does not do when the deadline comes */
  #call(action: (done: Callback) => void, what: string, ms = this.#patience): Promise<void> {
    const work = new Promise<void>((resolve, reject) => {
      action((error) => (error ? reject(serialError(this.#path, error)) : resolve()));
    });
    return within(
      ms,
      work,
      () =>
        new TinyLMError(
          'port-stalled',
          `${this.#path} takes longer than ${ms / 1000} s ${what}`,
          'unplug the board, plug it in again, and try again',
        ),
    );
  }

  async close(): Promise<void> {
    const port = this.#port;
    clearInterval(this.#alive);
    this.#port = undefined;
    // A driver that hangs keeps the port, not this program.
    if (port) await this.#call((done) => port.close(() => done(null)), 'to close').catch(() => undefined);
    this.closed();
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    const port = this.#port;
    if (!port) throw this.#lost();
    const ms = this.#patience + Math.ceil((SLOWNESS * 1000 * 10 * data.length) / this.#baud);
    await this.#call((done) => void port.write(data, (error) => done(error ?? null)), 'to take bytes', ms).catch(
      (error: TinyLMError) => {
        throw error.code === 'port-stalled' ? error : this.#lost();
      },
    );
    // A pseudo-terminal cannot drain; the write was enough.
    await this.#call((done) => port.drain(() => done(null)), 'to send bytes', ms);
  }

  async setSignals(signals: Signals): Promise<boolean> {
    this.requireOpen();
    const port = this.#port;
    if (!port) throw this.#lost();
    // A pseudo-terminal has no modem lines: the system answers ENOTTY.
    return this.#call((done) => port.set(signals, done), 'to set its lines').then(
      () => true,
      () => false,
    );
  }

  async setBaudRate(baud: number): Promise<void> {
    this.requireOpen();
    this.#baud = baud;
    const port = this.#port;
    if (!port) throw this.#lost();
    await this.#call((done) => port.update({ baudRate: baud }, done), 'to change its speed');
  }
}

/** A serial port that is there. */
export interface DeviceInfo {
  path: string;
  /** what it seems to be, in words */
  description: string;
  /** whether it looks like an ESP board or an adapter that such boards carry */
  likely: boolean;
  usb: { vendorId: number; productId: number } | undefined;
  serialNumber: string | undefined;
}

/** Adapters found on ESP boards, by USB vendor and product. */
const KNOWN: readonly [number, number | undefined, string][] = [
  [0x303a, 0x1001, 'Espressif USB-Serial-JTAG (ESP32-C3, S3)'],
  [0x303a, undefined, 'Espressif USB device'],
  [0x10c4, 0xea60, 'CP210x USB-UART bridge'],
  [0x1a86, 0x7523, 'CH340 USB-UART bridge'],
  [0x1a86, 0x55d3, 'CH343 USB-UART bridge'],
  [0x1a86, 0x55d4, 'CH9102 USB-UART bridge'],
  [0x0403, undefined, 'FTDI USB-UART bridge'],
];

/** Lists serial ports, the likely ones first. */
export async function listDevices(backend?: SerialBackend): Promise<DeviceInfo[]> {
  const ports = await (backend ?? (await serialBackend())).list();
  return ports
    .map((p) => {
      const vendorId = parseInt(p.vendorId ?? '', 16);
      const productId = parseInt(p.productId ?? '', 16);
      const known = KNOWN.find(([v, id]) => v === vendorId && (id === undefined || id === productId));
      return {
        path: p.path,
        description: known?.[2] ?? p.manufacturer ?? 'serial port',
        likely: known !== undefined,
        usb: Number.isNaN(vendorId) || Number.isNaN(productId) ? undefined : { vendorId, productId },
        serialNumber: p.serialNumber,
      };
    })
    .sort((a, b) => Number(b.likely) - Number(a.likely) || (a.path < b.path ? -1 : 1));
}
