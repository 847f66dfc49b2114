/** Helpers of the device tests: tools that may be missing, a tiny assembler, ELF files, QEMU. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { packagesOf } from '../scripts/debian.js';

export const TOOLS = {
  gcc: 'riscv64-unknown-elf-gcc',
  qemu: 'qemu-system-riscv32',
  socat: 'socat',
} as const;

/** Whether the tools are here. Without one the test is skipped, loudly; in CI (CI=true) a missing tool is a failure. */
export function have(t: TestContext, ...tools: (keyof typeof TOOLS)[]): boolean {
  for (const tool of tools) {
    const command = TOOLS[tool];
    const flag = tool === 'socat' ? '-V' : '--version';
    if (spawnSync(command, [flag]).error === undefined) continue;
    const message = `SKIPPED: ${command} is not installed (Debian: apt-get install ${packagesOf(command)})`;
    if (process.env['CI'] === 'true') throw new Error(message);
    t.skip(message);
    process.stderr.write(`${t.name}: ${message}\n`);
    return false;
  }
  return true;
}

/** Calls `body` with a folder that is removed afterwards. */
export async function inTempFolder<T>(body: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-device-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compiles C with the Debian cross-compiler; returns the output file's bytes. */
export function crossCompile(folder: string, sources: Record<string, string>, args: string[]): Uint8Array {
  const inputs: string[] = [];
  for (const [name, text] of Object.entries(sources)) {
    writeFileSync(join(folder, name), text);
    if (/\.[cS]$/.test(name)) inputs.push(join(folder, name));
  }
  const out = join(folder, 'out.elf');
  const run = spawnSync(
    TOOLS.gcc,
    [
      '-std=gnu99',
      '-march=rv32imc_zicsr',
      '-mabi=ilp32',
      '-O2',
      '-ffreestanding',
      '-nostdlib',
      '-nostartfiles',
      '-Wl,--no-warn-rwx-segments',
      ...args,
      ...inputs,
      '-o',
      out,
      '-lgcc',
    ],
    { encoding: 'utf8', cwd: folder },
  );
  if (run.status !== 0) throw new Error(`${TOOLS.gcc} failed:\n${run.stderr}`);
  return readFileSync(out);
}

/** Runs an ELF on QEMU's virt machine with exact instruction counts; returns what its UART sent. */
export function qemuVirt(elf: Uint8Array): Promise<Buffer> {
  return inTempFolder((folder) => {
    const file = join(folder, 'program.elf');
    writeFileSync(file, elf);
    return new Promise<Buffer>((resolve, reject) => {
      const child = execFile(
        TOOLS.qemu,
        ['-M', 'virt', '-nographic', '-bios', 'none', '-icount', 'shift=0', '-kernel', file],
        { encoding: 'buffer', timeout: 60_000 },
        (error, stdout) => {
          if (error) reject(error);
          else resolve(stdout);
        },
      );
      child.stdin?.end();
    });
  });
}

/** An ELF32 RISC-V file with one segment at `address`, entered at its first byte. */
export function elfOf(code: Uint8Array, address: number): Uint8Array {
  const file = new Uint8Array(84 + code.length);
  const v = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1], 0);
  v.setUint16(16, 2, true); // executable
  v.setUint16(18, 243, true); // RISC-V
  v.setUint32(20, 1, true);
  v.setUint32(24, address, true);
  v.setUint32(28, 52, true); // program headers
  v.setUint32(36, 1, true); // RVC
  v.setUint16(40, 52, true);
  v.setUint16(42, 32, true);
  v.setUint16(44, 1, true);
  [1, 84, address, address, code.length, code.length, 7, 4].forEach((word, i) => v.setUint32(52 + 4 * i, word, true));
  file.set(code, 84);
  return file;
}

/** Encoders of the six instruction formats (manual, chapter 2.2–2.3), enough to write test programs. */
export const rv = {
  r: (f7: number, f3: number, rd: number, rs1: number, rs2: number, op = 0x33): number =>
    ((f7 << 25) | (rs2 << 20) | (rs1 << 15) | (f3 << 12) | (rd << 7) | op) >>> 0,
  i: (op: number, f3: number, rd: number, rs1: number, imm: number): number =>
    ((imm << 20) | (rs1 << 15) | (f3 << 12) | (rd << 7) | op) >>> 0,
  s: (f3: number, rs1: number, rs2: number, imm: number): number =>
    (((imm >> 5) << 25) | (rs2 << 20) | (rs1 << 15) | (f3 << 12) | ((imm & 31) << 7) | 0x23) >>> 0,
  b: (f3: number, rs1: number, rs2: number, imm: number): number =>
    ((((imm >> 12) & 1) << 31) |
      (((imm >> 5) & 63) << 25) |
      (rs2 << 20) |
      (rs1 << 15) |
      (f3 << 12) |
      (((imm >> 1) & 15) << 8) |
      (((imm >> 11) & 1) << 7) |
      0x63) >>>
    0,
  u: (op: number, rd: number, upper: number): number => ((upper << 12) | (rd << 7) | op) >>> 0,
  j: (rd: number, imm: number): number =>
    ((((imm >> 20) & 1) << 31) |
      (((imm >> 1) & 0x3ff) << 21) |
      (((imm >> 11) & 1) << 20) |
      (((imm >> 12) & 0xff) << 12) |
      (rd << 7) |
      0x6f) >>>
    0,
  addi: (rd: number, rs1: number, imm: number): number => rv.i(0x13, 0, rd, rs1, imm),
  lui: (rd: number, upper: number): number => rv.u(0x37, rd, upper),
  /** loads any 32-bit constant */
  li: (rd: number, value: number): number[] => [
    rv.lui(rd, ((value + 0x800) >>> 12) & 0xfffff),
    rv.addi(rd, rd, (value << 20) >> 20),
  ],
};

/** A program as bytes: numbers below 0x10000 whose low bits are not 11 are compressed instructions. */
export function assemble(words: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const w of words) {
    bytes.push(w & 255, (w >>> 8) & 255);
    if ((w & 3) === 3) bytes.push((w >>> 16) & 255, w >>> 24);
  }
  return Uint8Array.from(bytes);
}

/** Waits until `done` holds, looking every few milliseconds. */
export async function until(done: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!done()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const [T0, T1, USB] = [5, 6, 10];

/** Instructions that turn all watchdogs of the ESP32-C3 off. */
export const WATCHDOGS_OFF: readonly number[] = [
  rv.lui(T0, 0x60008),
  ...rv.li(T1, 0x50d83aa1),
  rv.s(2, T0, T1, 0xa8),
  rv.s(2, T0, 0, 0x90),
  ...rv.li(T1, 0x8f1d312a | 0),
  rv.s(2, T0, T1, 0xb0),
  rv.lui(T1, 0x40000),
  rv.s(2, T0, T1, 0xac),
  rv.lui(T0, 0x6001f),
  ...rv.li(T1, 0x50d83aa1),
  rv.s(2, T0, T1, 0x64),
  rv.lui(T1, 0x400),
  rv.s(2, T0, T1, 0x48),
];

/** Instructions that send text over USB-Serial-JTAG (a0 = its base). */
export const say = (text: string): number[] => [
  rv.lui(USB, 0x60043),
  ...[...text].flatMap((c) => [rv.addi(T1, 0, c.charCodeAt(0)), rv.s(2, USB, T1, 0)]),
  rv.addi(T1, 0, 1),
  rv.s(2, USB, T1, 4),
];

/** Waits for a byte, sends it back plus one, for ever. */
export const ECHO_PLUS_ONE: readonly number[] = [
  rv.lui(USB, 0x60043),
  rv.i(3, 2, T1, USB, 4),
  rv.i(0x13, 7, T1, T1, 4),
  rv.b(0, T1, 0, -8), // until data is there
  rv.i(3, 2, T1, USB, 0),
  rv.addi(T1, T1, 1),
  rv.s(2, USB, T1, 0),
  rv.addi(T1, 0, 1),
  rv.s(2, USB, T1, 4),
  rv.j(0, -32),
];

/** A direct-boot image: the magic word twice, then the program. */
export function directBoot(program: readonly number[]): Uint8Array {
  const code = assemble(program);
  const image = new Uint8Array(8 + Math.ceil(code.length / 4) * 4);
  image.set([0x1d, 0x04, 0xdb, 0xae, 0x1d, 0x04, 0xdb, 0xae]);
  image.set(code, 8);
  return image;
}

/** Collects what a transport sends as text. */
export function textOf(transport: { onData(listener: (data: Uint8Array) => void): unknown }): { text: string } {
  const seen = { text: '' };
  transport.onData((data) => {
    seen.text += Buffer.from(data).toString('latin1');
  });
  return seen;
}

/** Reproducible bytes without pattern. */
export const noise = (bytes: number, seed = 1): Uint8Array => {
  let s = seed;
  return Uint8Array.from({ length: bytes }, () => (s = (Math.imul(s, 1664525) + 1013904223) | 0) >>> 24);
};
