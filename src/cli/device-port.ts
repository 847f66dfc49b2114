/** The way to a device, from the options of the verbs that talk to one. */
import { realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { Option, type Command } from 'commander';
import { within, type Transport } from '../device/index.js';
import {
  listDevices,
  SerialTransport,
  TcpTransport,
  WebSocketTransport,
  type DeviceInfo,
  type SerialBackend,
} from '../node/ports/index.js';
import { TinyLMError } from '../model/errors.js';
import { UsageError } from './errors.js';
import { wholeNumber } from './values.js';

export interface PortOptions {
  port?: string;
  host?: string;
  /** baud */
  baud?: number;
}

export const portOption = (): Option =>
  new Option('--port <path>', 'serial port of the board, e.g. /dev/ttyACM0 or COM3');

export const baudOption = (about: string, initial: number): Option =>
  new Option('--baud <n>', about).argParser(wholeNumber(300, 4_000_000)).default(initial);

export const tokenOption = (): Option =>
  new Option('--token <token>', "the device's token, for changes over the network; - asks for it, unseen").env(
    'TINYLM_TOKEN',
  );

/** `--port`, `--host` and `--baud`. */
export function addPortOptions(command: Command): Command {
  return command
    .addOption(portOption())
    .option('--host <address>', 'device on the network: name[:port] (its WebSocket), ws://… or tcp://host:port')
    .addOption(baudOption('speed of the serial line; a USB-Serial-JTAG has none', 115_200));
}

/** How long the system may take to list its ports. */
const LIST_MS = 10_000;

/** Serial ports, the likely ones first. @throws TinyLMError `devices-list` when the system does not tell them */
export async function serialPorts(backend?: SerialBackend): Promise<DeviceInfo[]> {
  try {
    // udevadm is asked on Linux, a driver elsewhere: neither is waited for without end.
    return await within(
      LIST_MS,
      listDevices(backend),
      () =>
        new TinyLMError(
          'devices-list',
          `the serial ports are not listed within ${LIST_MS / 1000} s`,
          'give the port yourself: --port /dev/ttyACM0',
        ),
    );
  } catch (error) {
    if (error instanceof TinyLMError) throw error;
    const { code, message, path } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' && path === 'udevadm';
    throw new TinyLMError(
      'devices-list',
      `the serial ports cannot be listed: ${missing ? 'the command udevadm is not installed' : message}`,
      `${missing ? 'apt-get install udev; or ' : ''}give the port yourself: --port /dev/ttyACM0`,
    );
  }
}

/** Flashing resets a chip over its own USB in another way than over a bridge, so the port's USB ids are looked up. */
async function usbIds(path: string): Promise<DeviceInfo['usb']> {
  try {
    const real = realpathSync(path);
    return (await serialPorts()).find((p) => p.path === path || p.path === real)?.usb;
  } catch {
    return undefined; // no such port: opening it says so; no list: the usual way to reset
  }
}

export async function serialPort(path: string, baud: number): Promise<Transport> {
  return new SerialTransport(path, { baud, usb: await usbIds(path) });
}

/** @returns a transport, not open yet. @throws UsageError unless there is exactly one of `--port` and `--host` */
export async function choosePort({ port, host, baud = 115_200 }: PortOptions): Promise<Transport> {
  if ((port === undefined) === (host === undefined))
    throw new UsageError(
      port === undefined ? 'expected --port or --host' : 'both --port and --host, expected one',
      'tinylm devices lists the serial ports',
    );
  if (port !== undefined && /^(tcp|wss?):\/\//.test(port))
    throw new UsageError(`--port ${port} is an address, expected a serial port`, `--host ${port}`);
  return port !== undefined ? serialPort(port, baud) : hostTransport(host!);
}

/** A device on the network by its address. @throws UsageError for what is no address */
export function hostTransport(host: string): Transport {
  const bad = (): UsageError =>
    new UsageError(
      `--host ${host} is no address`,
      'expected e.g. tinylm.local, 192.168.1.20:8080, ws://host/path or tcp://host:port',
    );
  const scheme = /^([a-z]+):\/\//i.exec(host)?.[1].toLowerCase();
  if (/\s/.test(host) || !URL.canParse(scheme ? host : `ws://${host}`)) throw bad();
  const url = new URL(scheme ? host : `ws://${host}`);
  if (url.hostname === '') throw bad();
  switch (scheme) {
    case undefined:
      if (url.pathname !== '/' || url.search !== '' || url.username !== '') throw bad();
      return new WebSocketTransport(`ws://${url.host}/ws`);
    case 'ws':
    case 'wss':
      return new WebSocketTransport(url.href);
    case 'tcp':
      if (url.port === '' || url.pathname.length > 1) throw bad();
      return new TcpTransport(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port), connect);
    default:
      throw bad();
  }
}
