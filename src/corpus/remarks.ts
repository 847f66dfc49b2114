/** What reading a text found out, for people. */
export interface Remark {
  /** A warning should not be overlooked. */
  readonly kind: 'note' | 'warning';
  readonly text: string;
}

export const percent = (n: number, of: number): string => `${((100 * n) / Math.max(1, of)).toFixed(1)} %`;

/** 1 document, 1,200 documents */
export function many(n: number, what: string, plural = `${what}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? what : plural}`;
}

/** Short and on one line, for quoting. */
export function quoted(text: string, most = 40): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[\0-\x1f\x7f-\x9f]/g, '?')
    .trim();
  return [...line].length > most ? `${[...line].slice(0, most).join('')}…` : line;
}
