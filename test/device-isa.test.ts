/**
 * The virtual hart, instruction by instruction. Encodings stand here as numbers (made once by GNU as), expected results
 * are computed by hand from the manual: no compiler takes part. Every case runs interpreted and compiled.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsSince, totalOf } from '../src/device/chip/counts.js';
import { OP, OP_NAMES, decode } from '../src/device/chip/isa.js';
import { Hart } from '../src/device/chip/hart.js';
import { Memory, type Device } from '../src/device/chip/memory.js';
import { ChipTrapError } from '../src/device/chip/trap.js';
import { VirtMachine } from '../src/device/chip/virt.js';
import { assemble, elfOf, have, qemuVirt, rv } from './device-support.js';

const RAM = 0x80000000;
const [A0, A1, A2, A3, A4, S0] = [10, 11, 12, 13, 14, 8];
const LOOPS = 60; // more than it takes to be compiled

/** A hart with 64 KB of RAM at 0x80000000 that holds `program`. */
function hartWith(program: readonly number[], compile: boolean, devices: Device[] = []): Hart {
  const memory = new Memory([{ name: 'RAM', bytes: 65536, mappings: [{ base: RAM, access: 'rwx' }] }], devices);
  memory.bytesOf('RAM').set(assemble(program));
  const hart = new Hart(memory, 'standard', compile);
  hart.reset(RAM);
  return hart;
}

/** Runs one instruction with the registers set, LOOPS times (so that it is compiled too), and returns a2. */
function compute(instruction: number, a0: number, a1: number, a2: number, compile: boolean): number {
  // s0 counts; a4 keeps a2's first value; a3 takes each result
  const body = [rv.addi(A2, A4, 0), instruction, rv.addi(A3, A2, 0), rv.addi(S0, S0, -1)];
  const bytes = assemble(body).length;
  const hart = hartWith([...body, rv.b(1, S0, 0, -bytes), 0x10500073], compile);
  [hart.x[A0], hart.x[A1], hart.x[A4], hart.x[S0]] = [a0, a1, a2, LOOPS];
  assert.equal(hart.run(100_000), 'wfi');
  assert.equal(hart.retired, 5 * LOOPS + 1);
  return hart.x[A3] >>> 0;
}

const ALU: [string, number, number, number, number][] = [ // text, encoding, a0, a1 → a2
  ['add a2,a0,a1', 0x00b50633, 0x7fffffff, 1, 0x80000000], ['add a2,a0,a1', 0x00b50633, 0xffffffff, 1, 0],
  ['sub a2,a0,a1', 0x40b50633, 0, 1, 0xffffffff], ['sub a2,a0,a1', 0x40b50633, 0x80000000, 1, 0x7fffffff],
  ['sll a2,a0,a1', 0x00b51633, 1, 0x1f, 0x80000000], ['sll a2,a0,a1', 0x00b51633, 1, 0x21, 2],
  ['srl a2,a0,a1', 0x00b55633, 0x80000000, 0x1f, 1], ['srl a2,a0,a1', 0x00b55633, 0x80000000, 0x20, 0x80000000],
  ['sra a2,a0,a1', 0x40b55633, 0x80000000, 0x1f, 0xffffffff],
  ['sra a2,a0,a1', 0x40b55633, 0x7fffffff, 0x23, 0xfffffff], ['slt a2,a0,a1', 0x00b52633, 0x80000000, 0x7fffffff, 1],
  ['slt a2,a0,a1', 0x00b52633, 0, 0xffffffff, 0], ['sltu a2,a0,a1', 0x00b53633, 0x80000000, 0x7fffffff, 0],
  ['sltu a2,a0,a1', 0x00b53633, 0, 0xffffffff, 1], ['xor a2,a0,a1', 0x00b54633, 0xff00ff00, 0xf0f0f0f, 0xf00ff00f],
  ['or a2,a0,a1', 0x00b56633, 0xff00ff00, 0xf0f0f0f, 0xff0fff0f],
  ['and a2,a0,a1', 0x00b57633, 0xff00ff00, 0xf0f0f0f, 0xf000f00], ['addi a2,a0,-2048', 0x80050613, 0, 0, 0xfffff800],
  ['addi a2,a0,2047', 0x7ff50613, 0x7fffffff, 0, 0x800007fe], ['slti a2,a0,-1', 0xfff52613, 0x80000000, 0, 1],
  ['slti a2,a0,-1', 0xfff52613, 0, 0, 0], ['sltiu a2,a0,-1', 0xfff53613, 0, 0, 1],
  ['sltiu a2,a0,-1', 0xfff53613, 0xffffffff, 0, 0], ['sltiu a2,a0,1', 0x00153613, 0, 0, 1],
  ['xori a2,a0,-1', 0xfff54613, 0x12345678, 0, 0xedcba987], ['ori a2,a0,-256', 0xf0056613, 0xf, 0, 0xffffff0f],
  ['andi a2,a0,-16', 0xff057613, 0xffffffff, 0, 0xfffffff0], ['slli a2,a0,31', 0x01f51613, 3, 0, 0x80000000],
  ['srli a2,a0,4', 0x00455613, 0xf0000000, 0, 0xf000000], ['srai a2,a0,4', 0x40455613, 0xf0000000, 0, 0xff000000],
  ['lui a2,0x80000', 0x80000637, 0, 0, 0x80000000], ['lui a2,0xfffff', 0xfffff637, 0, 0, 0xfffff000],
  ['mul a2,a0,a1', 0x02b50633, 0x80000000, 0x80000000, 0], ['mul a2,a0,a1', 0x02b50633, 0xffffffff, 0xffffffff, 1],
  ['mul a2,a0,a1', 0x02b50633, 0x12345678, 0x9abcdef0, 0x242d2080],
  ['mulh a2,a0,a1', 0x02b51633, 0x80000000, 0x80000000, 0x40000000],
  ['mulh a2,a0,a1', 0x02b51633, 0xffffffff, 0xffffffff, 0],
  ['mulh a2,a0,a1', 0x02b51633, 0x80000000, 0x7fffffff, 0xc0000000],
  ['mulhsu a2,a0,a1', 0x02b52633, 0xffffffff, 0xffffffff, 0xffffffff],
  ['mulhsu a2,a0,a1', 0x02b52633, 0x80000000, 0xffffffff, 0x80000000],
  ['mulhsu a2,a0,a1', 0x02b52633, 0x7fffffff, 0x80000000, 0x3fffffff],
  ['mulhu a2,a0,a1', 0x02b53633, 0xffffffff, 0xffffffff, 0xfffffffe],
  ['mulhu a2,a0,a1', 0x02b53633, 0x80000000, 0x80000000, 0x40000000],
  ['mulhu a2,a0,a1', 0x02b53633, 0xaaaaaaab, 0x2fe7d, 0x1fefe], ['div a2,a0,a1', 0x02b54633, 0x14, 6, 3],
  ['div a2,a0,a1', 0x02b54633, 0xffffffec, 6, 0xfffffffd], ['div a2,a0,a1', 0x02b54633, 0x14, 0xfffffffa, 0xfffffffd],
  ['div a2,a0,a1', 0x02b54633, 0x80000000, 0xffffffff, 0x80000000], ['div a2,a0,a1', 0x02b54633, 7, 0, 0xffffffff],
  ['divu a2,a0,a1', 0x02b55633, 0xffffffec, 6, 0x2aaaaaa7], ['divu a2,a0,a1', 0x02b55633, 0x80000000, 0xffffffff, 0],
  ['divu a2,a0,a1', 0x02b55633, 7, 0, 0xffffffff], ['rem a2,a0,a1', 0x02b56633, 0x14, 6, 2],
  ['rem a2,a0,a1', 0x02b56633, 0xffffffec, 6, 0xfffffffe], ['rem a2,a0,a1', 0x02b56633, 0x14, 0xfffffffa, 2],
  ['rem a2,a0,a1', 0x02b56633, 0x80000000, 0xffffffff, 0], ['rem a2,a0,a1', 0x02b56633, 7, 0, 7],
  ['remu a2,a0,a1', 0x02b57633, 0xffffffec, 6, 2], ['remu a2,a0,a1', 0x02b57633, 0x80000000, 0xffffffff, 0x80000000],
  ['remu a2,a0,a1', 0x02b57633, 7, 0, 7], ['c.li a2,-32', 0x5601, 0, 0, 0xffffffe0],
  ['c.lui a2,0xfffe0', 0x7601, 0, 0, 0xfffe0000], ['c.lui a2,0x1f', 0x667d, 0, 0, 0x1f000],
  ['c.mv a2,a0', 0x862a, 0xdeadbeef, 0, 0xdeadbeef],
];

const ALU_IN_PLACE: [string, number, number, number, number][] = [ // text, encoding, a2, a1 → a2
  ['c.addi a2,-32', 0x1601, 5, 0, 0xffffffe5], ['c.slli a2,31', 0x067e, 3, 0, 0x80000000],
  ['c.srli a2,31', 0x827d, 0x80000000, 0, 1], ['c.srai a2,31', 0x867d, 0x80000000, 0, 0xffffffff],
  ['c.andi a2,-32', 0x9a01, 0xffffffff, 0, 0xffffffe0], ['c.sub a2,a1', 0x8e0d, 0, 1, 0xffffffff],
  ['c.xor a2,a1', 0x8e2d, 0xff00ff00, 0xf0f0f0f, 0xf00ff00f],
  ['c.or a2,a1', 0x8e4d, 0xff00ff00, 0xf0f0f0f, 0xff0fff0f],
  ['c.and a2,a1', 0x8e6d, 0xff00ff00, 0xf0f0f0f, 0xf000f00], ['c.add a2,a1', 0x962e, 0x7fffffff, 1, 0x80000000],
];

const BRANCHES: [string, number, number, number, 0 | 1][] = [ // text, encoding, a0, a1 → taken
  ['beq a0,a1,.+8', 0x00b50463, 5, 5, 1], ['beq a0,a1,.+8', 0x00b50463, 5, 6, 0],
  ['bne a0,a1,.+8', 0x00b51463, 5, 5, 0], ['bne a0,a1,.+8', 0x00b51463, 5, 6, 1],
  ['blt a0,a1,.+8', 0x00b54463, 0xffffffff, 0, 1], ['blt a0,a1,.+8', 0x00b54463, 0, 0xffffffff, 0],
  ['bge a0,a1,.+8', 0x00b55463, 0, 0xffffffff, 1], ['bge a0,a1,.+8', 0x00b55463, 3, 3, 1],
  ['bge a0,a1,.+8', 0x00b55463, 0xffffffff, 0, 0], ['bltu a0,a1,.+8', 0x00b56463, 0, 0xffffffff, 1],
  ['bltu a0,a1,.+8', 0x00b56463, 0xffffffff, 0, 0], ['bgeu a0,a1,.+8', 0x00b57463, 0xffffffff, 0, 1],
  ['bgeu a0,a1,.+8', 0x00b57463, 0, 0xffffffff, 0], ['c.beqz a0,.+6', 0xc119, 0, 0, 1],
  ['c.beqz a0,.+6', 0xc119, 1, 0, 0], ['c.bnez a0,.+6', 0xe119, 0, 0, 0], ['c.bnez a0,.+6', 0xe119, 0x80000000, 0, 1],
];

const LOADS: [string, number, number][] = [ // text, encoding → a2, from the word 0x80ff7f01
  ['lw a2,0(a0)', 0x00052603, 0x80ff7f01], ['lh a2,0(a0)', 0x00051603, 0x7f01],
  ['lh a2,2(a0)', 0x00251603, 0xffff80ff], ['lhu a2,2(a0)', 0x00255603, 0x80ff], ['lb a2,1(a0)', 0x00150603, 0x7f],
  ['lb a2,2(a0)', 0x00250603, 0xffffffff], ['lb a2,3(a0)', 0x00350603, 0xffffff80],
  ['lbu a2,3(a0)', 0x00354603, 0x80], ['c.lw a2,0(a0)', 0x4110, 0x80ff7f01],
];

const DECODED: [string, number, string][] = [ // text, encoding → operation rd rs1 rs2 immediate
  ['jal a2,.+8', 0x0080066f, 'jal 12 0 0 8'], ['c.jal .+6', 0x2019, 'jal 1 0 0 6'],
  ['c.j .+6', 0xa019, 'jal 0 0 0 6'], ['jalr a2,a0,8', 0x00850667, 'jalr 12 10 0 8'],
  ['c.jr a0', 0x8502, 'jalr 0 10 0 0'], ['c.jalr a0', 0x9502, 'jalr 1 10 0 0'],
  ['auipc a2,0x12345', 0x12345617, 'auipc 12 0 0 0x12345000'], ['jal a2,.-4', 0xffdff66f, 'jal 12 0 0 -4'],
  ['beq zero,zero,.-4', 0xfe000ee3, 'beq 0 0 0 -4'], ['jal zero,.+1048574', 0x7ffff06f, 'jal 0 0 0 1048574'],
  ['jal zero,.-1048576', 0x8000006f, 'jal 0 0 0 -1048576'], ['beq a0,a1,.+4094', 0x7eb50fe3, 'beq 0 10 11 4094'],
  ['beq a0,a1,.-4096', 0x80b50063, 'beq 0 10 11 -4096'], ['c.j .-2048', 0xb001, 'jal 0 0 0 -2048'],
  ['c.j .+2046', 0xaffd, 'jal 0 0 0 2046'], ['c.beqz a5,.-256', 0xd381, 'beq 0 15 0 -256'],
  ['c.bnez s0,.+254', 0xec7d, 'bne 0 8 0 254'], ['c.addi4spn a2,sp,1020', 0x1ff0, 'addi 12 2 0 1020'],
  ['c.addi4spn s0,sp,4', 0x0040, 'addi 8 2 0 4'], ['c.addi16sp sp,-512', 0x7101, 'addi 2 2 0 -512'],
  ['c.addi16sp sp,496', 0x617d, 'addi 2 2 0 496'], ['c.lwsp t6,252(sp)', 0x5ffe, 'lw 31 2 0 252'],
  ['c.swsp t6,252(sp)', 0xdffe, 'sw 0 2 31 252'], ['c.sw a5,124(s1)', 0xdcfc, 'sw 0 9 15 124'],
  ['c.lw s0,64(a5)', 0x43a0, 'lw 8 15 0 64'], ['sw t6,-2048(s11)', 0x81fda023, 'sw 0 27 31 -2048'],
  ['sh a1,2047(a0)', 0x7eb51fa3, 'sh 0 10 11 2047'], ['sb a1,-1(a0)', 0xfeb50fa3, 'sb 0 10 11 -1'],
  ['lw a2,-2048(a0)', 0x80052603, 'lw 12 10 0 -2048'], ['csrrw a0,mscratch,a1', 0x34059573, 'csrrw 10 11 0 0x340'],
  ['csrrsi a0,mscratch,31', 0x340fe573, 'csrrsi 10 31 0 0x340'],
  ['csrrc zero,mcause,a1', 0x3425b073, 'csrrc 0 11 0 0x342'], ['fence', 0x0ff0000f, 'fence 0 0 0 0'],
  ['fence.i', 0x0000100f, 'fencei 0 0 0 0'], ['ecall', 0x00000073, 'ecall 0 0 0 0'],
  ['ebreak', 0x00100073, 'ebreak 0 0 0 0'], ['c.ebreak', 0x9002, 'ebreak 0 0 0 0'],
  ['mret', 0x30200073, 'mret 0 0 0 0'], ['wfi', 0x10500073, 'wfi 0 0 0 0'], ['c.nop', 0x0001, 'addi 0 0 0 0'],
];

for (const compile of [false, true]) {
  const how = compile ? 'compiled' : 'interpreted';
  test(`arithmetic, ${how}`, () => {
    for (const [text, word, a0, a1, want] of ALU) assert.equal(compute(word, a0, a1, 0, compile), want, text);
    for (const [text, word, a2, a1, want] of ALU_IN_PLACE) assert.equal(compute(word, 0, a1, a2, compile), want, text);
  });

  test(`branches are taken and counted, ${how}`, () => {
    for (const [text, word, a0, a1, taken] of BRANCHES) {
      // the branch jumps over the 4-byte instruction that clears a2
      const hart = hartWith([rv.addi(A2, 0, 1), word, rv.addi(A2, 0, 0), rv.addi(A3, A2, 0), rv.addi(S0, S0, -1),
        rv.b(1, S0, 0, (word & 3) === 3 ? -20 : -18), 0x10500073], compile);
      [hart.x[A0], hart.x[A1], hart.x[S0]] = [a0, a1, LOOPS];
      hart.run(100_000);
      assert.equal(hart.x[A3], taken, text);
      const c = hart.counts();
      assert.equal(c.branchTaken, LOOPS - 1 + taken * LOOPS, text);
      assert.equal(c.branchNotTaken, 1 + (1 - taken) * LOOPS, text);
      assert.equal(c.alu, LOOPS * (4 - taken), text);
      assert.equal(totalOf(c), hart.retired, text);
    }
  });

  test(`loads extend their sign, ${how}`, () => {
    for (const [text, word, want] of LOADS) {
      const back = (word & 3) === 3 ? -8 : -6;
      const hart = hartWith([word, rv.addi(S0, S0, -1), rv.b(1, S0, 0, back), 0x10500073], compile);
      hart.memory.i32[0x100 >> 2] = 0x80ff7f01 | 0;
      [hart.x[A0], hart.x[S0]] = [RAM + 0x100, LOOPS];
      hart.run(100_000);
      assert.equal(hart.x[A2] >>> 0, want, text);
      assert.equal(hart.counts().load, LOOPS, text);
    }
  });

  test(`stores write their own bytes only, ${how}`, () => {
    const program = [rv.s(2, A0, A1, 0), rv.s(1, A0, A1, 4), rv.s(0, A0, A1, 8), rv.s(0, A0, A1, 11),
      rv.addi(S0, S0, -1), rv.b(1, S0, 0, -20), 0x10500073];
    const hart = hartWith(program, compile);
    hart.memory.i32.fill(-1, 0x100 >> 2, 0x110 >> 2);
    [hart.x[A0], hart.x[A1], hart.x[S0]] = [RAM + 0x100, 0x12345678, LOOPS];
    hart.run(100_000);
    assert.deepEqual([...hart.memory.i32.subarray(0x100 >> 2, 0x10c >> 2)].map((v) => (v >>> 0).toString(16)),
      ['12345678', 'ffff5678', '78ffff78']);
    assert.equal(hart.counts().store, 4 * LOOPS);
  });

  test(`jumps link and x0 stays zero, ${how}`, () => {
    // 0: jal ra,+8 · 4: wfi · 8: jalr a2,0(ra) with the loop's end in the callee
    const program = [rv.addi(S0, S0, -1), rv.b(0, S0, 0, 16), rv.j(1, 8), 0x10500073, rv.i(0x67, 0, A2, 1, -8),
      rv.addi(0, 0, 5), rv.u(0x17, A3, 1), rv.addi(A4, 0, 7), 0x10500073];
    const hart = hartWith(program, compile);
    hart.x[S0] = LOOPS;
    hart.run(100_000);
    assert.deepEqual([1, A2].map((r) => hart.x[r] >>> 0), [RAM + 12, RAM + 20]);
    assert.equal(hart.x[A3] >>> 0, 0xdeadbeef); // the branch went past auipc
    assert.equal(hart.x[0], 0);
  });

  test(`a fault stops with all registers and the right pc, ${how}`, () => {
    const cases: [string, number, number, RegExp][] = [
      ['lw', rv.i(3, 2, A2, A0, 2), 4, /misaligned load at 0x80000102/],
      ['sh', rv.s(1, A0, A1, 1), 6, /misaligned store at 0x80000101/],
      ['lw', rv.i(3, 2, A2, A1, 0), 5, /load access fault at 0x00001000 \(nothing mapped\)/],
      ['sb', rv.s(0, A1, A1, 0), 7, /store access fault at 0x00001000/],
      ['jalr', rv.i(0x67, 0, 0, A1, 0), 1, /instruction access fault at 0x00001000/],
      ['ecall', 0x73, 11, /environment call/],
      ['ebreak', 0x9002, 3, /breakpoint/],
      ['illegal', 0xffffffff, 2, /illegal instruction/],
      ['illegal', 0, 2, /illegal instruction/],
    ];
    for (const [name, word, cause, message] of cases) {
      const hart = hartWith([rv.addi(S0, S0, -1), rv.b(1, S0, 0, -4), rv.addi(A4, 0, 9), word], compile);
      [hart.x[A0], hart.x[A1], hart.x[S0]] = [RAM + 0x100, 0x1000, LOOPS];
      assert.throws(() => hart.run(1000), (e: unknown) => {
        assert.ok(e instanceof ChipTrapError);
        assert.equal(e.trap, cause, name);
        assert.equal(e.pc, name === 'jalr' ? 0x1000 : RAM + 12, name);
        assert.match(e.message, message);
        assert.match(e.message, /a4 0x00000009/);
        return true;
      });
    }
  });

  test(`the limit is exact wherever it falls, ${how}`, () => {
    const program = [rv.addi(A0, A0, 1), rv.addi(A1, A1, 2), rv.addi(A2, A2, 3), rv.b(1, S0, 0, -12)];
    const hart = hartWith(program, compile);
    hart.x.fill(0, A0, A3);
    hart.x[S0] = 1;
    let sum = 0;
    for (let n = 1; n < 120; n++) {
      assert.equal(hart.run(n), 'limit');
      sum += n;
      assert.equal(hart.retired, sum);
      const passes = Math.floor(sum / 4);
      assert.deepEqual([...hart.x.slice(A0, A3)], [1, 2, 3].map((step, i) => step * (passes + (sum % 4 > i ? 1 : 0))));
    }
    assert.equal(totalOf(hart.counts()), sum);
  });
}

test('decoding', () => {
  for (const [text, word, want] of DECODED) {
    const d = decode(word);
    const [op, ...fields] = want.split(' ');
    assert.equal(OP_NAMES[d.op], op, text);
    assert.deepEqual([d.rd, d.rs1, d.rs2, d.imm], expectFields(d, fields.map(Number)), text);
    assert.equal(d.bytes, (word & 3) === 3 ? 4 : 2, text);
  }
});

/** Fields an operation does not use may hold anything. */
function expectFields(d: ReturnType<typeof decode>, want: number[]): number[] {
  const noRs = d.op === OP.JAL || d.op === OP.LUI || d.op === OP.AUIPC || d.op >= OP.ECALL && d.op <= OP.WFI;
  const noRd = d.op >= OP.BEQ && d.op <= OP.BGEU || d.op >= OP.SB && d.op <= OP.SW;
  const noRs2 = noRs || d.op === OP.JALR || d.op >= OP.LB && d.op <= OP.LHU || d.op >= OP.ADDI && d.op <= OP.SRAI ||
    d.op >= OP.CSRRW;
  return [noRd ? d.rd : want[0], noRs ? d.rs1 : want[1], noRs2 ? d.rs2 : want[2], want[3]];
}

test('encodings that are not RV32IMC are illegal', () => {
  // zeros; reserved and floating-point compressed forms; RV64 shifts; unknown opcodes and function codes; sret
  const words = [0x0000, 0x2000, 0x6000, 0xa000, 0xe000, 0x8000, 0x9c01, 0x9101, 0x1002, 0x4002, 0x8002, 0x6101, 0x6001,
    0x0000007f, 0x00003003, 0x00003023, 0x02001013, 0x42005033, 0x00002063, 0x10200073, 0x00002067];
  for (const w of words) assert.equal(decode(w).op, OP.ILLEGAL, `0x${w.toString(16)}`);
});

test('a trap handler of the program takes faults, and mret returns', () => {
  // handler at +64: mepc += 4, count in a5; main: two illegal instructions
  const program = [...rv.li(5, RAM + 64), 0x30529073 /* csrw mtvec,t0 */, 0xffffffff, 0xffffffff, 0x10500073];
  while (assemble(program).length < 64) program.push(0x0001);
  program.push(0x341023f3 /* csrr t2,mepc */, rv.addi(7, 7, 4), 0x34139073 /* csrw mepc,t2 */, rv.addi(15, 15, 1),
    0x30200073);
  const hart = hartWith(program, true);
  hart.x[15] = 0;
  assert.equal(hart.run(1000), 'wfi');
  assert.equal(hart.x[15], 2);
  assert.equal(hart.lastTrap?.cause, 2);
  assert.equal(hart.retired, 3 + 2 * 5 + 1);
  assert.equal(totalOf(hart.counts()), hart.retired);
});

test('code that rewrites itself runs anew after fence.i', () => {
  // loops until hot, then patches `addi a2,a2,1` into `addi a2,a2,2`
  const program = [rv.addi(A2, A2, 1), rv.addi(S0, S0, -1), rv.b(1, S0, 0, -8), rv.s(2, A0, A1, 0), 0x0000100f,
    rv.addi(S0, 0, 10), rv.addi(A0, A0, 64), rv.b(0, 0, 0, -28)];
  const hart = hartWith(program, true);
  [hart.x[A0], hart.x[A1], hart.x[A2], hart.x[S0]] = [RAM, rv.addi(A2, A2, 2) | 0, 0, LOOPS];
  hart.run(3 * LOOPS + 5 + 30);
  assert.equal(hart.x[A2], LOOPS + 20);
});

test('devices are read and written as registers, and may stop the run exactly', () => {
  const log: string[] = [];
  const device: Device = {
    name: 'd', base: 0x1000, bytes: 16,
    read: (o) => {
      log.push(`r${o}@${hart.retired}`);
      return 0x04030201;
    },
    write: (o, v) => {
      log.push(`w${o}=${v}@${hart.retired}`);
      if (o === 8) hart.stopRequested = true;
    },
  };
  const program = [rv.lui(A0, 1), rv.i(3, 4, A1, A0, 2), rv.s(2, A0, A1, 4), rv.s(2, A0, A1, 8), rv.addi(A2, 0, 1)];
  const hart = hartWith(program, true, [device]);
  assert.equal(hart.run(100), 'device');
  assert.deepEqual(log, ['r0@1', 'w4=3@2', 'w8=3@3']);
  assert.equal(hart.retired, 4);
});

/** A seeded generator for programs (mulberry32). */
function generator(seed: number): (n: number) => number {
  return (n) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/**
 * A random program: 40 passes over 60 random instructions (arithmetic, loads and stores in a 2 KB window, short forward
 * branches and jumps, compressed forms), then all registers and the instruction count are sent as bytes to the UART.
 */
function randomProgram(seed: number): Uint8Array {
  const rnd = generator(seed);
  const free = [1, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31]; // x3 window, x4 passes, x8 start count
  const pick = (): number => free[rnd(free.length)];
  const prologue = [0xb0202473 /* csrr s0,minstret */, ...rv.li(3, RAM + 0x1000), rv.addi(4, 0, 40),
    ...free.flatMap((r) => rv.li(r, rnd(2 ** 32) | 0))];
  const body: number[] = [];
  const c3 = [8, 9, 10, 11, 12, 13, 14, 15];
  const pickC = (): number => c3[1 + rnd(7)] - 8;
  while (body.length < 60) {
    const kind = rnd(12);
    if (kind < 3) {
      const f3 = rnd(8);
      body.push(rv.r(f3 === 0 || f3 === 5 ? (rnd(2) << 5) : 0, f3, pick(), pick(), pick()));
    } else if (kind < 5) body.push(rv.r(1, rnd(8), pick(), pick(), pick()));
    else if (kind < 6) {
      const f3 = [0, 2, 3, 4, 6, 7][rnd(6)];
      body.push(rv.i(0x13, f3, pick(), pick(), rnd(4096)));
    } else if (kind < 7) body.push(rv.i(0x13, rnd(2) ? 5 : 1, pick(), pick(), rnd(32)));
    else if (kind < 8) {
      const f3 = rnd(3);
      body.push(rv.s(f3, 3, pick(), rnd(1 << (11 - f3)) << f3));
    } else if (kind < 9) {
      const f3 = [0, 1, 2, 4, 5][rnd(5)];
      body.push(rv.i(3, f3, pick(), 3, rnd(1 << (11 - (f3 & 3))) << (f3 & 3)));
    } else if (kind < 10) { // forward over the one instruction that follows
      body.push(rv.b([0, 1, 4, 5, 6, 7][rnd(6)], pick(), pick(), 8), rv.r(0, 0, pick(), pick(), pick()));
    } else if (kind < 11) body.push(rnd(2) ? rv.j(pick(), 4) : rv.u(0x17, pick(), rnd(1 << 20)));
    else { // c.sub, c.xor, c.or, c.and, c.srai, c.addi
      const rd = pickC();
      body.push(rnd(3) ? 0x8c01 | (rd << 7) | (rnd(4) << 5) | (pickC() << 2)
        : rnd(2) ? 0x8401 | (rd << 7) | ((1 + rnd(31)) << 2) : 0x0001 | ((8 + rd) << 7) | (rnd(32) << 2));
    }
  }
  const length = assemble(body).length;
  const again = [rv.addi(4, 4, -1), rv.b(0, 4, 0, 8), rv.j(0, -(length + 8))];
  const sent = [2, ...free]; // x2: instructions retired
  const epilogue = [0xb0202173 /* csrr sp,minstret */, rv.r(0x20, 0, 2, 2, 8) /* sp -= s0 */];
  sent.forEach((r, i) => epilogue.push(rv.s(2, 3, r, 4 * i - 2048)));
  epilogue.push(rv.lui(5, 0x10000), rv.addi(6, 3, -2048), rv.addi(7, 0, 4 * sent.length),
    rv.i(3, 4, 8, 6, 0), rv.s(0, 5, 8, 0), rv.addi(6, 6, 1), rv.addi(7, 7, -1), rv.b(1, 7, 0, -16),
    rv.lui(5, 0x100), ...rv.li(6, 0x5555), rv.s(2, 5, 6, 0), rv.j(0, 0));
  const image = new Uint8Array(0x1800).map(() => rnd(256)); // the window holds random bytes
  image.set(assemble([...prologue, ...body, ...again, ...epilogue]));
  return elfOf(image, RAM);
}

test('random programs: compiled and interpreted agree in registers, memory and counts', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const elf = randomProgram(seed);
    const results = [true, false].map((compile) => {
      const machine = new VirtMachine(1 << 16, compile);
      machine.loadElf(elf);
      assert.equal(machine.runToExit(1_000_000), 0);
      const counts = machine.hart.counts();
      assert.equal(totalOf(counts), machine.hart.retired);
      return { out: [...machine.takeOutput()], counts, memory: [...machine.hart.memory.u8.subarray(0x800, 0x1800)] };
    });
    assert.deepEqual(results[0], results[1], `seed ${seed}`);
    assert.equal(results[0].out.length, 4 * 18);
    assert.equal(totalOf(countsSince(results[0].counts, results[1].counts)), 0);
  }
});

test('random programs: registers and instruction counts equal QEMU\'s', async (t) => {
  if (!have(t, 'qemu')) return;
  for (let seed = 1000; seed < 1012; seed++) {
    const elf = randomProgram(seed);
    const machine = new VirtMachine(1 << 16);
    machine.loadElf(elf);
    machine.runToExit(1_000_000);
    assert.deepEqual(Buffer.from(machine.takeOutput()).toString('hex'), (await qemuVirt(elf)).toString('hex'),
      `seed ${seed}`);
  }
});
