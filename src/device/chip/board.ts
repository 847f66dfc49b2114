/**
 * A virtual board: a virtual ESP32-C3, its ROM's download mode, and the circuit by which DTR and RTS reset it. The real
 * flasher flashes it, and after the reset the flashed program runs and talks over the same port.
 */
import { TinyLMError } from '../../model/errors.js';
import { afterTask } from '../../model/next-task.js';
import { TransportBase, type Signals, type Transport } from '../transport.js';
import { VirtualC3, type C3Options } from './c3.js';
import { RESET_REASONS, type ResetReason } from './c3-devices.js';
import { FakeRom } from './rom.js';
import { slipEncode } from './slip.js';
import { ChipTrapError } from './trap.js';

/** What the board does: off, in the ROM's download mode, running a program, or stopped by a fault. */
export type BoardState = 'off' | 'download' | 'running' | 'stopped';

export interface BoardOptions extends C3Options {
  /**
   * How the host is connected: `usb` is the chip's own USB-Serial-JTAG, `uart` a bridge with the two-transistor
   * circuit on UART0. Default usb.
   */
  wiring?: 'usb' | 'uart';
  /**
   * Enter download mode when the host sends a SYNC request, as if BOOT had been held: for ports without control lines
   * (pseudo-terminals, TCP). Default false.
   */
  syncEntersDownload?: boolean;
  /** instructions between two looks at the outside world; default 500,000 (3 ms of modelled time) */
  slice?: number;
  onState?: (state: BoardState, why: string) => void;
  /** corrupts what the loader programs: for tests */
  damage?: (offset: number, data: Uint8Array) => void;
}

const SLICE = 500_000;
/** While the program waits for input, it gets a tenth of a slice this often: its timers go on, slower than in life. */
const IDLE_MS = 10;
/** Restarts without input after which a program that the watchdog keeps resetting is left stopped. */
const RESET_LOOP = 20;
/** The SYNC request of the flash tools. */
const SYNC = slipEncode(Uint8Array.of(0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20)).subarray(0, 12);

export class VirtualBoard {
  readonly chip: VirtualC3;
  readonly rom: FakeRom;
  state: BoardState = 'off';
  /** the fault that stopped the program */
  fault: ChipTrapError | undefined;
  /** resets since power-on, by reason */
  readonly resets: ResetReason[] = [];
  readonly #options: BoardOptions;
  readonly #wiring: 'usb' | 'uart';
  #toHost: (data: Uint8Array) => void = () => undefined;
  #dtr = false;
  #rts = false;
  #downloadFlag = false;
  /** Takes the next step back. */
  #unschedule: (() => void) | undefined;
  #resetsInARow = 0;
  #syncMatched = 0;
  #idle = false;

  constructor(options: BoardOptions = {}) {
    this.#options = options;
    this.#wiring = options.wiring ?? 'usb';
    this.chip = new VirtualC3(options);
    this.chip.usb.hostAttached = false;
    this.rom = new FakeRom({
      chip: 'ESP32-C3',
      flash: this.chip.flash,
      send: (data) => this.#toHost(data),
      onRestart: () => this.reset('software'),
      ...(options.mac ? { mac: options.mac } : {}),
      ...(options.damage ? { damage: options.damage } : {}),
    });
  }

  /** Where bytes to the host go. */
  connect(toHost: (data: Uint8Array) => void): void {
    this.#toHost = toHost;
    this.chip.usb.hostAttached = true;
  }

  /** The host closed the port. */
  disconnect(): void {
    this.#toHost = () => undefined;
    this.chip.usb.hostAttached = false;
  }

  powerOn(): void {
    this.resets.length = 0;
    this.reset('power-on');
  }

  powerOff(): void {
    this.#setState('off', 'power');
  }

  #setState(state: BoardState, why: string): void {
    this.#cancel();
    this.state = state;
    if (state === 'running') this.#schedule(0);
    this.#options.onState?.(state, why);
  }

  /** Resets the chip; whether it boots or waits for a download depends on IO0, as on the board. */
  reset(reason: ResetReason): void {
    this.resets.push(reason);
    this.fault = undefined;
    this.#syncMatched = 0;
    if (this.#downloadFlag) return this.#enterDownload(reason);
    const say = (text: string): void => this.#toHost(new TextEncoder().encode(text));
    say(VirtualC3.bootMessage(reason));
    const problem = this.chip.bootProblem();
    if (problem) {
      say(`${problem}\r\n`);
      return this.#setState('stopped', problem);
    }
    this.chip.reset(reason);
    this.#setState('running', reason);
  }

  #enterDownload(reason: ResetReason): void {
    const [number, name] = RESET_REASONS[reason];
    this.#toHost(
      new TextEncoder().encode(
        `ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x` +
          `${number.toString(16)} (${name}),boot:0x4 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n`,
      ),
    );
    this.rom.reset();
    this.#setState('download', reason);
  }

  /** Bytes from the host. */
  fromHost(data: Uint8Array): void {
    if (this.state === 'off') return;
    if (this.state === 'download') return this.rom.receive(data);
    if (this.#options.syncEntersDownload && this.#sawSync(data)) {
      this.#downloadFlag = true;
      this.reset('usb');
      this.#downloadFlag = false;
      return this.rom.receive(data);
    }
    this.#resetsInARow = 0;
    this.#idle = false;
    if (this.#wiring === 'usb') this.chip.usb.receive(data);
    else this.chip.uart.receive(data);
    if (this.state === 'running') this.#schedule(0);
  }

  #sawSync(data: Uint8Array): boolean {
    for (const b of data) {
      this.#syncMatched = b === SYNC[this.#syncMatched] ? this.#syncMatched + 1 : b === SYNC[0] ? 1 : 0;
      if (this.#syncMatched === SYNC.length) {
        this.#syncMatched = 0;
        return true;
      }
    }
    return false;
  }

  /** The host sets its control lines; a line not named stays. */
  setSignals(signals: Signals): void {
    const before = { dtr: this.#dtr, rts: this.#rts };
    this.#dtr = signals.dtr ?? this.#dtr;
    this.#rts = signals.rts ?? this.#rts;
    if (this.state === 'off' || (before.dtr === this.#dtr && before.rts === this.#rts)) return;
    if (this.#wiring === 'usb') this.#usbLines();
    else this.#circuit(before);
  }

  /** ESP32-C3 Technical Reference Manual, USB-Serial-JTAG, "Reset SoC into download mode". */
  #usbLines(): void {
    if (!this.#rts && !this.#dtr) this.#downloadFlag = false;
    else if (!this.#rts && this.#dtr) this.#downloadFlag = true;
    else if (this.#rts && !this.#dtr) this.reset('usb');
  }

  /** Two transistors: EN is low while RTS alone is set, IO0 while DTR alone is. EN rises late, and IO0 is read then. */
  #circuit(before: { dtr: boolean; rts: boolean }): void {
    const held = this.#rts && !this.#dtr;
    const wasHeld = before.rts && !before.dtr;
    if (held) this.#setState('stopped', 'reset button');
    else if (wasHeld) {
      this.#downloadFlag = this.#dtr && !this.#rts;
      this.reset('power-on');
      this.#downloadFlag = false;
    }
  }

  #cancel(): void {
    this.#unschedule?.();
    this.#unschedule = undefined;
  }

  #schedule(ms: number): void {
    this.#cancel();
    if (ms === 0) this.#unschedule = afterTask(() => this.#step());
    else {
      const timer = setTimeout(() => this.#step(), ms);
      this.#unschedule = () => clearTimeout(timer);
    }
  }

  /** One slice of the program. */
  #step(): void {
    this.#unschedule = undefined;
    if (this.state !== 'running') return;
    let stop: ReturnType<VirtualC3['run']>;
    try {
      const slice = this.#options.slice ?? SLICE;
      stop = this.chip.run(this.#idle ? Math.ceil(slice / 10) : slice);
    } catch (e) {
      if (!(e instanceof ChipTrapError)) throw e;
      this.#deliver();
      this.fault = e;
      return this.#setState('stopped', e.message);
    }
    const spoke = this.#deliver();
    if (stop.stop !== 'reset') {
      this.#idle = stop.stop === 'idle' && !spoke;
      return this.#schedule(this.#idle ? IDLE_MS : 0);
    }
    if (++this.#resetsInARow > RESET_LOOP) {
      return this.#setState('stopped', `${RESET_LOOP} resets in a row, the last by the ${stop.reason}`);
    }
    this.reset(stop.reason);
  }

  #deliver(): boolean {
    const from = [this.chip.usb.state.takeSent(), this.chip.uart.state.takeSent()];
    const data = this.#wiring === 'usb' ? from[0] : from[1];
    if (data.length > 0) this.#toHost(data);
    return data.length > 0;
  }

  /** The host's end of the board's port, in memory. */
  port(name = 'virtual ESP32-C3'): Transport {
    return new BoardTransport(this, name, this.#wiring === 'usb' ? { vendorId: 0x303a, productId: 0x1001 } : undefined);
  }
}

class BoardTransport extends TransportBase {
  readonly usb: { vendorId: number; productId: number } | undefined;
  readonly #board: VirtualBoard;

  constructor(board: VirtualBoard, name: string, usb: { vendorId: number; productId: number } | undefined) {
    super(name);
    this.#board = board;
    this.usb = usb;
  }

  async open(): Promise<void> {
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    this.opened();
    this.#board.connect((data) => afterTask(() => this.received(data)));
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.#board.disconnect();
    this.closed();
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    const copy = data.slice();
    await new Promise<void>((resolve) =>
      afterTask(() => {
        this.#board.fromHost(copy);
        resolve();
      }),
    );
  }

  async setSignals(signals: Signals): Promise<boolean> {
    this.requireOpen();
    this.#board.setSignals(signals);
    return true;
  }
}
