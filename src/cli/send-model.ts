/** A model sent to a running device in its own protocol: over Wi-Fi, where no loader can be reached. */
import type { DeviceModel, DeviceStatus } from '../device/index.js';
import { TinyLMError } from '../model/errors.js';
import { EXIT } from './errors.js';
import type { Context } from './context.js';
import { hostTransport } from './device-port.js';
import { checkRam, type ModelBlob } from '../board/flash-plan.js';
import { transferBar } from './flash-progress.js';
import { onCancel } from './interrupt.js';
import { reach, withRemedy } from './reach.js';
import { tokenOf } from './secret.js';
import { bytesText, count } from './values.js';

export interface SendOptions {
  readonly host: string;
  readonly token?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Sends a model and has the device use it; the firmware stays as it is.
 * @throws TinyLMError `model-too-large`, `model-ram`, `device-forbidden` and what {@link reach} throws
 */
export async function sendModel(context: Context, model: ModelBlob, options: SendOptions): Promise<void> {
  const { terminal } = context;
  const { host, dryRun, json } = options;
  const token = await tokenOf(context, options.token);
  const transport = hostTransport(host);
  const { client, status } = await reach(transport, { token });
  const bar = terminal.stderr.isTTY === true ? transferBar(terminal) : undefined;
  const total = model.bytes.length;
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  let begun = false;
  let cancelled = false;
  const off = onCancel(terminal, () => {
    cancelled = true;
    void client.close();
  });
  try {
    checkRoom(model, status);
    if (dryRun) {
      if (json) terminal.json({ dryRun: true, port: transport.name, bytes: total, storageBytes: status.storage_bytes });
      else terminal.out(`${transport.name}: the model, ${count(total)} bytes, would be sent`);
      return;
    }
    if (!bar) terminal.note(`sending the model to ${transport.name}: ${count(total)} bytes …`);
    const loaded = await client.uploadModel(model.bytes, (sent) => {
      begun = true;
      bar?.update('model', total, sent, seconds());
    });
    bar?.end();
    report(context, loaded, { port: transport.name, seconds: seconds(), host, json });
  } catch (error) {
    bar?.end();
    const forbidden = error instanceof TinyLMError && error.code === 'device-forbidden';
    if (begun && !forbidden)
      terminal.note(
        'The model on the device is incomplete: the device says so and takes another. Run the same command again.',
      );
    if (!cancelled) throw withRemedy(error, transport);
    context.exitCode = EXIT.interrupted;
  } finally {
    off();
    await client.close();
  }
}

function checkRoom(model: ModelBlob, { storage_bytes: storage, ram }: DeviceStatus): void {
  if (model.bytes.length > storage)
    throw new TinyLMError(
      'model-too-large',
      `the model has ${count(model.bytes.length)} bytes, but the device has room for ${count(storage)}`,
      'train a smaller model, or give the model partition more room',
    );
  checkRam(model, ram.engine_limit);
}

function report(
  { terminal }: Context,
  loaded: DeviceModel,
  { port, seconds, host, json }: { port: string; seconds: number; host: string; json: boolean | undefined },
): void {
  if (json) {
    terminal.json({ port, model: loaded, seconds });
    return;
  }
  const bytes = loaded.bytes ?? 0;
  const speed = `${bytesText(bytes / Math.max(seconds, 0.001))}/s`;
  terminal.note(`in use: ${count(bytes)} bytes, CRC ${loaded.crc}, sent in ${seconds.toFixed(1)} s (${speed}). Next:`);
  terminal.note(`  tinylm chat --host ${host}`);
}
