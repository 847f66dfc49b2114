/** The page's words in the person's language, and numbers as people there write them. */
import { computed, signal } from '@preact/signals';
import { remembered, remember } from '../state/remember.js';
import { en, type Words } from './en.js';
import { pt } from './pt.js';

export type Lang = 'en' | 'pt';
export const WORDS: Readonly<Record<Lang, Words>> = { en, pt };

const first = (): Lang => {
  const asked = new URLSearchParams(location.search).get('lang') ?? remembered('lang') ?? navigator.language;
  return asked.toLowerCase().startsWith('pt') ? 'pt' : 'en';
};

export const lang = signal<Lang>(first());
export const words = computed(() => WORDS[lang.value]);

export function setLang(wanted: Lang): void {
  lang.value = wanted;
  remember('lang', wanted);
}

/** 12,345 or 12.345 */
export const count = (n: number): string => Math.round(n).toLocaleString(words.value.locale);
export const decimal = (n: number, digits: number): string =>
  n.toLocaleString(words.value.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
/** Three figures that matter: 1,540 · 85 · 9.5 */
export const rate = (n: number): string => (n >= 10 ? count(n) : decimal(n, 1));
export const percent = (p: number): string =>
  p.toLocaleString(words.value.locale, { style: 'percent', maximumFractionDigits: p < 0.1 ? 1 : 0 });

/** Bytes in the largest unit that leaves a number above one: 11.1 KB. */
export function size(bytes: number): string {
  const { units } = words.value;
  if (bytes < 1000) return `${count(bytes)} ${units.bytes}`;
  if (bytes < 1_000_000) return `${bytes < 100_000 ? decimal(bytes / 1000, 1) : count(bytes / 1000)} ${units.kb}`;
  return `${decimal(bytes / 1_000_000, 1)} ${units.mb}`;
}

/** Memory sizes of chips, which are powers of two: 4 MB is 4 · 2^20. */
export function memory(bytes: number): string {
  const { units } = words.value;
  if (bytes < 2 ** 20)
    return `${Number((bytes / 1024).toFixed(bytes < 10 * 1024 ? 1 : 0)).toLocaleString(words.value.locale)} ${units.kb}`;
  return `${Number((bytes / 2 ** 20).toFixed(1)).toLocaleString(words.value.locale)} ${units.mb}`;
}

/** How long, in words: 40 s, 3 min, 1 h 20 min. */
export function duration(seconds: number): string {
  const { units } = words.value;
  if (!Number.isFinite(seconds)) return '…';
  if (seconds < 90) return units.seconds(count(Math.max(1, seconds)));
  const minutes = Math.round(seconds / 60);
  return minutes < 90
    ? units.minutes(count(minutes))
    : units.hours(count(Math.floor(minutes / 60)), count(minutes % 60));
}
