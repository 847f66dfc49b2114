/** Which Debian packages bring a tool of the tests and benchmarks, once. `.ci/run` installs them all; a test compares. */
export const DEBIAN = {
  gcc: 'gcc',
  make: 'make',
  curl: 'curl',
  socat: 'socat',
  'riscv64-unknown-elf-gcc': 'gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf',
  'riscv64-unknown-elf-g++': 'gcc-riscv64-unknown-elf',
  'xtensa-lx106-elf-gcc': 'gcc-xtensa-lx106',
  'xtensa-lx106-elf-g++': 'gcc-xtensa-lx106',
  'qemu-system-riscv32': 'qemu-system-misc',
  'qemu-system-xtensa': 'qemu-system-misc',
  '/usr/include/microhttpd.h': 'libmicrohttpd-dev',
} as const satisfies Readonly<Record<string, string>>;
export type Tool = keyof typeof DEBIAN;

/** These tools, each with its packages. */
export const toolsOf = (...tools: readonly Tool[]): Readonly<Record<string, string>> =>
  Object.fromEntries(tools.map((tool) => [tool, DEBIAN[tool]]));

/** The packages of these tools, as apt-get takes them. */
export const packagesOf = (...tools: readonly Tool[]): string =>
  [...new Set(tools.flatMap((tool) => DEBIAN[tool].split(' ')))].join(' ');
