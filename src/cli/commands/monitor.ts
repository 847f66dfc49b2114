import { Option, type Command } from 'commander';
import { realpathSync } from 'node:fs';
import type { Transport } from '../../device/index.js';
import { TinyLMError } from '../../model/errors.js';
import { verb, type Context } from '../context.js';
import { LineStamps, PrintableBytes } from '../device-bytes.js';
import { boardWords } from '../../board/words.js';
import { addPortOptions, choosePort, serialPorts, type PortOptions } from '../device-port.js';
import { findPort, onSerial, withRemedy } from '../reach.js';
import { decimal } from '../values.js';

export interface MonitorOptions extends PortOptions {
  timestamps?: boolean;
  reset?: boolean;
  /** undefined: raw unless stdout is a terminal */
  raw?: boolean;
  /** seconds */
  for?: number;
}

export function monitorCommand(context: Context): Command {
  const command = verb('monitor', 'Show what a board says, as it is; lines typed go to the board. Ctrl-C leaves.', [
    'tinylm monitor',
    'tinylm monitor --port /dev/ttyUSB0 --reset --timestamps',
    'tinylm monitor --host tcp://192.168.1.20:7000',
    'echo /info | tinylm monitor --port /dev/ttyACM0 --for 2 > info.txt',
  ]);
  addPortOptions(command)
    .option('--reset', 'restart the board first, by its control lines')
    .option('--timestamps', 'the time before each line')
    .option('--raw', 'bytes as they come (default: when stdout is no terminal)')
    .option('--no-raw', 'bytes that are no text as \\xNN (default: on a terminal)')
    .addOption(new Option('--for <seconds>', 'leave after so long').argParser(decimal(0.1, 1e6)));
  return command.action((options: MonitorOptions) => monitor(context, options));
}

async function monitor(context: Context, options: MonitorOptions): Promise<void> {
  const first = await findPort(options, context.terminal);
  await watch(context, options, { first, again: await finder(first, options) });
}

/** How to reach a board that went away: it may come back under another path, and is known by its serial number. */
async function finder(first: Transport, options: PortOptions): Promise<() => Promise<Transport>> {
  if (!onSerial(first)) return () => choosePort(options);
  const path = first.name;
  let real = path;
  try {
    real = realpathSync(path);
  } catch {
    // COM3, or not there: opening it says so
  }
  const serial = (await serialPorts().catch(() => [])).find((p) => p.path === path || p.path === real)?.serialNumber;
  return async () => {
    const ports = serial === undefined ? [] : await serialPorts().catch(() => []);
    const found = ports.some((p) => p.path === real) ? undefined : ports.find((p) => p.serialNumber === serial);
    return choosePort({ ...options, port: found?.path ?? path });
  };
}

/** esptool's way: EN down by RTS for 100 ms with IO0 up, so that the program in flash starts. */
async function restart(transport: Transport): Promise<boolean> {
  if (!(await transport.setSignals?.({ dtr: false, rts: true }))) return false;
  await sleep(100);
  return (await transport.setSignals?.({ dtr: false, rts: false })) ?? false;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Watched {
  /** not open yet */
  readonly first: Transport;
  /** another transport to the same board, after a loss */
  readonly again: () => Promise<Transport>;
  /** ms between attempts, default 300 */
  readonly pauseMs?: number;
  /** ends it, as Ctrl-C does; for tests */
  readonly signal?: AbortSignal;
}

/** The verb, over any transport. @throws TinyLMError when the board cannot be reached the first time */
export async function watch(context: Context, options: MonitorOptions, watched: Watched): Promise<void> {
  const { terminal, stdin } = context;
  const { pauseMs = 300 } = watched;
  const tty = terminal.stdout.isTTY === true;
  const stamps = options.timestamps ? new LineStamps() : undefined;
  const printable = (options.raw ?? !tty) ? undefined : new PrintableBytes();
  const words = new Listener((line) => terminal.note(`\n${line}`));
  const show = (data: Uint8Array): void => {
    words.push(data);
    const stamped = stamps?.push(data) ?? data;
    void terminal.raw(printable ? printable.push(stamped) : stamped);
  };

  let stop = (): void => undefined;
  let stopped = false;
  const stopping = new Promise<void>((resolve) => {
    stop = () => {
      stopped = true;
      resolve();
    };
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  watched.signal?.addEventListener('abort', stop);
  const timer = options.for === undefined ? undefined : setTimeout(stop, options.for * 1000);

  let transport = watched.first;
  const listen = async (): Promise<void> => {
    await transport.open();
    transport.onData(show);
  };
  try {
    await listen().catch((error: unknown) => {
      throw withRemedy(error, transport);
    });
    terminal.note(`${transport.name}: Ctrl-C leaves`);
    if (options.reset && !(await restart(transport)))
      terminal.warn(`${transport.name} has no control lines; press the board's RESET`);
    void send(stdin, () => transport, terminal).then((ended) => {
      if (ended && (stdin as { isTTY?: boolean }).isTTY) stop(); // Ctrl-D
    });
    for (let first = true; !stopped; first = false) {
      const lost = lossOf(transport);
      const error = await Promise.race([lost, stopping]);
      if (stopped) break;
      if (first && error?.code === 'port-busy') throw withRemedy(error, transport);
      if (printable) void terminal.raw(printable.end());
      const why = error?.code === 'port-busy' ? 'is used by another program' : 'is gone';
      terminal.note(`\n${transport.name} ${why}; waiting for it to come back (Ctrl-C leaves)`);
      while (!stopped) {
        await Promise.race([sleep(pauseMs), stopping]);
        transport = await watched.again().catch(() => transport);
        await listen().catch((error: unknown) => {
          if (!(error instanceof TinyLMError)) throw error;
        });
        // A device that serves another program takes the connection, and closes it at once.
        if (transport.isOpen && !(await closesAtOnce(transport, stopping))) break;
      }
      if (transport.isOpen) terminal.note(`${transport.name} is back`);
    }
    if (printable) await terminal.raw(printable.end());
  } finally {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, stop);
    watched.signal?.removeEventListener('abort', stop);
    (stdin as { destroy?: () => void }).destroy?.();
    await transport.close();
  }
}

/** Resolves when the connection ends, with its error; at once when it has. */
const lossOf = (transport: Transport): Promise<TinyLMError | undefined> =>
  transport.isOpen ? new Promise((resolve) => void transport.onClose(resolve)) : Promise.resolve(undefined);

const AT_ONCE_MS = 150;

/** Whether a connection over the network ends as soon as it has begun; a serial port says so when it is opened. */
async function closesAtOnce(transport: Transport, stopping: Promise<void>): Promise<boolean> {
  if (onSerial(transport)) return false;
  await Promise.race([lossOf(transport), stopping, sleep(AT_ONCE_MS)]);
  return !transport.isOpen;
}

/** Hears what a board says, and says once what it means when it runs nothing of ours. */
class Listener {
  #heard = '';
  #said = false;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  push(data: Uint8Array): void {
    if (this.#said) return;
    this.#heard = (this.#heard + Buffer.from(data).toString('latin1')).slice(-500);
    const known = boardWords(this.#heard);
    if (!known) return;
    this.#said = true;
    this.#say(`(tinylm: ${known.what}. ${known.hint('--port …')})`);
  }
}

/** Sends what comes from stdin. @returns whether stdin ended */
async function send(stdin: Context['stdin'], to: () => Transport, terminal: Context['terminal']): Promise<boolean> {
  try {
    for await (const chunk of stdin) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      await to()
        .write(data)
        .catch((error: unknown) => {
          if (!(error instanceof TinyLMError)) throw error;
          terminal.note(`not sent: ${error.message}`);
        });
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') terminal.note(String(error));
    return false;
  }
}
