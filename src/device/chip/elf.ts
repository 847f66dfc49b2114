/** Just enough of ELF32 to load a program and name its functions (Tool Interface Standard, ELF 1.2). */
import { TinyLMError } from '../../model/errors.js';

export interface ElfSegment {
  /** physical (load) address */
  address: number;
  data: Uint8Array;
  /** bytes in memory; what exceeds `data` is zero */
  memoryBytes: number;
}

export interface ElfSymbol {
  name: string;
  address: number;
  bytes: number;
  kind: 'function' | 'object' | 'other';
}

export interface Elf {
  entry: number;
  segments: ElfSegment[];
  symbols: ElfSymbol[];
}

/** Parses a little-endian ELF32 file for RISC-V. */
export function parseElf(file: Uint8Array): Elf {
  const v = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const bad = (what: string): TinyLMError =>
    new TinyLMError(
      'elf',
      `not a RISC-V ELF32 file: ${what}`,
      'compile with riscv64-unknown-elf-gcc -march=rv32imc_zicsr -mabi=ilp32',
    );
  if (file.length < 52 || v.getUint32(0, false) !== 0x7f454c46) throw bad('it does not begin with 7F "ELF"');
  if (file[4] !== 1 || file[5] !== 1) throw bad(`class ${file[4]}, data ${file[5]}; expected 1 and 1`);
  if (v.getUint16(18, true) !== 243) throw bad(`machine ${v.getUint16(18, true)}; expected 243`);
  try {
    return { entry: v.getUint32(24, true), segments: segmentsOf(file, v), symbols: symbolsOf(file, v) };
  } catch (e) {
    if (e instanceof RangeError) throw bad(`it is cut short (${file.length} bytes)`);
    throw e;
  }
}

function segmentsOf(file: Uint8Array, v: DataView): ElfSegment[] {
  const segments: ElfSegment[] = [];
  const at = v.getUint32(28, true);
  for (let i = 0; i < v.getUint16(44, true); i++) {
    const p = at + i * v.getUint16(42, true);
    if (v.getUint32(p, true) !== 1) continue; // PT_LOAD
    const offset = v.getUint32(p + 4, true);
    const bytes = v.getUint32(p + 16, true);
    if (offset + bytes > file.length) throw new RangeError('segment');
    segments.push({
      address: v.getUint32(p + 12, true),
      data: file.subarray(offset, offset + bytes),
      memoryBytes: v.getUint32(p + 20, true),
    });
  }
  return segments;
}

function symbolsOf(file: Uint8Array, v: DataView): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  const sections = v.getUint32(32, true);
  const size = v.getUint16(46, true);
  const header = (i: number): number => sections + i * size;
  for (let i = 0; i < v.getUint16(48, true); i++) {
    if (v.getUint32(header(i) + 4, true) !== 2) continue; // SHT_SYMTAB
    const strings = v.getUint32(header(v.getUint32(header(i) + 24, true)) + 16, true);
    const start = v.getUint32(header(i) + 16, true);
    const end = start + v.getUint32(header(i) + 20, true);
    for (let s = start; s < end; s += 16) {
      const from = strings + v.getUint32(s, true);
      const name = new TextDecoder().decode(file.subarray(from, file.indexOf(0, from)));
      const type = v.getUint8(s + 12) & 15;
      if (name === '') continue;
      symbols.push({
        name,
        address: v.getUint32(s + 4, true),
        bytes: v.getUint32(s + 8, true),
        kind: type === 2 ? 'function' : type === 1 ? 'object' : 'other',
      });
    }
  }
  return symbols.sort((a, b) => a.address - b.address);
}
