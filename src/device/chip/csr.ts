/**
 * Control and status registers: the machine-mode trap registers, plus either the ESP32-C3's own performance counter
 * (PCER 0x7E0, PCMR 0x7E1, PCCR 0x7E2; the chip has no mcycle) or the standard counters of QEMU's `virt` machine.
 */

/** `c3` has no mcycle/minstret and traps on them, as the chip does. */
export type CsrProfile = 'c3' | 'standard';

export const CSR = {
  mstatus: 0x300,
  misa: 0x301,
  mtvec: 0x305,
  mscratch: 0x340,
  mepc: 0x341,
  mcause: 0x342,
  mtval: 0x343,
  pcer: 0x7e0,
  pcmr: 0x7e1,
  pccr: 0x7e2,
  mcycle: 0xb00,
  minstret: 0xb02,
  mcycleh: 0xb80,
  minstreth: 0xb82,
  cycle: 0xc00,
  time: 0xc01,
  instret: 0xc02,
  cycleh: 0xc80,
  timeh: 0xc81,
  instreth: 0xc82,
} as const;

/** Registers kept as they are written, without effect on this model (interrupts and protection are not modelled). */
const PLAIN = new Set<number>([
  CSR.mstatus,
  CSR.mtvec,
  CSR.mscratch,
  CSR.mepc,
  CSR.mcause,
  CSR.mtval,
  0x304 /* mie */,
  0x306 /* mcounteren */,
  0x320 /* mcountinhibit */,
  0x344 /* mip */,
  ...Array.from({ length: 4 }, (_, i) => 0x3a0 + i),
  ...Array.from({ length: 16 }, (_, i) => 0x3b0 + i), // pmp
  ...Array.from({ length: 4 }, (_, i) => 0x7a0 + i), // debug triggers
]);
/** mie, mip and mcounteren do not exist on the ESP32-C3 (its interrupts come from a matrix of its own). */
const NOT_ON_C3 = new Set([0x304, 0x306, 0x320, 0x344]);

/** misa of RV32IMC with machine and user mode. */
const MISA = (1 << 30) | (1 << 2) | (1 << 8) | (1 << 12) | (1 << 20);

export class CsrFile {
  readonly #profile: CsrProfile;
  readonly #values = new Map<number, number>();
  #pccrBase = 0;
  #minstretBase = 0;

  constructor(profile: CsrProfile) {
    this.#profile = profile;
  }

  reset(): void {
    this.#values.clear();
    this.#pccrBase = 0;
    this.#minstretBase = 0;
  }

  get(csr: number): number {
    return this.#values.get(csr) ?? 0;
  }

  set(csr: number, value: number): void {
    this.#values.set(csr, value | 0);
  }

  /**
   * Reads a register; `instret` is the number of instructions retired before this one. Cycle counters count one cycle
   * an instruction: this model has no pipeline. undefined: there is no such register.
   */
  read(csr: number, instret: number): number | undefined {
    if (csr === CSR.misa) return MISA;
    if (csr >= 0xf11 && csr <= 0xf14) return 0; // vendor, architecture, implementation, hart
    if (this.#profile === 'c3') {
      if (NOT_ON_C3.has(csr)) return undefined;
      if (csr === CSR.pccr) return this.#pccrOn() ? (instret - this.#pccrBase) | 0 : this.get(csr);
      if (csr === CSR.pcer || csr === CSR.pcmr) return this.get(csr);
      if (csr >= 0x800 && csr <= 0x805) return this.get(csr); // dedicated GPIO
    } else {
      const low = instret - (csr === CSR.minstret || csr === CSR.minstreth ? this.#minstretBase : 0);
      switch (csr) {
        case CSR.mcycle:
        case CSR.minstret:
        case CSR.cycle:
        case CSR.time:
        case CSR.instret:
          return low | 0;
        case CSR.mcycleh:
        case CSR.minstreth:
        case CSR.cycleh:
        case CSR.timeh:
        case CSR.instreth:
          return Math.floor(low / 2 ** 32) | 0;
        default:
      }
    }
    return PLAIN.has(csr) ? this.get(csr) : undefined;
  }

  /** Writes a register; false when it does not exist or is read-only. */
  write(csr: number, value: number, instret: number): boolean {
    if (csr >>> 10 === 3) return false; // the two top bits set: read-only
    if (csr === CSR.misa) return true;
    if (this.read(csr, instret) === undefined) return false;
    if (csr === CSR.pccr) {
      this.#pccrBase = instret - (value >>> 0);
      this.set(csr, value);
    } else if (csr === CSR.minstret) {
      this.#minstretBase = instret - (value >>> 0);
    } else {
      const before = this.#pccrOn();
      if (csr === CSR.mepc) value &= ~1;
      this.set(csr, value);
      if (csr === CSR.pcer || csr === CSR.pcmr) this.#switchPccr(before, instret);
    }
    return true;
  }

  /** PCER bit 0 selects cycles, bit 1 instructions; PCMR bit 0 lets the counter run. */
  #pccrOn(): boolean {
    return (this.get(CSR.pcer) & 3) !== 0 && (this.get(CSR.pcmr) & 1) !== 0;
  }

  #switchPccr(before: boolean, instret: number): void {
    const after = this.#pccrOn();
    if (before && !after) this.set(CSR.pccr, instret - this.#pccrBase);
    if (!before && after) this.#pccrBase = instret - (this.get(CSR.pccr) >>> 0);
  }
}
