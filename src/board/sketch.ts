/** A folder that the Arduino IDE or PlatformIO opens and builds: a chat over Serial, the library and a model. */
import { cHeader } from '../format/index.js';
import { UsageError, type OpenEngine } from '../run/index.js';

/** A file of a package, its path with slashes. */
export interface LibraryFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What such a folder is made of besides the model. */
export interface SketchParts {
  /** The text of the example. */
  readonly example: string;
  /** The library's sources: the face for sketches, and the engine in a folder of its own. */
  readonly sources: readonly LibraryFile[];
}

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
/** The example that is taken. */
export const EXAMPLE = 'SerialChat';

/**
 * A model as a header for sketches: the bytes, and how much memory the engine needs for them.
 * @param memoryBytes what `tlm_memory_bytes` says with the default table budget
 */
export function modelHeader(bytes: Uint8Array, name: string, memoryBytes: number): string {
  const define = `#define ${name.toUpperCase()}_MEMORY ${memoryBytes}u`;
  const memory = `/* Bytes of memory that the engine needs for it. */\n${define}\n\n`;
  return cHeader(bytes, name).replace('static const uint32_t', () => `${memory}static const uint32_t`);
}

/** The header of a model for sketches; how much memory it needs is asked of the engine itself. */
export async function headerOf(tlm: Uint8Array, open: OpenEngine, name: string = MODEL_NAME): Promise<string> {
  return modelHeader(tlm, name, (await open(tlm)).memoryBytes);
}

const within = (folder: string, files: readonly LibraryFile[]): LibraryFile[] =>
  files.map(({ path, bytes }) => ({ path: folder + path, bytes }));
const utf8 = (path: string, text: string): LibraryFile => ({ path, bytes: new TextEncoder().encode(text) });

/** The example, with the includes of a project that has all in its own folder. */
function sketch(example: string, library: string): string {
  return example.replace('#include <TinyLM.h>', `#include ${library}`).replace('<models/stories.h>', '"model.h"');
}

const USB =
  'Serial is the USB connector of the chip itself. On a board whose USB goes through a bridge (CP210x, CH340)';

/**
 * The files of a sketch folder, which bears the sketch's name.
 * @param name of that folder
 * @throws UsageError when that is no name for a sketch
 */
export async function arduinoProject(
  name: string,
  tlm: Uint8Array,
  chip: BoardChip,
  { example, sources }: SketchParts,
  open: OpenEngine,
): Promise<LibraryFile[]> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/.test(name))
    throw new UsageError(
      `"${name}" is no name for a sketch`,
      'letters, digits, _, . and -, at most 63, as in --arduino MyStories',
    );
  const { fqbn } = BOARDS[chip];
  const note = fqbn.includes('CDCOnBoot') ? `# ${USB}\n# take the options after the third colon away.\n` : '';
  return [
    utf8(`${name}.ino`, sketch(example, '"src/TinyLM.h"')),
    utf8('model.h', await headerOf(tlm, open)),
    utf8('sketch.yaml', `${note}default_fqbn: ${fqbn}\n`),
    ...within('src/', sources),
  ];
}

/**
 * The files of a PlatformIO project.
 * @param library its name, and its library.json
 */
export async function platformioProject(
  tlm: Uint8Array,
  chip: BoardChip,
  { example, sources }: SketchParts,
  library: { readonly name: string; readonly json: string },
  open: OpenEngine,
): Promise<LibraryFile[]> {
  const { platform, board, flags }: Board = BOARDS[chip];
  const usb = flags === undefined ? '' : `; ${USB}\n; remove this line.\nbuild_flags = ${flags}\n`;
  const head = `[env:${chip}]\nplatform = ${platform}\nboard = ${board}\n`;
  const ini = `${head}framework = arduino\nmonitor_speed = 115200\n${usb}`;
  return [
    utf8('platformio.ini', ini),
    utf8('src/main.cpp', `#include <Arduino.h>\n\n${sketch(example, '<TinyLM.h>')}`),
    utf8('include/model.h', await headerOf(tlm, open)),
    utf8(`lib/${library.name}/library.json`, library.json),
    ...within(`lib/${library.name}/src/`, sources),
  ];
}
