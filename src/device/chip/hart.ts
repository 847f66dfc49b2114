/**
 * An RV32IMC hart: instructions are decoded once into packed words and interpreted; code that runs often is compiled
 * to JavaScript, block by block. Machine mode only, no interrupts. Counts of instructions are exact; time is not
 * modelled here (c3.ts says what counts as time).
 */
import { CSR, CsrFile, type CsrProfile } from './csr.js';
import { CodeStore, type ClassCounts } from './counts.js';
import type { CacheModel } from './cache.js';
import { OP, decode } from './isa.js';
import { PAGE_BITS, PAGE_BYTES, type Memory } from './memory.js';
import { Trap, trapError } from './trap.js';
import { BlockCache } from './compile.js';
import { interpret } from './interpret.js';

/** Why {@link Hart.run} returned: the limit was reached, `wfi` was executed, or a device asked to stop. */
export type StopReason = 'limit' | 'wfi' | 'device';

/** Index of the register that takes writes to x0. */
const SINK = 32;
/** Counters are 32 bits wide: fold them long before they can overflow. */
const FOLD_EVERY = 2 ** 30;
/** Most instructions one call of run executes. */
const MAX_RUN = 2 ** 28;

export class Hart {
  readonly memory: Memory;
  readonly csr: CsrFile;
  readonly store: CodeStore;
  /** x0 … x31, then a sink for writes to x0 */
  readonly x = new Int32Array(64);
  /** slot of the next instruction: its offset in the memory buffer, halved; −1 when the pc is not executable */
  slot = -1;
  /** pc = 2 · slot + delta */
  delta = 0;
  /** instructions still to run in this call of run */
  left = 0;
  /** set by a device to end the run after the current instruction */
  stopRequested = false;
  cache: CacheModel | undefined;
  /** fetch line tracking for the cache model: slot bits that name the line, or 0 when off */
  lineMask = 0;
  line = 0;
  /** last trap delivered to a handler of the program, for diagnosis */
  lastTrap: { cause: number; pc: number; value: number } | undefined;
  /** functions of a mask ROM by address: they stand in for code that cannot be shipped; return by ra */
  readonly romCalls = new Map<number, (hart: Hart) => void>();
  readonly #blocks: BlockCache;
  #limit = 0;
  #retiredBefore = 0;
  #sinceFold = 0;

  /** @param compile whether hot code is compiled (needs `new Function`); the results are the same either way */
  constructor(memory: Memory, profile: CsrProfile, compile = true) {
    this.memory = memory;
    this.csr = new CsrFile(profile);
    this.store = new CodeStore(memory.u8.length >>> 1);
    this.#blocks = new BlockCache(this, compile);
  }

  /** Instructions retired since the last {@link reset}; exact also inside a device access. */
  get retired(): number {
    return this.#retiredBefore + this.#limit - this.left;
  }

  get pc(): number {
    return (2 * this.slot + this.delta) >>> 0;
  }

  /** Sets the program counter. Throws a {@link Trap} when `pc` is not executable. */
  setPc(pc: number): void {
    if (this.slot >= 0) this.store.enter[this.slot]--;
    this.slot = -1;
    this.enterAt(pc);
  }

  /** Arrives at `pc` by a control transfer. */
  enterAt(pc: number): void {
    const page = this.memory.execMap[pc >>> PAGE_BITS];
    if (page < 0) {
      this.slot = -1;
      throw new Trap(1, pc);
    }
    this.slot = (page + (pc & (PAGE_BYTES - 1))) >>> 1;
    this.delta = (pc - 2 * this.slot) | 0;
    this.store.enter[this.slot]++;
  }

  /** A jump left mapped memory: runs the ROM function there, if there is one, and returns to ra; else faults. */
  leaveMapped(target: number): void {
    this.slot = -1;
    const call = this.romCalls.get(target >>> 0);
    if (!call) {
      throw new Trap(1, target);
    }
    call(this);
    this.enterAt(this.x[1] & ~1);
  }

  /** Registers and counters as after power-on (garbage in the registers, as on a chip), next instruction at `pc`. */
  reset(pc: number): void {
    if (this.slot >= 0) this.store.enter[this.slot]--;
    this.slot = -1;
    this.store.fold(-1);
    this.store.resetTotals();
    this.store.invalidate(0, this.store.code.length);
    this.#blocks.clear();
    this.x.fill(0xdeadbeef | 0);
    this.x[0] = 0;
    this.csr.reset();
    this.#retiredBefore = 0;
    this.#limit = 0;
    this.left = 0;
    this.#sinceFold = 0;
    this.lastTrap = undefined;
    this.line = -1;
    this.cache?.reset();
    this.enterAt(pc);
  }

  /** Turns the cache model on (or off with undefined). Loads from cached memory then take the slow path. */
  useCache(cache: CacheModel | undefined): void {
    this.cache = cache;
    this.memory.routeThroughCache(cache !== undefined);
    this.lineMask = cache ? ~(cache.shape.line / 2 - 1) : 0;
    this.line = cache ? -1 : 0;
    this.#blocks.clear();
  }

  /**
   * Runs at most `limit` instructions (and at most 2^28, so that counters can be emptied in between).
   * @throws ChipTrapError when the program faults and has set no trap handler (mtvec is 0)
   */
  run(limit: number): StopReason {
    limit = Math.min(limit, MAX_RUN);
    this.#retiredBefore += this.#limit - this.left;
    this.#limit = limit;
    this.left = limit;
    this.#sinceFold += limit;
    if (this.#sinceFold > FOLD_EVERY) {
      this.store.fold(this.slot);
      this.#sinceFold = limit;
    }
    this.stopRequested = false;
    while (this.left > 0) {
      try {
        const why = this.#runBlocks();
        if (why !== 'limit') return why;
      } catch (e) {
        if (!(e instanceof Trap)) throw e;
        this.#takeTrap(e);
      }
    }
    return 'limit';
  }

  #runBlocks(): StopReason {
    const blocks = this.#blocks;
    while (this.left > 0) {
      const block = blocks.at(this.slot, this.delta);
      if (block && this.left >= block.length) {
        this.slot = block.run(this.left);
        if (this.stopRequested) return 'device';
      } else {
        const why = interpret(this, blocks.enabled);
        if (why !== 'limit') return why;
      }
    }
    return 'limit';
  }

  #takeTrap(trap: Trap): void {
    const pc = this.slot >= 0 ? this.pc : trap.value >>> 0;
    const vector = this.csr.get(CSR.mtvec) & ~3;
    if (vector === 0 || this.memory.execMap[vector >>> PAGE_BITS] < 0) {
      throw trapError(trap.cause, pc, trap.value, this.x, this.memory, this.retired);
    }
    this.lastTrap = { cause: trap.cause, pc, value: trap.value >>> 0 };
    this.csr.set(CSR.mepc, pc);
    this.csr.set(CSR.mcause, trap.cause);
    this.csr.set(CSR.mtval, trap.value);
    // A trap costs no retired instruction; a handler that faults for ever must still reach the limit.
    this.left--;
    this.#retiredBefore--;
    this.setPc(vector);
  }

  /** Instructions retired, by class, since reset. */
  counts(): ClassCounts {
    this.store.fold(this.slot);
    this.#sinceFold = 0;
    return this.store.classes();
  }

  /** Executions of each instruction that ran, as [address, count], by address: a profile. */
  profile(base: number): [number, number][] {
    this.store.fold(this.slot);
    this.#sinceFold = 0;
    const page = this.memory.execMap[base >>> PAGE_BITS];
    const delta = (base & ~(PAGE_BYTES - 1)) - page;
    return this.store.decoded
      .filter((s) => this.store.executed(s) > 0)
      .map((s) => [(2 * s + delta) >>> 0, this.store.executed(s)]);
  }

  /** Decodes the instruction at `slot`. */
  decodeAt(slot: number): void {
    const pc = (2 * slot + this.delta) >>> 0;
    const page = this.memory.execMap[pc >>> PAGE_BITS];
    // Code that runs on past the end of its memory arrives in slots that its addresses do not map to.
    if (page < 0 || (page + (pc & (PAGE_BYTES - 1))) >>> 1 !== slot) throw new Trap(1, pc);
    const { u16 } = this.memory;
    const d = decode(u16[slot] | (u16[slot + 1] << 16));
    const isJump = d.op === OP.JAL || (d.op >= OP.BEQ && d.op <= OP.BGEU);
    this.store.code[slot] =
      d.op | ((d.rd === 0 ? SINK : d.rd) << 8) | (d.rs1 << 14) | (d.rs2 << 19) | ((d.bytes >> 1) << 24);
    this.store.imm[slot] = isJump ? d.imm >> 1 : d.imm;
    this.store.decoded.push(slot);
  }

  /** fence.i, or a change of flash: what was decoded may be stale. */
  refetch(): void {
    this.store.fold(this.slot);
    this.#sinceFold = 0;
    this.store.invalidate(0, this.store.code.length);
    this.#blocks.clear();
  }

  /** The instruction fetch came to another line. */
  fetchLine(slot: number): void {
    this.line = slot & this.lineMask;
    const offset = 2 * slot;
    if (this.cache && offset >= this.memory.cachedStart && offset < this.memory.cachedEnd) {
      this.cache.access(offset, true);
    }
  }

  /** Loads that leave the fast path: misaligned, through the cache model, from a device, or from nowhere. */
  loadSlow(address: number, size: 1 | 2 | 4): number {
    if ((address & (size - 1)) !== 0) throw new Trap(4, address);
    const m = this.memory;
    const page = m.cachedMap[address >>> PAGE_BITS];
    if (page >= 0) {
      const at = page + (address & (PAGE_BYTES - 1));
      this.cache?.access(at, false);
      return size === 4 ? m.i32[at >> 2] : size === 2 ? m.u16[at >> 1] : m.u8[at];
    }
    const device = m.deviceAt(address);
    if (!device) throw new Trap(5, address);
    const word = device.read(((address >>> 0) - device.base) & ~3);
    return size === 4 ? word | 0 : (word >>> ((address & 3) * 8)) & (size === 2 ? 0xffff : 0xff);
  }

  /** Stores that leave the fast path. Devices take whole registers: a narrow store writes its bytes, zero-extended. */
  storeSlow(address: number, value: number, size: 1 | 2 | 4): void {
    if ((address & (size - 1)) !== 0) throw new Trap(6, address);
    const device = this.memory.deviceAt(address);
    if (!device) throw new Trap(7, address);
    const mask = size === 4 ? -1 : size === 2 ? 0xffff : 0xff;
    device.write(((address >>> 0) - device.base) & ~3, (value & mask) << ((address & 3) * 8));
  }

  /** Executes a CSR instruction and returns the old value; throws an illegal-instruction trap when it may not. */
  csrAccess(op: number, csr: number, source: number, sourceIsZero: boolean): number {
    const before = this.retired;
    const old = this.csr.read(csr, before);
    if (old === undefined) throw new Trap(2, (csr << 20) | 0x73);
    const kind = (op - OP.CSRRW) % 3; // 0 write, 1 set, 2 clear
    if (kind !== 0 && sourceIsZero) return old;
    const value = kind === 0 ? source : kind === 1 ? old | source : old & ~source;
    if (!this.csr.write(csr, value, before)) throw new Trap(2, (csr << 20) | 0x73);
    return old;
  }
}
