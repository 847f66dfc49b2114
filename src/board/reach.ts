/** Reaching a device that answers as TinyLM's firmware does. */
import { DeviceClient, PROTOCOL, type DeviceStatus, type Transport } from '../device/index.js';
import { TinyLMError } from '../model/errors.js';

export interface Reached {
  readonly client: DeviceClient;
  readonly status: DeviceStatus;
}

export interface ReachOptions {
  readonly token?: string | undefined;
  /** Milliseconds to wait for each answer. */
  readonly patience?: readonly number[];
  /** What was heard says that no answer will come: it is not waited for any longer. */
  readonly hopeless?: (heard: string) => boolean;
  /** The error for a device that does not answer: what was heard instead, and how many seconds it was asked. */
  readonly silent: (heard: string, seconds: number) => TinyLMError;
}

/** Opening a port resets some boards: what is asked while they boot is lost. */
const PATIENCE = [500, 1000, 2000, 3000] as const;

async function ask(client: DeviceClient, patience: readonly number[], hopeless: () => boolean): Promise<DeviceStatus> {
  for (const [i, ms] of patience.entries()) {
    try {
      return await client.info(ms);
    } catch (error) {
      // Noise while it boots may look like half an answer.
      const codes = ['device-silent', 'device-line', 'device-bad-frame'];
      const again = error instanceof TinyLMError && codes.includes(error.code);
      if (!again || hopeless() || i === patience.length - 1) throw error;
    }
  }
  throw new RangeError('patience is empty');
}

/**
 * Opens the transport, waits until the device answers, and shows it the token. The caller closes the client.
 * @throws TinyLMError `device-version`, `device-forbidden`, `port-…`, `connect-…`, and what `silent` makes
 */
export async function reachDevice(
  transport: Transport,
  { token, patience = PATIENCE, hopeless, silent }: ReachOptions,
): Promise<Reached> {
  let heard = '';
  const began = performance.now();
  const client = new DeviceClient(transport, { onText: (text) => (heard = (heard + text).slice(-2000)) });
  try {
    await client.open();
    const status = await ask(client, patience, () => hopeless?.(heard) ?? false);
    if (status.protocol !== PROTOCOL.PROTOCOL_VERSION)
      throw new TinyLMError(
        'device-version',
        `the device speaks version ${status.protocol} of the protocol, expected ${PROTOCOL.PROTOCOL_VERSION}`,
        status.protocol > PROTOCOL.PROTOCOL_VERSION ? 'update tinylm' : 'flash a newer firmware: tinylm flash',
      );
    if (token !== undefined) await client.authorize(token);
    return { client, status };
  } catch (error) {
    await client.close().catch(() => undefined);
    const quiet = error instanceof TinyLMError && ['device-silent', 'device-line'].includes(error.code);
    throw quiet ? silent(heard, (performance.now() - began) / 1000) : error;
  }
}
