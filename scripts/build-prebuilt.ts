/**
 * Builds the direct-boot image that travels with the package, so that `tinylm simulate` and
 * `tinylm flash --direct-boot` need no compiler: firmware/prebuilt/esp32c3-direct.bin and what is known of it in the
 * .json beside it. Run it after any change of the engine or the firmware; it needs make and the Debian package
 * gcc-riscv64-unknown-elf.
 *
 *   npm run build && node dist/scripts/build-prebuilt.js
 *
 * The same sources, flags and compiler give the same bytes, wherever the repository stands.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeviceClient } from '../src/device/index.js';
import { VirtualBoard } from '../src/device/chip/index.js';
import {
  PARTITION_TABLE_BYTES,
  PARTITION_TABLE_OFFSET,
  findModelPartition,
  readPartitionTable,
  type Partition,
} from '../src/device/flash/index.js';
import { packageRoot } from '../src/node/assets.js';
import type { Prebuilt } from '../src/board/prebuilt.js';
import { PREBUILT } from '../src/node/prebuilt.js';

const root = packageRoot();
const TOOL = 'riscv64-unknown-elf-';
const SECTOR = 4096;
/** HTTP is not part of this image (firmware/ports/Makefile leaves these out too). */
const LEFT_OUT = /\/fw_(http|openai|page)\.c$/;

/** Everything that the image is made of: sources, headers, linker script, and the Makefile with its flags. */
export function prebuiltSources(): string[] {
  const folders = [
    'engine/include',
    'engine/src',
    'firmware/app',
    'firmware/ports/bare',
    'firmware/ports/esp32c3-direct',
  ];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((f) => /\.(c|h|ld)$/.test(f))
      .sort()
      .map((f) => `${folder}/${f}`),
  );
  return [...files.filter((f) => !LEFT_OUT.test(f)), 'firmware/ports/Makefile'];
}

/** SHA-256 over names and contents of the sources, in hexadecimal; line ends count as LF. */
export function sourceHash(): string {
  const hash = createHash('sha256');
  for (const file of prebuiltSources()) {
    hash.update(`${file}\n${readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n')}\n`);
  }
  return hash.digest('hex');
}

/** Versions of compiler and linker as they state them; undefined when one is missing. */
export function toolVersions(): { compiler: string; linker: string } | undefined {
  const first = (tool: string): string | undefined => {
    const run = spawnSync(TOOL + tool, ['--version'], { encoding: 'utf8' });
    return run.error ? undefined : run.stdout.split('\n')[0].trim();
  };
  const [compiler, linker] = [first('gcc'), first('ld')];
  return compiler === undefined || linker === undefined ? undefined : { compiler, linker };
}

/** Compiles the image. @throws Error with the compiler's words */
export function buildImage(): Uint8Array {
  const out = mkdtempSync(join(tmpdir(), 'tinylm-prebuilt-'));
  try {
    // No path of this machine may get into the image, nor a name that differs from run to run.
    const extra = `-ffile-prefix-map=${root}=. -fno-ident -Wl,--build-id=none`;
    const words = ['-s', '-C', join(root, 'firmware/ports'), 'esp32c3-direct', `OUT=${out}`, `EXTRA=${extra}`];
    const run = spawnSync('make', words, { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.error?.message ?? run.stderr);
    return new Uint8Array(readFileSync(join(out, 'esp32c3-direct.bin')));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const tableOf = (image: Uint8Array): Partition[] =>
  readPartitionTable(image.subarray(PARTITION_TABLE_OFFSET, PARTITION_TABLE_OFFSET + PARTITION_TABLE_BYTES));

/**
 * The parts of the image that have to be written, whole sectors of filler between them left out: there NVS is.
 * @returns by offset: what the ROM starts, the partition table, the program
 */
function partsOf(image: Uint8Array): Prebuilt['parts'] {
  const program = tableOf(image).find((p) => p.type === 0);
  if (!program) throw new Error('the partition table of the image has no app');
  let headBytes = SECTOR;
  while (headBytes > 4 && image[headBytes - 1] === 0xff) headBytes--;
  const filler = image.subarray(SECTOR, PARTITION_TABLE_OFFSET);
  if (!filler.every((b) => b === 0xff)) throw new Error('the head is longer than a sector');
  return [
    { name: 'start', offset: 0, bytes: headBytes },
    { name: 'partition table', offset: PARTITION_TABLE_OFFSET, bytes: PARTITION_TABLE_BYTES },
    { name: 'program', offset: program.offset, bytes: image.length - program.offset },
  ];
}

/** What the image says about itself when it boots without a model. */
async function ask(image: Uint8Array): Promise<Prebuilt['ram'] & { version: string }> {
  const board = new VirtualBoard();
  board.chip.flash.program(0, image);
  board.powerOn();
  const client = new DeviceClient(board.port(), { timeoutMs: 20_000 });
  await client.open();
  try {
    const { version, ram, device } = await client.info();
    return { version, engine: ram.engine_limit, all: Number(device['ram_bytes']) };
  } finally {
    await client.close();
    board.powerOff();
  }
}

export async function describeImage(image: Uint8Array): Promise<Prebuilt> {
  const versions = toolVersions();
  if (!versions) throw new Error(`${TOOL}gcc is missing (Debian: apt-get install gcc-riscv64-unknown-elf)`);
  const { version, ...ram } = await ask(image);
  const model = findModelPartition(tableOf(image));
  return {
    about: 'ESP32-C3, direct boot, experimental: never run on silicon. Made by scripts/build-prebuilt.ts.',
    chip: 'ESP32-C3',
    version,
    bytes: image.length,
    sha256: createHash('sha256').update(image).digest('hex'),
    sources: sourceHash(),
    ...versions,
    parts: partsOf(image),
    ram,
    model: { offset: model.offset, bytes: model.bytes },
  };
}

/** The file is whole or not there. */
function writeWhole(path: string, data: Uint8Array | string): void {
  writeFileSync(`${path}.${process.pid}`, data);
  renameSync(`${path}.${process.pid}`, path);
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    const image = buildImage();
    const paths = { image: join(root, PREBUILT.image), about: join(root, PREBUILT.about) };
    const same = existsSync(paths.image) && Buffer.from(image).equals(readFileSync(paths.image));
    const about = await describeImage(image);
    writeWhole(paths.image, image);
    writeWhole(paths.about, `${JSON.stringify(about, null, 2)}\n`);
    console.log(`prebuilt: ${PREBUILT.image}, ${image.length} bytes${same ? ', as before' : ''}`);
  } catch (error) {
    console.error(`build-prebuilt: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
