import { TinyLMError } from '../../model/errors.js';
import { parseJson } from '../json.js';
import type { CorpusFormat } from './types.js';

interface Cell {
  readonly cell_type?: string;
  readonly source?: string | readonly string[];
}

/** A Jupyter notebook: the text between its programs, one document. `--field code` takes the programs. */
export const notebook: CorpusFormat = {
  id: 'notebook',
  title: 'a Jupyter notebook',
  extensions: ['ipynb'],

  detect: ({ text }) => /^\s*\{/.test(text) && /"cells"\s*:\s*\[/.test(text) && /"cell_type"\s*:/.test(text),

  async read(source, out) {
    const { text } = await source.text();
    const parsed = parseJson(text)?.value as { cells?: unknown } | undefined;
    if (!Array.isArray(parsed?.cells))
      throw new TinyLMError(
        'corpus-notebook',
        `${source.name}: this is no whole notebook; expected JSON with cells.`,
        'Is the file cut off? Save it again.',
      );
    const cells = parsed.cells as readonly Cell[];
    const wanted = source.options.field ?? (cells.some((c) => isText(c)) ? 'markdown' : 'code');
    const taken = cells.filter((c) => (wanted === 'markdown' ? isText(c) : c.cell_type === wanted));
    if (taken.length === 0)
      throw new TinyLMError(
        'corpus-notebook',
        `${source.name}: found no cells of the kind "${wanted}".`,
        'The kinds are markdown and code: --field code',
      );
    out.remark('from-notebook', { taken: taken.length, left: cells.length - taken.length, kind: wanted });
    out.addRecord(
      taken
        .map((c) => sourceOf(c).trim())
        .filter((t) => t !== '')
        .join('\n\n'),
      source.options.split,
    );
    return { field: wanted, words: 'one document' };
  },
};

const isText = ({ cell_type: type }: Cell): boolean => type === 'markdown' || type === 'raw' || type === 'heading';
const sourceOf = ({ source = '' }: Cell): string => (typeof source === 'string' ? source : source.join(''));
