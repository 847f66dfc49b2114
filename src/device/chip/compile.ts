/**
 * Compiles hot straight runs of instructions to JavaScript functions. A block begins at any slot and follows the code
 * up to the first unconditional jump; a taken branch leaves it, or, when it goes back to the block's first
 * instruction, loops inside. Registers are locals within a block. Counters and traps are those of the interpreter,
 * exactly: `left` and `slot` are in order before anything that could look at them.
 */
import type { Hart } from './hart.js';
import { mulh, mulhsu, mulhu } from './interpret.js';
import { OP } from './isa.js';

/** A compiled block: `run(left)` needs left ≥ length, and returns the next slot with hart.left updated. */
export interface Block {
  run: (left: number) => number;
  /** most instructions one pass through the block retires */
  length: number;
  /** pc − 2 · slot for which it was compiled */
  delta: number;
}

/** Instructions in a block at most. */
const MAX_BLOCK = 96;
/** Arrivals at a slot before it is compiled: most code of a boot runs once. */
const HOT = 24;

interface Instruction {
  slot: number;
  op: number;
  rd: number;
  rs1: number;
  rs2: number;
  imm: number;
  next: number;
}

const BRANCH_TEXT: Record<number, string> = {
  [OP.BEQ]: 'A===B',
  [OP.BNE]: 'A!==B',
  [OP.BLT]: 'A<B',
  [OP.BGE]: 'A>=B',
  [OP.BLTU]: '(A>>>0)<(B>>>0)',
  [OP.BGEU]: '(A>>>0)>=(B>>>0)',
};

/** Results as JavaScript of A (rs1), B (rs2), I (immediate); each is an int32. */
const ALU_TEXT: Record<number, string> = {
  [OP.LUI]: 'I',
  [OP.ADDI]: '(A+I)|0',
  [OP.SLTI]: 'A<I?1:0',
  [OP.SLTIU]: '(A>>>0)<(I>>>0)?1:0',
  [OP.XORI]: 'A^I',
  [OP.ORI]: 'A|I',
  [OP.ANDI]: 'A&I',
  [OP.SLLI]: 'A<<I',
  [OP.SRLI]: '(A>>>I)|0',
  [OP.SRAI]: 'A>>I',
  [OP.ADD]: '(A+B)|0',
  [OP.SUB]: '(A-B)|0',
  [OP.SLL]: 'A<<B',
  [OP.SLT]: 'A<B?1:0',
  [OP.SLTU]: '(A>>>0)<(B>>>0)?1:0',
  [OP.XOR]: 'A^B',
  [OP.SRL]: '(A>>>B)|0',
  [OP.SRA]: 'A>>B',
  [OP.OR]: 'A|B',
  [OP.AND]: 'A&B',
  [OP.MUL]: 'Math.imul(A,B)',
  [OP.MULH]: 'mulh(A,B)',
  [OP.MULHSU]: 'mulhsu(A,B)',
  [OP.MULHU]: 'mulhu(A,B)',
  [OP.DIV]: 'B===0?-1:(A/B)|0',
  [OP.DIVU]: 'B===0?-1:((A>>>0)/(B>>>0))|0',
  [OP.REM]: 'B===0?A:(A%B)|0',
  [OP.REMU]: 'B===0?A:((A>>>0)%(B>>>0))|0',
  [OP.FENCE]: '',
};

/** Loads: size, and the value from the buffer offset O. */
const LOAD_TEXT: Record<number, [1 | 2 | 4, string, string]> = {
  [OP.LW]: [4, 'i32[O>>2]', 'V'],
  [OP.LH]: [2, 'i16[O>>1]', '(V<<16)>>16'],
  [OP.LHU]: [2, 'u16[O>>1]', 'V'],
  [OP.LB]: [1, 'i8[O]', '(V<<24)>>24'],
  [OP.LBU]: [1, 'u8[O]', 'V'],
};
const STORE_TEXT: Record<number, [1 | 2 | 4, string]> = {
  [OP.SW]: [4, 'i32[O>>2]'],
  [OP.SH]: [2, 'i16[O>>1]'],
  [OP.SB]: [1, 'i8[O]'],
};

const reg = (r: number): string => (r === 0 ? '0' : `r${r}`);

/** The JavaScript of one block. */
class Writer {
  readonly #list: readonly Instruction[];
  readonly #hart: Hart;
  readonly #loops: boolean;
  readonly #used = new Set<number>();
  readonly #dirty = new Set<number>();
  #lines: string[] = [];

  constructor(hart: Hart, list: readonly Instruction[]) {
    this.#hart = hart;
    this.#list = list;
    this.#loops = list.some((i) => this.#isBackEdge(i));
    if (this.#loops) for (const i of list) if (writes(i.op) && i.rd !== 0) this.#dirty.add(i.rd);
  }

  #isBackEdge(i: Instruction): boolean {
    return (i.op === OP.JAL || BRANCH_TEXT[i.op] !== undefined) && i.slot + i.imm === this.#list[0].slot;
  }

  #fill(text: string, i: Instruction): string {
    return text.replace(/[ABI]/g, (c) =>
      c === 'A' ? this.#read(i.rs1) : c === 'B' ? this.#read(i.rs2) : `(${i.imm})`,
    );
  }

  #read(r: number): string {
    if (r !== 0) this.#used.add(r);
    return reg(r);
  }

  /** `target = value`, or the bare value for its effects when rd is x0. */
  #assign(rd: number, value: string): string {
    if (rd === 0) return `${value};`;
    this.#used.add(rd);
    this.#dirty.add(rd);
    return `${reg(rd)}=${value};`;
  }

  #writeBack(): string {
    return [...this.#dirty].map((r) => `x[${r}]=r${r};`).join('');
  }

  /** Leaves the block after `retired` instructions of this pass. */
  #exit(retired: number, slot: string): string {
    return `${this.#writeBack()}hart.left=left-${retired};return ${slot};`;
  }

  /** State in order for a call that may trap at instruction number k. */
  #sync(i: Instruction, k: number): string {
    return `${this.#writeBack()}hart.slot=${i.slot};hart.left=left-${k};`;
  }

  #jump(i: Instruction, k: number): string {
    const target = i.slot + i.imm;
    const arrive = `enter[${target}]++;`;
    if (!this.#isBackEdge(i)) return arrive + this.#exit(k + 1, `${target}`);
    const n = this.#list.length;
    // The loop's next pass must fit in what is left.
    return `${arrive}left-=${k + 1};if(left<${n}){${this.#exit(0, `${target}`)}}continue;`;
  }

  #instruction(i: Instruction, k: number): string {
    const delta = this.#hart.delta;
    const link = (2 * i.next + delta) | 0;
    const branch = BRANCH_TEXT[i.op];
    if (branch !== undefined) return `if(${this.#fill(branch, i)}){taken[${i.slot}]++;${this.#jump(i, k)}}`;
    if (i.op === OP.JAL) return this.#assign(i.rd, `${link}`) + this.#jump(i, k);
    if (i.op === OP.JALR) return this.#jalr(i, k, link);
    const load = LOAD_TEXT[i.op];
    if (load) return this.#load(i, k, load);
    const store = STORE_TEXT[i.op];
    if (store) return this.#storeText(i, k, store);
    if (i.op === OP.AUIPC) return i.rd === 0 ? '' : this.#assign(i.rd, `${(2 * i.slot + delta + i.imm) | 0}`);
    if (i.rd === 0) return ''; // arithmetic into x0 has no effect
    return this.#assign(i.rd, this.#fill(ALU_TEXT[i.op], i));
  }

  #jalr(i: Instruction, k: number, link: number): string {
    const target = `t=(${this.#read(i.rs1)}+${i.imm})&-2;`;
    const assign = i.rd === 0 ? '' : this.#assign(i.rd, `${link}`);
    return (
      `${target}${assign}${this.#writeBack()}hart.left=left-${k + 1};p=execMap[t>>>16];` +
      'if(p<0){hart.leaveMapped(t);return hart.slot;}' +
      's=(p+(t&65535))>>>1;hart.delta=(t-2*s)|0;enter[s]++;return s;'
    );
  }

  #load(i: Instruction, k: number, [size, value, extend]: [number, string, string]): string {
    const aligned = size === 1 ? '' : `&&(t&${size - 1})===0`;
    const address = `t=(${this.#read(i.rs1)}+${i.imm})|0;p=readMap[t>>>16];`;
    const sync = this.#sync(i, k); // before the destination counts as written: a load that traps writes nothing
    const fast = this.#assign(i.rd, value.replace('O', '(p+(t&65535))'));
    const slow = this.#assign(i.rd, extend.replace('V', `hart.loadSlow(t,${size})`));
    return `${address}if(p>=0${aligned}){${fast}}else{${sync}${slow}}`;
  }

  #storeText(i: Instruction, k: number, [size, place]: [number, string]): string {
    const aligned = size === 1 ? '' : `&&(t&${size - 1})===0`;
    const value = this.#read(i.rs2);
    return (
      `t=(${this.#read(i.rs1)}+${i.imm})|0;p=writeMap[t>>>16];` +
      `if(p>=0${aligned}){${place.replace('O', '(p+(t&65535))')}=${value};}` +
      `else{${this.#sync(i, k)}hart.storeSlow(t,${value},${size});` +
      `if(hart.stopRequested){hart.left=left-${k + 1};return ${i.next};}}`
    );
  }

  /** Cache model: the fetch comes to a line at the head of the block, and when it crosses into the next. */
  #fetch(i: Instruction, k: number): string {
    const mask = this.#hart.lineMask;
    if (mask === 0) return '';
    const line = i.slot & mask;
    if (k === 0) return `if(hart.line!==${line})hart.fetchLine(${i.slot});`;
    return (this.#list[k - 1].slot & mask) === line ? '' : `hart.fetchLine(${i.slot});`;
  }

  text(): string {
    this.#list.forEach((i, k) => this.#lines.push(this.#fetch(i, k) + this.#instruction(i, k)));
    const last = this.#list[this.#list.length - 1];
    if (last.op !== OP.JAL && last.op !== OP.JALR) this.#lines.push(this.#exit(this.#list.length, `${last.next}`));
    const locals = [...this.#used].map((r) => `r${r}=x[${r}]`);
    return (
      `let ${['t=0', 'p=0', 's=0', ...locals].join(',')};\n` +
      (this.#loops ? `for(;;){\n${this.#lines.join('\n')}\n}` : this.#lines.join('\n'))
    );
  }
}

const writes = (op: number): boolean => !(op >= OP.BEQ && op <= OP.BGEU) && !(op >= OP.SB && op <= OP.SW);

/** The compiled blocks of a hart. */
export class BlockCache {
  enabled: boolean;
  readonly #hart: Hart;
  readonly #index: Int32Array; // slot → number of its block + 1; 0: none; −1: not worth one
  readonly #heat: Uint8Array;
  #touched: number[] = [];
  #blocks: Block[] = [];

  constructor(hart: Hart, enabled: boolean) {
    this.#hart = hart;
    this.enabled = enabled;
    this.#index = new Int32Array(enabled ? hart.store.code.length : 0);
    this.#heat = new Uint8Array(enabled ? hart.store.code.length : 0);
  }

  /** The block at `slot`; compiles it when the slot has become hot. */
  at(slot: number, delta: number): Block | undefined {
    if (!this.enabled) return undefined;
    const n = this.#index[slot];
    if (n > 0) {
      const block = this.#blocks[n - 1];
      return block.delta === delta ? block : undefined;
    }
    if (n < 0) return undefined;
    if (this.#heat[slot]++ === 0) this.#touched.push(slot);
    return this.#heat[slot] > HOT ? this.#compile(slot, delta) : undefined;
  }

  #compile(slot: number, delta: number): Block | undefined {
    const list = this.#collect(slot);
    // A single instruction is not worth a call, unless it is a jump to itself: how programs stop.
    if (list.length === 0 || (list.length === 1 && !(list[0].op === OP.JAL && list[0].imm === 0))) {
      this.#index[slot] = -1;
      return undefined;
    }
    const hart = this.#hart;
    const { u8, i8, u16, i16, i32, readMap, writeMap, execMap } = hart.memory;
    const { enter, taken } = hart.store;
    const values = {
      hart,
      x: hart.x,
      u8,
      i8,
      u16,
      i16,
      i32,
      readMap,
      writeMap,
      execMap,
      enter,
      taken,
      mulh,
      mulhsu,
      mulhu,
    };
    const source = `return function block_${slot}(left){\n${new Writer(hart, list).text()}\n}`;
    let run: Block['run'];
    try {
      run = new Function(...Object.keys(values), source)(...Object.values(values)) as Block['run'];
    } catch (e) {
      if (!(e instanceof EvalError)) throw e;
      this.enabled = false; // a page whose policy forbids new Function: interpret
      return undefined;
    }
    const block: Block = { run, length: list.length, delta };
    this.#blocks.push(block);
    this.#index[slot] = this.#blocks.length;
    return block;
  }

  /** The instructions of a block: decoded already (cold code is interpreted first), and ones a block can hold. */
  #collect(start: number): Instruction[] {
    const { code, imm } = this.#hart.store;
    const list: Instruction[] = [];
    for (let slot = start; list.length < MAX_BLOCK; ) {
      const w = code[slot];
      const op = w & 0xff;
      if (op === OP.NONE || op > OP.FENCE) break;
      const rd = (w >> 8) & 63;
      const next = slot + (w >>> 24);
      list.push({ slot, op, rd: rd === 32 ? 0 : rd, rs1: (w >> 14) & 31, rs2: (w >> 19) & 31, imm: imm[slot], next });
      if (op === OP.JAL || op === OP.JALR) break;
      slot = next;
    }
    return list;
  }

  /** Drops all blocks: the code may have changed. */
  clear(): void {
    for (const slot of this.#touched) {
      this.#index[slot] = 0;
      this.#heat[slot] = 0;
    }
    this.#touched = [];
    this.#blocks = [];
  }
}
