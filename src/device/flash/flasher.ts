/** Flashing with esptool-js: connect, write with verification by MD5, read, reset. */
import { TinyLMError } from '../../model/errors.js';
import { atMost } from '../deadline.js';
import type { Transport } from '../transport.js';
import { Guard } from './guard.js';
import { createLoader, type Loader } from './loader.js';
import { md5Hex } from './md5.js';
import {
  PARTITION_TABLE_BYTES,
  PARTITION_TABLE_OFFSET,
  checkFits,
  findModelPartition,
  readPartitionTable,
  type Partition,
} from './partitions.js';
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
/** How long the loader may take, in milliseconds without a sign of life: to be reached and for an answer, … */
const CONNECT_MS = 60_000;
const ANSWER_MS = 15_000;
/** … to erase all of flash (the slowest chips of 16 MB), and a megabyte: datasheets say 30 s at most. */
const ERASE_ALL_MS = 240_000;
const ERASE_MB_MS = 40_000;
/** For what is done at the end, when its failure does not matter any more. */
const FAREWELL_MS = 1500;

/** Flash sizes by JEDEC id byte: esptool-js's own table, in bytes. */
const sizeOf = (text: string | undefined): number | undefined => {
  const m = /^(\d+)(KB|MB)$/.exec(text ?? '');
  return m ? Number(m[1]) * (m[2] === 'KB' ? 1024 : 1 << 20) : undefined;
};

/** A connected chip in its flash loader. Make one with {@link withFlasher}. */
export class Flasher {
  readonly chip: string;
  /** size of the flash chip, when it could be read */
  readonly flashBytes: number | undefined;
  readonly #loader: Loader;
  readonly #port: WebPortAdapter;
  readonly #progress: (progress: FlashProgress) => void;
  readonly #guard: Guard;

  constructor(
    loader: Loader,
    port: WebPortAdapter,
    flashBytes: number | undefined,
    progress: (progress: FlashProgress) => void,
    guard: Guard,
  ) {
    this.chip = loader.chip.CHIP_NAME;
    this.flashBytes = flashBytes;
    this.#loader = loader;
    this.#port = port;
    this.#progress = progress;
    this.#guard = guard;
  }

  /** The chip's revision, e.g. v0.4, where esptool-js can read it. */
  async revision(): Promise<{ major: number; minor: number } | undefined> {
    const chip = this.#loader.chip as unknown as Record<
      'getMajorChipVersion' | 'getMinorChipVersion',
      ((loader: unknown) => Promise<number>) | undefined
    >;
    const ask = async (name: keyof typeof chip): Promise<number | undefined> =>
      chip[name] && this.#guard.during(chip[name](this.#loader), ANSWER_MS, 'tell its revision');
    const major = await ask('getMajorChipVersion');
    const minor = await ask('getMinorChipVersion');
    return major === undefined || minor === undefined ? undefined : { major, minor };
  }

  /** Erases all of flash; takes up to a minute. @throws TinyLMError `flash-failed` */
  async erase(): Promise<void> {
    this.#progress({ phase: 'erasing' });
    try {
      await this.#guard.during(this.#loader.eraseFlash(), ERASE_ALL_MS, 'erase its flash');
    } catch (e) {
      throw failure(e, 'erasing');
    }
  }

  /** Reads flash. @throws TinyLMError `flash-failed` */
  async read(offset: number, bytes: number): Promise<Uint8Array> {
    try {
      return await this.#guard.during(
        this.#loader.readFlash(offset, bytes, () => this.#guard.moved()),
        ANSWER_MS,
        'send its flash',
      );
    } catch (e) {
      throw failure(e, 'reading');
    }
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
    let [sent, total] = [0, 0];
    const writing = this.#loader.writeFlash({
      fileArray: [{ data: part.data, address: part.offset }],
      flashMode: 'keep',
      flashFreq: 'keep',
      flashSize: 'keep', // the image says what it was built for
      eraseAll: false,
      compress: true,
      reportProgress: (_, done, all) => {
        this.#guard.moved(); // throws after a stop: here, between two blocks, the chip can be left
        [sent, total] = [done, all];
        this.#progress({ phase: 'writing', part: index, parts, name, sent, total });
      },
      calculateMD5Hash: (image) => (digest = md5Hex(image)),
    });
    const patience = ANSWER_MS + ERASE_MB_MS * Math.ceil(part.data.length / (1 << 20));
    try {
      await this.#guard.during(writing, patience, `take ${name}`);
    } catch (e) {
      if (e instanceof Error && /MD5/.test(e.message)) {
        throw new TinyLMError(
          'flash-verify',
          `${name}: what is in flash differs from what was sent`,
          'try again, with a lower --baud; a flash chip that keeps failing is worn out or badly powered',
        );
      }
      throw failure(e, `writing ${name}`, total > 0 ? Math.floor((100 * sent) / total) : 0);
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

/** What went wrong in words: a port that was lost by its name, and how far it came. Being stopped is no failure. */
function failure(error: unknown, what: string, percent?: number): TinyLMError {
  const how = percent === undefined ? what : `${what} (${percent} % sent)`;
  if (!(error instanceof TinyLMError)) {
    return new TinyLMError(
      'flash-failed',
      `${how} failed: ${(error as Error).message}`,
      'check the cable and try again',
    );
  }
  if (error.code === 'flash-stopped') return error;
  return new TinyLMError(
    'flash-failed',
    `${error.message} while ${how}`,
    'see that the board is there (tinylm devices), and run the same command again',
  );
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
  const loader = await createLoader(
    adapter,
    options.baud ?? 460_800,
    options.attempts ?? 7,
    options.onLog ?? (() => undefined),
  );
  const guard = new Guard(options.port, options.signal, adapter);
  progress({ phase: 'connecting' });
  try {
    await connect(loader, adapter, guard, options);
    const size = guard.during(loader.detectFlashSize(), ANSWER_MS, 'tell the size of its flash');
    const flashBytes = sizeOf(
      await size.catch((error: unknown) => {
        if (error instanceof TinyLMError) throw error;
        return undefined;
      }),
    );
    const flasher = new Flasher(loader, adapter, flashBytes, progress, guard);
    if (options.expectChip !== undefined && options.expectChip !== flasher.chip) {
      throw new TinyLMError(
        'flash-chip',
        `this is an ${flasher.chip}, but the firmware is for an ${options.expectChip}`,
        'build the firmware for this chip (idf.py set-target), or choose another port',
      );
    }
    progress({ phase: 'connected', chip: flasher.chip, flashBytes });
    let result: T;
    try {
      result = await body(flasher);
    } finally {
      await atMost(2 * FAREWELL_MS, flasher.reset()); // a port that was lost cannot reset; the first error tells
    }
    progress({ phase: 'done' });
    return result;
  } finally {
    guard.release();
    await closeQuietly(loader, adapter, options.port);
  }
}

async function connect(loader: Loader, adapter: WebPortAdapter, guard: Guard, { port }: FlasherOptions): Promise<void> {
  try {
    await guard.during(loader.main(), CONNECT_MS, 'enter its loader', 0);
  } catch (e) {
    // What it was doing it shall do again.
    if (e instanceof TinyLMError && e.code === 'flash-stopped') await atMost(FAREWELL_MS, resetByLines(adapter));
    if (e instanceof TinyLMError) throw e;
    throw new TinyLMError(
      'flash-connect',
      `no ESP chip answers on ${port.name} (${(e as Error).message})`,
      'hold BOOT, press and release RESET, release BOOT, and try again; check that the cable carries data',
    );
  }
}

/** Both lines by hand: esptool-js's hard_reset only releases a reset that it never asserted. */
async function resetByLines(port: WebPortAdapter): Promise<void> {
  await port.setSignals({ dataTerminalReady: false, requestToSend: true });
  await sleep(RESET_MS);
  await port.setSignals({ dataTerminalReady: false, requestToSend: false });
}

/** esptool-js waits for its own reader without end when the port has gone: give it a moment, then close underneath. */
async function closeQuietly(loader: Loader, adapter: WebPortAdapter, port: Transport): Promise<void> {
  if (port.isOpen) await atMost(FAREWELL_MS, loader.transport.disconnect());
  // Without streams its waiting for them to be let go ends, too.
  await adapter.close();
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
