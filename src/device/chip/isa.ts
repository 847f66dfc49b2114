/**
 * The RV32IMC instruction set with Zicsr and Zifencei: decoding of 32-bit and compressed instructions into one
 * internal form. Source: The RISC-V Instruction Set Manual, Volume I (20191213), chapters 2, 3, 7, 9, 16 and the
 * listings of chapter 24.
 */

/** Internal operation numbers; dense from 0, so that the interpreter's switch becomes a jump table. */
export const OP = {
  NONE: 0, // not decoded yet
  LUI: 1, AUIPC: 2, JAL: 3, JALR: 4,
  BEQ: 5, BNE: 6, BLT: 7, BGE: 8, BLTU: 9, BGEU: 10,
  LB: 11, LH: 12, LW: 13, LBU: 14, LHU: 15,
  SB: 16, SH: 17, SW: 18,
  ADDI: 19, SLTI: 20, SLTIU: 21, XORI: 22, ORI: 23, ANDI: 24, SLLI: 25, SRLI: 26, SRAI: 27,
  ADD: 28, SUB: 29, SLL: 30, SLT: 31, SLTU: 32, XOR: 33, SRL: 34, SRA: 35, OR: 36, AND: 37,
  MUL: 38, MULH: 39, MULHSU: 40, MULHU: 41, DIV: 42, DIVU: 43, REM: 44, REMU: 45,
  FENCE: 46, FENCEI: 47, ECALL: 48, EBREAK: 49, MRET: 50, WFI: 51,
  CSRRW: 52, CSRRS: 53, CSRRC: 54, CSRRWI: 55, CSRRSI: 56, CSRRCI: 57,
  ILLEGAL: 58,
} as const;

/** Names of {@link OP} by number, for dumps. */
export const OP_NAMES: readonly string[] = Object.keys(OP).map((k) => k.toLowerCase());

/** Classes an instruction is counted under; a branch is counted as taken or not taken when it retires. */
export const CLASSES = [
  'alu', 'mul', 'div', 'load', 'store', 'branchTaken', 'branchNotTaken', 'jump', 'system',
] as const;
export type InstructionClass = (typeof CLASSES)[number];

/** Class of each operation; `branch` is split by the counter (see counts.ts). */
export function classOf(op: number): InstructionClass | 'branch' {
  if (op >= OP.BEQ && op <= OP.BGEU) return 'branch';
  if (op === OP.JAL || op === OP.JALR) return 'jump';
  if (op >= OP.LB && op <= OP.LHU) return 'load';
  if (op >= OP.SB && op <= OP.SW) return 'store';
  if (op >= OP.MUL && op <= OP.MULHU) return 'mul';
  if (op >= OP.DIV && op <= OP.REMU) return 'div';
  if (op >= OP.FENCE) return 'system';
  return 'alu';
}

/** One decoded instruction. `imm` is sign-extended; for LUI and AUIPC it is already shifted left by 12. */
export interface Decoded {
  op: number;
  rd: number;
  rs1: number;
  rs2: number;
  imm: number;
  /** 2 or 4 bytes */
  bytes: 2 | 4;
}

const ins = (op: number, rd: number, rs1: number, rs2: number, imm: number, bytes: 2 | 4): Decoded =>
  ({ op, rd, rs1, rs2, imm, bytes });

const LOADS = [OP.LB, OP.LH, OP.LW, OP.ILLEGAL, OP.LBU, OP.LHU, OP.ILLEGAL, OP.ILLEGAL];
const STORES = [OP.SB, OP.SH, OP.SW];
const BRANCHES = [OP.BEQ, OP.BNE, OP.ILLEGAL, OP.ILLEGAL, OP.BLT, OP.BGE, OP.BLTU, OP.BGEU];
const OP_IMM = [OP.ADDI, OP.SLLI, OP.SLTI, OP.SLTIU, OP.XORI, OP.SRLI, OP.ORI, OP.ANDI];
const OP_REG = [OP.ADD, OP.SLL, OP.SLT, OP.SLTU, OP.XOR, OP.SRL, OP.OR, OP.AND];
const OP_MUL = [OP.MUL, OP.MULH, OP.MULHSU, OP.MULHU, OP.DIV, OP.DIVU, OP.REM, OP.REMU];
const CSR_OPS = [OP.ILLEGAL, OP.CSRRW, OP.CSRRS, OP.CSRRC, OP.ILLEGAL, OP.CSRRWI, OP.CSRRSI, OP.CSRRCI];

/**
 * Decodes the instruction whose first 32 bits are `word` (only the low 16 count when it is compressed).
 * Anything that is not RV32IMC_Zicsr_Zifencei becomes {@link OP.ILLEGAL}, with the encoding in `imm`.
 */
export function decode(word: number): Decoded {
  return (word & 3) === 3 ? decode32(word | 0) : decode16(word & 0xffff);
}

/** A 32-bit instruction (the two low bits are 1). */
export function decode32(w: number): Decoded {
  const rd = (w >> 7) & 31;
  const f3 = (w >> 12) & 7;
  const rs1 = (w >> 15) & 31;
  const rs2 = (w >> 20) & 31;
  const f7 = w >>> 25;
  const immI = w >> 20;
  const illegal = ins(OP.ILLEGAL, 0, 0, 0, w, 4);
  const legal = (op: number, imm: number): Decoded => (op === OP.ILLEGAL ? illegal : ins(op, rd, rs1, rs2, imm, 4));
  switch (w & 0x7f) {
    case 0x37: return legal(OP.LUI, w & 0xfffff000);
    case 0x17: return legal(OP.AUIPC, w & 0xfffff000);
    case 0x6f:
      return legal(OP.JAL, ((w >> 31) << 20) | (w & 0xff000) | (((w >> 20) & 1) << 11) | (((w >> 21) & 0x3ff) << 1));
    case 0x67: return f3 === 0 ? legal(OP.JALR, immI) : illegal;
    case 0x63:
      return legal(BRANCHES[f3],
        ((w >> 31) << 12) | (((w >> 7) & 1) << 11) | (((w >> 25) & 0x3f) << 5) | (((w >> 8) & 15) << 1));
    case 0x03: return legal(LOADS[f3], immI);
    case 0x23: return f3 <= 2 ? legal(STORES[f3], ((w >> 25) << 5) | rd) : illegal;
    case 0x13:
      if (f3 === 1) return f7 === 0 ? legal(OP.SLLI, rs2) : illegal;
      if (f3 === 5) return f7 === 0 ? legal(OP.SRLI, rs2) : f7 === 0x20 ? legal(OP.SRAI, rs2) : illegal;
      return legal(OP_IMM[f3], immI);
    case 0x33:
      if (f7 === 0) return legal(OP_REG[f3], 0);
      if (f7 === 1) return legal(OP_MUL[f3], 0);
      if (f7 === 0x20) return f3 === 0 ? legal(OP.SUB, 0) : f3 === 5 ? legal(OP.SRA, 0) : illegal;
      return illegal;
    case 0x0f: return f3 <= 1 ? ins(f3 === 0 ? OP.FENCE : OP.FENCEI, 0, 0, 0, 0, 4) : illegal;
    case 0x73:
      if (f3 !== 0) return legal(CSR_OPS[f3], immI & 0xfff);
      if (w === 0x00000073) return legal(OP.ECALL, 0);
      if (w === 0x00100073) return legal(OP.EBREAK, 0);
      if (w === 0x30200073) return legal(OP.MRET, 0);
      if (w === 0x10500073) return legal(OP.WFI, 0);
      return illegal;
    default: return illegal;
  }
}

/** Bits of `w` moved: each pair is (source bit, target bit). */
function scatter(w: number, moves: readonly (readonly [number, number])[]): number {
  let v = 0;
  for (const [from, to] of moves) v |= ((w >> from) & 1) << to;
  return v;
}

const CJ_BITS = [[12, 11], [11, 4], [10, 9], [9, 8], [8, 10], [7, 6], [6, 7], [5, 3], [4, 2], [3, 1], [2, 5]] as const;
const CB_BITS = [[12, 8], [11, 4], [10, 3], [6, 7], [5, 6], [4, 2], [3, 1], [2, 5]] as const;
const signExtend = (v: number, bits: number): number => (v << (32 - bits)) >> (32 - bits);

/** A compressed 16-bit instruction. */
export function decode16(w: number): Decoded {
  const f3 = w >> 13;
  const rdFull = (w >> 7) & 31;
  const rs2Full = (w >> 2) & 31;
  const rdP = 8 + ((w >> 2) & 7); // rd' or rs2'
  const rs1P = 8 + ((w >> 7) & 7); // rs1' or rd'
  const imm6 = signExtend((((w >> 12) & 1) << 5) | rs2Full, 6);
  const c = (op: number, rd: number, rs1: number, rs2: number, imm: number): Decoded =>
    ins(op, rd, rs1, rs2, imm, 2);
  const illegal = c(OP.ILLEGAL, 0, 0, 0, w);
  switch (((w & 3) << 3) | f3) {
    case 0o00: { // c.addi4spn
      const imm = scatter(w, [[12, 5], [11, 4], [10, 9], [9, 8], [8, 7], [7, 6], [6, 2], [5, 3]]);
      return imm === 0 ? illegal : c(OP.ADDI, rdP, 2, 0, imm);
    }
    case 0o02: case 0o06: { // c.lw, c.sw
      const imm = scatter(w, [[12, 5], [11, 4], [10, 3], [6, 2], [5, 6]]);
      return f3 === 2 ? c(OP.LW, rdP, rs1P, 0, imm) : c(OP.SW, 0, rs1P, rdP, imm);
    }
    case 0o10: return c(OP.ADDI, rdFull, rdFull, 0, imm6); // c.nop, c.addi
    case 0o11: return c(OP.JAL, 1, 0, 0, signExtend(scatter(w, CJ_BITS), 12)); // c.jal (RV32)
    case 0o12: return c(OP.ADDI, rdFull, 0, 0, imm6); // c.li
    case 0o13: {
      if (rdFull === 2) { // c.addi16sp
        const imm = signExtend(scatter(w, [[12, 9], [6, 4], [5, 6], [4, 8], [3, 7], [2, 5]]), 10);
        return imm === 0 ? illegal : c(OP.ADDI, 2, 2, 0, imm);
      }
      return imm6 === 0 ? illegal : c(OP.LUI, rdFull, 0, 0, imm6 << 12); // c.lui
    }
    case 0o14: {
      const kind = (w >> 10) & 3;
      if (kind === 2) return c(OP.ANDI, rs1P, rs1P, 0, imm6);
      if (((w >> 12) & 1) === 1) return illegal; // RV64 forms and reserved shift amounts
      if (kind === 0) return c(OP.SRLI, rs1P, rs1P, 0, rs2Full);
      if (kind === 1) return c(OP.SRAI, rs1P, rs1P, 0, rs2Full);
      return c([OP.SUB, OP.XOR, OP.OR, OP.AND][(w >> 5) & 3], rs1P, rs1P, rdP, 0);
    }
    case 0o15: return c(OP.JAL, 0, 0, 0, signExtend(scatter(w, CJ_BITS), 12)); // c.j
    case 0o16: return c(OP.BEQ, 0, rs1P, 0, signExtend(scatter(w, CB_BITS), 9)); // c.beqz
    case 0o17: return c(OP.BNE, 0, rs1P, 0, signExtend(scatter(w, CB_BITS), 9)); // c.bnez
    case 0o20: return ((w >> 12) & 1) === 1 ? illegal : c(OP.SLLI, rdFull, rdFull, 0, rs2Full);
    case 0o22: { // c.lwsp
      const imm = scatter(w, [[12, 5], [6, 4], [5, 3], [4, 2], [3, 7], [2, 6]]);
      return rdFull === 0 ? illegal : c(OP.LW, rdFull, 2, 0, imm);
    }
    case 0o24: {
      if (((w >> 12) & 1) === 0) {
        if (rs2Full !== 0) return c(OP.ADD, rdFull, 0, rs2Full, 0); // c.mv
        return rdFull === 0 ? illegal : c(OP.JALR, 0, rdFull, 0, 0); // c.jr
      }
      if (rs2Full !== 0) return c(OP.ADD, rdFull, rdFull, rs2Full, 0); // c.add
      return rdFull === 0 ? c(OP.EBREAK, 0, 0, 0, 0) : c(OP.JALR, 1, rdFull, 0, 0); // c.ebreak, c.jalr
    }
    case 0o26: { // c.swsp
      const imm = scatter(w, [[12, 5], [11, 4], [10, 3], [9, 2], [8, 7], [7, 6]]);
      return c(OP.SW, 0, 2, rs2Full, imm);
    }
    default: return illegal; // floating point, reserved
  }
}

/** ABI names of x0 … x31. */
export const REGISTER_NAMES = [
  'zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5',
  'a6', 'a7', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6',
] as const;
