/** The firmware that travels with the package: the direct-boot image for the ESP32-C3, and what is known of it. */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import * as v from 'valibot';
import { TinyLMError } from '../model/errors.js';
import { readJsonRecord, text, whole } from '../model/record.js';

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
  about: text(),
  chip: text(64),
  version: text(64),
  bytes: bytes(),
  sha256: text(64),
  sources: text(64),
  compiler: text(),
  linker: text(),
  parts: v.array(v.object({ name: text(), offset: bytes(), bytes: bytes() })),
  ram: v.object({ engine: bytes(), all: bytes() }),
  model: v.object({ offset: bytes(), bytes: bytes() }),
}) satisfies v.GenericSchema<Prebuilt>;

export interface PrebuiltImage {
  readonly image: Uint8Array;
  readonly about: Prebuilt;
}

/**
 * The image with what its JSON says of it.
 * @param names of both, for messages
 * @throws TinyLMError `prebuilt-damaged`
 */
export function prebuiltOf(image: Uint8Array, json: string, names: { image: string; about: string }): PrebuiltImage {
  const errors = { code: 'prebuilt-damaged', hint: 'install the package again' };
  const about: Prebuilt = readJsonRecord(PrebuiltSchema, json, names.about, errors);
  if (bytesToHex(sha256(image)) !== about.sha256)
    throw new TinyLMError(
      'prebuilt-damaged',
      `${names.image} is not the image that ${names.about} describes`,
      'install the package again',
    );
  return { image, about };
}
