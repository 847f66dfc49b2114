/** Flashing a board over any transport: what is looked at before, what is written, what it is left with. */
import { withFlasher, type Flasher, type FlasherOptions } from '../device/flash/index.js';
import { TinyLMError } from '../model/errors.js';
import { checkFlashSize, hex, modelPart, type Firmware, type ModelBlob, type NamedPart } from './flash-plan.js';

export interface FlashJob extends Omit<FlasherOptions, 'expectChip'> {
  readonly model: ModelBlob | undefined;
  /** Without one the model goes where the table on the board says. */
  readonly firmware: Firmware | undefined;
  /** With a firmware all parts; else filled in. */
  readonly parts: NamedPart[];
  readonly erase: boolean;
  /** Looks, and writes nothing. */
  readonly dryRun: boolean;
  /** Bytes of RAM that the direct-boot image of the package has for a model. */
  readonly directBootRam: () => number;
}

/** @throws TinyLMError what `withFlasher` throws, `flash-size`, `flash-revision`, and what `modelPart` throws */
export async function flashBoard(job: FlashJob): Promise<void> {
  const { model, firmware, parts, erase, dryRun, directBootRam, ...options } = job;
  await withFlasher({ ...options, ...(firmware && { expectChip: firmware.chip }) }, async (flasher) => {
    if (firmware) checkFlashSize(firmware, flasher.flashBytes);
    if (firmware?.directBoot) await checkRevision(flasher);
    if (!firmware) parts.push(await partOnBoard(model!, flasher, directBootRam));
    if (dryRun) return;
    if (erase) await flasher.erase();
    await flasher.write(parts);
  });
}

/** Direct boot came with revision v0.3 (espressif/esp32c3-direct-boot-example). @throws TinyLMError `flash-revision` */
async function checkRevision(flasher: Flasher): Promise<void> {
  const revision = await flasher.revision();
  if (!revision || revision.major > 0 || revision.minor >= 3) return;
  throw new TinyLMError(
    'flash-revision',
    `this ${flasher.chip} is of revision v${revision.major}.${revision.minor}, direct boot needs v0.3 or later`,
    'build the ESP-IDF project and flash it with --build',
  );
}

/** The model's place by the table on the board. */
export async function partOnBoard(model: ModelBlob, flasher: Flasher, directBootRam: () => number): Promise<NamedPart> {
  const partitions = await flasher.partitions();
  const part = modelPart(model, partitions, await knownRam(flasher, directBootRam));
  const { flashBytes } = flasher;
  const end = part.offset + model.bytes.length;
  if (flashBytes !== undefined && end > flashBytes)
    throw new TinyLMError(
      'flash-size',
      `the partition table on the board puts the model's end at ${hex(end)}, but its flash ends at ${hex(flashBytes)}`,
      'its firmware was built for a larger chip: build it for this one, and flash it with --build',
    );
  return part;
}

/** What the firmware on the board has for a model: known for the direct-boot image only, by its first words. */
async function knownRam(flasher: Flasher, directBootRam: () => number): Promise<number | undefined> {
  const head = new DataView((await flasher.read(0, 16)).slice().buffer);
  return head.getUint32(0, true) === 0xaedb041d ? directBootRam() : undefined;
}

/** How far flashing came. */
export interface Flashed {
  readonly written: readonly { readonly name: string }[];
  /** the part that was being written when it ended, or the first of those still to come */
  readonly unfinished: { readonly name: string } | undefined;
  /** whether anything of flash may have changed */
  readonly touched: boolean;
}

/** What the board is left with when flashing ended early, and the way out. */
export function boardState({ touched, unfinished, written }: Flashed, firmware: Firmware | undefined): string[] {
  if (!touched) return ['Nothing was written: the board is as it was.'];
  const done = written.length > 0 ? [`Written and verified: ${written.map((w) => w.name).join(', ')}.`] : [];
  if (!unfinished) return done;
  if (unfinished.name === 'model')
    return [
      ...done,
      `The model on the board is incomplete. ${firmware ? 'The firmware' : 'The firmware, untouched,'} refuses it, ` +
        'says so, and takes another.',
      'To repair: run the same command again.',
    ];
  return [
    ...done,
    'The firmware on the board is incomplete: it will not start. The loader that flashes it is in ROM: it stays.',
    'To repair: run the same command again; if no chip answers, hold BOOT, press and release RESET, release BOOT.',
  ];
}
