/** Devices on the network: the same bytes over TCP or in the messages of a WebSocket. */
import { TinyLMError } from '../../model/errors.js';
import { atMost, within } from '../../device/deadline.js';
import { TransportBase } from '../../device/transport.js';

const TIMEOUT_MS = 5000;
/** How long the other side may take no bytes. */
const WRITE_MS = 20_000;
/** Whoever closes a connection this soon, in milliseconds, and without a word has not served it. */
const AT_ONCE_MS = 250;
/** How long a WebSocket's closing handshake may take. */
const FAREWELL_MS = 1000;
/** What a device says, in the form of SPEC.md 6.2, before it closes a connection that is one too many. */
export const BUSY_LINE = '[error busy: another program is connected]\r\n';
/** Bytes of what is heard first that are looked at for it. */
const HEARD = 200;

const stalled = (name: string): TinyLMError =>
  new TinyLMError('port-stalled', `${name} has taken no bytes for ${WRITE_MS / 1000} s`, 'connect again');
const lost = (name: string): TinyLMError =>
  new TinyLMError('port-lost', `${name} closed the connection`, 'connect again');
const busy = (name: string, how: string): TinyLMError =>
  new TinyLMError(
    'port-busy',
    `${name} ${how}${how.endsWith('likely') ? '' : ':'} another program is connected to it`,
    'close the other program (tinylm chat, flash or monitor, a page in a browser) and try again',
  );

/** A network error in words. */
function networkError(name: string, code: string | undefined, text: string): TinyLMError {
  // A WebSocket's handshake that is answered so: no place is free.
  if (/\b503\b/.test(text)) return busy(name, 'is busy (503)');
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new TinyLMError(
        'connect-unknown',
        `no address is known for ${name}`,
        'check the name; .local names need mDNS on this computer: try the IP address the device prints',
      );
    case 'ECONNREFUSED':
      return new TinyLMError(
        'connect-refused',
        `${name} refuses the connection`,
        'check the port, and that the device runs',
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new TinyLMError('connect-timeout', `${name} does not answer`, 'check that both are in the same network');
    default:
      return new TinyLMError('connect-error', `${name}: ${text}`, 'check the address and try again');
  }
}

/** The part of a socket of `node:net` used here. */
export interface TcpSocket {
  write(data: Uint8Array, done: (error?: Error | null) => void): unknown;
  destroy(): unknown;
  setTimeout(ms: number, listener?: () => void): unknown;
  on(event: 'data', listener: (data: Uint8Array) => void): unknown;
  on(event: 'close' | 'connect', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error & { code?: string | undefined }) => void): unknown;
}

/** `connect` of `node:net`, handed in by the rooms that may open sockets. */
export type TcpConnect = (options: { host: string; port: number; noDelay: boolean }) => TcpSocket;

/** A TCP connection. */
export class TcpTransport extends TransportBase {
  readonly #host: string;
  readonly #port: number;
  readonly #connect: TcpConnect;
  readonly #timeout: number;
  #socket: TcpSocket | undefined;

  /**
   * @param connect `connect` of `node:net`
   * @param timeoutMs how long to wait for the connection, default 5000
   */
  constructor(host: string, port: number, connect: TcpConnect, timeoutMs = TIMEOUT_MS) {
    super(`${host}:${port}`);
    this.#host = host;
    this.#port = port;
    this.#connect = connect;
    this.#timeout = timeoutMs;
  }

  async open(): Promise<void> {
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    const socket = this.#connect({ host: this.#host, port: this.#port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(this.#timeout, () => {
        socket.destroy();
        reject(networkError(this.name, 'ETIMEDOUT', ''));
      });
      socket.on('error', (e) => reject(networkError(this.name, e.code, e.message)));
      socket.on('connect', () => resolve());
      socket.on('close', () => reject(lost(this.name)));
    });
    socket.setTimeout(0);
    this.#socket = socket;
    const began = performance.now();
    const decoder = new TextDecoder();
    let heard = '';
    socket.on('data', (data) => {
      if (heard.length < HEARD) heard += decoder.decode(data.subarray(0, HEARD), { stream: true });
      this.received(data);
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      // Some say why, in words of the protocol; a serial line that is passed on closes without one.
      const atOnce = performance.now() - began < AT_ONCE_MS && heard === '';
      if (/^\s*\[error busy\b/.test(heard)) this.closed(busy(this.name, 'is busy'));
      else this.closed(atOnce ? busy(this.name, 'closed the connection at once; most likely') : lost(this.name));
    });
    this.opened();
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    this.closed();
    socket?.destroy();
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    const socket = this.#socket;
    if (!socket) throw lost(this.name);
    await within(
      WRITE_MS,
      new Promise<void>((resolve, reject) => {
        socket.write(data, (e) => (e ? reject(lost(this.name)) : resolve()));
      }),
      () => stalled(this.name),
    );
  }
}

/** The part of the WebSocket standard used here. */
interface SocketEvent {
  data?: unknown;
  message?: string;
}
interface SocketLike {
  binaryType: string;
  send(data: Uint8Array): void;
  close(): void;
  /** of the package ws: without the closing handshake */
  terminate?(): void;
  addEventListener(type: string, listener: (event: SocketEvent) => void): void;
}
export type WebSocketConstructor = new (url: string) => SocketLike;

/** The browser's WebSocket, or that of the package `ws`. */
async function webSocketConstructor(): Promise<WebSocketConstructor> {
  const { WebSocket: own, process } = globalThis as { WebSocket?: WebSocketConstructor; process?: unknown };
  if (own && process === undefined) return own;
  try {
    // Where both are there: this one says what a server has answered instead, and can be ended at once.
    return (await import('ws')).WebSocket as unknown as WebSocketConstructor;
  } catch {
    if (own) return own;
    throw new TinyLMError(
      'websocket-missing',
      'this version of Node has no WebSocket, and the package ws is missing',
      'use Node 22 or later, or npm install ws',
    );
  }
}

/** A WebSocket: binary messages out; binary and text messages in (text as UTF-8). */
export class WebSocketTransport extends TransportBase {
  readonly #url: string;
  readonly #Socket: WebSocketConstructor | undefined;
  #socket: SocketLike | undefined;

  /** @param url e.g. ws://tinylm.local/ws */
  constructor(url: string, Socket?: WebSocketConstructor) {
    super(url);
    this.#url = url;
    this.#Socket = Socket;
  }

  async open(): Promise<void> {
    if (this.isOpen) throw new TinyLMError('port-busy', `${this.name} is open already`, 'close it first');
    const Constructor = this.#Socket ?? (await webSocketConstructor());
    let socket: SocketLike;
    try {
      socket = new Constructor(this.#url);
    } catch (e) {
      throw new TinyLMError('connect-error', `${this.#url}: ${(e as Error).message}`, 'expected ws://host/path');
    }
    socket.binaryType = 'arraybuffer';
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.close();
        reject(networkError(this.name, 'ETIMEDOUT', ''));
      }, TIMEOUT_MS);
      socket.addEventListener('open', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.addEventListener('error', (e) => {
        clearTimeout(timer);
        const code = /\b(E[A-Z]{4,})\b/.exec(e.message ?? '')?.[1];
        reject(networkError(this.name, code, e.message ?? 'the connection failed'));
      });
      socket.addEventListener('close', () => {
        clearTimeout(timer);
        reject(lost(this.name));
      });
    });
    this.#socket = socket;
    socket.addEventListener('message', (e) => {
      const text = typeof e.data === 'string';
      this.received(text ? new TextEncoder().encode(e.data as string) : new Uint8Array(e.data as ArrayBuffer));
    });
    socket.addEventListener('close', () => {
      this.#socket = undefined;
      this.closed(lost(this.name));
    });
    this.opened();
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    this.closed();
    if (!socket) return;
    // The other side may have vanished: its half of the farewell is not waited for long.
    const over = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
    socket.close();
    await atMost(FAREWELL_MS, over);
    socket.terminate?.();
  }

  async write(data: Uint8Array): Promise<void> {
    this.requireOpen();
    if (!this.#socket) throw lost(this.name);
    this.#socket.send(data);
  }
}
