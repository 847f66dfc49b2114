/**
 * The device room: reaching a board (transports), putting bytes on it (flash), and standing in for it (chip). It knows
 * no model: a model is a blob here.
 */
export * from './transport.js';
export { within } from './deadline.js';
export { SerialTransport, listDevices, serialBackend, serialError, type DeviceInfo,
  type SerialBackend } from './serial.js';
export { BUSY_LINE, TcpTransport, WebSocketTransport, type TcpConnect, type WebSocketConstructor } from './network.js';
export { attachToPty, openPty, type ByteTalker, type Pty, type Spawn } from './pty.js';

export { flashImage, flashModel, withFlasher, type FlashPart, type FlashProgress, type Flasher,
  type FlasherOptions } from './flash/flasher.js';
export { CHIP_NAMES, espWebToolsManifest, readIdfBuild, type IdfBuild, type ManifestBuild } from './flash/build.js';
export { MODEL_PARTITION, PARTITION_TABLE_BYTES, PARTITION_TABLE_OFFSET, checkFits, endOfPartitions, findModelPartition,
  parsePartitionCsv, readPartitionTable, writePartitionTable, type Partition } from './flash/partitions.js';
export { md5, md5Hex } from './flash/md5.js';

export { VirtualBoard, type BoardOptions, type BoardState } from './chip/board.js';
export { VirtualC3, type C3Options, type RunResult } from './chip/c3.js';
export type { ResetReason } from './chip/c3-devices.js';
export { VirtMachine } from './chip/virt.js';
export { C3_CACHE, CacheModel, type CacheCounts, type CacheShape } from './chip/cache.js';
export { countsSince, totalOf, type ClassCounts } from './chip/counts.js';
export { countTokens, MeasuredC3, type TokenCounts } from './chip/count-tokens.js';
export { parseElf, type Elf, type ElfSymbol } from './chip/elf.js';
export { ChipTrapError } from './chip/trap.js';
export { FakeRom } from './chip/rom.js';
export { NorFlash } from './chip/norflash.js';

export { DEVICE_ERRORS, FrameReader, PROTOCOL, crc32, encodeFrame, type DeviceErrorCode, type Frame,
  type Received } from './protocol.js';
export { DeviceClient } from './client.js';
export type { BenchResult, ClientOptions, DeviceModel, DeviceSettings, DeviceStatus, GenerateOptions, GenerateResult,
  Generation } from './client-types.js';
