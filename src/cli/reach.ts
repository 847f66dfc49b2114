/** Reaching a device that answers: which port, is TinyLM's firmware behind it, and what to do when not. */
import { reachDevice, type Reached } from '../board/reach.js';
import type { DeviceStatus, Transport } from '../device/index.js';
import type { SerialBackend } from '../node/ports/index.js';
import { TinyLMError } from '../model/errors.js';
import { boardWords } from '../board/words.js';
import { choosePort, serialPort, serialPorts, type PortOptions } from './device-port.js';
import { UsageError } from './errors.js';
import { portTrouble } from './port-trouble.js';
import type { Terminal } from './terminal.js';

export type { Reached };

/**
 * The transport that `--port` or `--host` names; without either, the only port that looks like a board.
 * @param backend for tests
 */
export async function findPort(options: PortOptions, terminal: Terminal, backend?: SerialBackend): Promise<Transport> {
  if (options.port !== undefined || options.host !== undefined) return choosePort(options);
  const ports = await serialPorts(backend);
  const likely = ports.filter((p) => p.likely);
  if (likely.length === 1) {
    terminal.note(`using ${likely[0].path} (${likely[0].description})`);
    return serialPort(likely[0].path, options.baud ?? 115_200);
  }
  const names = (list: typeof ports): string => list.map((p) => `${p.path} (${p.description})`).join(', ');
  if (likely.length > 1)
    throw new UsageError(`${likely.length} boards are there: ${names(likely)}`, `choose one: --port ${likely[0].path}`);
  throw new UsageError(
    'no serial port looks like a board' +
      (ports.length > 0 ? `; there are ${names(ports)}` : ', and there is no other'),
    'give --port, or --host tinylm.local; tinylm devices says what to check',
  );
}

/** A serial port is a path (or COM3); a network device has an address with a colon and a number, or a URL. */
export const onSerial = (transport: Transport): boolean => !/:\d+$|^wss?:/.test(transport.name);

/** How the command line names this device. */
const where = (transport: Transport): string => (onSerial(transport) ? `--port ${transport.name}` : '--host …');

/** Errors whose remedy is another verb of the command line, said so. */
export function withRemedy(error: unknown, transport: Transport): unknown {
  if (!(error instanceof TinyLMError)) return error;
  const way = onSerial(transport) ? where(transport) : '--port … (by its cable)';
  const put = `put one on it: tinylm flash run/demo ${way}, or /load run/demo in a chat`;
  const hints: Readonly<Record<string, string>> = {
    'device-no-model': put,
    'device-bad-model': put.replace('one', 'another'),
    'port-busy': 'close what uses it (tinylm monitor, another chat, the serial monitor of an IDE) and try again',
    ...(onSerial(transport) &&
      portTrouble() !== undefined && {
        'port-lost': `plug the board in again and try again; ${portTrouble()!}`,
      }),
    'device-busy': 'another client is being served; wait until it is done, and try again',
    'device-forbidden':
      "give the device's token with --token - or TINYLM_TOKEN; it is set over the serial line: tinylm wifi --set-token",
  };
  const hint = hints[error.code];
  return hint === undefined ? error : new TinyLMError(error.code, error.message, hint);
}

/** @param seconds how long it was asked */
function noAnswer(transport: Transport, heard: string, seconds: number): TinyLMError {
  const lines = heard
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '').trim())
    .filter((line) => line !== '');
  const known = boardWords(heard);
  const why = known ? `: ${known.what}` : lines.length > 0 ? ': another firmware, another speed of the line?' : '';
  const says = lines.length > 0 ? `; what it said last: ${lines.at(-1)!.slice(0, 100)}` : ' and says nothing';
  return new TinyLMError(
    'device-silent',
    `${transport.name} does not answer as TinyLM's firmware does (${seconds.toFixed(1)} s)${why}${says}`,
    known
      ? known.hint(where(transport))
      : onSerial(transport)
        ? 'another port? tinylm devices lists them. No firmware yet? tinylm flash. What does it say? ' +
          `tinylm monitor ${where(transport)} --reset`
        : 'check the address, and that the device is in this network',
  );
}

/**
 * Opens the transport, waits until the device answers, and shows it the token. The caller closes the client.
 * @throws TinyLMError `device-silent` (with what was heard instead), `device-forbidden`, `port-…`, `connect-…`
 */
export async function reach(
  transport: Transport,
  options: { token?: string | undefined; patience?: readonly number[] } = {},
): Promise<Reached> {
  try {
    return await reachDevice(transport, {
      ...options,
      silent: (heard, seconds) => noAnswer(transport, heard, seconds),
    });
  } catch (error) {
    throw error instanceof TinyLMError && error.code === 'device-silent' ? error : withRemedy(error, transport);
  }
}

/** @throws TinyLMError in words when the device has no model to generate with */
export function requireModel({ model }: DeviceStatus, transport: Transport): void {
  if (model.state === 'ready') return;
  const error =
    model.state === 'bad'
      ? new TinyLMError('device-bad-model', `the model in the device's flash is bad: ${model.error ?? 'unknown'}`)
      : model.state === 'upload'
        ? new TinyLMError('device-busy', 'a model is being sent to the device')
        : new TinyLMError('device-no-model', 'the device has no model');
  throw withRemedy(error, transport);
}
