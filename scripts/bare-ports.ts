/** The firmware's ports without an operating system (firmware/ports/Makefile), built for tests and benchmarks. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/node/assets.js';

const FILES = {
  'qemu-riscv': 'qemu-riscv.elf',
  'qemu-xtensa': 'qemu-xtensa.elf',
  'esp32c3-direct': 'esp32c3-direct.bin',
} as const;
export type BarePort = keyof typeof FILES;

/**
 * Builds one port unless it is up to date; programs that ask at the same time wait for each other.
 * @returns the path of what was built
 * @throws Error with the compiler's words (Debian: make, util-linux, gcc-riscv64-unknown-elf, gcc-xtensa-lx106)
 */
export function buildBarePort(port: BarePort): string {
  const root = packageRoot();
  const out = join(root, 'build', 'bare');
  mkdirSync(out, { recursive: true });
  const ports = join(root, 'firmware/ports');
  const make = spawnSync('flock', [join(out, 'lock'), 'make', '-s', '-C', ports, port, `OUT=${out}`], {
    encoding: 'utf8',
  });
  if (make.status !== 0) throw new Error(`${port} does not build:\n${make.stderr}`);
  return join(out, FILES[port]);
}
