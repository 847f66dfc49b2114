/**
 * The interpreter: one instruction after another, plain enough to be checked against the manual. Hot code runs in
 * compiled blocks (compile.ts), which a test holds against this one.
 */
import { CSR } from './csr.js';
import type { Hart, StopReason } from './hart.js';
import { OP } from './isa.js';
import { Trap } from './trap.js';

// Constants of this module, so that the engine sees numbers and not properties.
const { NONE, LUI, AUIPC, JAL, JALR, BEQ, BNE, BLT, BGE, BLTU, BGEU, LB, LH, LW, LBU, LHU, SB, SH, SW, ADDI, SLTI,
  SLTIU, XORI, ORI, ANDI, SLLI, SRLI, SRAI, ADD, SUB, SLL, SLT, SLTU, XOR, SRL, SRA, OR, AND, MUL, MULH, MULHSU,
  MULHU, DIV, DIVU, REM, REMU, FENCE, FENCEI, ECALL, EBREAK, MRET, WFI, CSRRW, CSRRS, CSRRC, CSRRWI, CSRRSI,
  CSRRCI, ILLEGAL } = OP;

/** High word of the unsigned product, made of 16-bit halves. */
export function mulhu(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const mid = ah * bl + ((al * bl) >>> 16); // ≤ 65535² + 65535 < 2^32
  const mid2 = al * bh + (mid & 0xffff);
  return (ah * bh + (mid >>> 16) + (mid2 >>> 16)) | 0;
}

/** High word of the signed product: the unsigned one, less what the sign bits added. */
export const mulh = (a: number, b: number): number => (mulhu(a, b) - ((a >> 31) & b) - ((b >> 31) & a)) | 0;
export const mulhsu = (a: number, b: number): number => (mulhu(a, b) - ((a >> 31) & b)) | 0;

/** Division as the manual defines it (chapter 7.2): by zero gives −1, the overflow gives the dividend. */
const div = (a: number, b: number): number => (b === 0 ? -1 : (a / b) | 0);
const divu = (a: number, b: number): number => (b === 0 ? -1 : ((a >>> 0) / (b >>> 0)) | 0);
const rem = (a: number, b: number): number => (b === 0 ? a : (a % b) | 0);
const remu = (a: number, b: number): number => (b === 0 ? a : ((a >>> 0) % (b >>> 0)) | 0);

/**
 * Runs until `hart.left` is 0 (`limit`), a `wfi`, or a stop asked for by a device; with `oneRun` also to the next
 * control transfer (`limit` again). Throws a Trap with `hart.slot` at
 * the faulting instruction. The packed fields: op = w & 255, rd = (w >> 8) & 63, rs1 = (w >> 14) & 31,
 * rs2 = (w >> 19) & 31, length = w >>> 24 (in slots).
 */
export function interpret(hart: Hart, oneRun: boolean): StopReason {
  const { x, memory } = hart;
  const { code, imm, enter, taken } = hart.store;
  const { readMap, writeMap, execMap, u8, i8, u16, i16, i32 } = memory;
  const lineMask = hart.lineMask;
  let s = hart.slot;
  let left = hart.left;
  let delta = hart.delta;
  let line = hart.line;

  let more = true;
  while (left > 0 && more) {
    if ((s & lineMask) !== line) {
      hart.fetchLine(s);
      line = hart.line;
    }
    const w = code[s];
    const a = x[(w >> 14) & 31];
    const b = x[(w >> 19) & 31];
    let branch = false;
    switch (w & 0xff) {
      case NONE:
        hart.slot = s; hart.left = left; hart.delta = delta;
        hart.decodeAt(s);
        continue;
      case LUI: x[(w >> 8) & 63] = imm[s]; break;
      case AUIPC: x[(w >> 8) & 63] = (2 * s + delta + imm[s]) | 0; break;
      case JAL:
        x[(w >> 8) & 63] = (2 * (s + (w >>> 24)) + delta) | 0;
        s += imm[s];
        enter[s]++;
        left--;
        more = !oneRun;
        continue;
      case JALR: {
        const target = (a + imm[s]) & ~1;
        x[(w >> 8) & 63] = (2 * (s + (w >>> 24)) + delta) | 0;
        left--;
        const page = execMap[target >>> 16];
        if (page < 0) {
          hart.left = left;
          hart.leaveMapped(target);
          s = hart.slot; delta = hart.delta;
          if (hart.stopRequested) return 'device';
          more = !oneRun;
          continue;
        }
        s = (page + (target & 0xffff)) >>> 1;
        delta = (target - 2 * s) | 0;
        enter[s]++;
        more = !oneRun;
        continue;
      }
      case BEQ: branch = a === b; break;
      case BNE: branch = a !== b; break;
      case BLT: branch = a < b; break;
      case BGE: branch = a >= b; break;
      case BLTU: branch = (a >>> 0) < (b >>> 0); break;
      case BGEU: branch = (a >>> 0) >= (b >>> 0); break;
      case LW: {
        const at = (a + imm[s]) | 0;
        const page = readMap[at >>> 16];
        if (page >= 0 && (at & 3) === 0) {
          x[(w >> 8) & 63] = i32[(page + (at & 0xffff)) >> 2];
        } else {
          hart.slot = s; hart.left = left; hart.delta = delta;
          x[(w >> 8) & 63] = hart.loadSlow(at, 4);
        }
        break;
      }
      case LB: case LBU: {
        const at = (a + imm[s]) | 0;
        const page = readMap[at >>> 16];
        let v: number;
        if (page >= 0) {
          v = u8[page + (at & 0xffff)];
        } else {
          hart.slot = s; hart.left = left; hart.delta = delta;
          v = hart.loadSlow(at, 1);
        }
        x[(w >> 8) & 63] = (w & 0xff) === LB ? (v << 24) >> 24 : v;
        break;
      }
      case LH: case LHU: {
        const at = (a + imm[s]) | 0;
        const page = readMap[at >>> 16];
        let v: number;
        if (page >= 0 && (at & 1) === 0) {
          v = u16[(page + (at & 0xffff)) >> 1];
        } else {
          hart.slot = s; hart.left = left; hart.delta = delta;
          v = hart.loadSlow(at, 2);
        }
        x[(w >> 8) & 63] = (w & 0xff) === LH ? (v << 16) >> 16 : v;
        break;
      }
      case SW: case SH: case SB: {
        const at = (a + imm[s]) | 0;
        const page = writeMap[at >>> 16];
        const size = (w & 0xff) === SW ? 4 : (w & 0xff) === SH ? 2 : 1;
        if (page >= 0 && (at & (size - 1)) === 0) {
          if (size === 4) i32[(page + (at & 0xffff)) >> 2] = b;
          else if (size === 2) i16[(page + (at & 0xffff)) >> 1] = b;
          else i8[page + (at & 0xffff)] = b;
        } else {
          hart.slot = s; hart.left = left; hart.delta = delta;
          hart.storeSlow(at, b, size);
          if (hart.stopRequested) {
            hart.left = left - 1;
            hart.slot = s + (w >>> 24);
            return 'device';
          }
        }
        break;
      }
      case ADDI: x[(w >> 8) & 63] = (a + imm[s]) | 0; break;
      case SLTI: x[(w >> 8) & 63] = a < imm[s] ? 1 : 0; break;
      case SLTIU: x[(w >> 8) & 63] = (a >>> 0) < (imm[s] >>> 0) ? 1 : 0; break;
      case XORI: x[(w >> 8) & 63] = a ^ imm[s]; break;
      case ORI: x[(w >> 8) & 63] = a | imm[s]; break;
      case ANDI: x[(w >> 8) & 63] = a & imm[s]; break;
      case SLLI: x[(w >> 8) & 63] = a << imm[s]; break;
      case SRLI: x[(w >> 8) & 63] = a >>> imm[s]; break;
      case SRAI: x[(w >> 8) & 63] = a >> imm[s]; break;
      case ADD: x[(w >> 8) & 63] = (a + b) | 0; break;
      case SUB: x[(w >> 8) & 63] = (a - b) | 0; break;
      case SLL: x[(w >> 8) & 63] = a << b; break; // JavaScript shifts use the low five bits too
      case SLT: x[(w >> 8) & 63] = a < b ? 1 : 0; break;
      case SLTU: x[(w >> 8) & 63] = (a >>> 0) < (b >>> 0) ? 1 : 0; break;
      case XOR: x[(w >> 8) & 63] = a ^ b; break;
      case SRL: x[(w >> 8) & 63] = a >>> b; break;
      case SRA: x[(w >> 8) & 63] = a >> b; break;
      case OR: x[(w >> 8) & 63] = a | b; break;
      case AND: x[(w >> 8) & 63] = a & b; break;
      case MUL: x[(w >> 8) & 63] = Math.imul(a, b); break;
      case MULH: x[(w >> 8) & 63] = mulh(a, b); break;
      case MULHSU: x[(w >> 8) & 63] = mulhsu(a, b); break;
      case MULHU: x[(w >> 8) & 63] = mulhu(a, b); break;
      case DIV: x[(w >> 8) & 63] = div(a, b); break;
      case DIVU: x[(w >> 8) & 63] = divu(a, b); break;
      case REM: x[(w >> 8) & 63] = rem(a, b); break;
      case REMU: x[(w >> 8) & 63] = remu(a, b); break;
      case FENCE: break;
      case FENCEI:
        s += w >>> 24;
        left--;
        hart.slot = s; hart.left = left; hart.delta = delta;
        hart.refetch();
        continue;
      case WFI:
        hart.slot = s + (w >>> 24); hart.left = left - 1; hart.delta = delta;
        return 'wfi';
      case MRET:
        hart.slot = s; hart.left = left - 1; hart.delta = delta;
        hart.enterAt(hart.csr.get(CSR.mepc) & ~1);
        s = hart.slot; delta = hart.delta; left--;
        more = !oneRun;
        continue;
      case CSRRW: case CSRRS: case CSRRC: case CSRRWI: case CSRRSI: case CSRRCI: {
        hart.slot = s; hart.left = left; hart.delta = delta;
        const field = (w >> 14) & 31;
        const source = (w & 0xff) >= CSRRWI ? field : a;
        x[(w >> 8) & 63] = hart.csrAccess(w & 0xff, imm[s], source, field === 0);
        break;
      }
      default:
        hart.slot = s; hart.left = left; hart.delta = delta;
        throw new Trap((w & 0xff) === ECALL ? 11 : (w & 0xff) === EBREAK ? 3 : 2,
          (w & 0xff) === ILLEGAL ? imm[s] : 0);
    }
    left--;
    if (branch) {
      taken[s]++;
      s += imm[s];
      enter[s]++;
      more = !oneRun;
    } else {
      s += w >>> 24;
    }
  }
  hart.slot = s;
  hart.left = left;
  hart.delta = delta;
  return 'limit';
}
