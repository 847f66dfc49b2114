/** Helpers of the firmware's tests: the POSIX port, built with sanitizers and run as a process; models for it. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TcpTransport } from '../src/node/ports/network.js';
import { writeTlm } from '../src/format/index.js';
import { configOf } from '../src/model/index.js';
import { packageRoot } from '../src/node/assets.js';
import { quantizeModel } from '../src/quantize/index.js';
import { trainTokenizer, tableVocab } from '../src/tokenizer/index.js';
import { livelyModel } from './helpers/tiny-models.js';
import { vectorNames, vectorPath } from '../scripts/vectors.js';
import { toolsOf } from '../scripts/debian.js';

export const ROOT = packageRoot();
const OUT = join(ROOT, 'build', 'posix-sanitized');

/** Skips loudly without the tools; with CI=true that is a failure. */
export function toolsFor(t: TestContext, tools: Readonly<Record<string, string>>): boolean {
  for (const [command, packages] of Object.entries(tools)) {
    const there = command.startsWith('/') ? existsSync(command) : spawnSync(command, ['--version']).error === undefined;
    if (there) continue;
    const message = `SKIPPED: ${command} is missing (Debian: apt-get install ${packages})`;
    if (process.env['CI'] === 'true') throw new Error(message);
    process.stderr.write(`${t.name}: ${message}\n`);
    t.skip(message);
    return false;
  }
  return true;
}

/** Tools that the POSIX port is built with. */
export const POSIX_TOOLS = toolsOf('gcc', 'make', '/usr/include/microhttpd.h');

let built = false;
/** Builds the POSIX port and its fuzzer with ASan and UBSan, once; two test files may do so at the same time. */
export function buildPosix(): string {
  if (built) return OUT;
  const make = spawnSync(
    'flock',
    [
      join(tmpdir(), 'tinylm-posix.lock'),
      'make',
      '-s',
      '-j2',
      '-C',
      join(ROOT, 'firmware/ports/posix'),
      `OUT=${OUT}`,
      'SANITIZE=1',
      'CFLAGS=-O1 -g',
    ],
    { encoding: 'utf8' },
  );
  if (make.status !== 0) throw new Error(`the POSIX port does not build:\n${make.stderr}`);
  built = true;
  return OUT;
}

export const vector = (name: string): string => vectorPath(`v1/${name}`);
/** Files of both versions, with every kind of layer, one to three trits and n-gram tables. (The extreme ones end before any text.) */
export const EVERY_KIND: readonly string[] = vectorNames
  .filter((name) => name === 'v1/char-5-7-2' || (name.startsWith('v2/') && !name.includes('extreme')))
  .map(vectorPath);
/** A small model whose texts have characters of several bytes. */
export const SMALL = vector('bpe-33-17');

/** A random model of the default shape (V 256, D 32, H 64), or another; its file. */
export function modelFile(shape: { vocab?: number; dim?: number; hidden?: number } = {}): string {
  // Enough different words for any vocabulary, with characters of several bytes.
  const syllables = [
    'the',
    'ca',
    'to',
    'não',
    'é',
    'hou',
    'se',
    'win',
    'd',
    'sto',
    'ne',
    'wa',
    'ter',
    'li',
    'ght',
    'ro',
    'mu',
    'ki',
  ];
  let s = 1;
  const pick = (n: number): number => ((s = (Math.imul(s, 1664525) + 1013904223) >>> 0) % 65521) % n;
  const text = Array.from(
    { length: (shape.vocab ?? 0) > 512 ? 60_000 : 6000 },
    (_, i) =>
      Array.from({ length: 1 + pick(3) }, () => syllables[pick(syllables.length)]).join('') +
      (i % 9 === 8 ? '.\n' : ''),
  ).join(' ');
  const tokenizer = trainTokenizer([text], { kind: 'bpe', vocab: shape.vocab ?? 256 });
  const float = livelyModel(
    configOf({
      vocab: tableVocab(tokenizer),
      dim: shape.dim ?? 32,
      hidden: shape.hidden ?? 64,
      layers: 1,
      tied: false,
    }),
    11,
  );
  const folder = mkdtempSync(join(tmpdir(), 'tinylm-firmware-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'model.tlm');
  writeFileSync(path, writeTlm({ model: quantizeModel(float).model, tokenizer, metadata: {} }));
  return path;
}

export interface Device {
  readonly process: ChildProcessWithoutNullStreams;
  readonly tcp: number;
  readonly http: number;
  readonly pty: string;
  /** a new TCP connection */
  port(): TcpTransport;
  url(path: string): string;
  log(): string;
  stop(): Promise<void>;
}

type Mode = 'tcp' | 'http' | 'pty';

/** Starts the device and waits until it says where it listens. A sanitizer's complaint fails the test at stop(). */
export async function startDevice(args: readonly string[], modes: readonly Mode[] = ['tcp']): Promise<Device> {
  const flags = modes.flatMap((m) => (m === 'pty' ? ['--pty'] : [`--${m}`, '0']));
  const child = spawn(join(buildPosix(), 'tinylm-device'), [...flags, ...args]);
  const found: Record<string, string> = {};
  let log = '';
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  await new Promise<void>((resolve, reject) => {
    child.on('exit', () => reject(new Error(`the device stopped: ${log}`)));
    child.stderr.on('data', (data: Buffer) => {
      log += data.toString();
      for (const m of log.matchAll(/^(tcp|http|pty) (.*)\n/gm)) found[m[1]] = m[2];
      if (modes.every((m) => found[m] !== undefined)) resolve();
    });
  });
  const number = (mode: string): number => Number(found[mode]?.split(':')[1] ?? 0);
  return {
    process: child,
    tcp: number('tcp'),
    http: number('http'),
    pty: found['pty'] ?? '',
    port: () => new TcpTransport('127.0.0.1', number('tcp'), connect),
    url: (path) => `http://127.0.0.1:${number('http')}${path}`,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      const code = await exited;
      if (code !== 0) throw new Error(`the device ended with ${code}:\n${log}`);
    },
  };
}

/** Runs `body` with a device that is stopped afterwards. */
export async function withDevice<T>(
  args: readonly string[],
  modes: readonly Mode[],
  body: (device: Device) => Promise<T>,
): Promise<T> {
  const device = await startDevice(args, modes);
  let failed = true;
  try {
    const result = await body(device);
    failed = false;
    return result;
  } finally {
    await device.stop().catch((error: Error) => {
      if (!failed) throw error;
      process.stderr.write(`${error.message}\n`);
    });
  }
}

export const fileBytes = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
