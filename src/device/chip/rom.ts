/**
 * A fake of the serial bootloader in an ESP's mask ROM, and of the flasher stub that tools upload to it: enough that
 * the real esptool-js flashes it without knowing. Protocol: Espressif, "Serial Protocol" (esptool documentation).
 * Of what is uploaded to RAM each block's checksum is checked and its bytes are counted, no more: it is neither kept
 * nor run. From MEM_END on this behaves as the stub does.
 */
import { Unzlib } from 'fflate';
import { md5, md5Hex } from '../flash/md5.js';
import type { NorFlash } from './norflash.js';
import { CHIP_FACTS, type RomChip } from './rom-chips.js';
import { SlipDecoder, slipEncode } from './slip.js';

const CMD = {
  flashBegin: 0x02,
  flashData: 0x03,
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  spiSetParams: 0x0b,
  spiAttach: 0x0d,
  changeBaud: 0x0f,
  deflBegin: 0x10,
  deflData: 0x11,
  deflEnd: 0x12,
  md5: 0x13,
  securityInfo: 0x14,
  eraseFlash: 0xd0,
  eraseRegion: 0xd1,
  readFlash: 0xd2,
  runUserCode: 0xd3,
} as const;

/** Second byte of a failed status. */
const FAIL = { invalid: 0x05, failed: 0x06, checksum: 0x07, flash: 0x08, inflate: 0x0b } as const;
/** Largest block the ROM itself (without stub) takes into flash. */
const ROM_BLOCK = 0x400;
const STUB_COMMANDS: readonly number[] = [CMD.eraseFlash, CMD.eraseRegion, CMD.readFlash, CMD.runUserCode];
const SPI_RDID = 0x9f;

export interface FakeRomOptions {
  chip: RomChip;
  flash: NorFlash;
  /** sends bytes to the host */
  send: (data: Uint8Array) => void;
  /** the host asked the loader to restart the chip into its program */
  onRestart?: () => void;
  mac?: readonly number[];
  /** corrupts what is about to be programmed: to see that verification notices */
  damage?: (offset: number, data: Uint8Array) => void;
}

/** A write in progress. */
interface Writing {
  kind: 'plain' | 'deflate' | 'memory';
  offset: number;
  /** bytes to come, uncompressed */
  bytes: number;
  done: number;
  seq: number;
  /** of a deflated write: takes what is compressed */
  unzip?: Unzlib;
}

class CommandError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`status ${code}`);
    this.code = code;
  }
}

export class FakeRom {
  /** whether the uploaded stub answers (else the ROM) */
  stub = false;
  /** commands handled, by number, for tests */
  readonly seen: number[] = [];
  readonly #options: FakeRomOptions;
  readonly #registers: Map<number, number>;
  readonly #slip = new SlipDecoder();
  #writing: Writing | undefined;
  #attached = false;
  #uploaded = 0;
  #reading: { packets: Uint8Array[]; digest: Uint8Array; total: number } | undefined;

  constructor(options: FakeRomOptions) {
    this.#options = options;
    this.#registers = new Map(CHIP_FACTS[options.chip].registers(options.mac ?? [0x60, 0x55, 0xf9, 0, 0, 1]));
  }

  /** Begins anew, as after a reset into download mode. */
  reset(): void {
    this.stub = false;
    this.#writing = undefined;
    this.#reading = undefined;
    this.#attached = false;
    this.#uploaded = 0;
    this.#slip.reset();
  }

  /** Bytes from the host. */
  receive(data: Uint8Array): void {
    for (const frame of this.#slip.push(data)) {
      if (this.#reading) this.#acknowledged(frame);
      else if (frame.length >= 8 && frame[0] === 0) this.#command(frame);
    }
  }

  /** One request: 00, command, length u16, checksum u32, data. */
  #command(frame: Uint8Array): void {
    const op = frame[1];
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const data = frame.subarray(8);
    this.seen.push(op);
    if (view.getUint16(2, true) !== data.length) return this.#reply(op, 0, undefined, FAIL.invalid);
    if (!this.#knows(op)) {
      // A ROM answers an unknown command eight times, and not under its number.
      for (let i = 0; i < 8; i++) this.#reply(0xff, 0, undefined, FAIL.invalid);
      return;
    }
    try {
      this.#handle(op, data, view.getUint32(4, true));
    } catch (e) {
      if (e instanceof CommandError) this.#reply(op, 0, undefined, e.code);
      else this.#reply(op, 0, undefined, FAIL.flash); // outside the flash
    }
  }

  #knows(op: number): boolean {
    if (op === CMD.securityInfo) return CHIP_FACTS[this.#options.chip].chipId !== undefined;
    if (STUB_COMMANDS.includes(op)) return this.stub;
    return (Object.values(CMD) as number[]).includes(op);
  }

  #reply(op: number, value: number, data?: Uint8Array, failure?: number): void {
    const body = data ?? new Uint8Array(0);
    const status = this.stub ? 2 : 4;
    const frame = new Uint8Array(8 + body.length + status);
    const view = new DataView(frame.buffer);
    frame[0] = 1;
    frame[1] = op;
    view.setUint16(2, body.length + status, true);
    view.setUint32(4, value, true);
    frame.set(body, 8);
    if (failure !== undefined) frame.set([1, failure], 8 + body.length);
    this.#options.send(slipEncode(frame));
  }

  #handle(op: number, data: Uint8Array, checksum: number): void {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const arg = (i: number): number => {
      if (4 * i + 4 > data.length) throw new CommandError(FAIL.invalid);
      return view.getUint32(4 * i, true);
    };
    const { flash } = this.#options;
    switch (op) {
      case CMD.sync:
        // The ROM's value is not zero; the stub's is, and it answers once. Tools tell them apart by that.
        for (let i = this.stub ? 7 : 0; i < 8; i++) this.#reply(op, this.stub ? 0 : 0x20120707);
        return;
      case CMD.readReg:
        return this.#reply(op, this.#registers.get(arg(0)) ?? 0);
      case CMD.writeReg:
        this.#writeRegister(arg(0), arg(1), arg(2));
        return this.#reply(op, 0);
      case CMD.spiAttach:
        this.#attached = true;
        return this.#reply(op, 0);
      case CMD.spiSetParams:
      case CMD.changeBaud:
        return this.#reply(op, 0);
      case CMD.securityInfo:
        return this.#reply(op, 0, this.#securityInfo());
      case CMD.memBegin:
        return this.#begin(op, 'memory', arg(0), arg(3));
      case CMD.flashBegin:
        return this.#begin(op, 'plain', arg(0), arg(3));
      case CMD.deflBegin:
        return this.#begin(op, 'deflate', arg(0), arg(3));
      case CMD.memData:
      case CMD.flashData:
      case CMD.deflData:
        return this.#data(op, data, arg(0), arg(1), checksum);
      case CMD.memEnd:
        return this.#startStub(op);
      case CMD.flashEnd:
      case CMD.deflEnd:
        this.#writing = undefined;
        this.#reply(op, 0);
        if (arg(0) === 0) this.#options.onRestart?.();
        return;
      case CMD.md5: {
        const bytes = flash.read(arg(0), arg(1));
        return this.#reply(op, 0, this.stub ? md5(bytes) : new TextEncoder().encode(md5Hex(bytes)));
      }
      case CMD.eraseFlash:
        flash.erase(0, flash.bytes.length);
        return this.#reply(op, 0);
      case CMD.eraseRegion:
        flash.erase(arg(0), arg(1));
        return this.#reply(op, 0);
      case CMD.readFlash:
        return this.#startReading(op, arg(0), arg(1), arg(2));
      case CMD.runUserCode:
        return this.#options.onRestart?.();
      default:
        throw new CommandError(FAIL.invalid);
    }
  }

  /** Flags, crypt count, key purposes (7), chip id, API version. */
  #securityInfo(): Uint8Array {
    const info = new Uint8Array(20);
    new DataView(info.buffer).setUint32(12, CHIP_FACTS[this.#options.chip].chipId ?? 0, true);
    return info;
  }

  /** The SPI controller runs the command in USR2 when bit 18 of CMD is set; RDID is the one tools send. */
  #writeRegister(address: number, value: number, mask: number): void {
    const { spi } = CHIP_FACTS[this.#options.chip];
    const old = this.#registers.get(address) ?? 0;
    let next = ((old & ~mask) | (value & mask)) >>> 0;
    if (address === spi.cmd && (next & (1 << 18)) !== 0) {
      const command = (this.#registers.get(spi.usr2) ?? 0) & 0xff;
      this.#registers.set(spi.w0, command === SPI_RDID ? this.#options.flash.jedecId : 0);
      next &= ~(1 << 18);
    }
    this.#registers.set(address, next);
  }

  #begin(op: number, kind: Writing['kind'], bytes: number, offset: number): void {
    if (kind !== 'memory') {
      // The stub attaches the flash by itself; with the bare ROM the host must.
      if (!this.stub && !this.#attached) throw new CommandError(FAIL.failed);
      if (bytes > 0) this.#options.flash.erase(offset, bytes);
    }
    this.#writing = { kind, offset, bytes, done: 0, seq: 0 };
    this.#reply(op, 0);
  }

  /** A block: length, sequence number, two zeros, bytes; the checksum is EF xor all bytes. */
  #data(op: number, data: Uint8Array, length: number, seq: number, checksum: number): void {
    const w = this.#writing;
    const expected = { [CMD.memData]: 'memory', [CMD.flashData]: 'plain', [CMD.deflData]: 'deflate' }[op];
    const block = data.subarray(16, 16 + length);
    if (!w || w.kind !== expected || block.length !== length) throw new CommandError(FAIL.invalid);
    if (block.reduce((a, b) => a ^ b, 0xef) !== (checksum & 0xff)) throw new CommandError(FAIL.checksum);
    if (!this.stub && w.kind !== 'memory' && length > ROM_BLOCK) throw new CommandError(FAIL.failed);
    if (seq === w.seq - 1) return this.#reply(op, 0); // sent again because the answer was lost
    if (seq !== w.seq) throw new CommandError(FAIL.failed);
    w.seq++;
    if (w.kind === 'memory') this.#uploaded += length;
    else if (w.kind === 'plain') this.#program(w, block);
    else this.#inflate(w, block);
    this.#reply(op, 0);
  }

  #inflate(w: Writing, block: Uint8Array): void {
    const plain: Uint8Array[] = [];
    w.unzip ??= new Unzlib();
    w.unzip.ondata = (part) => plain.push(part);
    try {
      w.unzip.push(block);
    } catch {
      throw new CommandError(FAIL.inflate);
    }
    for (const part of plain) this.#program(w, part);
  }

  #program(w: Writing, data: Uint8Array): void {
    const copy = data.slice();
    this.#options.damage?.(w.offset + w.done, copy);
    this.#options.flash.program(w.offset + w.done, copy);
    w.done += data.length;
  }

  /** MEM_END with an entry point: the uploaded stub would start, and greets. */
  #startStub(op: number): void {
    this.#writing = undefined;
    if (this.#uploaded === 0) throw new CommandError(FAIL.failed);
    this.#reply(op, 0);
    this.stub = true;
    this.#options.send(slipEncode(new TextEncoder().encode('OHAI')));
  }

  /** READ_FLASH: packets of at most `block` bytes, each acknowledged with the count so far, then the MD5. */
  #startReading(op: number, offset: number, bytes: number, block: number): void {
    const data = this.#options.flash.read(offset, bytes);
    const packets: Uint8Array[] = [];
    for (let i = 0; i < bytes; i += block) packets.push(data.subarray(i, i + block));
    this.#reply(op, 0);
    this.#reading = { packets, digest: md5(data), total: bytes };
    for (const packet of packets) this.#options.send(slipEncode(packet));
    if (packets.length === 0) this.#reading = undefined;
  }

  #acknowledged(frame: Uint8Array): void {
    const r = this.#reading;
    if (!r || frame.length !== 4) return;
    if (new DataView(frame.buffer, frame.byteOffset).getUint32(0, true) < r.total) return;
    this.#reading = undefined;
    this.#options.send(slipEncode(r.digest));
  }
}
