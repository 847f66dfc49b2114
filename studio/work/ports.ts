/** Ports of chips: the person's own by Web Serial, or the virtual one's. */
import { servePort } from '../../src/web/ports.js';
import type { PortAsk } from '../../src/web/protocol.js';
import { words } from '../i18n/index.js';
import { virtual } from './workers.js';

export interface OpenedPort {
  readonly name: string;
  readonly ask: PortAsk;
  close(): Promise<void>;
}

const hex = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0');

/** Lets the person choose; undefined when they chose none. */
export async function openSerial(): Promise<OpenedPort | undefined> {
  let port: SerialPort;
  try {
    port = await navigator.serial.requestPort();
  } catch (error) {
    if ((error as Error).name === 'NotFoundError') return undefined;
    throw error;
  }
  const { usbVendorId, usbProductId } = port.getInfo();
  const usb = usbVendorId === undefined || usbProductId === undefined ? undefined : { vendorId: usbVendorId, productId: usbProductId };
  const name = usb ? `USB ${hex(usb.vendorId)}:${hex(usb.productId)}` : 'serial port';
  const { port1, port2 } = new MessageChannel();
  const served = servePort(port, port1);
  return { name, ask: { port: port2, name, ...(usb && { usb }) }, close: async () => { await served.close(); } };
}

/** The chip's own USB-Serial-JTAG, by which the virtual board is wired: how it is reset follows from it. */
const C3_USB = { vendorId: 0x303a, productId: 0x1001 } as const;

export async function openVirtual(): Promise<OpenedPort> {
  const { port1, port2 } = new MessageChannel();
  await virtual().call('virtual/start', { port: port1 }, { transfer: [port1] });
  const name = words.value.chip.virtualName;
  return { name, ask: { port: port2, name, usb: C3_USB }, close: async () => { await virtual().call('virtual/stop', {}); } };
}
