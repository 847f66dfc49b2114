/** The virtual ESP32-C3: direct boot, memory map, watchdogs, serial ports, ROM functions, counters, and real C. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { C3_CACHE, CacheModel } from '../src/device/chip/cache.js';
import { VirtualBoard } from '../src/device/chip/board.js';
import { DIRECT_BOOT_MAGIC, VirtualC3, type RunResult } from '../src/device/chip/c3.js';
import { totalOf } from '../src/device/chip/counts.js';
import { parseElf } from '../src/device/chip/elf.js';
import { ChipTrapError } from '../src/device/chip/trap.js';
import { VirtMachine } from '../src/device/chip/virt.js';
import {
  ECHO_PLUS_ONE,
  WATCHDOGS_OFF,
  crossCompile,
  directBoot,
  have,
  inTempFolder,
  qemuVirt,
  rv,
  say,
  textOf,
  until,
} from './device-support.js';

const WFI = 0x10500073;
const FOREVER = rv.j(0, 0);
const [T0, T1, A0, A1, A2] = [5, 6, 10, 11, 12];

/** A chip with a program in flash, booted. */
function boot(program: readonly number[], options: ConstructorParameters<typeof VirtualC3>[0] = {}): VirtualC3 {
  const chip = new VirtualC3(options);
  chip.flash.program(0, directBoot(program));
  chip.reset();
  return chip;
}

const textFrom = (chip: VirtualC3): string => Buffer.from(chip.usb.state.takeSent()).toString();

test('direct boot: the header is checked, the program starts at 0x42000008', () => {
  const chip = new VirtualC3();
  assert.match(chip.bootProblem() ?? '', /0xffffffff \(flash is empty\)/);
  assert.throws(() => chip.reset(), { code: 'chip-boot' });
  chip.flash.program(0, Uint8Array.of(0xe9, 3, 2, 0x20));
  assert.match(chip.bootProblem() ?? '', /a bootloader of ESP-IDF/);
  const good = boot([rv.u(0x17, A0, 0), WFI]); // auipc a0,0
  const flash = new DataView(good.flash.bytes.buffer, good.flash.bytes.byteOffset);
  assert.equal(flash.getUint32(4, true), DIRECT_BOOT_MAGIC);
  assert.deepEqual(good.run(1000), { stop: 'idle' });
  assert.equal(good.hart.x[A0] >>> 0, 0x42000008);
});

test('memory: flash at both windows, SRAM at both, garbage at power-on, kept over other resets', () => {
  const program = [
    rv.lui(T0, 0x3c000),
    rv.i(3, 2, A0, T0, 8),
    rv.lui(T0, 0x42000),
    rv.i(3, 2, A1, T0, 8), // the first instruction
    rv.lui(T0, 0x3fc90),
    rv.i(3, 2, A2, T0, 0),
    rv.addi(T1, 0, 42),
    rv.s(2, T0, T1, 0),
    rv.lui(T0, 0x40390),
    rv.i(3, 2, 13, T0, 0),
    WFI,
  ];
  const chip = boot(program);
  chip.run(1000);
  assert.deepEqual(
    [A0, A1].map((r) => chip.hart.x[r] >>> 0),
    [program[0], program[0]],
  );
  assert.equal(chip.hart.x[A2] >>> 0, 0xa5a5a5a5);
  assert.equal(chip.hart.x[13], 42);
  chip.reset('software');
  chip.run(1000);
  assert.equal(chip.hart.x[A2], 42);
});

test('flash cannot be stored to, DRAM cannot be executed, the end of SRAM is the end', () => {
  const cases: [number[], number, RegExp][] = [
    [[rv.lui(T0, 0x3c000), rv.s(2, T0, T0, 0)], 7, /store access fault at 0x3c000000 \(flash \(r\)\)/],
    [[rv.lui(T0, 0x3fc80), rv.i(0x67, 0, 0, T0, 0)], 1, /instruction access fault at 0x3fc80000 \(SRAM \(rw\)\)/],
    [[rv.lui(T0, 0x3fce0), rv.i(3, 2, A0, T0, 0)], 5, /load access fault at 0x3fce0000 \(nothing mapped\)/],
    [[0xb0002573], 2, /illegal instruction/], // csrr a0,mcycle: the C3 has none
  ];
  for (const [program, cause, message] of cases) {
    assert.throws(
      () => boot(program).run(100),
      (e: unknown) => {
        assert.ok(e instanceof ChipTrapError);
        assert.equal(e.trap, cause);
        assert.match(e.message, message);
        return true;
      },
    );
  }
});

test('the performance counter CSRs count while they are on', () => {
  const csrw = (csr: number, value: number): number => rv.i(0x73, 5, 0, value, csr);
  const csrr = (rd: number, csr: number): number => rv.i(0x73, 2, rd, 0, csr);
  const chip = boot([
    csrw(0x7e2, 0),
    csrw(0x7e0, 1),
    csrw(0x7e1, 1),
    csrr(A0, 0x7e2),
    rv.addi(T0, 0, 1),
    csrr(A1, 0x7e2),
    csrw(0x7e1, 0),
    rv.addi(T0, 0, 1),
    csrr(A2, 0x7e2),
    csrr(13, 0x7e2),
    WFI,
  ]);
  chip.run(1000);
  const [a, b, c, d] = [A0, A1, A2, 13].map((r) => chip.hart.x[r]);
  assert.equal(b - a, 2);
  assert.equal(c, d);
});

const bites = (program: readonly number[], seconds = 3): RunResult & { at: number } => {
  const chip = boot(program, { clockHz: 8e6 });
  let result = chip.run(100);
  for (let i = 0; i < seconds * 10 && result.stop !== 'reset'; i++) result = chip.run(800_000);
  return { ...result, at: Math.round(chip.seconds * 1000) / 1000 };
};

test('watchdogs: each bites in its time unless turned off or fed', () => {
  const group = (key: number, update = 0x400): number[] => [
    rv.lui(T0, 0x6001f),
    ...rv.li(T1, key),
    rv.s(2, T0, T1, 0x64),
    rv.lui(T1, update),
    rv.s(2, T0, T1, 0x48),
  ];
  const superOff = (key: number): number[] => [
    rv.lui(T0, 0x60008),
    ...rv.li(T1, key),
    rv.s(2, T0, T1, 0xb0),
    rv.lui(T1, 0x40000),
    rv.s(2, T0, T1, 0xac),
  ];
  const [key, superKey] = [0x50d83aa1, 0x8f1d312a | 0];
  // Timer group 0: 26,000,000 ticks of 80 MHz; the super watchdog: 1 s; the RTC's: 200,000 ticks of 136 kHz.
  assert.deepEqual(bites([FOREVER]), { stop: 'reset', reason: 'timer-watchdog', at: 0.325 });
  assert.deepEqual(bites([...group(key), FOREVER]), { stop: 'reset', reason: 'super-watchdog', at: 1 });
  assert.deepEqual(bites([...group(key), ...superOff(superKey), FOREVER]), {
    stop: 'reset',
    reason: 'rtc-watchdog',
    at: 1.471,
  });
  assert.equal(bites([...WATCHDOGS_OFF, FOREVER]).stop, 'limit');
  // A wrong key changes nothing, nor does a write without CONF_UPDATE_EN.
  assert.equal(bites([...group(key + 1), FOREVER]).at, 0.325);
  assert.equal(bites([...group(key, 0), FOREVER]).at, 0.325);
  // Fed for ever: write to the feed register, loop.
  const feed = [
    ...superOff(superKey),
    rv.lui(T0, 0x60008),
    ...rv.li(T1, key),
    rv.s(2, T0, T1, 0xa8),
    rv.s(2, T0, 0, 0x90),
    rv.lui(T0, 0x6001f),
    rv.s(2, T0, T1, 0x64),
    rv.s(2, T0, T1, 0x60),
    rv.j(0, -4),
  ];
  assert.equal(bites(feed).stop, 'limit');
  // Armed by the program: stage 0 resets the system after 1000 RTC ticks.
  const armed = [
    ...WATCHDOGS_OFF,
    rv.lui(T0, 0x60008),
    rv.addi(T1, 0, 1000),
    rv.s(2, T0, T1, 0x94),
    rv.lui(T1, 0xb0000),
    rv.s(2, T0, T1, 0x90),
    FOREVER,
  ];
  const armedBite = bites(armed);
  assert.equal(armedBite.stop === 'reset' && armedBite.reason, 'rtc-watchdog');
  assert.equal(armedBite.at, 0.007); // 1000 / 136 kHz
});

test('a program that asks for a reset gets one', () => {
  const chip = boot([rv.lui(T0, 0x60008), rv.lui(T1, 0x80000), rv.s(2, T0, T1, 0), FOREVER]);
  assert.deepEqual(chip.run(1000), { stop: 'reset', reason: 'software' });
  assert.equal(chip.hart.retired, 3);
  const byRom = boot([rv.lui(T0, 0x40000), rv.i(0x67, 0, 1, T0, 0x90), FOREVER]); // software_reset()
  assert.deepEqual(byRom.run(1000), { stop: 'reset', reason: 'software' });
});

test('USB-Serial-JTAG: 64-byte packets, no room without a host', () => {
  const chip = boot([...WATCHDOGS_OFF, ...say('ready'), ...ECHO_PLUS_ONE]);
  assert.equal(chip.run(10_000).stop, 'idle');
  assert.equal(textFrom(chip), 'ready');
  chip.usb.receive(Buffer.from('HAL'));
  chip.run(1000);
  assert.equal(textFrom(chip), 'IBM');
  chip.usb.hostAttached = false;
  chip.usb.write(0, 65);
  chip.usb.write(4, 1);
  assert.equal(chip.usb.read(4) & 2, 0);
  chip.usb.hostAttached = true;
  assert.equal(chip.usb.read(4) & 2, 2);
  assert.equal(textFrom(chip), 'A');
  for (let i = 0; i < 70; i++) chip.usb.write(0, 66);
  assert.equal(textFrom(chip), 'B'.repeat(64)); // six wait for write done
});

test("UART0: bytes come at the line's rate, and a full FIFO loses them", () => {
  const chip = boot([...WATCHDOGS_OFF, FOREVER]);
  chip.uart.receive(new Uint8Array(200).map((_, i) => i));
  assert.equal(chip.uart.read(0x1c), 0);
  chip.run((160e6 / 11520) * 10); // ten bytes' time at 115200 baud
  assert.equal(chip.uart.read(0x1c), 10);
  assert.equal(chip.uart.read(0), 0);
  chip.run((160e6 / 11520) * 300);
  assert.equal(chip.uart.read(0x1c), 128);
  assert.equal(chip.uart.overruns, 200 - 1 - 128);
});

test('SYSTIMER runs at 16 MHz of modelled time; random numbers and the MAC are there', () => {
  const read = (rd: number): number[] => [
    rv.lui(T0, 0x60023),
    rv.lui(T1, 0x40000),
    rv.s(2, T0, T1, 4),
    rv.i(3, 2, rd, T0, 0x44),
  ];
  const chip = boot(
    [
      ...read(A0),
      rv.lui(A2, 40),
      rv.addi(A2, A2, -1),
      rv.b(1, A2, 0, -4),
      ...read(A1),
      rv.lui(T0, 0x60026),
      rv.i(3, 2, 13, T0, 0xb0),
      rv.lui(T0, 0x60009),
      rv.i(3, 2, 14, T0, -0x7bc),
      WFI,
    ],
    { random: () => 0xcafe },
  );
  chip.run(1_000_000);
  const ticks = chip.hart.x[A1] - chip.hart.x[A0]; // 2 · 40 · 4096 and a few instructions, ten to a tick
  assert.ok(ticks === 32768 || ticks === 32769, `${ticks}`);
  assert.equal(chip.hart.x[13], 0xcafe);
  assert.equal(chip.hart.x[14] >>> 0, 0xf9000001); // eFuse 0x60008844
  assert.equal(chip.peripherals.touched.size, 0);
});

test('ROM functions write flash: erase, program, read back through the window', () => {
  const call = (address: number): number[] => [rv.lui(T0, 0x40000), rv.i(0x67, 0, 1, T0, address)];
  const program = [
    ...WATCHDOGS_OFF,
    rv.addi(A0, 0, 0x100),
    ...call(0x128),
    rv.addi(20, A0, 0), // erase sector 0x100
    rv.lui(T0, 0x3fc90),
    ...rv.li(T1, 0x12345678),
    rv.s(2, T0, T1, 0),
    rv.lui(A0, 0x100),
    rv.lui(A1, 0x3fc90),
    rv.addi(A2, 0, 4),
    ...call(0x12c),
    rv.addi(21, A0, 0),
    rv.lui(T0, 0x3c100),
    rv.i(3, 2, 22, T0, 0),
    rv.lui(A0, 0x7ff00),
    rv.lui(A1, 0x3fc90),
    rv.addi(A2, 0, 4),
    ...call(0x12c),
    rv.addi(23, A0, 0),
    WFI,
  ];
  const chip = new VirtualC3();
  chip.flash.program(0, directBoot(program));
  chip.flash.program(0x100000, new Uint8Array(8)); // zeros: writing needs the erase
  chip.reset();
  const before = chip.seconds;
  chip.run(10_000);
  assert.deepEqual(
    [20, 21, 22, 23].map((r) => chip.hart.x[r]),
    [0, 0, 0x12345678, 1],
  );
  assert.deepEqual([...chip.flash.read(0x100004, 2)], [0xff, 0xff]);
  assert.ok(chip.seconds - before > 0.045);
});

test('the cache model counts lines and fills, and changes no result', () => {
  // Reads 32 KB of flash word by word, twice; the loop itself lies in two lines.
  const program = [
    ...WATCHDOGS_OFF,
    rv.addi(A2, 0, 2),
    rv.lui(T0, 0x3c100),
    rv.lui(T1, 0x3c108),
    rv.addi(A0, 0, 0),
    rv.i(3, 2, A1, T0, 0),
    rv.r(0, 0, A0, A0, A1),
    rv.addi(T0, T0, 4),
    rv.b(1, T0, T1, -12),
    rv.addi(A2, A2, -1),
    rv.b(1, A2, 0, -32),
    WFI,
  ];
  const results = [undefined, new CacheModel(C3_CACHE)].flatMap((cache) =>
    [true, false].map((compile) => {
      const chip = boot(program, { compile });
      for (let i = 0; i < 32768; i++) chip.flash.bytes[0x100000 + i] = i * 7;
      chip.hart.useCache(cache);
      chip.reset('software');
      chip.run(200_000);
      return { sum: chip.hart.x[A0], counts: chip.hart.counts(), cache: cache && { ...cache.counts } };
    }),
  );
  for (const r of results) {
    assert.equal(r.sum, results[0].sum);
    assert.deepEqual(r.counts, results[0].counts);
  }
  assert.deepEqual(results[2].cache, results[3].cache);
  const c = results[2].cache!;
  assert.equal(c.dataAccesses, 2 * 8192);
  assert.equal(c.dataMisses, 2 * 1024); // 32 KB through 16 KB with LRU: nothing survives to the second time
  assert.ok(c.fetchMisses >= 4 && c.fetchMisses < 2100 && c.fetchAccesses >= c.fetchMisses);
});

test('the cache model: associativity and replacement', () => {
  const cache = new CacheModel({ bytes: 1024, ways: 2, line: 32 }); // 16 sets
  const hits = [0, 512, 0, 1024, 0, 512].map((offset) => {
    const before = cache.counts.dataMisses;
    cache.access(offset, false);
    return cache.counts.dataMisses === before;
  });
  assert.deepEqual(hits, [false, false, true, false, true, false]);
  assert.throws(() => new CacheModel({ bytes: 1000, ways: 2, line: 32 }), RangeError);
});

const LINK = (base: string): string => `ENTRY(_start)
SECTIONS { . = ${base}; .text : { *(.head) *(.text.start) *(.text*) *(.rodata* .srodata*) }
  . = SRAM_OR_HERE; .bss (NOLOAD) : ALIGN(16) { *(.data* .sdata* .bss* .sbss* COMMON) }
  . = ALIGN(16); . += 0x4000; _stack = .; }`;

/** Integer work of all kinds; prints a checksum and the instructions it took, by the port and counter it is given. */
const WORK = `
#include <stdint.h>
void put(char c); uint32_t retired(void);
static void hex(uint32_t v) { for (int i = 28; i >= 0; i -= 4) put("0123456789abcdef"[(v >> i) & 15]); put('\\n'); }
static uint8_t w[96 * 30]; static int8_t x[120]; static int32_t y[96];
int main(void) {
  uint32_t s = 12345, acc = 0, start = retired();
  for (unsigned i = 0; i < sizeof w; i++) { s ^= s << 13; s ^= s >> 17; s ^= s << 5; w[i] = (uint8_t)s; }
  for (int i = 0; i < 120; i++) { x[i] = (int8_t)(s >> ((i % 4) * 8)); s = s * 1664525u + 1013904223u; }
  for (int rep = 0; rep < 20; rep++) for (int r = 0; r < 96; r++) {
    int32_t a = 0; const uint8_t *p = w + r * 30;
    for (int c = 0; c < 120; c++) { int t = (p[c >> 2] >> ((c & 3) * 2)) & 3; a += t == 2 ? x[c] : t == 0 ? -x[c] : 0; }
    y[r] = a; acc += (uint32_t)a * (uint32_t)(rep + r);
  }
  for (int i = 1; i < 200; i++) {
    acc += (uint32_t)((int32_t)acc / i) ^ (acc % (uint32_t)i);
    acc += (uint32_t)(((int64_t)(int32_t)acc * (int32_t)s) >> 32);
    acc ^= (uint32_t)(((uint64_t)acc * s) >> 32); acc += (uint32_t)y[i % 96];
  }
  uint32_t end = retired();
  hex(acc); hex(end - start); put('.'); return 0;
}`;

const VIRT_START = `
#include <stdint.h>
__asm__(".section .text.start\\n.globl _start\\n_start: la sp,_stack\\ncall main\\n"
  "li t0,0x100000\\nli t1,0x5555\\nsw t1,0(t0)\\n1: j 1b\\n");
void put(char c) { *(volatile uint8_t *)0x10000000 = (uint8_t)c; }
uint32_t retired(void) { uint32_t v; __asm__ volatile("csrr %0, minstret" : "=r"(v)); return v; }`;

const C3_START = `
#include <stdint.h>
__asm__(".section .head\\n.word 0xaedb041d, 0xaedb041d\\n.globl _start\\n_start: la sp,_stack\\nj boot\\n");
int main(void); extern char _bss_start[], _bss_end[];
#define R(a) (*(volatile uint32_t *)(a))
void put(char c) { while (!(R(0x60043004) & 2)) {} R(0x60043000) = (uint8_t)c; R(0x60043004) = 1; }
uint32_t retired(void) { uint32_t v; __asm__ volatile("csrr %0, 0x7e2" : "=r"(v)); return v; }
__attribute__((noreturn)) void boot(void) {
  R(0x600080a8) = 0x50d83aa1; R(0x60008090) = 0; R(0x600080b0) = 0x8f1d312a; R(0x600080ac) = 1u << 30;
  R(0x6001f064) = 0x50d83aa1; R(0x6001f048) = 1u << 22;
  for (char *p = _bss_start; p < _bss_end; p++) *p = 0;
  __asm__ volatile("csrwi 0x7e0, 2\\ncsrwi 0x7e1, 1"); main();
  for (;;) __asm__ volatile("wfi");
}`;

test("compiled C: checksum and instruction count equal QEMU's, and are the same on the virtual C3", async (t) => {
  if (!have(t, 'gcc', 'qemu')) return;
  const virt = await inTempFolder((folder) =>
    crossCompile(
      folder,
      {
        'work.c': WORK,
        'start.c': VIRT_START,
        'link.ld': LINK('0x80000000').replace('SRAM_OR_HERE', '.'),
      },
      ['-T', 'link.ld'],
    ),
  );
  const machine = new VirtMachine();
  machine.loadElf(virt);
  assert.equal(machine.runToExit(100_000_000), 0);
  const ours = Buffer.from(machine.takeOutput()).toString();
  assert.match(ours, /^[0-9a-f]{8}\n[0-9a-f]{8}\n\.$/);
  assert.equal(ours, (await qemuVirt(virt)).toString());
  const counts = machine.hart.counts();
  assert.equal(totalOf(counts), machine.hart.retired);
  assert.ok(counts.div > 300 && counts.mul > 300 && counts.load > 100_000);

  // A profile: what main executed is what the classes count, less the start and the output.
  const elf = parseElf(virt);
  const main = elf.symbols.find((s) => s.name === 'main')!;
  const inMain = machine.hart
    .profile(0x80000000)
    .filter(([pc]) => pc >= main.address && pc < main.address + main.bytes)
    .reduce((sum, [, n]) => sum + n, 0);
  assert.ok(inMain > 0.95 * machine.hart.retired && inMain < machine.hart.retired);

  const c3 = await inTempFolder((folder) =>
    crossCompile(
      folder,
      {
        'work.c': WORK,
        'start.c': C3_START,
        'link.ld': LINK('0x42000000')
          .replace('SRAM_OR_HERE', '0x3fc80000; _bss_start = .')
          .replace('. = ALIGN(16); . +=', '_bss_end = .; . = ALIGN(16); . +='),
      },
      ['-T', 'link.ld'],
    ),
  );
  const board = new VirtualBoard();
  for (const s of parseElf(c3).segments) {
    if (s.address >= 0x42000000) board.chip.flash.program(s.address - 0x42000000, s.data);
  }
  const port = board.port();
  await port.open();
  const seen = textOf(port);
  board.powerOn();
  await until(() => seen.text.endsWith('.'), 'the result');
  board.powerOff();
  const lines = seen.text.split('\n').slice(-3);
  assert.equal(`${lines[0]}\n`.slice(-9), ours.slice(0, 9)); // the same checksum
  // The counter is read at the same two places of the same code: only addresses differ.
  assert.equal(lines[1], ours.slice(9, 17));
});
