/** Models of this visit: trained here, of earlier runs, or opened from files. */
import { batch, computed, signal } from '@preact/signals';
import type { Failure, LoadedModel } from '../../src/web/protocol.js';
import { failureOf } from '../state/trouble.js';
import { engine } from './workers.js';

export interface Model extends LoadedModel {
  readonly name: string;
  readonly from: 'trained' | 'opened' | 'shipped';
  /** The run in the store, if it is of one. */
  readonly run?: string;
  readonly tlm: Uint8Array<ArrayBuffer>;
}

export const models = signal<readonly Model[]>([]);
export const modelTrouble = signal<Failure | undefined>(undefined);
const chosen = signal<string | undefined>(undefined);
/** The one that is tried, flashed and taken away. */
export const model = computed(() => models.value.find((m) => m.model === chosen.value) ?? models.value.at(-1));
/** The one beside it. */
export const second = signal<string | undefined>(undefined);

export function choose(id: string): void {
  chosen.value = id;
  if (second.value === id) second.value = undefined;
}

/**
 * Loads a model and makes it the chosen one, or with `beside` the one beside that. The same file twice is one model.
 * @returns whether it was a model
 */
export async function addModel(
  given: Pick<Model, 'name' | 'from' | 'tlm'> & { run?: string },
  beside = false,
): Promise<boolean> {
  modelTrouble.value = undefined;
  try {
    const loaded = await engine().call('engine/load', { tlm: given.tlm });
    const same = models.value.find((m) => m.info.crc === loaded.info.crc && m.info.fileBytes === loaded.info.fileBytes);
    if (same) await engine().call('engine/unload', { model: loaded.model });
    const id = same?.model ?? loaded.model;
    batch(() => {
      const now = model.peek()?.model;
      if (same === undefined) models.value = [...models.peek(), { ...given, ...loaded }];
      if (!beside || now === undefined) choose(id);
      else {
        choose(now);
        if (id !== now) second.value = id;
      }
    });
    return true;
  } catch (error) {
    modelTrouble.value = failureOf(error);
    return false;
  }
}

export async function openModelFile(file: File, beside = false): Promise<boolean> {
  const tlm = new Uint8Array(await file.arrayBuffer());
  return addModel({ name: file.name.replace(/\.tlm$/i, ''), from: 'opened', tlm }, beside);
}

export const isModelFile = (file: File): boolean => /\.tlm$/i.test(file.name);
