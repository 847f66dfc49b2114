/** The shape of a model as people read it in a report. */
import { defaultConfig, describeLayers, describeTrits, weightCount, type ModelConfig } from '../model/index.js';
import { count } from './words.js';

/** A model in a line, e.g. "GRU 64, vocabulary 256, embedding 32, 1 trit a weight". */
export function shape(config: ModelConfig): string {
  const tables = config.ngrams.map(({ order, rows, width }) => `, ${order}-gram table ${rows} × ${width}`).join('');
  return (
    `${describeLayers(config)}, vocabulary ${config.vocab}, embedding ${config.dim}${config.tied ? ' (tied)' : ''}${tables}` +
    `${config.cache > 0 ? `, cache of ${config.cache} tokens` : ''}, ` +
    `${describeTrits(config)} a weight`
  );
}

/** Weights, their digits and what a file has for each, e.g. "43,264 of 1 trit, 1.6 bits each (2 with --packing t2)". */
export function weightWords(config: ModelConfig): string {
  const { weights, digits } = weightCount(config);
  const bitsOf = (each: number): string => ((digits / weights) * each).toFixed(2).replace(/\.?0+$/, '');
  return `${count(weights)} of ${describeTrits(config)}, ${bitsOf(1.6)} bits each (${bitsOf(2)} with --packing t2)`;
}

/** The options of the command line that make a model of this shape. */
export function shapeOptions({ vocab, dim, layers, ngrams, tied, cache }: ModelConfig): string {
  const [first] = layers;
  const plain = layers.every(({ kind, width }) => kind === 'gru' && width === first.width);
  const stack = plain
    ? `--hidden ${first.width}${layers.length > 1 ? ` --layers ${layers.length}` : ''}`
    : `--layers ${layers.map(({ kind, width }) => `${kind}:${width}`).join(',')}`;
  const tables =
    ngrams.length === 0
      ? ''
      : ` --ngrams ${ngrams.map(({ order, rows, width }) => `${order}:${rows}x${width}`).join(',')}`;
  return `--vocab ${vocab} --dim ${dim} ${stack}${tables}${tied ? ' --tied' : ''}${cache === defaultConfig().cache ? '' : ` --cache ${cache}`}`;
}
