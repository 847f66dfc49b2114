/**
 * The parts of QEMU's `virt` machine that a bare program needs: RAM at 0x80000000, a 16550 UART at 0x10000000 and the
 * test finisher at 0x100000. The same ELF runs here and under `qemu-system-riscv32 -M virt -bios none -icount
 * shift=0`, where instruction counts are exact; comparing the two is what the counts of the virtual ESP32-C3 rest on.
 */
import { TinyLMError } from '../../model/errors.js';
import { parseElf } from './elf.js';
import { Hart } from './hart.js';
import { Memory, type Device } from './memory.js';

export const VIRT_RAM = 0x80000000;

export class VirtMachine {
  readonly hart: Hart;
  /** exit status written to the finisher: 0 passed; undefined while the program runs */
  exitCode: number | undefined;
  readonly #memory: Memory;
  readonly #input: number[] = [];
  #output: number[] = [];

  /**
   * @param ramBytes size of RAM, a multiple of 64 KB
   * @param compile whether hot code is compiled
   */
  constructor(ramBytes = 8 << 20, compile = true) {
    const uart: Device = {
      name: 'UART',
      base: 0x10000000,
      bytes: 0x100,
      // Registers are bytes: THR/RBR in byte 0 of word 0, LSR (0x60 transmitter empty, 0x01 data there) in byte 1 of 4.
      read: (o) => (o === 0 ? (this.#input.shift() ?? 0) : o === 4 ? (0x60 | (this.#input.length ? 1 : 0)) << 8 : 0),
      write: (o, v) => {
        if (o === 0) this.#output.push(v & 0xff);
      },
    };
    const finisher: Device = {
      name: 'finisher',
      base: 0x100000,
      bytes: 0x1000,
      read: () => 0,
      write: (_, v) => {
        this.exitCode = (v & 0xffff) === 0x5555 ? 0 : v >>> 16;
        this.hart.stopRequested = true;
      },
    };
    this.#memory = new Memory(
      [{ name: 'RAM', bytes: ramBytes, mappings: [{ base: VIRT_RAM, access: 'rwx' }] }],
      [uart, finisher],
    );
    this.hart = new Hart(this.#memory, 'standard', compile);
  }

  /** Loads an ELF file and resets to its entry. */
  loadElf(file: Uint8Array): void {
    const elf = parseElf(file);
    const ram = this.#memory.bytesOf('RAM');
    for (const s of elf.segments) {
      const at = s.address - VIRT_RAM;
      if (at < 0 || at + s.memoryBytes > ram.length) {
        throw new TinyLMError(
          'elf',
          `segment at 0x${s.address.toString(16)} of ${s.memoryBytes} bytes is outside RAM ` +
            `(${ram.length} bytes at 0x80000000)`,
          'link the program at 0x80000000',
        );
      }
      ram.fill(0, at, at + s.memoryBytes);
      ram.set(s.data, at);
    }
    this.exitCode = undefined;
    this.hart.reset(elf.entry);
  }

  /** Bytes for the UART to receive. */
  send(bytes: Uint8Array): void {
    for (const b of bytes) this.#input.push(b);
  }

  /** Bytes sent by the UART since the last call. */
  takeOutput(): Uint8Array {
    const out = Uint8Array.from(this.#output);
    this.#output = [];
    return out;
  }

  /** Runs until the program exits; throws after `limit` instructions. Returns the exit status. */
  runToExit(limit: number): number {
    let left = limit;
    while (this.exitCode === undefined) {
      if (left <= 0) throw new TinyLMError('chip-limit', `no exit after ${limit} instructions`);
      const slice = Math.min(left, 1 << 28);
      this.hart.run(slice);
      left -= slice;
    }
    return this.exitCode;
  }
}
