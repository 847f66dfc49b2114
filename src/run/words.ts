/** Values as people read them. */
export { many as plural } from '../corpus/index.js';

/** 41,600 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 12.9 KB (of 1,024 bytes), or bytes below 10 KB. */
export function bytesText(value: number): string {
  if (value < 10_240) return `${count(value)} bytes`;
  return value < 2 ** 20 ? `${(value / 1024).toFixed(1)} KB` : `${(value / 2 ** 20).toFixed(2)} MB`;
}

/** 42 s, 3 min 20 s, 2 h 5 min */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** 1.234, or – where there is none. */
export function bits(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(3);
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** 81.2 tokens/s; 4,210 tokens/s */
export const speed = (tokensPerSecond: number): string =>
  `${tokensPerSecond < 1000 ? tokensPerSecond.toFixed(1) : count(tokensPerSecond)} tokens/s`;
