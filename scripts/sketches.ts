/**
 * Sketches without an Arduino core: a package of the library and a sketch, compiled against the stand-ins in
 * arduino/test for the host, RISC-V and Xtensa, and run there with a scripted Serial. For tests and sizes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../src/node/assets.js';
import { emulated, type EmulatorName } from './emulators.js';
import type { LibraryFile } from '../src/board/sketch.js';
import { toolsOf } from './debian.js';

const STAND_INS = join(packageRoot(), 'arduino/test');

interface Target {
  readonly title: string;
  readonly cc: string;
  readonly cxx: string;
  readonly size: string;
  readonly flags: readonly string[];
  readonly link: readonly string[];
  readonly machine: string;
  /** none on the host */
  readonly emulator?: EmulatorName;
  /** Debian packages by command */
  readonly tools: Readonly<Record<string, string>>;
}

const bare = (ld: string): string[] => [
  '-nostdlib',
  '-nostartfiles',
  '-T',
  join(STAND_INS, ld),
  '-Wl,--gc-sections',
  '-Wl,--no-warn-rwx-segments',
];
const BARE = ['-DBARE', '-ffreestanding', '-I', join(STAND_INS, 'bare')];

/** The ESP32-C3's instruction set, and one of the ESP32's family. Both cores compile with -Os. */
export const TARGETS = {
  host: {
    title: 'host',
    cc: 'gcc',
    cxx: 'g++',
    size: 'size',
    machine: 'host.cpp',
    flags: ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
    link: ['-fsanitize=address,undefined'],
    tools: { gcc: 'gcc', 'g++': 'g++' },
  },
  riscv: {
    title: 'RV32IMC (ESP32-C3)',
    cc: 'riscv64-unknown-elf-gcc',
    cxx: 'riscv64-unknown-elf-g++',
    size: 'riscv64-unknown-elf-size',
    machine: 'qemu-riscv.c',
    flags: ['-Os', '-march=rv32imc_zicsr', '-mabi=ilp32', '-msmall-data-limit=0', ...BARE],
    link: bare('qemu-riscv.ld'),
    emulator: 'rv32imc',
    tools: toolsOf('riscv64-unknown-elf-g++', 'qemu-system-riscv32'),
  },
  xtensa: {
    title: 'Xtensa lx106 (the family of the ESP32 and S3)',
    cc: 'xtensa-lx106-elf-gcc',
    cxx: 'xtensa-lx106-elf-g++',
    size: 'xtensa-lx106-elf-size',
    machine: 'qemu-xtensa.c',
    flags: ['-Os', '-mlongcalls', '-mtext-section-literals', ...BARE],
    link: bare('qemu-xtensa.ld'),
    emulator: 'lx106',
    tools: toolsOf('xtensa-lx106-elf-g++', 'qemu-system-xtensa'),
  },
} as const satisfies Record<string, Target>;
export type TargetName = keyof typeof TARGETS;

/** Writes a package's files under a folder. */
export function writePackage(folder: string, files: readonly LibraryFile[]): void {
  for (const { path, bytes } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

function compile(command: string, words: readonly string[], what: string): void {
  const run = spawnSync(command, words, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${what} does not compile:\n${run.error?.message ?? run.stderr}`);
  if (run.stderr !== '') throw new Error(`${what} compiles with warnings:\n${run.stderr}`);
}

const WARN = ['-Wall', '-Wextra', '-Werror', '-ffunction-sections', '-fdata-sections'];
const CXX = ['-std=gnu++17', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics', '-fno-use-cxa-atexit'];

/** A library folder's sources and the stand-in core, compiled once for a target; sketches are linked with them. */
export class SketchBuilder {
  readonly #target: Target;
  readonly #flags: readonly string[];
  readonly #objects: string[] = [];
  readonly #out: string;

  /**
   * @param library folder with src/TinyLM.h, as Arduino compiles it
   * @param out folder for objects and programs, which need not be there
   */
  constructor(target: TargetName, library: string, out: string) {
    this.#target = TARGETS[target];
    this.#out = out;
    mkdirSync(out, { recursive: true });
    const defines = ['-DARDUINO=10819', '-DARDUINO_ARCH_ESP32', '-DESP32'];
    const core = [`-I${join(STAND_INS, 'stubs')}`, `-I${STAND_INS}`, `-I${join(library, 'src')}`];
    this.#flags = [...this.#target.flags, ...WARN, ...defines, ...core];
    const sources = (folder: string): string[] =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((f) => f.isFile() && /\.(c|cpp)$/.test(f.name))
        .map((f) => join(f.parentPath, f.name))
        .sort();
    const machine = [join(STAND_INS, 'core.cpp'), join(STAND_INS, this.#target.machine)];
    // What a compiler may call of its own accord when there is no libc.
    if (target !== 'host') machine.push(join(packageRoot(), 'firmware/ports/bare/libc.c'));
    for (const source of [...sources(join(library, 'src')), ...machine]) this.#objects.push(this.#object(source));
  }

  #object(source: string): string {
    const object = join(this.#out, `${basename(source)}.o`);
    const cxx = source.endsWith('.cpp');
    const words = [...this.#flags, ...(cxx ? CXX : ['-std=gnu17']), '-c', source, '-o', object];
    compile(cxx ? this.#target.cxx : this.#target.cc, words, source);
    return object;
  }

  /**
   * Compiles a sketch as Arduino does (the .ino files as one C++ source after Arduino.h) and links it.
   * @param text the sketch; its includes are looked for in `folder` too
   * @returns the path of the program
   */
  link(name: string, text: string, folder?: string): string {
    const source = join(this.#out, `${name}.ino.cpp`);
    writeFileSync(source, `#include <Arduino.h>\n#line 1 "${name}.ino"\n${text}`);
    const object = `${source}.o`;
    const here = folder === undefined ? [] : [`-I${folder}`];
    compile(this.#target.cxx, [...this.#flags, ...CXX, ...here, '-c', source, '-o', object], name);
    const program = join(this.#out, name);
    const objects = [object, ...this.#objects, '-o', program, '-lgcc'];
    compile(this.#target.cxx, [...this.#target.flags, ...this.#target.link, ...objects], name);
    return program;
  }

  /** A sketch of a folder, e.g. examples/Hello. */
  example(folder: string): string {
    const name = basename(folder);
    return this.link(name, readFileSync(join(folder, `${name}.ino`), 'utf8'), folder);
  }

  /** Bytes of a program: text with constants, and RAM that is initialized or zero, the stack left out. */
  sizes(program: string): { flash: number; ram: number } {
    const run = spawnSync(this.#target.size, ['-A', program], { encoding: 'utf8' });
    const of = (section: string): number =>
      Number(new RegExp(`^\\.${section} +(\\d+)`, 'm').exec(run.stdout)?.[1] ?? 0);
    return { flash: of('text') + of('rodata') + of('data'), ram: of('data') + of('bss') };
  }
}

/** What the example Hello adds to an empty sketch, bytes: code without the model, RAM without the engine's memory. */
export interface HelloSize {
  readonly code: number;
  readonly ram: number;
}

/**
 * Sizes of Hello for a target.
 * @param library folder of the package for Arduino
 * @param modelBytes of the .tlm in its src/models/stories.h
 * @param memoryBytes that the engine needs for it
 */
export function helloSize(build: SketchBuilder, library: string, modelBytes: number, memoryBytes: number): HelloSize {
  const empty = build.sizes(build.link('Empty', 'void setup() {}\nvoid loop() {}\n'));
  const hello = build.sizes(build.example(join(library, 'examples/Hello')));
  return { code: hello.flash - empty.flash - modelBytes, ram: hello.ram - empty.ram - memoryBytes };
}

/** In a script: what follows is typed when the sketch has nothing more to do. */
export const WAIT = '\u0005';
/** In a script: a press of the button. */
export const PRESS = '\u0007';

/**
 * Runs a program with what is typed into Serial, to its end.
 * @returns what it printed
 * @throws Error when it does not end by itself with status 0 within two minutes
 */
export function runSketch(
  target: TargetName,
  program: string,
  script: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { emulator }: Target = TARGETS[target];
  const [command, words] = emulator === undefined ? [program, []] : emulated(emulator, program);
  // Into a file: QEMU's UART loses bytes that a pipe or socket does not take at once.
  const path = `${program}.out`;
  const out = openSync(path, 'w');
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { env: { ...process.env, ...env }, stdio: ['pipe', out, 'pipe'] });
    let err = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
    child.stderr!.on('data', (data: Buffer) => (err += data.toString()));
    child.stdin!.on('error', () => {});
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      closeSync(out);
      const said = readFileSync(path, 'utf8');
      if (code === 0) resolve(said);
      else reject(new Error(`${basename(program)} on ${target} ended with ${code}: ${err}\n${said}`));
    });
    child.stdin!.end(`${script}\u0004`);
  });
}
