/** A page and its workers without a browser: calls over message channels, files of OPFS in memory. */
import { after } from 'node:test';
import type { Transport } from '../../src/device/index.js';
import { readWasm } from '../../src/node/assets.js';
import { sketchParts } from '../../src/node/library.js';
import { threadedKernels } from '../../src/node/threads.js';
import { EngineModel } from '../../src/run/index.js';
import type { TrainerKernels } from '../../src/train/index.js';
import {
  connect,
  memoryStore,
  serve,
  type Connection,
  type Endpoint,
  type Handlers,
  type RunStore,
  type SerialPortLike,
} from '../../src/web/index.js';
import type { Call } from '../../src/web/index.js';
import { trainerHandlers } from '../../src/web/trainer-calls.js';

export const code = async (): Promise<WebAssembly.Module> => WebAssembly.compile(readWasm('engine'));
export const open = async (tlm: Uint8Array): Promise<EngineModel> => EngineModel.load(await code(), tlm);

const channels: MessagePort[] = [];

// A port that was handed on belongs to whoever has it, and keeps Node awake: a page's end ends it, and here is none.
after(() => setTimeout(() => process.exit(), 500).unref());

/** A channel that ends with `closePages`. */
export function channel(): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  channels.push(port1);
  return [port1, port2];
}

/** After each test: open channels keep a process alive. */
export function closePages(): void {
  for (const port of channels.splice(0)) port.close();
}

/** Handlers behind a message channel, as behind a worker. */
export function page<C extends { readonly [N in keyof C]: Call }>(handlers: Handlers<C>): Connection<C> {
  const [port1, port2] = channel();
  serve<C>(port2 as unknown as Endpoint, handlers);
  return connect<C>(port1 as unknown as Endpoint);
}

/** A trainer worker; another one on the same store is what a reload makes. */
export const trainerPage = (
  store: RunStore = memoryStore(),
  kernels: TrainerKernels = threadedKernels(),
  threads = 1,
) =>
  page(trainerHandlers({ store, kernels, threads, open, host: 'test', notes: [], sketch: async () => sketchParts() }));

const notFound = (): Error => Object.assign(new Error('not there'), { name: 'NotFoundError' });

/** The part of a folder of OPFS that the store uses. @param full asked before each write: whether there is no more room */
export function fakeFolder(full: () => boolean = () => false): FileSystemDirectoryHandle {
  const folders = new Map<string, unknown>();
  const files = new Map<string, Uint8Array>();
  const file = (name: string) => ({
    kind: 'file',
    getFile: async () => new Blob([files.get(name)! as Uint8Array<ArrayBuffer>]),
    async createWritable() {
      let content = new Uint8Array();
      return {
        async write(data: Uint8Array) {
          if (full()) throw Object.assign(new Error('no room'), { name: 'QuotaExceededError' });
          content = data.slice();
        },
        abort: async () => {},
        close: async () => void files.set(name, content),
      };
    },
  });
  return {
    kind: 'directory',
    async getDirectoryHandle(name: string, { create = false } = {}) {
      if (!folders.has(name) && !create) throw notFound();
      if (!folders.has(name)) folders.set(name, fakeFolder(full));
      return folders.get(name);
    },
    async getFileHandle(name: string, { create = false } = {}) {
      if (!files.has(name) && !create) throw notFound();
      if (!files.has(name)) files.set(name, new Uint8Array());
      return file(name);
    },
    async removeEntry(name: string) {
      if (!folders.delete(name) && !files.delete(name)) throw notFound();
    },
    async *entries() {
      for (const [name, handle] of folders) yield [name, handle];
      for (const name of files.keys()) yield [name, file(name)];
    },
  } as unknown as FileSystemDirectoryHandle;
}

/** `navigator.locks` of one browser. */
export function fakeLocks() {
  const held = new Set<string>();
  return {
    async request(name: string, _: unknown, use: (lock: unknown) => Promise<void>): Promise<void> {
      if (held.has(name)) return use(null);
      held.add(name);
      try {
        await use({ name });
      } finally {
        held.delete(name);
      }
    },
  };
}

/** A serial port of a browser over a transport, with its faults: cut off, refused, silent. */
export function fakeSerialPort(
  transport: Transport,
  { refuse, noise }: { refuse?: string; noise?: () => Uint8Array | undefined } = {},
): SerialPortLike & { pull(): void } {
  let over: (() => void)[] = [];
  let pulled: (() => void) | undefined;
  let lost = false;
  const networkError = (): Error => Object.assign(new Error('The device has been lost.'), { name: 'NetworkError' });
  return {
    readable: null as ReadableStream<Uint8Array> | null,
    writable: null as WritableStream<Uint8Array> | null,
    async open() {
      if (refuse !== undefined) throw Object.assign(new Error('Failed to open serial port.'), { name: refuse });
      await transport.open();
      this.readable = new ReadableStream<Uint8Array>({
        start: (controller) => {
          over = [
            transport.onData((data) => {
              const more = noise?.();
              if (more) controller.enqueue(more);
              controller.enqueue(data);
            }),
          ];
          pulled = () => controller.error(networkError());
        },
      });
      this.writable = new WritableStream<Uint8Array>({
        async write(data) {
          if (lost) throw networkError();
          await transport.write(data);
        },
      });
    },
    async close() {
      over.splice(0).forEach((off) => off());
      this.readable = this.writable = null;
      await transport.close();
    },
    async setSignals({ dataTerminalReady: dtr, requestToSend: rts }) {
      if (lost) throw networkError();
      await transport.setSignals?.({ ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) });
    },
    getInfo: () =>
      transport.usb ? { usbVendorId: transport.usb.vendorId, usbProductId: transport.usb.productId } : {},
    pull() {
      lost = true;
      this.readable = null;
      pulled?.();
    },
  } as SerialPortLike & {
    pull(): void;
    readable: ReadableStream<Uint8Array> | null;
    writable: WritableStream<Uint8Array> | null;
  };
}
