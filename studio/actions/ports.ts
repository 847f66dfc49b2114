/** Ports of chips: the person's own by Web Serial, or the virtual one's. */
import { servePort } from '../../src/web/ports.js';
import type { PortAsk } from '../../src/web/protocol.js';
import { serialName } from '../../src/web/serial.js';
import { words } from '../i18n/index.js';
import { virtual } from './workers.js';

export interface OpenedPort {
  readonly name: string;
  readonly ask: PortAsk;
  close(): Promise<void>;
}

/** Lets the person choose; undefined when they chose none. */
export async function openSerial(): Promise<OpenedPort | undefined> {
  let port: SerialPort;
  try {
    port = await navigator.serial.requestPort();
  } catch (error) {
    if ((error as Error).name === 'NotFoundError') return undefined;
    throw error;
  }
  const name = serialName(port.getInfo());
  const { port1, port2 } = new MessageChannel();
  const served = servePort(port, port1);
  return {
    name,
    ask: { port: port2, name },
    close: async () => {
      await served.close();
    },
  };
}

export async function openVirtual(): Promise<OpenedPort> {
  const { port1, port2 } = new MessageChannel();
  await virtual().call('virtual/start', { port: port1 }, { transfer: [port1] });
  const name = words.value.chip.virtualName;
  return {
    name,
    ask: { port: port2, name },
    close: async () => {
      await virtual().call('virtual/stop', {});
    },
  };
}
