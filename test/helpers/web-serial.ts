/** A stand-in for Web Serial in the page, bridged to a board in this process, with what can go wrong with a cable. */
import type { Page } from 'playwright-core';
import type { VirtualBoard } from '../../src/device/chip/board.js';

/** The host's side of a board. */
export type Board = Pick<VirtualBoard, 'connect' | 'disconnect' | 'fromHost' | 'setSignals'>;

export interface SerialStandIn {
  /** As when the cable is pulled. */
  unplug(): Promise<void>;
}

export interface SerialOptions {
  /** False: the person closes the list of ports. */
  readonly chooses?: boolean;
  /** Called with each chunk from the page, before the board gets it; false swallows it. */
  readonly onWrite?: (data: Uint8Array, port: SerialStandIn) => boolean | void;
  /** Changes what the board says on its way to the page. */
  readonly onRead?: (data: Uint8Array) => Uint8Array;
}

/** Puts the stand-in into a page, before it is loaded. */
export async function standInSerial(
  page: Page,
  board: Board,
  { chooses = true, onWrite, onRead }: SerialOptions = {},
): Promise<SerialStandIn> {
  let waiting: Uint8Array[] = [];
  let sending = false;
  /** In order, and many small pieces as one. */
  const flush = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    while (waiting.length > 0) {
      const bytes = Buffer.concat(waiting);
      waiting = [];
      await page
        .evaluate(
          (text) => (globalThis as unknown as { standInHears(text: string): void }).standInHears(text),
          bytes.toString('base64'),
        )
        .catch(() => undefined);
    }
    sending = false;
  };
  const port: SerialStandIn = {
    async unplug() {
      board.disconnect();
      await page
        .evaluate(() => (globalThis as unknown as { standInGone(): void }).standInGone())
        .catch(() => undefined);
    },
  };
  await page.exposeFunction('standInCall', (what: string, value: string): void => {
    if (what === 'open')
      board.connect((data) => {
        waiting.push(onRead?.(data.slice()) ?? data.slice());
        setImmediate(() => void flush());
      });
    else if (what === 'close') board.disconnect();
    else if (what === 'signals') board.setSignals(JSON.parse(value) as { dtr?: boolean; rts?: boolean });
    else {
      const data = new Uint8Array(Buffer.from(value, 'base64'));
      if (onWrite?.(data, port) !== false) board.fromHost(data);
    }
  });
  await page.addInitScript(standIn, chooses);
  return port;
}

/** Runs in the page. */
function standIn(chooses: boolean): void {
  interface Page {
    standInCall(what: string, value: string): Promise<void>;
    standInHears(text: string): void;
    standInGone(): void;
  }
  const here = globalThis as unknown as Page;
  const gone = (): DOMException => new DOMException('The device has been lost.', 'NetworkError');
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  let lost = false;
  const port = {
    readable: null as ReadableStream<Uint8Array> | null,
    writable: null as WritableStream<Uint8Array> | null,
    getInfo: () => ({ usbVendorId: 0x303a, usbProductId: 0x1001 }),
    async open(): Promise<void> {
      if (lost) throw gone();
      port.readable = new ReadableStream({
        start: (controller) => {
          source = controller;
        },
      });
      port.writable = new WritableStream({
        async write(data: Uint8Array) {
          if (lost) throw gone();
          await here.standInCall('write', btoa(String.fromCharCode(...data)));
        },
      });
      await here.standInCall('open', '');
    },
    async close(): Promise<void> {
      port.readable = port.writable = null;
      source = undefined;
      await here.standInCall('close', '');
    },
    async setSignals({
      dataTerminalReady: dtr,
      requestToSend: rts,
    }: {
      dataTerminalReady?: boolean;
      requestToSend?: boolean;
    }): Promise<void> {
      if (lost) throw gone();
      await here.standInCall(
        'signals',
        JSON.stringify({ ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) }),
      );
    },
  };
  here.standInHears = (text) => source?.enqueue(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  here.standInGone = () => {
    lost = true;
    port.readable = null;
    source?.error(gone());
  };
  Object.defineProperty(navigator, 'serial', {
    value: {
      requestPort: () =>
        chooses
          ? Promise.resolve(port)
          : Promise.reject(new DOMException('No port selected by the user.', 'NotFoundError')),
      getPorts: () => Promise.resolve([]),
    },
  });
}
