/**
 * What the cost model takes for granted of each chip. Nothing here was measured on a board by this project: each number
 * has its source, or says that it is an assumption.
 */

export type ChipName = 'esp32' | 'esp32s3' | 'esp32c3';
export type FlashMode = 'qio80' | 'dio80' | 'qio40' | 'dio40';
/** Instruction sets that instructions are counted for; the ESP32's and the S3's stand on the counts of lx106. */
export type Isa = 'rv32imc' | 'lx106';

/** Classes that instructions are counted by; the virtual ESP32-C3 counts by the same. */
export const INSTRUCTION_CLASSES = [
  'alu',
  'mul',
  'div',
  'load',
  'store',
  'branchTaken',
  'branchNotTaken',
  'jump',
  'system',
] as const;
export type InstructionClass = (typeof INSTRUCTION_CLASSES)[number];
/** Instructions of each class, or clock cycles of one of each class. */
export type ClassNumbers = Readonly<Record<InstructionClass, number>>;

/** A cache between core and flash: least recently used line of a set replaced (an assumption), no prefetch. */
export interface Cache {
  /** capacity, bytes */
  readonly bytes: number;
  /** bytes a line */
  readonly line: number;
  readonly ways: number;
  /** whether code goes through it too */
  readonly code: boolean;
}

export interface Chip {
  readonly name: ChipName;
  readonly title: string;
  /** MHz; the ROM leaves less, ESP-IDF with firmware/sdkconfig.defaults sets this. */
  readonly clockMhz: number;
  readonly isa: Isa;
  /** Clock cycles an instruction of the counted instruction set, by class or on average, when nothing waits. */
  readonly cycles: ClassNumbers | number;
  readonly cyclesFrom: string;
  readonly cache: Cache;
  /** Bytes of SRAM into which the firmware may copy matrices (see `copyRoom`), and the largest single block. */
  readonly copyBytes: number;
  readonly copyBlock: number;
  readonly copyFrom: string;
}

/** SPI modes: bits that one clock carries for address and data, and clocks of mode bits and dummies. */
interface FlashTiming {
  readonly title: string;
  readonly mhz: number;
  readonly lanes: number;
  /** clocks between address and data: QIO fast read (0xEB) 2 of mode and 4 dummies; DIO (0xBB) 4 of mode */
  readonly wait: number;
}

export const FLASH_MODES: Readonly<Record<FlashMode, FlashTiming>> = {
  qio80: { title: 'QIO 80 MHz', mhz: 80, lanes: 4, wait: 6 },
  dio80: { title: 'DIO 80 MHz', mhz: 80, lanes: 2, wait: 4 },
  qio40: { title: 'QIO 40 MHz', mhz: 40, lanes: 4, wait: 6 },
  dio40: { title: 'DIO 40 MHz', mhz: 40, lanes: 2, wait: 4 },
};

/** Clocks of the flash bus for one line: opcode (8 bits, one lane) + address (24 bits) + mode and dummies + data. */
export function lineClocks(mode: FlashMode, lineBytes: number): number {
  const { lanes, wait } = FLASH_MODES[mode];
  return 8 + 24 / lanes + wait + (8 * lineBytes) / lanes;
}

/** Clock cycles for which the core waits for a line. What the cache itself adds is not known and not counted. */
export function lineCycles(chip: Chip, mode: FlashMode): number {
  return (lineClocks(mode, chip.cache.line) * chip.clockMhz) / FLASH_MODES[mode].mhz;
}

const KB = 1024;
/** RAM of the engine in firmware/main (TINYLM_ENGINE_BYTES), and heap left free (TINYLM_SRAM_RESERVE with Wi-Fi). */
const ENGINE_BYTES = 48 * KB;
const RESERVE_BYTES = 96 * KB;
/** ASSUMPTION: static data of ESP-IDF, Wi-Fi and the application, and the tasks' stacks; on the C3 code in IRAM too. */
const SYSTEM_BYTES = 64 * KB;

/** What the firmware may fill with copies of matrices: usable SRAM less the engine, the system and the reserve. */
const copyRoom = (usable: number): number => usable - ENGINE_BYTES - SYSTEM_BYTES - RESERVE_BYTES;

/**
 * Cycles of the C3, one but for these: div 35 = 160 MHz / 4.6 M a second (WLED issue 4206, which also has add and mul
 * at the same rate); load, taken branch and jump 2, an ASSUMPTION that fits CoreMark: Espressif's component
 * (components.espressif.com, espressif/coremark 1.1.0) gives 409.25 iterations a second on an ESP32-C3 at 160 MHz with
 * GCC 12.2 -O3 and code in IRAM, and CoreMark d5fad6b built by Debian's GCC 12.2 -O3 executes 295,242 instructions an
 * iteration, of them 54,145 loads, 28,692 taken branches and 8,331 jumps: 386,410 modelled cycles against 390,959
 * measured (-1.2 %). Loads of 1.4 and transfers of 3 would fit as well; this engine loads a lot, so 2 is the careful
 * choice.
 */
const C3_CYCLES: ClassNumbers = {
  alu: 1,
  mul: 1,
  div: 35,
  load: 2,
  store: 1,
  branchTaken: 2,
  branchNotTaken: 1,
  jump: 2,
  system: 1,
};

/** Instructions of one CoreMark iteration on lx106 (d5fad6b, Debian's GCC, -O3, counted under QEMU). */
const COREMARK_LX106 = 279_700;
const fromCoreMark = (perSecond: number, mhz: number): number => (mhz * 1e6) / perSecond / COREMARK_LX106;

export const CHIPS: Readonly<Record<ChipName, Chip>> = {
  esp32: {
    name: 'esp32',
    title: 'ESP32',
    clockMhz: 240,
    isa: 'lx106',
    cycles: fromCoreMark(494.6, 240),
    cyclesFrom:
      'cycles an lx106 instruction: CoreMark 494.6 on one core at 240 MHz (ochrin/coremark) over the ' +
      `${COREMARK_LX106.toLocaleString('en-US')} instructions of an iteration on lx106`,
    // ESP32 Technical Reference Manual, "System and Memory": 32 KB a core, two ways, 32-byte lines
    cache: { bytes: 32 * KB, line: 32, ways: 2, code: true },
    copyBytes: copyRoom(320 * KB),
    copyBlock: 110 * KB,
    copyFrom: '320 KB of DRAM less 48 engine, 64 system (assumed), 96 reserve; largest block 110 KB',
  },
  esp32s3: {
    name: 'esp32s3',
    title: 'ESP32-S3',
    clockMhz: 240,
    isa: 'lx106',
    cycles: fromCoreMark(1181.6 / 2, 240),
    cyclesFrom:
      'cycles an lx106 instruction: CoreMark 1181.6 on two cores at 240 MHz (as cited from Espressif by others), halved, over ' +
      `the ${COREMARK_LX106.toLocaleString('en-US')} instructions of an iteration on lx106`,
    // firmware/sdkconfig.defaults.esp32s3: data cache of 64 KB with 64-byte lines, eight ways; code has its own cache
    cache: { bytes: 64 * KB, line: 64, ways: 8, code: false },
    copyBytes: copyRoom(333.75 * KB - 32 * KB),
    copyBlock: 93 * KB,
    copyFrom: '333.75 KB of DRAM less 32 for the larger cache, 48 engine, 64 system (assumed), 96 reserve',
  },
  esp32c3: {
    name: 'esp32c3',
    title: 'ESP32-C3',
    clockMhz: 160,
    isa: 'rv32imc',
    cycles: C3_CYCLES,
    cyclesFrom:
      'cycles by class: load, taken branch and jump 2, div 35, others 1 (within 1.2 % of CoreMark 409.25 at 160 MHz)',
    // ESP32-C3 datasheet 3.1.5: 16 KB, eight ways, 32-byte blocks, shared by code and data
    cache: { bytes: 16 * KB, line: 32, ways: 8, code: true },
    copyBytes: copyRoom(313 * KB),
    copyBlock: 105 * KB,
    copyFrom: '313 KB usable less 48 engine, 64 system (assumed), 96 reserve',
  },
};

export const CHIP_LIST: readonly ChipName[] = ['esp32', 'esp32s3', 'esp32c3'];
export const FLASH_MODE_LIST: readonly FlashMode[] = ['qio80', 'dio80', 'qio40', 'dio40'];

/** Clock cycles of instructions when nothing waits for flash. A total is enough where the chip has only an average. */
export function computeCycles(chip: Chip, counts: ClassNumbers | number): number {
  const { cycles } = chip;
  if (typeof cycles === 'number') return cycles * (typeof counts === 'number' ? counts : totalInstructions(counts));
  if (typeof counts === 'number') throw new RangeError(`${chip.title} needs counts by class, found a total`);
  return INSTRUCTION_CLASSES.reduce((sum, name) => sum + cycles[name] * counts[name], 0);
}

export const totalInstructions = (counts: ClassNumbers): number =>
  INSTRUCTION_CLASSES.reduce((sum, name) => sum + counts[name], 0);
