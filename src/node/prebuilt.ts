/** The firmware that travels with the package: the direct-boot image for the ESP32-C3. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prebuiltOf, type PrebuiltImage } from '../board/prebuilt.js';
import { TinyLMError } from '../model/errors.js';
import { packageRoot } from './assets.js';

/** Paths in the package. */
export const PREBUILT = {
  image: 'firmware/prebuilt/esp32c3-direct.bin',
  about: 'firmware/prebuilt/esp32c3-direct.json',
} as const;

/**
 * The image and what is known of it.
 * @throws TinyLMError `prebuilt-missing`, `prebuilt-damaged`
 */
export function readPrebuilt(): PrebuiltImage {
  const [image, about] = [PREBUILT.image, PREBUILT.about].map((path) => join(packageRoot(), path));
  for (const path of [image, about]) {
    if (!existsSync(path)) {
      throw new TinyLMError('prebuilt-missing', `${path} does not exist`, 'install the package again');
    }
  }
  return prebuiltOf(new Uint8Array(readFileSync(image)), readFileSync(about, 'utf8'), { image, about });
}
