/**
 * Exact execution counts without a counter in every instruction. Only control transfers are counted (`enter` at their
 * target, `taken` at a branch); how often each instruction ran follows by Kirchhoff's rule, walking the decoded slots
 * in address order: executions = entries by transfer + executions of the instruction before that fell through.
 */
import { CLASSES, OP, classOf, type InstructionClass } from './isa.js';

/** Instructions retired, by class. */
export type ClassCounts = Record<InstructionClass, number>;

export const zeroCounts = (): ClassCounts => Object.fromEntries(CLASSES.map((c) => [c, 0])) as ClassCounts;

/** Sum over all classes: the number of instructions retired. */
export const totalOf = (counts: ClassCounts): number => CLASSES.reduce((sum, c) => sum + counts[c], 0);

/** a − b, class by class: what ran between two readings. */
export const countsSince = (a: ClassCounts, b: ClassCounts): ClassCounts =>
  Object.fromEntries(CLASSES.map((c) => [c, a[c] - b[c]])) as ClassCounts;

/** The code of a hart as the interpreter keeps it: one slot per halfword of memory. */
export class CodeStore {
  /** op | rd << 8 | rs1 << 14 | rs2 << 19 | length in halfwords << 24; 0: not decoded */
  readonly code: Int32Array;
  /** immediate; for branches and JAL the distance in slots */
  readonly imm: Int32Array;
  /** times a control transfer arrived here (signed: a trap takes its arrival back) */
  readonly enter: Int32Array;
  /** times the branch here was taken */
  readonly taken: Int32Array;
  /** slots decoded since the last invalidation */
  readonly decoded: number[] = [];
  readonly #executed: Float64Array;
  readonly #classes = zeroCounts();

  constructor(slots: number) {
    this.code = new Int32Array(slots);
    this.imm = new Int32Array(slots);
    this.enter = new Int32Array(slots);
    this.taken = new Int32Array(slots);
    this.#executed = new Float64Array(slots);
  }

  /**
   * Moves the counters since the last call into the totals.
   * @param pending the slot about to be executed: its arrival is counted, its execution is still to come
   */
  fold(pending: number): void {
    const { code, enter, taken } = this;
    if (pending >= 0) enter[pending]--;
    const carry = new Map<number, number>();
    this.decoded.sort((a, b) => a - b);
    for (const slot of this.decoded) {
      const w = code[slot];
      const op = w & 0xff;
      const ran = enter[slot] + (carry.get(slot) ?? 0);
      carry.delete(slot);
      enter[slot] = 0;
      if (ran === 0) continue;
      this.#executed[slot] += ran;
      let falls = ran;
      const kind = classOf(op);
      if (kind === 'branch') {
        falls = ran - taken[slot];
        this.#classes.branchTaken += taken[slot];
        this.#classes.branchNotTaken += falls;
        taken[slot] = 0;
      } else {
        this.#classes[kind] += ran;
        if (kind === 'jump' || op === OP.MRET) falls = 0;
      }
      if (falls !== 0) {
        const next = slot + (w >>> 24);
        carry.set(next, (carry.get(next) ?? 0) + falls);
      }
    }
    // What falls into a slot that was never decoded is the pending arrival itself; keep the balance at zero.
    for (const [slot, n] of carry) enter[slot] += n;
    if (pending >= 0) enter[pending]++;
  }

  /** Class totals; call {@link fold} first. */
  classes(): ClassCounts {
    return { ...this.#classes };
  }

  /** Executions of the instruction in `slot`; call {@link fold} first. */
  executed(slot: number): number {
    return this.#executed[slot];
  }

  /** Forgets the decoded instructions in slots [from, to); call {@link fold} first. Totals stay. */
  invalidate(from: number, to: number): void {
    const keep: number[] = [];
    for (const slot of this.decoded) {
      if (slot >= from && slot < to) this.code[slot] = 0;
      else keep.push(slot);
    }
    this.decoded.length = 0;
    for (const slot of keep) this.decoded.push(slot);
  }

  /** Sets all totals to zero; call {@link fold} first. */
  resetTotals(): void {
    for (const slot of this.decoded) this.#executed[slot] = 0;
    Object.assign(this.#classes, zeroCounts());
  }
}
