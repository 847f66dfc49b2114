/**
 * The watchdogs of the ESP32-C3 that run when the ROM hands over to a program: the RTC's, the super watchdog and timer
 * group 0's (both normal ones in "flash boot" mode until the program disables them), and timer group 1's, which is
 * off. Addresses, keys, bits and reset values are those of rtc_cntl_reg.h and timer_group_reg.h in
 * components/soc/esp32c3/register/soc of ESP-IDF v5.5, compared one by one. Not from there, and not seen on a chip:
 * that the ROM's direct boot leaves these registers at their reset values, and the super watchdog's period. Time is
 * modelled time.
 */
import type { ChipContext, ResetReason } from './c3-devices.js';
import type { Device } from './memory.js';

const KEY = 0x50d83aa1;
const SUPER_KEY = 0x8f1d312a;
/** RTC slow clock, Hz: SOC_CLK_RC_SLOW_FREQ_APPROX. */
const SLOW_HZ = 136_000;
const APB_HZ = 80_000_000;
/** The super watchdog's period: the reference manual says slightly less than a second. */
const SUPER_SECONDS = 1;

/** WDTCONFIG0 after a reset: flash boot mode, lengths of the reset signals, halt in sleep, width of the chip reset. */
const RTC_CONFIG0 = (1 << 16) | (1 << 13) | (1 << 12) | (1 << 9) | 20;
/** SWD_CONF after a reset: the width of its signal. */
const SUPER_CONF = 300 << 18;
/** TIMG WDTCONFIG0 after a reset: lengths of the reset signals, flash boot mode. */
const TIMG_CONFIG0 = (1 << 18) | (1 << 15) | (1 << 14);
const FLASH_BOOT = 1 << 14;
const ENABLE = 1 << 31;
/** TIMG WDTCONFIG0: takes over what was written. */
const UPDATE = 1 << 22;

/** A timer that resets the chip unless it is fed. */
abstract class Watchdog {
  readonly reason: ResetReason;
  fedAt = 0;
  constructor(reason: ResetReason) {
    this.reason = reason;
  }

  /** Seconds from the last feed to the reset; undefined while it cannot reset. */
  abstract timeout(): number | undefined;

  deadline(): number {
    const t = this.timeout();
    return t === undefined ? Infinity : this.fedAt + t;
  }
}

/** Four stages, each with an action and a time; the first stage whose action is a reset ends the chip. */
class StagedWatchdog extends Watchdog {
  config0 = 0;
  prescale = 1;
  readonly holds = [0, 0, 0, 0];
  unlocked = false;
  readonly #flashBoot: number;
  readonly #stages: readonly (readonly [number, number])[];
  readonly #hz: number;

  /**
   * @param flashBoot the bit that keeps it armed until a program takes over
   * @param stages [lowest bit, width mask] of each stage's action
   */
  constructor(reason: ResetReason, flashBoot: number, stages: readonly (readonly [number, number])[], hz: number) {
    super(reason);
    this.#flashBoot = flashBoot;
    this.#stages = stages;
    this.#hz = hz;
  }

  timeout(): number | undefined {
    const tick = this.prescale / this.#hz;
    if ((this.config0 & this.#flashBoot) !== 0) return this.holds[0] * tick;
    if ((this.config0 & ENABLE) === 0) return undefined;
    let total = 0;
    for (let i = 0; i < 4; i++) {
      const [shift, mask] = this.#stages[i];
      total += this.holds[i];
      if (((this.config0 >>> shift) & mask) >= 2) return total * tick; // 2 resets the CPU, 3 the system, 4 all
    }
    return undefined;
  }
}

class SuperWatchdog extends Watchdog {
  conf = 0;
  unlocked = false;

  timeout(): number | undefined {
    return (this.conf & ((1 << 30) | (1 << 31))) !== 0 ? undefined : SUPER_SECONDS;
  }
}

/** RTC_CNTL: watchdogs and software reset; other registers keep what is written. */
export class RtcControl implements Device {
  readonly name = 'RTC_CNTL';
  readonly base = 0x60008000;
  readonly bytes = 0x200;
  readonly rtc = new StagedWatchdog(
    'rtc-watchdog',
    1 << 12,
    [
      [28, 7],
      [25, 7],
      [22, 7],
      [19, 7],
    ],
    SLOW_HZ,
  );
  readonly super = new SuperWatchdog('super-watchdog');
  readonly #values = new Map<number, number>();
  readonly #context: ChipContext;

  constructor(context: ChipContext) {
    this.#context = context;
  }

  reset(): void {
    const now = this.#context.now();
    Object.assign(this.rtc, { config0: RTC_CONFIG0, prescale: 1, unlocked: false, fedAt: now });
    this.rtc.holds.splice(0, 4, 200_000, 80_000, 0xfff, 0xfff);
    Object.assign(this.super, { conf: SUPER_CONF, unlocked: false, fedAt: now });
    this.#values.clear();
  }

  read(offset: number): number {
    if (offset === 0x90) return this.rtc.config0;
    if (offset >= 0x94 && offset <= 0xa0) return this.rtc.holds[(offset - 0x94) / 4];
    if (offset === 0xac) return this.super.conf;
    return this.#values.get(offset) ?? 0;
  }

  write(offset: number, value: number): void {
    const now = this.#context.now();
    if (offset === 0xa8) this.rtc.unlocked = value >>> 0 === KEY;
    else if (offset === 0xb0) this.super.unlocked = value >>> 0 === SUPER_KEY;
    else if (offset === 0x90 && this.rtc.unlocked) this.rtc.config0 = value;
    else if (offset >= 0x94 && offset <= 0xa0 && this.rtc.unlocked) this.rtc.holds[(offset - 0x94) / 4] = value >>> 0;
    else if (offset === 0xa4 && this.rtc.unlocked && (value & (1 << 31)) !== 0) this.rtc.fedAt = now;
    else if (offset === 0xac && this.super.unlocked) {
      this.super.conf = value & ~(1 << 29);
      if ((value & (1 << 29)) !== 0) this.super.fedAt = now;
    } else this.#values.set(offset, value);
    if (offset >= 0x90 && offset <= 0xac && offset !== 0xa4 && offset !== 0xa8) this.#context.deadlineMoved();
    // OPTIONS0: bit 31 resets the system, bit 5 the CPU.
    if (offset === 0 && (value & ((1 << 31) | (1 << 5))) !== 0) this.#context.reset('software');
  }
}

/**
 * A timer group, as far as its watchdog goes. Stages, flash boot mode and prescaler act from the write that sets
 * CONF_UPDATE_EN on ("config registers are updated asynchronously", mwdt_ll.h of ESP-IDF, which sets it after each of
 * them); the enable bit, the times and feeding act at once.
 */
export class TimerGroup implements Device {
  readonly name: string;
  readonly base: number;
  readonly bytes = 0x100;
  readonly dog: StagedWatchdog;
  readonly #values = new Map<number, number>();
  readonly #context: ChipContext;
  readonly #bootsArmed: boolean;
  #config0 = 0; // as written
  #prescale = 1;

  /** @param index 0 (armed for flash boot) or 1 (off: the reference manual names group 0 alone) */
  constructor(context: ChipContext, index: 0 | 1) {
    this.#context = context;
    this.name = `TIMG${index}`;
    this.base = index === 0 ? 0x6001f000 : 0x60020000;
    this.#bootsArmed = index === 0;
    this.dog = new StagedWatchdog(
      index === 0 ? 'timer-watchdog' : 'timer1-watchdog',
      FLASH_BOOT,
      [
        [29, 3],
        [27, 3],
        [25, 3],
        [23, 3],
      ],
      APB_HZ,
    );
  }

  reset(): void {
    this.#config0 = TIMG_CONFIG0;
    this.#prescale = 1;
    Object.assign(this.dog, { prescale: 1, unlocked: false, fedAt: this.#context.now() });
    this.dog.config0 = this.#bootsArmed ? TIMG_CONFIG0 : TIMG_CONFIG0 & ~FLASH_BOOT;
    this.dog.holds.splice(0, 4, 26_000_000, 0x7ffffff, 0xfffff, 0xfffff);
    this.#values.clear();
  }

  read(offset: number): number {
    if (offset === 0x48) return this.#config0;
    if (offset === 0x4c) return this.#prescale << 16;
    if (offset >= 0x50 && offset <= 0x5c) return this.dog.holds[(offset - 0x50) / 4];
    return this.#values.get(offset) ?? 0;
  }

  #writeConfig(value: number): void {
    this.#config0 = value & ~UPDATE;
    if ((value & UPDATE) === 0) {
      this.dog.config0 = (this.dog.config0 & ~ENABLE) | (value & ENABLE);
      return;
    }
    this.dog.config0 = this.#bootsArmed ? this.#config0 : this.#config0 & ~FLASH_BOOT;
    this.dog.prescale = this.#prescale;
  }

  write(offset: number, value: number): void {
    if (offset === 0x64) this.dog.unlocked = value >>> 0 === KEY;
    else if (offset < 0x48 || offset > 0x60) this.#values.set(offset, value);
    else if (!this.dog.unlocked) return;
    else if (offset === 0x48) this.#writeConfig(value);
    else if (offset === 0x4c) this.#prescale = value >>> 16;
    else if (offset === 0x60) this.dog.fedAt = this.#context.now();
    else this.dog.holds[(offset - 0x50) / 4] = value >>> 0;
    if (offset !== 0x60 && offset !== 0x64) this.#context.deadlineMoved();
  }
}
