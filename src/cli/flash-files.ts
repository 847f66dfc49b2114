/** What is to be flashed, from files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { object, parse } from 'valibot';
import { checkFlashSize, directBootOf, hex, type Firmware, type ModelBlob } from '../board/flash-plan.js';
import { PARTITION_TABLE_OFFSET, readIdfBuild, readPartitionTable } from '../device/flash/index.js';
import { Engine } from '../engine/index.js';
import { TinyLMError } from '../model/index.js';
import { whole } from '../model/record.js';
import { readWasm } from '../node/assets.js';
import { readBytes } from '../node/files.js';
import { readPrebuilt } from '../node/prebuilt.js';
import { modelPath, openTlm } from './model-source.js';

/**
 * A model that both readers, TypeScript's and the engine's, have checked.
 * @param force takes the bytes of a file as they are
 * @throws TinyLMError `tlm-…`, and what {@link openTlm} throws
 */
export async function loadModel(path: string, force = false): Promise<ModelBlob> {
  if (force) return { path, bytes: readBytes(modelPath(path)) };
  const { bytes, file } = openTlm(path);
  const engine = await Engine.load(readWasm('engine'), bytes, { kernel: 'reference' });
  return { path, bytes, config: file.model.config, engineBytes: engine.memoryBytes };
}

/** The firmware of an ESP-IDF build folder. @throws TinyLMError `idf-build`, `partition-table` */
export async function buildFirmware(folder: string): Promise<Firmware> {
  const { chip, parts, flashBytes } = await readIdfBuild(
    async (path) => new Uint8Array(await readFile(join(folder, path))),
  );
  const table = parts.find((p) => p.offset === PARTITION_TABLE_OFFSET);
  if (!table)
    throw new TinyLMError(
      'idf-build',
      `${folder}: flasher_args.json has nothing at ${hex(PARTITION_TABLE_OFFSET)}, where the partition table is`,
      'use the partition table offset of firmware/sdkconfig.defaults',
    );
  const engineLimit = await configured(folder);
  const firmware: Firmware = {
    name: `firmware of ${folder}`,
    chip,
    parts,
    partitions: readPartitionTable(table.data),
    directBoot: false,
    ...(flashBytes !== undefined && { flashBytes }),
    ...(engineLimit !== undefined && { engineLimit }),
  };
  checkFlashSize(firmware);
  return firmware;
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
export const directBootFirmware = (): Firmware => directBootOf(readPrebuilt());
