/** The device room's third door: standing in for a board. */
export { VirtualBoard, type BoardOptions, type BoardState } from './board.js';
export { VirtualC3, type C3Options, type RunResult } from './c3.js';
export type { ResetReason } from './c3-devices.js';
export { VirtMachine } from './virt.js';
export { C3_CACHE, CacheModel, type CacheCounts, type CacheShape } from './cache.js';
export { countsSince, totalOf, type ClassCounts } from './counts.js';
export { countTokens, MeasuredC3, type TokenCounts } from './count-tokens.js';
export { parseElf, type Elf, type ElfSymbol } from './elf.js';
export { ChipTrapError } from './trap.js';
export { FakeRom } from './rom.js';
export { NorFlash } from './norflash.js';
