/** Why flashing failed, as far as it can be found out afterwards. */
import { DeviceClient, type Transport } from '../device/index.js';
import { TinyLMError } from '../model/errors.js';
import { portTrouble } from './port-trouble.js';
import { onSerial } from './reach.js';

/** Codes of a port that went away, or does not answer. */
const LOST = ['flash-failed', 'flash-connect', 'flash-stalled', 'port-lost', 'port-stalled', 'port-busy'];
const PROBE_MS = 800;

/** Whether TinyLM's firmware answers, where the loader in ROM does not. */
async function tinylmRuns(transport: Transport): Promise<boolean> {
  const client = new DeviceClient(transport);
  try {
    await client.open();
    await client.info(PROBE_MS);
    return true;
  } catch {
    return false;
  } finally {
    await client.close().catch(() => undefined);
  }
}

/** An error of the flasher with what else is known: who answers in place of the loader, who takes ports away on Linux. */
export async function withTrouble(error: unknown, transport: Transport): Promise<unknown> {
  if (!(error instanceof TinyLMError) || !LOST.includes(error.code)) return error;
  if (error.code === 'flash-connect' && (await tinylmRuns(transport)))
    return new TinyLMError(
      error.code,
      `${transport.name}: TinyLM's firmware runs there and answers, but the chip does not enter its loader`,
      'a model goes through the firmware: tinylm chat, then /load <model>; for a firmware hold BOOT, press and release ' +
        'RESET, release BOOT, and try again',
    );
  const trouble = onSerial(transport) ? portTrouble() : undefined;
  if (trouble === undefined) return error;
  return new TinyLMError(error.code, error.message, `${error.hint ?? 'try again'}; ${trouble}`);
}
