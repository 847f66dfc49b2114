/** A folder that the Arduino IDE or PlatformIO opens and builds: a chat over Serial, the library and a model. */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Engine } from '../engine/index.js';
import { packageRoot, readWasm } from '../node/assets.js';
import { libraryJson, LIBRARY, modelHeader, sketchSources, type LibraryFile } from '../node/library.js';
import { UsageError } from './errors.js';
import { VERSION } from '../run/version.js';

interface Board {
  /** Arduino's name of the board: package:core:board[:options] */
  readonly fqbn: string;
  /** PlatformIO's names */
  readonly platform: string;
  readonly board: string;
  /** what PlatformIO passes to the compiler */
  readonly flags?: string;
}

/** By `--chip`. On an S3 or C3 Serial is the chip's own USB; boards with a bridge say so in the files. */
export const BOARDS = {
  esp32: { fqbn: 'esp32:esp32:esp32', platform: 'espressif32', board: 'esp32dev' },
  esp32s3: {
    fqbn: 'esp32:esp32:esp32s3:CDCOnBoot=cdc',
    platform: 'espressif32',
    board: 'esp32-s3-devkitc-1',
    flags: '-DARDUINO_USB_MODE=1 -DARDUINO_USB_CDC_ON_BOOT=1',
  },
  esp32c3: {
    fqbn: 'esp32:esp32:esp32c3:CDCOnBoot=cdc',
    platform: 'espressif32',
    board: 'esp32-c3-devkitm-1',
    flags: '-DARDUINO_USB_MODE=1 -DARDUINO_USB_CDC_ON_BOOT=1',
  },
  rp2040: { fqbn: 'rp2040:rp2040:rpipico', platform: 'raspberrypi', board: 'pico' },
} as const satisfies Record<string, Board>;
export type BoardChip = keyof typeof BOARDS;

const MODEL_NAME = 'tinylm_model';
const EXAMPLE = 'SerialChat';

/** The header of a model for sketches; how much memory it needs is asked of the engine itself. */
export async function headerOf(tlm: Uint8Array, name: string = MODEL_NAME): Promise<string> {
  const { memoryBytes } = await Engine.load(readWasm('engine'), tlm);
  return modelHeader(tlm, name, memoryBytes);
}

const utf8 = (path: string, text: string): LibraryFile => ({ path, bytes: new TextEncoder().encode(text) });

/** The example, with the includes of a project that has all in its own folder. */
function sketch(library: string): string {
  const text = readFileSync(join(packageRoot(), 'arduino/examples', EXAMPLE, `${EXAMPLE}.ino`), 'utf8');
  return text.replace('#include <TinyLM.h>', `#include ${library}`).replace('<models/stories.h>', '"model.h"');
}

const USB =
  'Serial is the USB connector of the chip itself. On a board whose USB goes through a bridge (CP210x, CH340)';

/**
 * The files of a sketch folder, which bears the sketch's name.
 * @param folder as given; only its last part matters
 * @throws UsageError when that is no name for a sketch
 */
export async function arduinoProject(folder: string, tlm: Uint8Array, chip: BoardChip): Promise<LibraryFile[]> {
  const name = basename(resolve(folder));
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/.test(name))
    throw new UsageError(
      `"${name}" is no name for a sketch`,
      'letters, digits, _, . and -, at most 63, as in --arduino MyStories',
    );
  const { fqbn } = BOARDS[chip];
  const note = fqbn.includes('CDCOnBoot') ? `# ${USB}\n# take the options after the third colon away.\n` : '';
  return [
    utf8(`${name}.ino`, sketch('"src/TinyLM.h"')),
    utf8('model.h', await headerOf(tlm)),
    utf8('sketch.yaml', `${note}default_fqbn: ${fqbn}\n`),
    ...sketchSources('src/'),
  ];
}

/** The files of a PlatformIO project. */
export async function platformioProject(tlm: Uint8Array, chip: BoardChip): Promise<LibraryFile[]> {
  const { platform, board, flags }: Board = BOARDS[chip];
  const usb = flags === undefined ? '' : `; ${USB}\n; remove this line.\nbuild_flags = ${flags}\n`;
  const head = `[env:${chip}]\nplatform = ${platform}\nboard = ${board}\n`;
  const ini = `${head}framework = arduino\nmonitor_speed = 115200\n${usb}`;
  return [
    utf8('platformio.ini', ini),
    utf8('src/main.cpp', `#include <Arduino.h>\n\n${sketch('<TinyLM.h>')}`),
    utf8('include/model.h', await headerOf(tlm)),
    utf8(`lib/${LIBRARY.name}/library.json`, libraryJson({ version: VERSION })),
    ...sketchSources(`lib/${LIBRARY.name}/src/`),
  ];
}
