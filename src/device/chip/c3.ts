/**
 * A virtual ESP32-C3: the flash image that would go on the chip runs here. Modelled: the RV32IMC core (exact
 * instruction counts), the memory map, USB-Serial-JTAG, UART0, watchdogs, SYSTIMER, the cycle counter CSRs, resets,
 * and the ROM's direct boot. Not modelled: pipeline timing, interrupts, Wi-Fi, and other peripherals (their registers
 * only keep values). Time is modelled as one instruction a clock cycle: it makes watchdogs and timers go, it is no
 * measurement.
 */
import { TinyLMError } from '../../model/errors.js';
import {
  EFuse,
  Peripherals,
  RESET_REASONS,
  RandomNumber,
  SysTimer,
  Uart,
  UsbSerialJtag,
  type ChipContext,
  type ResetReason,
} from './c3-devices.js';
import { installRom } from './c3-rom.js';
import { RtcControl, TimerGroup } from './c3-watchdogs.js';
import { Hart } from './hart.js';
import { Memory } from './memory.js';
import { NorFlash } from './norflash.js';

/** The word that begins a direct-boot image, twice. */
export const DIRECT_BOOT_MAGIC = 0xaedb041d;
/** Where the ROM jumps. */
export const DIRECT_BOOT_ENTRY = 0x42000008;
const SRAM = 'SRAM';
const FLASH = 'flash';
/** What SRAM holds at power-on: anything but zero, so that a missing clearing of .bss shows. */
const SRAM_GARBAGE = 0xa5;

export interface C3Options {
  /** flash size in bytes: 1, 2 or 4 MB (the windows of direct boot map 4 MB); default 4 MB */
  flashBytes?: number;
  /** CPU clock for modelled time, Hz; default 160 MHz */
  clockHz?: number;
  /** speed of UART0, baud; default 115200 */
  baud?: number;
  /** source of the random number register (u32); default a fixed sequence */
  random?: () => number;
  /** MAC address; default 60:55:F9:00:00:01 */
  mac?: readonly number[];
  /** compile hot code (default); false interprets everything */
  compile?: boolean;
}

/** Why {@link VirtualC3.run} returned. `idle`: the program waits for input (wfi, or it only polls). */
export type RunResult = { stop: 'limit' | 'idle' } | { stop: 'reset'; reason: ResetReason };

/** Polls without input, per thousand instructions, from which a program counts as waiting. */
const IDLE_POLLS_PER_1000 = 2;

function fixedSequence(): () => number {
  let s = 0x9e3779b9;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
}

export class VirtualC3 {
  readonly hart: Hart;
  readonly flash: NorFlash;
  readonly usb = new UsbSerialJtag();
  readonly uart: Uart;
  readonly peripherals = new Peripherals();
  readonly clockHz: number;
  readonly #memory: Memory;
  readonly #rtc: RtcControl;
  readonly #groups: readonly TimerGroup[];
  #resetAsked: ResetReason | undefined;
  #earlier = 0; // modelled seconds before the last reset of the hart, and those spent in delays

  constructor(options: C3Options = {}) {
    this.clockHz = options.clockHz ?? 160e6;
    const context: ChipContext = {
      now: () => this.seconds,
      reset: (reason) => {
        this.#resetAsked = reason;
        this.hart.stopRequested = true;
      },
      deadlineMoved: () => {
        this.hart.stopRequested = true;
      },
    };
    this.uart = new Uart(context, options.baud ?? 115200);
    this.#rtc = new RtcControl(context);
    this.#groups = [new TimerGroup(context, 0), new TimerGroup(context, 1)];
    const flashBytes = options.flashBytes ?? 4 << 20;
    this.#memory = new Memory(
      [
        {
          name: FLASH,
          bytes: flashBytes,
          cached: true,
          mappings: [
            { base: 0x42000000, access: 'rx' },
            { base: 0x3c000000, access: 'r' },
          ],
        },
        {
          name: SRAM,
          bytes: 0x60000,
          mappings: [
            { base: 0x3fc80000, access: 'rw' },
            { base: 0x40380000, access: 'rwx' },
          ],
        },
      ],
      [
        this.usb,
        this.uart,
        this.#rtc,
        new EFuse(options.mac ?? [0x60, 0x55, 0xf9, 0, 0, 1]),
        ...this.#groups,
        new SysTimer(context),
        new RandomNumber(options.random ?? fixedSequence()),
        this.peripherals,
      ],
    );
    this.flash = new NorFlash(this.#memory.bytesOf(FLASH));
    this.flash.bytes.fill(0xff);
    this.hart = new Hart(this.#memory, 'c3', options.compile ?? true);
    installRom(this.hart, {
      flash: this.flash,
      delay: (s) => {
        this.#earlier += s;
      },
      softwareReset: () => context.reset('software'),
      putChar: (b) => this.uart.write(0, b),
    });
  }

  /** Modelled seconds since the object was made. */
  get seconds(): number {
    return this.#earlier + this.hart.retired / this.clockHz;
  }

  /** SRAM, as the bytes from 0x3FC80000. */
  get sram(): Uint8Array {
    return this.#memory.bytesOf(SRAM);
  }

  /** The word with which flash begins. */
  get #header(): number {
    const f = this.flash.bytes;
    return (f[0] | (f[1] << 8) | (f[2] << 16) | (f[3] << 24)) >>> 0;
  }

  /** Whether flash holds a direct-boot image; if not, why the ROM would not run it. */
  bootProblem(): string | undefined {
    const f = this.flash.bytes;
    const hex = (v: number): string => `0x${v.toString(16).padStart(8, '0')}`;
    const second = (f[4] | (f[5] << 8) | (f[6] << 16) | (f[7] << 24)) >>> 0;
    if (this.#header === DIRECT_BOOT_MAGIC && second === DIRECT_BOOT_MAGIC) return undefined;
    if (this.#header === 0xffffffff) return `invalid header: ${hex(this.#header)} (flash is empty)`;
    if (f[0] === 0xe9) {
      return (
        'flash begins with 0xe9, a bootloader of ESP-IDF; the virtual chip runs direct-boot images only ' +
        `(${hex(DIRECT_BOOT_MAGIC)} twice)`
      );
    }
    return `invalid header: ${hex(this.#header)} ${hex(second)}`;
  }

  /**
   * Resets the chip and boots from flash. Power-on and the reset pin leave garbage in SRAM, other resets keep it.
   * @throws TinyLMError `chip-boot` when flash holds no direct-boot image
   */
  reset(reason: ResetReason = 'power-on'): void {
    const problem = this.bootProblem();
    if (problem) {
      throw new TinyLMError('chip-boot', problem, 'flash a direct-boot image at offset 0');
    }
    if (reason === 'power-on') this.sram.fill(SRAM_GARBAGE);
    this.#earlier = this.seconds;
    this.hart.reset(DIRECT_BOOT_ENTRY);
    this.usb.reset();
    this.uart.reset();
    this.peripherals.reset();
    this.#rtc.reset();
    for (const g of this.#groups) g.reset();
    this.#resetAsked = undefined;
  }

  /** The reset line the ROM prints before it boots. */
  static bootMessage(reason: ResetReason): string {
    const [number, name] = RESET_REASONS[reason];
    return (
      `ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x${number.toString(16)} (${name}),` +
      'boot:0xc (SPI_FAST_FLASH_BOOT)\r\n'
    );
  }

  /**
   * Runs at most `limit` instructions. A reset is reported, not carried out: call {@link reset} to boot again.
   * @throws ChipTrapError when the program faults without a trap handler
   */
  run(limit: number): RunResult {
    const start = this.hart.retired;
    while (this.hart.retired - start < limit) {
      const dogs = [this.#rtc.rtc, this.#rtc.super, ...this.#groups.map((g) => g.dog)];
      const next = dogs.reduce((a, b) => (b.deadline() < a.deadline() ? b : a));
      const until = Math.ceil((next.deadline() - this.seconds) * this.clockHz);
      if (until <= 0) return { stop: 'reset', reason: next.reason };
      const left = limit - (this.hart.retired - start);
      const why = this.hart.run(Math.min(left, until, 1 << 20));
      if (this.#resetAsked) return { stop: 'reset', reason: this.#resetAsked };
      if (why === 'wfi') return { stop: 'idle' };
    }
    const polls = this.usb.state.takeEmptyPolls() + this.uart.state.takeEmptyPolls();
    return { stop: polls * 1000 > limit * IDLE_POLLS_PER_1000 ? 'idle' : 'limit' };
  }
}
