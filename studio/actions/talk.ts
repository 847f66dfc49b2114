/** A conversation with a chip, and what else it is asked. */
import { signal } from '@preact/signals';
import type { BenchResult, DeviceSettings, GenerateResult } from '../../src/device/index.js';
import type { ChipReport, Failure } from '../../src/web/protocol.js';
import { failureOf } from '../state/trouble.js';
import { kind } from './chip.js';
import { modelled } from './modelled.js';
import { model } from './models.js';
import { chip as worker } from './workers.js';

export interface Turn {
  readonly asked: string;
  readonly text: string;
  readonly result?: GenerateResult;
}

export const turns = signal<readonly Turn[]>([]);
export const speaking = signal(false);
export const talkTrouble = signal<Failure | undefined>(undefined);
export const settings = signal<DeviceSettings | undefined>(undefined);
export const bench = signal<BenchResult | undefined>(undefined);
export const report = signal<ChipReport | undefined>(undefined);
/** What it is being asked. */
export const waiting = signal<'settings' | 'wifi' | 'bench' | 'report' | undefined>(undefined);
let stop: AbortController | undefined;

const last = (change: Partial<Turn>): void => {
  turns.value = [...turns.value.slice(0, -1), { ...turns.value.at(-1)!, ...change }];
};

export async function say(prompt: string, goOn: boolean): Promise<void> {
  stop = new AbortController();
  turns.value = [...turns.value, { asked: prompt, text: '' }];
  speaking.value = true;
  talkTrouble.value = undefined;
  try {
    const result = await worker().call(
      'chip/chat',
      { prompt, goOn },
      {
        signal: stop.signal,
        onEvent: ({ text }) => last({ text: turns.value.at(-1)!.text + text }),
      },
    );
    last({ result });
  } catch (error) {
    talkTrouble.value = failureOf(error);
  } finally {
    speaking.value = false;
  }
}

export const hush = (): void => stop?.abort();

/** Asks one thing at a time; what goes wrong is shown. @returns whether it worked */
async function asking(what: typeof waiting.value, body: () => Promise<void>): Promise<boolean> {
  waiting.value = what;
  talkTrouble.value = undefined;
  try {
    await body();
    return true;
  } catch (error) {
    talkTrouble.value = failureOf(error);
    return false;
  } finally {
    waiting.value = undefined;
  }
}

export const loadSettings = (change?: Partial<DeviceSettings>): Promise<boolean> =>
  asking('settings', async () => {
    settings.value = await worker().call('chip/settings', { ...(change && { change }) });
  });

export const wifiAddress = signal<string | undefined>(undefined);
export const sendWifi = (ssid: string, password: string): Promise<boolean> =>
  asking('wifi', async () => {
    wifiAddress.value = (await worker().call('chip/wifi', { ssid, password })).address;
  });

export const measure = (): Promise<boolean> =>
  asking('bench', async () => {
    bench.value = await worker().call('chip/bench', {});
  });

export const makeReport = (): Promise<boolean> =>
  asking('report', async () => {
    const speed = modelled.value;
    report.value = await worker().call('chip/report', {
      ...(model.value && { tlm: model.value.tlm }),
      ...(kind.value === 'virtual' && { virtual: speed === undefined ? {} : { modelled: speed } }),
    });
  });

export function newTalk(): void {
  turns.value = [];
  settings.value = bench.value = report.value = talkTrouble.value = undefined;
}
