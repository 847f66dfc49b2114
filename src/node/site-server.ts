/** Serves the built studio to this computer, and to no other. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TinyLMError } from '../model/errors.js';
import { packageRoot } from './assets.js';
import { SITE_HEADERS } from './site-headers.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
  '.bin': 'application/octet-stream',
  '.tlm': 'application/octet-stream',
};
/** What is no smaller compressed. */
const PACKED = ['.woff2', '.tlm'];
const LOOPBACK = '127.0.0.1';

/** Where `npm run build` leaves the page. */
export const sitePath = (): string => join(packageRoot(), 'dist', 'site');

interface SiteFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer | undefined;
}

/** All files of the site by their path, read once. @throws TinyLMError `studio-missing` */
function readSite(folder: string): Map<string, SiteFile> {
  if (!existsSync(join(folder, 'index.html')))
    throw new TinyLMError(
      'studio-missing',
      `${folder} has no index.html: the studio was not built`,
      'run "npm run build", or install the package again',
    );
  const files = new Map<string, SiteFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const bytes = readFileSync(path);
    const extension = extname(path);
    const name = path.slice(folder.length).replaceAll('\\', '/');
    files.set(name, {
      type: TYPES[extension] ?? 'application/octet-stream',
      bytes,
      gzip: PACKED.includes(extension) ? undefined : gzipSync(bytes),
    });
  }
  return files;
}

export interface Site {
  /** Of the page, e.g. http://localhost:4663/ */
  readonly url: string;
  close(): Promise<void>;
}

export interface SiteOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** Default: that of this package. */
  readonly folder?: string;
  /** False: as a host that sends no headers of its own, as GitHub Pages. For tests. */
  readonly headers?: boolean;
}

/**
 * Serves the studio on the loopback address. Requests under another name than localhost are refused: a page of another
 * site could otherwise reach it under a name of its own.
 * @throws TinyLMError `studio-missing`, `studio-port`
 */
export async function serveSite({ port, folder = sitePath(), headers = true }: SiteOptions): Promise<Site> {
  const files = readSite(folder);
  const server = createServer((request, response) => answer(files, headers ? SITE_HEADERS : {}, request, response));
  await listen(server, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new TinyLMError(
          'studio-port',
          `port ${port} cannot be used: ${error.code === 'EADDRINUSE' ? 'another program has it' : error.message}`,
          'the studio may run already; else choose another one with --port (runs in the browser belong to the port)',
        ),
      ),
    );
    server.listen(port, LOOPBACK, resolve);
  });
}

function answer(
  files: ReadonlyMap<string, SiteFile>,
  headers: Readonly<Record<string, string>>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const refuse = (status: number, text: string): void => {
    response.writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  };
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/i.test(request.headers.host ?? '')) return refuse(403, 'only as localhost');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'only GET');
  const path = (request.url ?? '/').replace(/[?#].*$/, '');
  const file = files.get(path === '/' ? '/index.html' : path);
  if (file === undefined) return refuse(404, 'no such file');
  const packed = file.gzip !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = packed ? file.gzip : file.bytes;
  response.writeHead(200, {
    ...headers,
    'content-type': file.type,
    'content-length': body.length,
    // names in assets/ change with their content
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    ...(packed && { 'content-encoding': 'gzip' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
