/**
 * What a board would do, by the cost model: the virtual chip's own clock counts an instruction a cycle and no wait for flash, which is
 * no speed.
 */
import { signal } from '@preact/signals';

/** Tokens a second of the model on the virtual chip, modelled for an ESP32-C3 with flash in QIO at 80 MHz. */
export const modelled = signal<number | undefined>(undefined);

export async function model(tlm: Uint8Array): Promise<void> {
  const [{ readTlm }, { modelledSpeed }] = await Promise.all([
    import('../../src/format/index.js'),
    import('../../src/cost/index.js'),
  ]);
  const { config } = readTlm(tlm).model;
  modelled.value = modelledSpeed({ config, chip: 'esp32c3', flashMode: 'qio80' }).tokensPerSecond;
}
