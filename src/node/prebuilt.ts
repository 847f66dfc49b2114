/** The firmware that travels with the package: the direct-boot image for the ESP32-C3. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { TinyLMError } from '../model/errors.js';
import { readJsonRecord, text, whole } from '../model/record.js';
import { packageRoot } from './assets.js';

/** Paths in the package. */
export const PREBUILT = {
  image: 'firmware/prebuilt/esp32c3-direct.bin',
  about: 'firmware/prebuilt/esp32c3-direct.json',
} as const;

/** What firmware/prebuilt/esp32c3-direct.json says. */
export interface Prebuilt {
  readonly about: string;
  readonly chip: string;
  /** of the firmware */
  readonly version: string;
  readonly bytes: number;
  /** of the image, in hexadecimal */
  readonly sha256: string;
  /** SHA-256 over the sources and flags it was built from (scripts/build-prebuilt.ts) */
  readonly sources: string;
  readonly compiler: string;
  readonly linker: string;
  /** what has to be written, as ranges of the image and of flash alike; between them nothing of it lies (NVS does) */
  readonly parts: readonly { readonly name: string; readonly offset: number; readonly bytes: number }[];
  /** bytes of RAM: the most that a model may ask of the engine, and all that the program takes, stack included */
  readonly ram: { readonly engine: number; readonly all: number };
  /** the model partition of its table */
  readonly model: { readonly offset: number; readonly bytes: number };
}

const bytes = () => whole(0, 2 ** 32);
const PrebuiltSchema = v.object({
  about: text(), chip: text(64), version: text(64), bytes: bytes(), sha256: text(64), sources: text(64),
  compiler: text(), linker: text(),
  parts: v.array(v.object({ name: text(), offset: bytes(), bytes: bytes() })),
  ram: v.object({ engine: bytes(), all: bytes() }),
  model: v.object({ offset: bytes(), bytes: bytes() }),
}) satisfies v.GenericSchema<Prebuilt>;

/**
 * The image and what is known of it.
 * @throws TinyLMError `prebuilt-missing`, `prebuilt-damaged`
 */
export function readPrebuilt(): { image: Uint8Array; about: Prebuilt } {
  const [image, about] = [PREBUILT.image, PREBUILT.about].map((path) => join(packageRoot(), path));
  for (const path of [image, about]) {
    if (!existsSync(path)) {
      throw new TinyLMError('prebuilt-missing', `${path} does not exist`, 'install the package again');
    }
  }
  const bytes = new Uint8Array(readFileSync(image));
  const errors = { code: 'prebuilt-damaged', hint: 'install the package again' };
  const described: Prebuilt = readJsonRecord(PrebuiltSchema, readFileSync(about, 'utf8'), about, errors);
  if (createHash('sha256').update(bytes).digest('hex') !== described.sha256) {
    throw new TinyLMError('prebuilt-damaged', `${image} is not the image that ${PREBUILT.about} describes`,
      'install the package again');
  }
  return { image: bytes, about: described };
}
