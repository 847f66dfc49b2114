/** What is to be flashed from an ESP-IDF build folder, and the manifest with which a web page flashes it. */
import * as v from 'valibot';
import { TinyLMError } from '../../model/errors.js';
import { readJsonRecord, text } from '../../model/record.js';
import type { FlashPart } from './flasher.js';
import { PARTITION_TABLE_OFFSET } from './partitions.js';

/** Chip names as esptool-js and esp-web-tools write them, by ESP-IDF target. */
export const CHIP_NAMES: Readonly<Record<string, string>> = {
  esp32: 'ESP32',
  esp32s2: 'ESP32-S2',
  esp32s3: 'ESP32-S3',
  esp32c2: 'ESP32-C2',
  esp32c3: 'ESP32-C3',
  esp32c6: 'ESP32-C6',
  esp32h2: 'ESP32-H2',
  esp32p4: 'ESP32-P4',
};

export interface IdfBuild {
  /** e.g. ESP32-C3 */
  chip: string;
  /** by offset */
  parts: (FlashPart & { name: string })[];
  /** bytes of flash that it was built for, where it says so: the bootloader's header, or flasher_args.json */
  flashBytes: number | undefined;
}

const MB = 1 << 20;

/**
 * Bytes of flash that an image of ESP-IDF was built for: the upper half of its fourth byte, 0 for 1 MB to 7 for 128 MB
 * (ESP-IDF, esp_image_header_t). The bootloader does not start where the chip has less.
 */
function headerFlashBytes(image: Uint8Array | undefined): number | undefined {
  if (image === undefined || image.length < 24 || image[0] !== IMAGE_MAGIC) return undefined;
  const power = image[3] >> 4;
  return power <= 7 ? MB << power : undefined;
}

const IMAGE_MAGIC = 0xe9;

/** `8MB` of flasher_args.json; `detect` and `keep` say nothing. */
function argsFlashBytes(text: string | undefined): number | undefined {
  const match = /^(\d+)MB$/i.exec(text ?? '');
  return match ? Number(match[1]) * MB : undefined;
}

/** The part of flasher_args.json that is used. */
const ArgsSchema = v.object({
  flash_files: v.optional(v.record(v.string(), text())),
  flash_settings: v.optional(v.object({ flash_size: v.optional(text(64)) })),
  extra_esptool_args: v.optional(v.object({ chip: v.optional(text(64)) })),
});

/**
 * Reads flasher_args.json of an ESP-IDF build folder and the files it names: bootloader, partition table, app, and
 * whatever else the project flashes (the model).
 * @param read a file by its path relative to the build folder; throws when it does not exist
 * @throws TinyLMError `idf-build`
 */
export async function readIdfBuild(read: (path: string) => Promise<Uint8Array>): Promise<IdfBuild> {
  const hint = 'give the build folder of an ESP-IDF project, after idf.py build';
  const load = async (path: string): Promise<Uint8Array> => {
    try {
      return await read(path);
    } catch (e) {
      throw new TinyLMError('idf-build', `the build folder has no ${path}: ${(e as Error).message}`, hint);
    }
  };
  const json = new TextDecoder().decode(await load('flasher_args.json'));
  const args = readJsonRecord(ArgsSchema, json, 'flasher_args.json', { code: 'idf-build', hint });
  const target = args.extra_esptool_args?.chip ?? '';
  const chip = CHIP_NAMES[target];
  if (chip === undefined || !Object.hasOwn(CHIP_NAMES, target)) {
    throw new TinyLMError(
      'idf-build',
      `flasher_args.json is for the chip "${target}"; expected one of ` + Object.keys(CHIP_NAMES).join(', '),
      hint,
    );
  }
  const files = Object.entries(args.flash_files ?? {});
  if (files.length === 0) throw new TinyLMError('idf-build', 'flasher_args.json names no flash_files', hint);
  const parts: IdfBuild['parts'] = [];
  for (const [offset, path] of files) {
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(offset)) {
      throw new TinyLMError('idf-build', `flasher_args.json has the offset "${offset}"; expected e.g. 0x10000`, hint);
    }
    parts.push({ offset: Number(offset), data: await load(path), name: path });
  }
  parts.sort((a, b) => a.offset - b.offset);
  const said = argsFlashBytes(args.flash_settings?.flash_size);
  const header = headerFlashBytes(parts.find((p) => p.offset < PARTITION_TABLE_OFFSET)?.data);
  return { chip, parts, flashBytes: header ?? said };
}

/** One chip's files, as paths relative to the manifest. */
export interface ManifestBuild {
  chip: string;
  parts: readonly { path: string; offset: number }[];
}

/**
 * The manifest that esp-web-tools reads to flash from a web page.
 * `new_install_prompt_erase` lets it ask before it erases settings.
 */
export function espWebToolsManifest(name: string, version: string, builds: readonly ManifestBuild[]): string {
  return (
    JSON.stringify(
      {
        name,
        version,
        new_install_prompt_erase: true,
        builds: builds.map((b) => ({
          chipFamily: b.chip,
          parts: [...b.parts].sort((x, y) => x.offset - y.offset).map((p) => ({ path: p.path, offset: p.offset })),
        })),
      },
      null,
      2,
    ) + '\n'
  );
}
