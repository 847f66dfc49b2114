/** A chip, real or virtual: the machine's actions are calls to the chip's worker. The worker sees a port either way. */
import { computed, signal } from '@preact/signals';
import type { FlashProgress } from '../../src/device/flash/index.js';
import type { DeviceStatus } from '../../src/device/index.js';
import type { ChipFound, Failure, FitsAnswer, FlashAsk } from '../../src/web/protocol.js';
import { CHIP } from '../state/chip-machine.js';
import { cancelled, failureOf } from '../state/trouble.js';
import { drive } from './drive.js';
import { model } from './models.js';
import { model as modelOn, modelled } from './modelled.js';
import { openSerial, openVirtual, type OpenedPort } from './ports.js';
import { chip as worker } from './workers.js';

export const kind = signal<'serial' | 'virtual' | undefined>(undefined);
export const portName = signal('');
export const status = signal<DeviceStatus | undefined>(undefined);
export const detected = signal<ChipFound | undefined>(undefined);
export const fits = signal<FitsAnswer | undefined>(undefined);
export const flashing = signal<FlashProgress | undefined>(undefined);
/** Seconds that the last writing took. */
export const flashedIn = signal<number | undefined>(undefined);
export const chipTrouble = signal<Failure | undefined>(undefined);
/** What is to be written. */
export const write = signal<'model' | 'both'>('model');
export const erase = signal(false);

/** The chip's name by what is known of it. */
export const chipTitle = computed(() => {
  const named = status.value?.device['chip'];
  return detected.value?.chip ?? (typeof named === 'string' ? named : '');
});
/** Its firmware answers. */
export const answers = computed(() => status.value !== undefined);
export const isC3 = computed(() => /c3/i.test(chipTitle.value));

let opened: OpenedPort | undefined;
let stop: AbortController | undefined;

/** How long a chip may take to answer that was just started, in tries of the client's own patience. */
const WAKE_TRIES = 3;

function fail(error: unknown): void {
  const failure = failureOf(error);
  chipTrouble.value = failure;
  driven.send(failure.code === 'port-lost' || failure.code === 'port-closed' ? 'lost' : 'failed');
}

async function take(open: () => Promise<OpenedPort | undefined>, of: 'serial' | 'virtual'): Promise<void> {
  try {
    await release();
    forget();
    const port = await open();
    if (port === undefined) {
      driven.send('notChosen');
      return;
    }
    opened = port;
    kind.value = of;
    portName.value = port.name;
    await worker().call('chip/port', port.ask, { transfer: [port.ask.port] });
    driven.send('chosen');
  } catch (error) {
    fail(error);
  }
}

function forget(): void {
  modelled.value = undefined;
  status.value = detected.value = fits.value = flashing.value = flashedIn.value = chipTrouble.value = undefined;
  kind.value = undefined;
}

async function release(): Promise<void> {
  const before = opened;
  opened = undefined;
  if (before === undefined) return;
  await worker()
    .call('chip/close', {})
    .catch(() => undefined);
  await before.close().catch(() => undefined);
}

async function ask(tries: number): Promise<void> {
  for (let left = tries; ; left--) {
    try {
      status.value = await worker().call('chip/info', {});
      driven.send('answers');
      return;
    } catch (error) {
      const { code } = failureOf(error);
      const quiet = code === 'device-silent' || code === 'device-line';
      if (quiet && left > 1) continue;
      if (!quiet) fail(error);
      else {
        if (driven.state.value === 'waking') chipTrouble.value = failureOf(error);
        driven.send('silent');
      }
      return;
    }
  }
}

async function detect(): Promise<void> {
  try {
    detected.value = await worker().call(
      'chip/detect',
      {},
      {
        onEvent: (progress) => {
          flashing.value = progress;
        },
      },
    );
    driven.send('detected');
  } catch (error) {
    fail(error);
  }
}

async function compare(): Promise<void> {
  if (!answers.value) write.value = 'both';
  const now = model.value;
  fits.value = undefined;
  if (now === undefined) return;
  try {
    fits.value = await worker().call('chip/fits', {
      tlm: now.tlm,
      ...(detected.value && { chip: detected.value }),
      ...(write.value === 'both' && { firmware: 'prebuilt' as const }),
    });
  } catch {
    // Not known: the chip itself says so when it is written.
  }
}

async function flash(): Promise<void> {
  stop = new AbortController();
  flashing.value = { phase: 'connecting' };
  flashedIn.value = undefined;
  try {
    const what: FlashAsk = {
      tlm: model.value!.tlm,
      ...(write.value === 'both' && { firmware: 'prebuilt' }),
      ...(erase.value && write.value === 'both' && { eraseAll: true }),
    };
    const done = await worker().call('chip/flash', what, {
      signal: stop.signal,
      onEvent: (progress) => {
        flashing.value = progress;
      },
    });
    flashedIn.value = done.seconds;
    if (kind.value === 'virtual') await modelOn(what.tlm!);
    driven.send('flashed');
  } catch (error) {
    fail(
      cancelled(error)
        ? Object.assign(new Error('stopped before everything was written'), { code: 'flash-stopped' })
        : error,
    );
  }
}

const clear = (): void => {
  chipTrouble.value = undefined;
};

const driven = drive(
  CHIP,
  {
    hasModel: () => model.value !== undefined,
    modelThere: () => status.value?.model.state === 'ready',
  },
  {
    askPort: () => {
      clear();
      void take(openSerial, 'serial');
    },
    startVirtual: () => {
      clear();
      void take(openVirtual, 'virtual');
    },
    callInfo: () => {
      clear();
      void ask(driven.state.value === 'waking' ? WAKE_TRIES : 1);
    },
    callDetect: () => void detect(),
    callFlash: () => {
      clear();
      void flash();
    },
    compareFit: () => void compare(),
    closePort: () => void release(),
  },
);

export const chip = driven;
export const stopFlash = (): void => stop?.abort();
export const recompare = (): void => void compare();

/** Asks the board once more what it is and holds. */
export async function refresh(): Promise<void> {
  status.value = await worker().call('chip/info', {});
}
