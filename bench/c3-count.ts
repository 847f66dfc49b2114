/** What a token costs on the virtual ESP32-C3: exact instructions by class, and lines that its cache model fills. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheModel, VirtualC3, countsSince, type CacheCounts, type ClassCounts } from '../src/device/index.js';
import { packageRoot } from '../src/node/assets.js';

const SLICE = 5_000;
const MODEL_AT = 0x1a0000;

/** Builds the direct-boot image (Debian: gcc-riscv64-unknown-elf make) and returns it. */
export function directBootImage(): Uint8Array {
  const out = join(packageRoot(), 'build', 'bare');
  const make = spawnSync(
    'flock',
    [
      join(tmpdir(), 'tinylm-bare.lock'),
      'make',
      '-s',
      '-C',
      join(packageRoot(), 'firmware/ports'),
      'esp32c3-direct',
      `OUT=${out}`,
    ],
    { encoding: 'utf8' },
  );
  if (make.status !== 0) throw new Error(`the direct-boot image does not build:\n${make.stderr}`);
  return new Uint8Array(readFileSync(join(out, 'esp32c3-direct.bin')));
}

export interface C3Count {
  /** instructions a token by class */
  readonly classes: ClassCounts;
  /** lines filled a token, for data and for instructions; without the cache model, undefined */
  readonly dataLines: number;
  readonly fetchLines: number;
  /** what /info says of the device: ram_bytes, stack_bytes, stack_free_min, and of the engine's memory */
  readonly info: Readonly<Record<string, number>>;
}

/**
 * Boots the image with a model in its partition and counts what /bench adds a token, between two lengths, so that the
 * command itself does not matter.
 */
export function countOnC3(
  image: Uint8Array,
  tlm: Uint8Array,
  tokens: readonly [few: number, many: number] = [4, 20],
): C3Count {
  const chip = new VirtualC3();
  chip.flash.program(0, image);
  chip.flash.program(MODEL_AT, tlm);
  chip.reset();
  const cache = new CacheModel();
  chip.hart.useCache(cache);
  let said = '';
  const until = (answer: RegExp): void => {
    for (let ran = 0; !answer.test(said); ran += SLICE) {
      if (ran > 2e9) throw new Error(`no ${String(answer)} from the virtual ESP32-C3, which said: ${said}`);
      chip.run(SLICE);
      said += Buffer.from(chip.usb.state.takeSent()).toString();
    }
  };
  const ask = (line: string, answer: RegExp): string => {
    said = '';
    chip.usb.receive(Buffer.from(`${line}\n`));
    until(answer);
    return said;
  };
  const bench = (n: number): { classes: ClassCounts; lines: CacheCounts } => {
    const [classes, lines] = [chip.hart.counts(), { ...cache.counts }];
    ask(`/bench ${n}`, new RegExp(`\\[${n} tokens`));
    const after = cache.counts;
    return {
      classes: countsSince(chip.hart.counts(), classes),
      lines: Object.fromEntries(
        Object.entries(lines).map(([k, v]) => [k, after[k as keyof CacheCounts] - v]),
      ) as unknown as CacheCounts,
    };
  };
  until(/> $/);
  const [few, many] = tokens;
  bench(2);
  const [a, b] = [bench(few), bench(many)];
  const each = (x: number, y: number): number => (y - x) / (many - few);
  const answer = ask('/info', /"device":\{[^}]*\}\}\r?\n/);
  const info = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as {
    device: Record<string, number>;
    ram: Record<string, number>;
  };
  return {
    classes: Object.fromEntries(
      Object.entries(a.classes).map(([k, v]) => [k, each(v, b.classes[k as keyof ClassCounts])]),
    ) as ClassCounts,
    dataLines: each(a.lines.dataMisses, b.lines.dataMisses),
    fetchLines: each(a.lines.fetchMisses, b.lines.fetchMisses),
    info: { ...info.device, ...info.ram },
  };
}
