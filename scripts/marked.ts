/** Blocks of the READMEs and of docs/figures.md that scripts write: what stands between `<!-- name:begin -->` and `<!-- name:end -->`. */

/** Both READMEs, by language. */
export const READMES = { en: 'README.md', pt: 'README.pt-BR.md' } as const;
/** The pages with all figures, by language. */
export const FIGURES = { en: 'docs/figures.md', pt: 'docs/figures.pt-BR.md' } as const;
export type Language = keyof typeof READMES;

/**
 * @returns the text with the block in place of what stood between the marks
 * @throws Error when the marks are missing
 */
export function fill(text: string, name: string, block: string): string {
  const marks = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from < 0 || to < from) throw new Error(`the marks ${marks.join(' and ')} are not there`);
  return `${text.slice(0, from + marks[0].length)}\n${block}\n${text.slice(to)}`;
}
