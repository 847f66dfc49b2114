/** Finding documents in a text without marks: lists of lines, regular blocks. Prose must never be taken for one. */

/** What makes a line an item of a list: a name, a word, a title. */
const ITEM = /^[\p{L}\p{N}@#][\p{L}\p{M}\p{N} .,:'’&()/+_@#!·・-]*$/u;
const SENTENCE_END = /[.!?…。！？;:,，、]$/u;

const MIN_ITEMS = 50;
/** Of names and words: most characters and words, and words on average. Titles may have more, but begin as titles. */
const NAME = { length: 40, words: 4, mean: 2.5 };
const TITLE = { length: 60, words: 8, mean: 4.5 };
const MIN_BLOCKS = 20;

/** How many lines are looked at. */
const SAMPLE_LINES = 20_000;

const share = <T>(all: readonly T[], is: (one: T) => boolean): number =>
  all.filter(is).length / Math.max(1, all.length);

/** Names, words or titles, one a line: short, of letters, no sentences, hardly any twice. */
export function isList(text: string): boolean {
  const lines = text
    .trim()
    .split('\n', SAMPLE_LINES)
    .map((line) => line.trim());
  const items = lines.filter((line) => line !== '');
  if (items.length < MIN_ITEMS) return false;
  // With blank lines between stanzas it is a poem; one after each item is a list.
  const blanks = lines.length - items.length;
  if (blanks > 0.02 * lines.length && Math.abs(blanks - items.length) > 2) return false;
  if (share(items, (line) => ITEM.test(line)) < 0.95 || share(items, (line) => SENTENCE_END.test(line)) > 0.03)
    return false;
  const words = items.map((line) => line.split(/\s+/).length);
  const within = ({ length, words: most, mean: usual }: typeof NAME): boolean =>
    share(items, (line) => [...line].length <= length) >= 0.98 &&
    share(words, (n) => n <= most) >= 0.95 &&
    mean(words) <= usual;
  const different = new Set(items).size / items.length;
  // Prose that is wrapped has lines that begin in small letters.
  return (
    (within(NAME) && different >= 0.6) ||
    (within(TITLE) && different >= 0.9 && share(items, (line) => !/^\p{Ll}/u.test(line)) >= 0.95)
  );
}

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length);

/** The parts of a text between blank lines. */
export function blocksOf(text: string): string[] {
  return text
    .split(/\n[ \t]*\n\s*/)
    .map((block) => block.trim())
    .filter((block) => block !== '');
}

/**
 * Blocks of one form, such as haiku or questions with their answers: nine tenths have the same number of lines (two
 * or more, and short ones), or begin with the same label.
 */
export function hasRegularBlocks(text: string): boolean {
  const blocks = blocksOf(text);
  if (blocks.length < MIN_BLOCKS) return false;
  const lines = blocks.map((block) => block.split('\n'));
  const usual = mode(lines.map((block) => block.length));
  const same = lines.filter((block) => block.length === usual);
  // Two to twelve short lines: a verse form. Prose that is wrapped has lines of nearly equal length.
  if (usual >= 2 && usual <= 12 && same.length >= 0.9 * blocks.length && !isWrapped(same)) return true;
  const labels = lines.map((block) => /^([\p{L}\p{N}][^\n:]{0,20}):\s?\S/u.exec(block[0])?.[1]);
  const label = mode(labels.filter((l) => l !== undefined));
  return (
    label !== undefined &&
    labels.filter((l) => l === label).length >= 0.9 * blocks.length &&
    share(lines, (block) => block.length >= 2) >= 0.9
  );
}

/** All lines but each last one are about as long as the longest. */
function isWrapped(blocks: readonly (readonly string[])[]): boolean {
  const inner = blocks.flatMap((block) => block.slice(0, -1)).map((line) => line.length);
  const longest = Math.max(...inner.slice(0, 10_000));
  return longest >= 50 && share(inner, (n) => n >= 0.75 * longest) >= 0.8;
}

function mode<T>(values: readonly T[]): T {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [values[0], 0] as [T, number])[0];
}
