/** A chip at a port: in its loader, or with its firmware running; never both at once. */
import {
  allParts,
  boardState,
  boardWords,
  checkRam,
  directBootOf,
  flashBoard,
  modelPart,
  reachDevice,
  type Firmware,
  type ModelBlob,
  type NamedPart,
  type PrebuiltImage,
  type Reached,
} from '../board/index.js';
import {
  checkFits,
  findModelPartition,
  PARTITION_TABLE_OFFSET,
  readPartitionTable,
  withFlasher,
  type FlashProgress,
} from '../device/flash/index.js';
import type { DeviceStatus } from '../device/index.js';
import { Engine } from '../engine/index.js';
import { TinyLMError } from '../model/errors.js';
import type { OpenEngine } from '../run/index.js';
import { failureOf, type Telling } from './calls.js';
import { RemotePort } from './ports.js';
import type { ChipCalls, ChipFound, Failure, FitsAnswer, FlashAsk, FlashedPart } from './protocol.js';

export interface ChipTools {
  /** The engine's code: what a model needs, and the text a board should tell. */
  readonly code: () => Promise<WebAssembly.Module>;
  readonly open: OpenEngine;
  readonly prebuilt: () => Promise<PrebuiltImage>;
  /** What this page runs on, for reports. */
  readonly host: string;
}

/** Speed of the transfer through a bridge; the chip's own USB knows no speed, and opening it anew might reset it. */
const FLASH_BAUD = 460_800;
const BAUD = 115_200;
const OWN_USB = { vendorId: 0x303a, productId: 0x1001 };

const nothing = new TinyLMError('port-none', 'no chip is connected', 'choose a port first');

export class ChipSession {
  readonly #tools: ChipTools;
  #port: RemotePort | undefined;
  #reached: Reached | undefined;

  constructor(tools: ChipTools) {
    this.#tools = tools;
  }

  async take({ port, name }: ChipCalls['chip/port']['ask']): Promise<void> {
    await this.close();
    const remote = new RemotePort(port, name);
    await remote.learn();
    remote.onClose(() => (this.#reached = undefined));
    this.#port = remote;
  }

  async close(): Promise<void> {
    await this.#hangUp();
    await this.#port?.close().catch(() => undefined);
    this.#port = undefined;
  }

  /** Ends the talk with the firmware: the loader needs the port. */
  async #hangUp(): Promise<void> {
    const reached = this.#reached;
    this.#reached = undefined;
    await reached?.client.close().catch(() => undefined);
  }

  #connected(): RemotePort {
    if (this.#port === undefined) throw nothing;
    return this.#port;
  }

  async #client(): Promise<Reached> {
    const port = this.#connected();
    this.#reached ??= await reachDevice(port, {
      hopeless: (heard) => boardWords(heard) !== undefined,
      silent: (heard, seconds) => silent(port.name, heard, seconds),
    });
    return this.#reached;
  }

  /** What the firmware says now. */
  async info(): Promise<DeviceStatus> {
    const fresh = this.#reached === undefined;
    const { client, status } = await this.#client();
    return fresh ? status : client.info();
  }

  async client(): Promise<Reached['client']> {
    return (await this.#client()).client;
  }

  async #loader(): Promise<{ port: RemotePort; baud: number }> {
    const port = this.#connected();
    await this.#hangUp();
    const own = port.usb?.vendorId === OWN_USB.vendorId && port.usb.productId === OWN_USB.productId;
    return { port, baud: own || port.usb === undefined ? BAUD : FLASH_BAUD };
  }

  async detect({ tell, signal }: Telling<FlashProgress>): Promise<ChipFound> {
    return withFlasher({ ...(await this.#loader()), signal, onProgress: tell }, async (flasher) => {
      const revision = await flasher.revision();
      const place = await flasher
        .partitions()
        .then(findModelPartition)
        .catch((error: unknown) => {
          if (error instanceof TinyLMError && ['partition-table', 'no-model-partition'].includes(error.code))
            return failureOf(error);
          throw error;
        });
      return {
        chip: flasher.chip,
        ...(revision && { revision: `v${revision.major}.${revision.minor}` }),
        ...(flasher.flashBytes !== undefined && { flashBytes: flasher.flashBytes }),
        ...('code' in place ? { trouble: place } : { modelPartition: { offset: place.offset, bytes: place.bytes } }),
      };
    });
  }

  async #blob(tlm: Uint8Array): Promise<ModelBlob & { engineBytes: number }> {
    const engine = await Engine.load(await this.#tools.code(), tlm, { kernel: 'reference' });
    return { path: 'model', bytes: tlm, engineBytes: engine.memoryBytes };
  }

  async fits({ tlm, chip, firmware }: ChipCalls['chip/fits']['ask']): Promise<FitsAnswer> {
    const model = await this.#blob(tlm);
    const status = this.#reached?.status;
    const about = firmware === undefined ? undefined : (await this.#tools.prebuilt()).about;
    const room = about?.model.bytes ?? chip?.modelPartition?.bytes ?? status?.storage_bytes;
    const limit = about?.ram.engine ?? status?.ram.engine_limit;
    let why: Failure | undefined;
    try {
      if (about !== undefined && chip !== undefined && chip.chip !== about.chip)
        throw new TinyLMError(
          'flash-chip',
          `this is an ${chip.chip}, and the firmware that comes with TinyLM is for an ${about.chip}`,
          'write the model alone, or build the firmware for this chip',
        );
      if (room !== undefined)
        checkFits(tlm.length, { name: 'model', type: 0x40, subtype: 0, offset: 0, bytes: room, flags: 0 });
      checkRam(model, limit);
    } catch (error) {
      why = failureOf(error);
    }
    return {
      fits: why === undefined,
      modelBytes: tlm.length,
      engineBytes: model.engineBytes,
      ...(room !== undefined && { room }),
      ...(limit !== undefined && { engineLimit: limit }),
      ...(why && { why }),
    };
  }

  async flash(
    { tlm, firmware: asked, eraseAll = false }: FlashAsk,
    { tell, signal }: Telling<FlashProgress>,
  ): Promise<ChipCalls['chip/flash']['answer']> {
    if (tlm === undefined && asked === undefined)
      throw new TinyLMError('flash-nothing', 'nothing to write', 'choose a model, or the firmware');
    const prebuilt = await this.#tools.prebuilt();
    const firmware =
      asked === undefined ? undefined : asked === 'prebuilt' ? directBootOf(prebuilt) : firmwareOf(asked);
    const model = tlm === undefined ? undefined : await this.#blob(tlm);
    const parts: NamedPart[] = firmware
      ? allParts(firmware, model && modelPart(model, firmware.partitions, firmware.engineLimit))
      : [];
    const written: FlashedPart[] = [];
    const board = { chip: '', touched: false };
    const began = performance.now();
    try {
      await flashBoard({
        ...(await this.#loader()),
        signal,
        model,
        firmware,
        parts,
        erase: eraseAll,
        dryRun: false,
        directBootRam: () => prebuilt.about.ram.engine,
        onProgress: (event) => {
          if (event.phase === 'connected') board.chip = event.chip;
          if (event.phase === 'erasing' || event.phase === 'writing') board.touched = true;
          if (event.phase === 'verified')
            written.push({
              name: event.name,
              offset: parts[written.length].offset,
              bytes: event.bytes,
              md5: event.md5,
            });
          tell(event);
        },
      });
    } catch (error) {
      if (!(error instanceof TinyLMError)) throw error;
      const state = boardState({ written, unfinished: parts[written.length], touched: board.touched }, firmware);
      throw new TinyLMError(
        error.code,
        error.message,
        [...(error.hint === undefined ? [] : [`${error.hint}.`]), ...state].join(' '),
      );
    }
    return { chip: board.chip, parts: written, seconds: (performance.now() - began) / 1000 };
  }
}

/** Parts of another build; its chip is not known, so that it cannot be compared. */
function firmwareOf(parts: readonly NamedPart[]): Firmware {
  const table = parts.find(({ offset }) => offset === PARTITION_TABLE_OFFSET);
  if (table === undefined)
    throw new TinyLMError(
      'idf-build',
      `nothing among the parts lies at 0x${PARTITION_TABLE_OFFSET.toString(16)}, where the partition table is`,
      'give bootloader, partition table and app',
    );
  return { name: 'firmware', chip: '', parts, partitions: readPartitionTable(table.data), directBoot: false };
}

function silent(name: string, heard: string, seconds: number): TinyLMError {
  const known = boardWords(heard);
  const last = heard
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '').trim())
    .filter((line) => line !== '')
    .at(-1);
  const why = known ? `: ${known.what}` : '';
  return new TinyLMError(
    'device-silent',
    `${name} does not answer as TinyLM's firmware does (${seconds.toFixed(1)} s)${why}${last === undefined ? '' : `; what it said last: ${last.slice(0, 100)}`}`,
    'it may have no TinyLM firmware yet: flash firmware and model',
  );
}
