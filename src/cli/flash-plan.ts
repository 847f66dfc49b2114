/** What is to be written where, and whether it can work: known before the board is asked, as far as possible. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { object, parse } from 'valibot';
import {
  checkFits,
  findModelPartition,
  PARTITION_TABLE_BYTES,
  PARTITION_TABLE_OFFSET,
  readIdfBuild,
  readPartitionTable,
  type FlashPart,
  type Partition,
} from '../device/index.js';
import { Engine } from '../engine/index.js';
import { TinyLMError, type ModelConfig } from '../model/index.js';
import { whole } from '../model/record.js';
import { readWasm } from '../node/assets.js';
import { readBytes } from '../node/files.js';
import { readPrebuilt } from '../node/prebuilt.js';
import { openTlm } from './model-source.js';
import { count } from './values.js';

/** A model to be written. */
export interface ModelBlob {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** unless it was not checked */
  readonly config?: ModelConfig;
  /** bytes of RAM that the engine needs at least, with its smallest tables */
  readonly engineBytes?: number;
}

/**
 * A model that both readers, TypeScript's and the engine's, have checked.
 * @param force takes the bytes of a file as they are
 * @throws TinyLMError `tlm-…`, and what {@link openTlm} throws
 */
export async function loadModel(path: string, force = false): Promise<ModelBlob> {
  if (force) return { path, bytes: readBytes(path) };
  const { bytes, file } = openTlm(path);
  const engine = await Engine.load(readWasm('engine'), bytes, { kernel: 'reference' });
  return { path, bytes, config: file.model.config, engineBytes: engine.memoryBytes };
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
  /** experimental image without bootloader */
  readonly directBoot: boolean;
}

export type NamedPart = FlashPart & { readonly name: string };

/** The firmware of an ESP-IDF build folder. @throws TinyLMError `idf-build`, `partition-table` */
export async function buildFirmware(folder: string): Promise<Firmware> {
  const { chip, parts } = await readIdfBuild(async (path) => new Uint8Array(await readFile(join(folder, path))));
  const table = parts.find((p) => p.offset === PARTITION_TABLE_OFFSET);
  if (!table)
    throw new TinyLMError(
      'idf-build',
      `${folder}: flasher_args.json has nothing at ${hex(PARTITION_TABLE_OFFSET)}, where the partition table is`,
      'use the partition table offset of firmware/sdkconfig.defaults',
    );
  const engineLimit = await configured(folder);
  return {
    name: `firmware of ${folder}`,
    chip,
    parts,
    partitions: readPartitionTable(table.data),
    directBoot: false,
    ...(engineLimit !== undefined && { engineLimit }),
  };
}

const ConfigSchema = object({ TINYLM_ENGINE_BYTES: whole(1, 2 ** 32) });

/** TINYLM_ENGINE_BYTES of a build; a project of another kind has none. */
async function configured(folder: string): Promise<number | undefined> {
  try {
    const config: unknown = JSON.parse(await readFile(join(folder, 'config', 'sdkconfig.json'), 'utf8'));
    return parse(ConfigSchema, config).TINYLM_ENGINE_BYTES;
  } catch {
    return undefined;
  }
}

/** The image that travels with the package. @throws TinyLMError `prebuilt-…` */
export function directBootFirmware(): Firmware {
  const { image, about } = readPrebuilt();
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
