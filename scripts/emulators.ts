/** The emulated machines on which the C runs without a chip: how QEMU is started for each, and where it puts a model. */
export const EMULATORS = {
  rv32imc: {
    command: ['qemu-system-riscv32', '-M', 'virt', '-nographic', '-bios', 'none', '-icount', 'shift=0'],
    /** Where `loader` of the bare ports (firmware/ports) puts a model file. */
    modelAt: '0x84000000',
  },
  lx106: {
    command: [
      'qemu-system-xtensa',
      '-M',
      'sim',
      '-cpu',
      'lx106',
      '-semihosting',
      '-display',
      'none',
      '-monitor',
      'none',
      '-serial',
      'none',
      '-icount',
      'shift=5,sleep=off',
    ],
    modelAt: '0x64000000',
  },
} as const satisfies Record<string, { command: readonly string[]; modelAt: string }>;
export type EmulatorName = keyof typeof EMULATORS;

/** Program and arguments for a program without an operating system, with a model file in its memory or without. */
export function emulated(
  name: EmulatorName,
  kernel: string,
  model?: string,
): readonly [program: string, args: string[]] {
  const {
    command: [program, ...args],
    modelAt,
  } = EMULATORS[name];
  const loader = model === undefined ? [] : ['-device', `loader,file=${model},addr=${modelAt},force-raw=on`];
  return [program, [...args, '-kernel', kernel, ...loader]];
}
