import { join } from 'node:path';
import type { Command } from 'commander';
import { boardState, flashBoard } from '../../board/flash-board.js';
import { allParts, hex, modelPart, type Firmware, type ModelBlob, type NamedPart } from '../../board/flash-plan.js';
import type { Transport } from '../../device/index.js';
import { readPrebuilt } from '../../node/prebuilt.js';
import { verb, type Context } from '../context.js';
import { baudOption, portOption, tokenOption } from '../device-port.js';
import { EXIT, UsageError } from '../errors.js';
import { buildFirmware, directBootFirmware, loadModel } from '../flash-files.js';
import { showFlashing } from '../flash-progress.js';
import { onCancel } from '../interrupt.js';
import { writeManifest } from '../manifest.js';
import { addOptions } from '../options.js';
import { withTrouble } from '../flash-trouble.js';
import { findPort } from '../reach.js';
import { sendModel } from '../send-model.js';
import { table, type Terminal } from '../terminal.js';
import { count } from '../values.js';

export interface FlashOptions {
  port?: string;
  host?: string;
  token?: string;
  baud: number;
  build?: string;
  manifest?: string;
  directBoot?: boolean;
  erase?: boolean;
  force?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export function flashCommand(context: Context): Command {
  const about = 'Write a model into the flash of a board, and the firmware on request; no Python needed.';
  const command = verb('flash', about, [
    'tinylm flash run/demo --port /dev/ttyACM0',
    'tinylm flash model.tlm --build firmware/build --port COM3',
    'tinylm flash run/demo --host tinylm.local --token -',
    'tinylm flash run/demo --direct-boot --port /dev/ttyACM0',
    'tinylm flash --build firmware/build --dry-run',
  ]).argument(
    '[model]',
    'a run folder, a .tlm file, a checkpoint or a name (tinylm models): goes into the model partition; the rest stays',
  );
  command
    .addOption(portOption())
    .option(
      '--host <address>',
      'a running device on the network, which takes a model (name[:port] or ws://…); or ' +
        'a serial line over TCP (tinylm simulate --tcp): tcp://host:port',
    )
    .addOption(tokenOption())
    .addOption(baudOption('speed of the transfer', 460_800))
    .option(
      '--build <folder>',
      'also bootloader, partition table and app of an ESP-IDF build folder, and write its ' +
        'manifest for esp-web-tools',
    )
    .option('--manifest <path>', 'where that manifest goes (default: manifest.json in the build folder)')
    .option('--direct-boot', 'also the firmware that comes with tinylm, for an ESP32-C3 without ESP-IDF; EXPERIMENTAL')
    .option('--erase', 'with --build or --direct-boot: erase all of flash first, settings (NVS) too')
    .option('--force', 'write the model without checking it')
    .option('-y, --yes', 'do not ask before the firmware on the board is replaced by --direct-boot')
    .option('--dry-run', 'only say what would be written where');
  addOptions(command, ['json']);
  return command.action((model: string | undefined, options: FlashOptions) => flash(context, model, options));
}

function checkOptions(model: string | undefined, options: FlashOptions): void {
  if (options.build !== undefined && options.directBoot)
    throw new UsageError('both --build and --direct-boot, expected one', 'a build of ESP-IDF has its own bootloader');
  if (model === undefined && options.build === undefined && !options.directBoot)
    throw new UsageError('nothing to flash', 'give a model, --build or --direct-boot');
  if (options.erase && options.build === undefined && !options.directBoot)
    throw new UsageError('--erase without a firmware', 'it would leave the board empty: add --build or --direct-boot');
  if (options.manifest !== undefined && options.build === undefined)
    throw new UsageError('--manifest without --build', 'the manifest is that of a build');
  if (overNetwork(options) && (options.build !== undefined || options.directBoot))
    throw new UsageError(
      `--host ${options.host} is no serial line: over the network a device takes a model only`,
      'flash the firmware over its cable: --port',
    );
}

/** Whether a running device takes the model, in its own protocol, in place of the loader in ROM. */
const overNetwork = ({ host }: FlashOptions): boolean => host !== undefined && !host.startsWith('tcp://');

async function flash(context: Context, path: string | undefined, options: FlashOptions): Promise<void> {
  const { terminal } = context;
  checkOptions(path, options);
  const model = path === undefined ? undefined : await loadModel(path, options.force);
  if (model && overNetwork(options)) return sendModel(context, model, { ...options, host: options.host! });
  const { build } = options;
  const direct = (): Firmware | undefined => (options.directBoot ? directBootFirmware() : undefined);
  const firmware = build !== undefined ? await buildFirmware(build) : direct();
  const parts: NamedPart[] = [];
  if (firmware) {
    parts.push(...allParts(firmware, model && modelPart(model, firmware.partitions, firmware.engineLimit)));
    if (options.dryRun)
      return showPlan(terminal, options, { chip: firmware.chip, builtFor: firmware.flashBytes, parts });
  }
  const manifest = build === undefined ? undefined : (options.manifest ?? join(build, 'manifest.json'));
  if (manifest !== undefined) {
    writeManifest(manifest, build!, firmware!);
    terminal.note(`${manifest}: the manifest of this build, for esp-web-tools`);
  }
  if (firmware?.directBoot && !(await confirmed(context, options))) {
    terminal.note('nothing was written');
    context.exitCode = EXIT.failed;
    return;
  }
  const transport = await findPort(options, terminal);
  await flashOver(context, transport, { model, firmware, parts, options, manifest });
}

/** @returns whether the user wants the firmware replaced. @throws UsageError where nobody can be asked */
async function confirmed({ terminal, stdin }: Context, { yes, erase }: FlashOptions): Promise<boolean> {
  terminal.warn('direct boot is EXPERIMENTAL: this firmware has run on the virtual chip only, never on silicon.');
  terminal.note(
    '  It needs an ESP32-C3 of revision v0.3 or later, has no Wi-Fi, and replaces bootloader, partition table and\n' +
      `  app on the board${erase ? ', and --erase erases all else.' : '; settings in NVS stay.'}`,
  );
  if (yes) return true;
  if (!(stdin as { isTTY?: boolean }).isTTY)
    throw new UsageError('--direct-boot replaces the firmware on the board', 'add --yes when that is meant');
  terminal.stderr.write('Go on? [y/N] ');
  for await (const chunk of stdin) return /^\s*y(es)?\s*$/i.test(chunk.toString());
  return false;
}

interface Job {
  readonly model: ModelBlob | undefined;
  readonly firmware: Firmware | undefined;
  /** filled in from the board's own table when there is only a model */
  readonly parts: NamedPart[];
  readonly options: FlashOptions;
  readonly manifest: string | undefined;
}

/** Flashes over any transport. */
export async function flashOver(context: Context, transport: Transport, job: Job): Promise<void> {
  const { terminal } = context;
  const { model, firmware, parts, options } = job;
  const display = showFlashing(terminal, transport.name, parts);
  const stop = new AbortController();
  const off = onCancel(terminal, () => stop.abort());
  const board = { chip: '', flashBytes: undefined as number | undefined };
  const began = performance.now();
  try {
    const { erase = false, dryRun = false, baud } = options;
    await flashBoard({
      port: transport,
      baud,
      signal: stop.signal,
      model,
      firmware,
      parts,
      erase,
      dryRun,
      directBootRam: () => readPrebuilt().about.ram.engine,
      onProgress: (event) => {
        if (event.phase === 'connected') Object.assign(board, { chip: event.chip, flashBytes: event.flashBytes });
        display.progress(event);
      },
    });
  } catch (error) {
    display.end();
    for (const line of boardState(display, firmware)) terminal.note(line);
    if (!stop.signal.aborted) throw await withTrouble(error, transport);
    context.exitCode = EXIT.interrupted;
    return;
  } finally {
    off();
    display.end();
  }
  if (options.dryRun) return showPlan(terminal, options, { ...board, parts });
  if (options.json)
    terminal.json({
      port: transport.name,
      ...board,
      flashBytes: board.flashBytes ?? null,
      parts: display.written,
      seconds: (performance.now() - began) / 1000,
      manifest: job.manifest ?? null,
    });
  sayNext(terminal, transport, firmware, parts);
}

function showPlan(
  terminal: Terminal,
  { json, erase }: FlashOptions,
  plan: {
    chip: string;
    flashBytes?: number | undefined;
    /** bytes of flash that a build says it needs */
    builtFor?: number | undefined;
    parts: readonly NamedPart[];
  },
): void {
  const parts = plan.parts.map(({ name, offset, data }) => ({ name, offset, bytes: data.length }));
  if (json) {
    terminal.json({ dryRun: true, chip: plan.chip, flashBytes: plan.flashBytes ?? null, erase: erase ?? false, parts });
    return;
  }
  const size = plan.builtFor === undefined ? '' : `, built for ${plan.builtFor / 2 ** 20} MB of flash`;
  terminal.out(`${plan.chip}${size}: ${erase ? 'all of flash would be erased, then ' : ''}these would be written`);
  terminal.out(table([['part', 'offset', 'bytes'], ...parts.map((p) => [p.name, hex(p.offset), count(p.bytes)])]));
}

function sayNext(
  terminal: Terminal,
  transport: Transport,
  firmware: Firmware | undefined,
  parts: readonly NamedPart[],
): void {
  const where = /^[^/].*:\d+$/.test(transport.name) ? `--host tcp://${transport.name}` : `--port ${transport.name}`;
  const modelThere = parts.some((p) => p.name === 'model') || (firmware && hasModel(firmware));
  terminal.note('The board was reset and runs. Next:');
  terminal.note(modelThere ? `  tinylm chat ${where}` : `  tinylm flash <model> ${where}    (it has no model yet)`);
}

const hasModel = ({ parts, partitions }: Firmware): boolean =>
  partitions.some((p) => p.type === 0x40 && parts.some((part) => part.offset === p.offset));
