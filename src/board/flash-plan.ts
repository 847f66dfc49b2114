/** What is to be written where, and whether it can work: known before the board is asked, as far as possible. */
import {
  checkFits,
  endOfPartitions,
  findModelPartition,
  PARTITION_TABLE_BYTES,
  PARTITION_TABLE_OFFSET,
  readPartitionTable,
  type FlashPart,
  type Partition,
} from '../device/flash/index.js';
import { TinyLMError, type ModelConfig } from '../model/index.js';
import { count } from '../run/words.js';
import type { PrebuiltImage } from './prebuilt.js';

/** A model to be written. */
export interface ModelBlob {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** unless it was not checked */
  readonly config?: ModelConfig;
  /** bytes of RAM that the engine needs at least, with its smallest tables */
  readonly engineBytes?: number;
}

/** What a board needs besides the model. */
export interface Firmware {
  /** in words */
  readonly name: string;
  readonly chip: string;
  readonly parts: readonly NamedPart[];
  readonly partitions: readonly Partition[];
  /** bytes of RAM that it has for a model, where known */
  readonly engineLimit?: number;
  /** bytes of flash that it was built for, where it says so */
  readonly flashBytes?: number;
  /** experimental image without bootloader */
  readonly directBoot: boolean;
}

export type NamedPart = FlashPart & { readonly name: string };

const megabytes = (bytes: number): string => `${Number((bytes / 2 ** 20).toFixed(2))} MB`;

/**
 * What a firmware takes for granted about its flash, against itself and against the chip's: a bootloader that was built
 * for more than there is resets for ever, and so does one whose partition table reaches beyond.
 * @param chipBytes of the chip, where it is known already
 * @throws TinyLMError `flash-size`
 */
export function checkFlashSize({ name, flashBytes, partitions }: Firmware, chipBytes?: number): void {
  const end = endOfPartitions(partitions);
  const wrong = (what: string, hint: string): TinyLMError => new TinyLMError('flash-size', `${name}: ${what}`, hint);
  const build =
    'set the size that this board has (CONFIG_ESPTOOLPY_FLASHSIZE) and a partition table for it, and build again';
  if (flashBytes !== undefined && end > flashBytes)
    throw wrong(
      `its partition table ends at ${megabytes(end)}, but it is built for ${megabytes(flashBytes)} of flash`,
      build,
    );
  if (chipBytes === undefined) return;
  if (flashBytes !== undefined && flashBytes > chipBytes)
    throw wrong(
      `it is built for ${megabytes(flashBytes)} of flash, but this chip has ${megabytes(chipBytes)}: it would not start`,
      build,
    );
  if (end > chipBytes)
    throw wrong(
      `its partition table ends at ${megabytes(end)}, but this chip has ${megabytes(chipBytes)} of flash`,
      build,
    );
}

/** The image that travels with the package. */
export function directBootOf({ image, about }: PrebuiltImage): Firmware {
  const table = image.subarray(PARTITION_TABLE_OFFSET, PARTITION_TABLE_OFFSET + PARTITION_TABLE_BYTES);
  return {
    name: `direct-boot image, version ${about.version}`,
    chip: about.chip,
    parts: about.parts.map(({ name, offset, bytes }) => ({ name, offset, data: image.slice(offset, offset + bytes) })),
    partitions: readPartitionTable(table),
    engineLimit: about.ram.engine,
    directBoot: true,
  };
}

/**
 * The model's part.
 * @param engineLimit bytes of RAM that the firmware has for it, where known
 * @throws TinyLMError `no-model-partition`, `model-too-large`, `model-ram`
 */
export function modelPart(model: ModelBlob, partitions: readonly Partition[], engineLimit?: number): NamedPart {
  const partition = findModelPartition(partitions);
  checkFits(model.bytes.length, partition);
  checkRam(model, engineLimit);
  return { name: 'model', offset: partition.offset, data: model.bytes };
}

/** @throws TinyLMError `model-ram` */
export function checkRam({ engineBytes }: ModelBlob, limit: number | undefined): void {
  if (engineBytes === undefined || limit === undefined || engineBytes <= limit) return;
  throw new TinyLMError(
    'model-ram',
    `the engine needs ${count(engineBytes)} bytes of RAM for this model, but the firmware has ${count(limit)} for it`,
    'train a smaller model (tinylm budget says what a size needs), or build the firmware with more TINYLM_ENGINE_BYTES',
  );
}

/** All parts by offset; a model in a build gives way to the one that was named. */
export function allParts(firmware: Firmware, model: NamedPart | undefined): NamedPart[] {
  const rest = firmware.parts.filter((p) => p.offset !== model?.offset);
  return [...rest, ...(model ? [model] : [])].sort((a, b) => a.offset - b.offset);
}

export const hex = (value: number): string => `0x${value.toString(16)}`;
