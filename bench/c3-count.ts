/** What a token costs on the virtual ESP32-C3: exact instructions by class, and lines that its cache model fills. */
import { readFileSync } from 'node:fs';
import { buildBarePort } from '../scripts/bare-ports.js';
import { MeasuredC3, type ClassCounts } from '../src/device/chip/index.js';

const MODEL_AT = 0x1a0000;

/** Builds the direct-boot image (Debian: gcc-riscv64-unknown-elf make) and returns it. */
export function directBootImage(): Uint8Array {
  return new Uint8Array(readFileSync(buildBarePort('esp32c3-direct')));
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

/** Boots the image with a model in its partition and counts what `/bench` adds a token between two lengths. */
export function countOnC3(
  image: Uint8Array,
  tlm: Uint8Array,
  tokens: readonly [few: number, many: number] = [4, 20],
): C3Count {
  const flash = new Uint8Array(MODEL_AT + tlm.length).fill(0xff);
  flash.set(image);
  flash.set(tlm, MODEL_AT);
  const chip = new MeasuredC3(flash);
  const { classes, dataLines, codeLines } = chip.countTokens(tokens);
  const answer = chip.ask('/info', /"device":\{[^}]*\}\}\r?\n/);
  const info = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as {
    device: Record<string, number>;
    ram: Record<string, number>;
  };
  return { classes, dataLines, fetchLines: codeLines, info: { ...info.device, ...info.ram } };
}
