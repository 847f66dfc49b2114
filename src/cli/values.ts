/** Values as people write them on a command line. */
import { InvalidArgumentError } from 'commander';

export { bits, bytesText, count, duration, percent, plural, speed } from '../run/words.js';

/** A parser for commander: a whole number within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Expected a whole number ${range(min, max)}.`);
    return value;
  };
}

/** A parser for commander: a number within bounds. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max)
      throw new InvalidArgumentError(`Expected a number ${range(min, max)}.`);
    return value;
  };
}

function range(min: number, max: number): string {
  if (max === Infinity || max === Number.MAX_SAFE_INTEGER) return `of at least ${min}`;
  return `from ${min} to ${max}`;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  kib: 1024,
  m: 2 ** 20,
  mb: 2 ** 20,
  mib: 2 ** 20,
};

/** A parser for commander: bytes, `200000`, `520K`, `1.5M` (powers of 1024, as chips count memory). */
export function byteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = match && UNITS[match[2].toLowerCase()];
  if (!match || typeof unit !== 'number' || Math.round(Number(match[1]) * unit) < 1)
    throw new InvalidArgumentError('Expected a number of bytes such as 200000, 520K or 1.5M.');
  return Math.round(Number(match[1]) * unit);
}

/** A parser for commander: whole numbers with commas between them. */
export function numberList(min: number, max: number): (text: string) => number[] {
  const one = wholeNumber(min, max);
  return (text) => text.split(',').map((part) => one(part.trim()));
}

/** A parser for commander: numbers with commas, or `from:to:step`. */
export function decimalRange(min: number, max: number): (text: string) => number[] {
  const one = decimal(min, max);
  return (text) => {
    const parts = text.split(':');
    if (parts.length === 1) return text.split(',').map((part) => one(part.trim()));
    const [from, to, step] = parts.map(Number);
    if (parts.length !== 3 || !(step > 0) || !(to >= from) || (to - from) / step > 1000)
      throw new InvalidArgumentError('Expected numbers with commas (0.5,0.7), or from:to:step (0.3:1.2:0.1).');
    one(parts[0]);
    one(parts[1]);
    // Counted, not added up, so that the last one is not lost to rounding.
    return Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, i) =>
      Number((from + i * step).toFixed(6)),
    );
  };
}

/** A parser for commander: extensions with commas, with or without their dots. */
export function extensionList(text: string): string[] {
  const list = text.split(',').map((part) => part.trim().replace(/^\./, '').toLowerCase());
  if (list.some((part) => !/^[^./\\\s]+$/.test(part)))
    throw new InvalidArgumentError('Expected extensions with commas, such as txt,log.');
  return list;
}

/** A parser for commander: `theirs=ours`, given as often as needed. */
export function namePair(text: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1)
    throw new InvalidArgumentError('Expected theirs=ours, e.g. emb.weight=embed.weight; theirs=- leaves a tensor out.');
  return new Map(before).set(text.slice(0, at), text.slice(at + 1));
}

/** `\n`, `\t` and `\\` in a prompt or a stop string, which a shell does not make easy to type. */
export function unescapeText(text: string): string {
  return text.replace(/\\([nt\\])/g, (_, c: string) => ({ n: '\n', t: '\t' })[c] ?? '\\');
}
