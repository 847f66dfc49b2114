/** Flashing with esptool-js: connect, write with verification by MD5, read, reset. */
import { TinyLMError } from '../../model/errors.js';
import type { Transport } from '../transport.js';
import { md5Hex } from './md5.js';
import { PARTITION_TABLE_BYTES, PARTITION_TABLE_OFFSET, checkFits, findModelPartition, readPartitionTable,
  type Partition } from './partitions.js';
import { WebPortAdapter } from './webport.js';

/** Bytes for a place in flash. */
export interface FlashPart {
  /** bytes from the start of flash, a multiple of 4096 (flash is erased in sectors of that size) */
  offset: number;
  data: Uint8Array;
  /** for messages, e.g. a file's name */
  name?: string;
}

/** What happens, in order; `writing` counts bytes as sent (compressed). */
export type FlashProgress =
  | { phase: 'connecting' }
  | { phase: 'connected'; chip: string; flashBytes: number | undefined }
  | { phase: 'erasing' }
  | { phase: 'writing'; part: number; parts: number; name: string; sent: number; total: number }
  | { phase: 'verified'; part: number; parts: number; name: string; bytes: number; md5: string }
  | { phase: 'resetting' }
  | { phase: 'done' };

export interface FlasherOptions {
  /** closed at the start; opened and closed by the flasher */
  port: Transport;
  onProgress?: (progress: FlashProgress) => void;
  /** lines of esptool-js's own log */
  onLog?: (line: string) => void;
  /** speed for the transfer, baud; default 460800 (a USB-Serial-JTAG or a pseudo-terminal ignores it) */
  baud?: number;
  /** attempts to reset the chip into its loader, default 7 (about 6 s when nothing answers) */
  attempts?: number;
  /** refuse any other chip, e.g. `ESP32-C3` */
  expectChip?: string;
  /** aborted: stops at the next block (at once while connecting), and the chip is reset; throws `flash-stopped` */
  signal?: AbortSignal;
}

const SECTOR = 4096;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** How long EN is held low; ESP-IDF's tools use the same. */
const RESET_MS = 100;

/** Flash sizes by JEDEC id byte: esptool-js's own table, in bytes. */
const sizeOf = (text: string | undefined): number | undefined => {
  const m = /^(\d+)(KB|MB)$/.exec(text ?? '');
  return m ? Number(m[1]) * (m[2] === 'KB' ? 1024 : 1 << 20) : undefined;
};

/** esptool-js prints to the console unless told otherwise, from two places: its loader and its transport. */
async function createLoader(port: WebPortAdapter, baud: number, attempts: number, log: (line: string) => void) {
  const esptool = await import('esptool-js');
  class QuietTransport extends esptool.Transport {
    override trace(message: string): void {
      log(message);
    }
  }
  class Loader extends esptool.ESPLoader {
    override detectChip(mode?: Parameters<typeof esptool.ESPLoader.prototype.detectChip>[0]): Promise<void> {
      return super.detectChip(mode, attempts);
    }
  }
  const transport = new QuietTransport(port as never);
  return new Loader({
    transport, baudrate: baud,
    terminal: { clean: () => undefined, writeLine: log, write: log },
  });
}

/** A connected chip in its flash loader. Make one with {@link withFlasher}. */
export class Flasher {
  readonly chip: string;
  /** size of the flash chip, when it could be read */
  readonly flashBytes: number | undefined;
  readonly #loader: Awaited<ReturnType<typeof createLoader>>;
  readonly #port: WebPortAdapter;
  readonly #progress: (progress: FlashProgress) => void;
  readonly #signal: AbortSignal | undefined;

  constructor(loader: Awaited<ReturnType<typeof createLoader>>, port: WebPortAdapter, flashBytes: number | undefined,
    progress: (progress: FlashProgress) => void, signal?: AbortSignal) {
    this.chip = loader.chip.CHIP_NAME;
    this.flashBytes = flashBytes;
    this.#loader = loader;
    this.#port = port;
    this.#progress = progress;
    this.#signal = signal;
  }

  /** The chip's revision, e.g. v0.4, where esptool-js can read it. */
  async revision(): Promise<{ major: number; minor: number } | undefined> {
    const chip = this.#loader.chip as unknown as Record<'getMajorChipVersion' | 'getMinorChipVersion',
      ((loader: unknown) => Promise<number>) | undefined>;
    const major = await chip.getMajorChipVersion?.(this.#loader);
    const minor = await chip.getMinorChipVersion?.(this.#loader);
    return major === undefined || minor === undefined ? undefined : { major, minor };
  }

  /** Erases all of flash; takes up to a minute. @throws TinyLMError `flash-failed` */
  async erase(): Promise<void> {
    throwIfStopped(this.#signal);
    this.#progress({ phase: 'erasing' });
    try {
      await this.#loader.eraseFlash();
    } catch (e) {
      throw new TinyLMError('flash-failed', `erasing failed: ${(e as Error).message}`, 'check the cable and try again');
    }
  }

  /** Reads flash. */
  read(offset: number, bytes: number): Promise<Uint8Array> {
    return this.#loader.readFlash(offset, bytes);
  }

  /** The partition table on the device. */
  async partitions(): Promise<Partition[]> {
    return readPartitionTable(await this.read(PARTITION_TABLE_OFFSET, PARTITION_TABLE_BYTES));
  }

  /**
   * Writes the parts and verifies each by MD5. Sectors outside the parts keep what they hold.
   * @throws TinyLMError `flash-parts` for parts that overlap or do not fit, `flash-failed`, `flash-verify`,
   * `flash-stopped`
   */
  async write(parts: readonly FlashPart[]): Promise<void> {
    checkParts(parts, this.flashBytes);
    for (let i = 0; i < parts.length; i++) await this.#writePart(parts[i], i, parts.length);
  }

  async #writePart(part: FlashPart, index: number, parts: number): Promise<void> {
    const name = part.name ?? `0x${part.offset.toString(16)}`;
    let digest = '';
    throwIfStopped(this.#signal);
    try {
      await this.#loader.writeFlash({
        fileArray: [{ data: part.data, address: part.offset }],
        flashMode: 'keep', flashFreq: 'keep', flashSize: 'keep', // the image says what it was built for
        eraseAll: false, compress: true,
        reportProgress: (_, sent, total) => {
          throwIfStopped(this.#signal);
          this.#progress({ phase: 'writing', part: index, parts, name, sent, total });
        },
        calculateMD5Hash: (image) => (digest = md5Hex(image)),
      });
    } catch (e) {
      if (e instanceof TinyLMError) throw e;
      const text = (e as Error).message;
      if (/MD5/.test(text)) {
        throw new TinyLMError('flash-verify', `${name}: what is in flash differs from what was sent`,
          'try again, with a lower --baud; a flash chip that keeps failing is worn out or badly powered');
      }
      throw new TinyLMError('flash-failed', `writing ${name} failed: ${text}`, 'check the cable and try again');
    }
    this.#progress({ phase: 'verified', part: index, parts, name, bytes: part.data.length, md5: digest });
  }

  /** Starts the program in flash. */
  async reset(): Promise<void> {
    this.#progress({ phase: 'resetting' });
    await resetByLines(this.#port);
    // A port without control lines: the loader on the chip is asked to restart it.
    if (this.#port.hasSignals === false) await this.#loader.flashFinish(true);
  }
}

/** @throws TinyLMError `flash-stopped` */
function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new TinyLMError('flash-stopped', 'stopped before everything was written', 'flash again');
}

/** @throws TinyLMError `flash-parts` */
function checkParts(parts: readonly FlashPart[], flashBytes: number | undefined): void {
  const hex = (v: number): string => '0x' + v.toString(16);
  const bad = (message: string): TinyLMError => new TinyLMError('flash-parts', message, 'correct the offsets');
  if (parts.length === 0) throw bad('nothing to flash');
  let end = 0;
  let before = 'the start of flash';
  for (const p of [...parts].sort((a, b) => a.offset - b.offset)) {
    const name = p.name ?? hex(p.offset);
    if (p.data.length === 0) throw bad(`${name} is empty`);
    if (p.offset % SECTOR !== 0) throw bad(`${name} is at ${hex(p.offset)}; expected a multiple of ${hex(SECTOR)}`);
    if (p.offset < end) {
      throw bad(`${name} at ${hex(p.offset)} overlaps ${before}, whose last sector ends at ${hex(end)}`);
    }
    end = Math.ceil((p.offset + p.data.length) / SECTOR) * SECTOR;
    before = name;
    if (flashBytes !== undefined && p.offset + p.data.length > flashBytes) {
      throw bad(`${name} ends at ${hex(p.offset + p.data.length)}, but the flash chip has ${hex(flashBytes)} bytes`);
    }
  }
}

/**
 * Opens the port, brings the chip into its flash loader, calls `body`, resets the chip and closes the port (also when
 * `body` throws).
 * @throws TinyLMError `flash-connect` when no chip answers, `flash-chip` for the wrong one, `flash-stopped`
 */
export async function withFlasher<T>(options: FlasherOptions, body: (flasher: Flasher) => Promise<T>): Promise<T> {
  const progress = options.onProgress ?? (() => undefined);
  const adapter = new WebPortAdapter(options.port);
  const loader = await createLoader(adapter, options.baud ?? 460_800, options.attempts ?? 7,
    options.onLog ?? (() => undefined));
  progress({ phase: 'connecting' });
  try {
    await connect(loader, adapter, options);
    const flashBytes = sizeOf(await loader.detectFlashSize().catch(() => undefined));
    const flasher = new Flasher(loader, adapter, flashBytes, progress, options.signal);
    if (options.expectChip !== undefined && options.expectChip !== flasher.chip) {
      throw new TinyLMError('flash-chip',
        `this is an ${flasher.chip}, but the firmware is for an ${options.expectChip}`,
        'build the firmware for this chip (idf.py set-target), or choose another port');
    }
    progress({ phase: 'connected', chip: flasher.chip, flashBytes });
    let result: T;
    try {
      result = await body(flasher);
    } finally {
      await flasher.reset().catch(() => undefined); // a port that was lost cannot reset; the first error tells
    }
    progress({ phase: 'done' });
    return result;
  } finally {
    await closeQuietly(loader, options.port);
  }
}

async function connect(loader: Awaited<ReturnType<typeof createLoader>>, adapter: WebPortAdapter,
  { port, signal }: FlasherOptions): Promise<void> {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => { stop = resolve; });
  signal?.addEventListener('abort', stop);
  try {
    throwIfStopped(signal);
    const connecting = loader.main();
    connecting.catch(() => undefined); // after a stop nobody waits for it
    await Promise.race([connecting, stopped]);
    if (!signal?.aborted) return;
    await resetByLines(adapter).catch(() => undefined); // what it was doing it shall do again
  } catch (e) {
    if (e instanceof TinyLMError) throw e;
    throw new TinyLMError('flash-connect', `no ESP chip answers on ${port.name} (${(e as Error).message})`,
      'hold BOOT, press and release RESET, release BOOT, and try again; check that the cable carries data');
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  throwIfStopped(signal);
}

/** Both lines by hand: esptool-js's hard_reset only releases a reset that it never asserted. */
async function resetByLines(port: WebPortAdapter): Promise<void> {
  await port.setSignals({ dataTerminalReady: false, requestToSend: true });
  await sleep(RESET_MS);
  await port.setSignals({ dataTerminalReady: false, requestToSend: false });
}

/** esptool-js waits for its own reader without end when the port has gone: give it a moment, then close underneath. */
async function closeQuietly(loader: Awaited<ReturnType<typeof createLoader>>, port: Transport): Promise<void> {
  if (port.isOpen) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => { timer = setTimeout(resolve, 1500); });
    await Promise.race([loader.transport.disconnect().catch(() => undefined), patience]);
    clearTimeout(timer); // it would keep the process
  }
  await port.close();
}

/** Flashes parts, verifies, resets. */
export async function flashImage(options: FlasherOptions & { parts: readonly FlashPart[] }): Promise<void> {
  checkParts(options.parts, undefined);
  await withFlasher(options, (flasher) => flasher.write(options.parts));
}

/**
 * Flashes a model into the `model` partition: its place is read from the device's own partition table. Everything
 * else, NVS included, stays as it is.
 * @throws TinyLMError `model-too-large` with both numbers, `no-model-partition`, `partition-table`
 */
export function flashModel(options: FlasherOptions & { model: Uint8Array; name?: string }): Promise<Partition> {
  return withFlasher(options, async (flasher) => {
    const partition = findModelPartition(await flasher.partitions());
    checkFits(options.model.length, partition);
    await flasher.write([{ offset: partition.offset, data: options.model, name: options.name ?? 'model' }]);
    return partition;
  });
}
