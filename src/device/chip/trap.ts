/** What stops a virtual chip: traps, with a register dump a person can read. */
import { TinyLMError } from '../../model/errors.js';
import { OP_NAMES, REGISTER_NAMES, decode } from './isa.js';
import type { Memory } from './memory.js';

/** Exception codes (mcause), from the RISC-V Privileged Architecture, table 3.6. */
export const CAUSES: Readonly<Record<number, string>> = {
  1: 'instruction access fault',
  2: 'illegal instruction',
  3: 'breakpoint',
  4: 'misaligned load',
  5: 'load access fault',
  6: 'misaligned store',
  7: 'store access fault',
  11: 'environment call',
};

/** Thrown inside the interpreter by an access or instruction that cannot complete. */
export class Trap {
  readonly cause: number;
  readonly value: number;
  constructor(cause: number, value: number) {
    this.cause = cause;
    this.value = value | 0;
  }
}

/** A trap that no handler of the program took: the program is broken and the chip stops. */
export class ChipTrapError extends TinyLMError {
  /** mcause */
  readonly trap: number;
  readonly pc: number;
  readonly value: number;
  constructor(cause: number, pc: number, value: number, message: string) {
    super('chip-trap', message, "look the pc up in the program's map or with objdump -d");
    this.trap = cause;
    this.pc = pc >>> 0;
    this.value = value >>> 0;
  }
}

const hex = (v: number): string => '0x' + (v >>> 0).toString(16).padStart(8, '0');

/** Registers in rows of four. */
export function registerDump(x: Int32Array, pc: number): string {
  const cells = REGISTER_NAMES.map((name, i) => `${name.padStart(4)} ${hex(x[i])}`);
  const rows: string[] = [];
  for (let i = 0; i < 32; i += 4) rows.push('  ' + cells.slice(i, i + 4).join('  '));
  return `  pc   ${hex(pc)}\n${rows.join('\n')}`;
}

/** The error for a trap at `pc`: what happened, where, the instruction, and all registers. */
export function trapError(
  cause: number,
  pc: number,
  value: number,
  x: Int32Array,
  memory: Memory,
  retired: number,
): ChipTrapError {
  const at = memory.translate(pc);
  let instruction = '';
  if (at >= 0 && at + 4 <= memory.u8.length) {
    const word = memory.u8[at] | (memory.u8[at + 1] << 8) | (memory.u8[at + 2] << 16) | (memory.u8[at + 3] << 24);
    const d = decode(word);
    const bits = d.bytes === 2 ? (word & 0xffff).toString(16).padStart(4, '0') : hex(word).slice(2);
    instruction = `, instruction ${bits} (${OP_NAMES[d.op]})`;
  }
  const address = [1, 4, 5, 6, 7].includes(cause) ? ` at ${hex(value)} (${memory.describe(value)})` : '';
  return new ChipTrapError(
    cause,
    pc,
    value,
    `the program on the virtual chip stopped: ${CAUSES[cause] ?? `trap ${cause}`}${address}, pc ${hex(pc)}` +
      `${instruction}, after ${retired} instructions\n${registerDump(x, pc)}\n  memory: ${memory.mapText().join('; ')}`,
  );
}
