/**
 * The peripherals of the ESP32-C3 that a bare program needs. Addresses and bits are those of components/soc/esp32c3 of
 * ESP-IDF v5.5 (register/soc/{usb_serial_jtag,uart,systimer,efuse,syscon}_reg.h), compared one by one; how a FIFO
 * behaves is from their comments and the reference manual. Registers of other peripherals keep what is written to
 * them, do nothing, and are listed (see {@link Peripherals}).
 */
import type { Device } from './memory.js';

/** What devices may know of the chip. */
export interface ChipContext {
  /** modelled seconds since power-on */
  now(): number;
  /** ends the run: the chip resets for this reason */
  reset(reason: ResetReason): void;
  /** a deadline may have moved: the run looks at the watchdogs again */
  deadlineMoved(): void;
}

/** Why the chip was reset: the numbers of soc/reset_reasons.h, the words of the `rst:` line in boot logs. */
export const RESET_REASONS = {
  'power-on': [0x1, 'POWERON'],
  software: [0x3, 'RTC_SW_SYS_RST'],
  'timer-watchdog': [0x7, 'TG0WDT_SYS_RST'],
  'timer1-watchdog': [0x8, 'TG1WDT_SYS_RST'],
  'rtc-watchdog': [0x10, 'RTCWDT_RTC_RST'],
  'super-watchdog': [0x12, 'SUPER_WDT_RST'],
  usb: [0x15, 'USB_UART_CHIP_RESET'],
} as const;
export type ResetReason = keyof typeof RESET_REASONS;

/** Bytes a device has sent, and how often the program asked for input that was not there. */
export class SerialState {
  sent: number[] = [];
  /** status reads that found no input, since the last {@link takeEmptyPolls} */
  #emptyPolls = 0;

  polledEmpty(): void {
    this.#emptyPolls++;
  }

  takeSent(): Uint8Array {
    const out = Uint8Array.from(this.sent);
    this.sent = [];
    return out;
  }

  takeEmptyPolls(): number {
    const n = this.#emptyPolls;
    this.#emptyPolls = 0;
    return n;
  }
}

/** Bytes of one USB packet, and of the FIFO to the host. */
const USB_FIFO = 64;

/**
 * USB-Serial-JTAG: FIFO +0, EP1_CONF +4 (bit 0 write done, bit 1 room to send, bit 2 data there). Bytes leave when
 * the FIFO is full or `write done` is set, and only while a host has the port open; else there is no room.
 */
export class UsbSerialJtag implements Device {
  readonly name = 'USB-Serial-JTAG';
  readonly base = 0x60043000;
  readonly bytes = 0x100;
  readonly state = new SerialState();
  /** whether a host collects packets */
  hostAttached = true;
  #fifo: number[] = [];
  #flushing = false;
  #input: number[] = [];

  receive(data: Uint8Array): void {
    for (const b of data) this.#input.push(b);
  }

  read(offset: number): number {
    if (offset === 0) return this.#input.shift() ?? 0;
    if (offset === 4) {
      this.#deliver();
      if (this.#input.length === 0) this.state.polledEmpty();
      return (this.#flushing ? 0 : 2) | (this.#input.length > 0 ? 4 : 0);
    }
    return 0;
  }

  write(offset: number, value: number): void {
    if (offset === 0 && !this.#flushing) {
      this.#fifo.push(value & 0xff);
      if (this.#fifo.length === USB_FIFO) this.#flushing = true;
    } else if (offset === 4 && (value & 1) !== 0) {
      this.#flushing = this.#fifo.length > 0;
    }
    this.#deliver();
  }

  #deliver(): void {
    if (!this.#flushing || !this.hostAttached) return;
    this.state.sent.push(...this.#fifo);
    this.#fifo = [];
    this.#flushing = false;
  }

  reset(): void {
    this.#fifo = [];
    this.#flushing = false;
    this.#input = [];
  }
}

/** Bytes of the UART's receive FIFO. */
const UART_FIFO = 128;

/**
 * UART0: FIFO +0, STATUS +0x1C (bits 9–0 received, 25–16 to be sent). Input arrives at the line's rate in modelled
 * time, and what finds the FIFO full is lost, as on the chip. Output leaves at once.
 */
export class Uart implements Device {
  readonly name = 'UART0';
  readonly base = 0x60000000;
  readonly bytes = 0x100;
  readonly state = new SerialState();
  /** bytes lost because the program did not read in time */
  overruns = 0;
  readonly #context: ChipContext;
  readonly #bytesPerSecond: number;
  #line: number[] = []; // on their way
  #fifo: number[] = [];
  #lineTime = 0; // when the last byte arrived

  constructor(context: ChipContext, baud: number) {
    this.#context = context;
    this.#bytesPerSecond = baud / 10;
  }

  receive(data: Uint8Array): void {
    if (this.#line.length === 0) this.#lineTime = this.#context.now();
    for (const b of data) this.#line.push(b);
  }

  #arrive(): void {
    const due = Math.min(this.#line.length, Math.floor((this.#context.now() - this.#lineTime) * this.#bytesPerSecond));
    if (due <= 0) return;
    this.#lineTime += due / this.#bytesPerSecond;
    for (const b of this.#line.splice(0, due)) {
      if (this.#fifo.length < UART_FIFO) this.#fifo.push(b);
      else this.overruns++;
    }
  }

  read(offset: number): number {
    if (offset !== 0 && offset !== 0x1c) return 0;
    this.#arrive();
    if (offset === 0) return this.#fifo.shift() ?? 0;
    if (this.#fifo.length === 0 && this.#line.length === 0) this.state.polledEmpty();
    return this.#fifo.length;
  }

  write(offset: number, value: number): void {
    if (offset === 0) this.state.sent.push(value & 0xff);
  }

  reset(): void {
    this.#line = [];
    this.#fifo = [];
  }
}

/** SYSTIMER, unit 0: 16 MHz; UNIT0_OP +4 (bit 30 takes a reading, bit 29 it is valid), high +0x40, low +0x44. */
export class SysTimer implements Device {
  readonly name = 'SYSTIMER';
  readonly base = 0x60023000;
  readonly bytes = 0x100;
  readonly #context: ChipContext;
  #ticks = 0;

  constructor(context: ChipContext) {
    this.#context = context;
  }

  read(offset: number): number {
    if (offset === 4) return 1 << 29;
    if (offset === 0x40) return Math.floor(this.#ticks / 2 ** 32) & 0xfffff;
    if (offset === 0x44) return this.#ticks | 0;
    return 0;
  }

  write(offset: number, value: number): void {
    if (offset === 4 && (value & (1 << 30)) !== 0) this.#ticks = Math.floor(this.#context.now() * 16e6);
  }
}

/** The chip's identity (RD_MAC_SPI_SYS_0, _1, _3): MAC address, package, revision v0.4, 4 MB of flash inside. */
export class EFuse implements Device {
  readonly name = 'eFuse';
  readonly base = 0x60008800;
  readonly bytes = 0x200;
  readonly #words: Map<number, number>;

  /** @param mac six bytes, the first is sent first */
  constructor(mac: readonly number[]) {
    this.#words = new Map([
      [0x44, (mac[2] << 24) | (mac[3] << 16) | (mac[4] << 8) | mac[5]],
      [0x48, (mac[0] << 8) | mac[1]],
      [0x50, (1 << 27) | (4 << 18)], // flash 4 MB, wafer version minor 4
    ]);
  }

  read(offset: number): number {
    return this.#words.get(offset) ?? 0;
  }

  write(): void {
    // one-time programmable: not modelled
  }
}

/** The random number register, SYSCON_RND_DATA 0x600260B0 (WDEV_RND_REG in wdev_reg.h). */
export class RandomNumber implements Device {
  readonly name = 'RNG';
  readonly base = 0x600260b0;
  readonly bytes = 4;
  readonly #next: () => number;

  /** @param next a u32 */
  constructor(next: () => number) {
    this.#next = next;
  }

  read(): number {
    return this.#next() | 0;
  }

  write(): void {
    // read-only
  }
}

/** Everything else between 0x60000000 and 0x600D1000: keeps what is written, does nothing, and remembers who asked. */
export class Peripherals implements Device {
  readonly name = 'peripheral without a model';
  readonly base = 0x60000000;
  readonly bytes = 0xd1000;
  readonly #values = new Map<number, number>();
  /** addresses touched, with the number of accesses: what a program relies on that this chip does not model */
  readonly touched = new Map<number, number>();

  #touch(offset: number): void {
    const address = this.base + offset;
    this.touched.set(address, (this.touched.get(address) ?? 0) + 1);
  }

  read(offset: number): number {
    this.#touch(offset);
    return this.#values.get(offset) ?? 0;
  }

  write(offset: number, value: number): void {
    this.#touch(offset);
    this.#values.set(offset, value);
  }

  reset(): void {
    this.#values.clear();
    this.touched.clear();
  }
}
