/** The device room's second door: putting bytes on a board, over any transport. */
export {
  flashImage,
  flashModel,
  withFlasher,
  type FlashPart,
  type FlashProgress,
  type Flasher,
  type FlasherOptions,
} from './flasher.js';
export { CHIP_NAMES, espWebToolsManifest, readIdfBuild, type IdfBuild, type ManifestBuild } from './build.js';
export {
  MODEL_PARTITION,
  PARTITION_TABLE_BYTES,
  PARTITION_TABLE_OFFSET,
  checkFits,
  endOfPartitions,
  findModelPartition,
  parsePartitionCsv,
  readPartitionTable,
  writePartitionTable,
  type Partition,
} from './partitions.js';
export { md5, md5Hex } from './md5.js';
