/** Looking inside a `.tlm`: the whole, one tensor, the difference of two. */
import { TinyLMError } from '../model/errors.js';
import type { QuantizedTensor, TernaryTensor } from '../quantize/types.js';
import { describeLayers, describeTrits, tritLevels } from '../model/index.js';
import type { TlmFile } from './types.js';

export interface DumpOptions {
  /** Leave out offsets, sizes and the CRC, which change with every other change. */
  readonly diffable?: boolean;
}

const number = (v: number): string => String(Number(v.toPrecision(5)));

/** A file as text: header, tokenizer, metadata, one line for each tensor. */
export function dump(file: TlmFile, { diffable = false }: DumpOptions = {}): string {
  const { model, tokenizer, metadata, info } = file;
  const { config } = model;
  const lines = [
    `vocab ${config.vocab}`,
    `dim ${config.dim}`,
    ...config.ngrams.map(
      ({ order, rows, width }, i) => `n-gram table ${i}: ${rows} rows of ${width} for ${order} tokens`,
    ),
    ...(config.cache > 0 ? [`cache of ${config.cache} tokens`] : []),
    `layers ${describeLayers(config)}`,
    `weights ${describeTrits(config)}`,
    `tied ${config.tied}`,
    `embed_frac ${model.embedFrac}`,
    `eod ${model.eod}`,
    `reset_on_eod ${model.resetOnEod}`,
    `tokenizer ${tokenizer.kind}, ${tokenizer.base.length} base tokens, ${tokenizer.merges.length} merges`,
    ...Object.entries(metadata).map(([key, value]) => `metadata ${key} ${JSON.stringify(value)}`),
  ];
  if (!diffable) {
    lines.unshift(
      `file ${info.fileBytes} bytes, crc ${info.crc.toString(16).padStart(8, '0')}`,
      `tokenizer section at ${info.tokenizerOffset}, ${info.tokenizerBytes} bytes`,
      `metadata at ${info.metadataOffset}, ${info.metadataBytes} bytes`,
    );
  }
  model.tensors.forEach((tensor, i) => {
    const place = info.tensors[i];
    const at = diffable
      ? ''
      : ` at ${place.dataOffset}, ${place.dataBytes} bytes` +
        (tensor.kind === 'ternary' ? `, scales at ${place.scaleOffset}` : '');
    lines.push(`tensor ${tensor.name} (${tensor.rows}, ${tensor.cols}) ${place.type} ${summary(tensor)}${at}`);
  });
  return `${lines.join('\n')}\n`;
}

function summary(tensor: QuantizedTensor): string {
  if (tensor.kind === 'fixed') {
    const [low, high] = range(Array.from(tensor.values, (v) => v / 2 ** tensor.frac));
    return `frac ${tensor.frac}, ${number(low)} to ${number(high)}`;
  }
  const counts = [0, 0, 0];
  for (const w of tensor.levels) counts[Math.sign(w) + 1]++;
  const share = counts.map((n) => `${((100 * n) / tensor.levels.length).toFixed(1)} %`);
  const [low, high] = range(scales(tensor));
  const shares = `- ${share[0]}, 0 ${share[1]}, + ${share[2]}`;
  return `${tensor.trits > 1 ? `${tensor.trits} trits, ` : ''}shift ${tensor.scaleShift}, ${shares}, scales ${number(low)} to ${number(high)}`;
}

const range = (values: readonly number[]): [number, number] => [
  values.reduce((a, b) => Math.min(a, b)),
  values.reduce((a, b) => Math.max(a, b)),
];

const scales = (tensor: TernaryTensor): number[] => Array.from(tensor.mantissas, (m) => m / 2 ** tensor.scaleShift);

/**
 * One tensor as text, a line a row: a matrix as its scale and `+`, `-`, `.` for +1, −1, 0, or its levels where a weight has more than
 * one digit; a bias as numbers.
 * @throws TinyLMError `inspect-tensor` for a name that the file has not
 */
export function showTensor(file: TlmFile, name: string): string {
  const tensor = file.model.tensors.find((t) => t.name === name);
  if (tensor === undefined) {
    throw new TinyLMError(
      'inspect-tensor',
      `the file has no tensor ${name}`,
      `it has ${file.model.tensors.map((t) => t.name).join(', ')}`,
    );
  }
  const lines = [`${name} (${tensor.rows}, ${tensor.cols}) ${summary(tensor)}`];
  for (let r = 0; r < tensor.rows; r++) {
    if (tensor.kind === 'fixed') lines.push(`${r} ${number(tensor.values[r] / 2 ** tensor.frac)}`);
    else {
      const row = tensor.levels.subarray(r * tensor.cols, (r + 1) * tensor.cols);
      const scale = number(tensor.mantissas[tensor.mantissas.length === 1 ? 0 : r] / 2 ** tensor.scaleShift);
      // A digit is a sign; levels of more digits are numbers.
      const digits = tritLevels(tensor.trits) === 1 ? Array.from(row, (w) => '-.+'[w + 1]).join('') : row.join(' ');
      lines.push(`${r} ${scale} ${digits}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** How one tensor of two files compares. */
export interface TensorComparison {
  readonly name: string;
  readonly state: 'equal' | 'different' | 'other-shape' | 'only-first' | 'only-second';
  /** Weights, or bias values, that differ; 0 unless `different`. */
  readonly values: number;
  /** Rows whose real scale differs, and the largest difference. */
  readonly scales: number;
  readonly largestScaleDifference: number;
}

export interface FileComparison {
  /** Settings of the header, tokenizer and metadata that differ, in words. */
  readonly settings: readonly string[];
  readonly tensors: readonly TensorComparison[];
  /** Whether both give the same results, whatever their packing and metadata. */
  readonly same: boolean;
}

/** Compares two files by value: packing, offsets and CRC do not count. */
export function compare(a: TlmFile, b: TlmFile): FileComparison {
  const settings: string[] = [];
  const setting = (name: string, x: unknown, y: unknown): void => {
    if (JSON.stringify(x) !== JSON.stringify(y)) settings.push(`${name}: ${JSON.stringify(x)} / ${JSON.stringify(y)}`);
  };
  for (const key of ['vocab', 'dim', 'ngrams', 'layers', 'tied', 'cache', 'trits'] as const) {
    setting(key, a.model.config[key], b.model.config[key]);
  }
  for (const key of ['embedFrac', 'eod', 'resetOnEod'] as const) setting(key, a.model[key], b.model[key]);
  setting('tokenizer kind', a.tokenizer.kind, b.tokenizer.kind);
  const table = ({ tokenizer: { base, merges } }: TlmFile): string =>
    JSON.stringify([base.map((symbol) => [...symbol]), merges]);
  if (table(a) !== table(b)) settings.push('tokenizer: other tokens');
  const names = [...new Set([...a.model.tensors, ...b.model.tensors].map((t) => t.name))];
  const tensors = names.map((name) =>
    compareTensors(
      name,
      a.model.tensors.find((t) => t.name === name),
      b.model.tensors.find((t) => t.name === name),
    ),
  );
  const same = settings.length === 0 && tensors.every((t) => t.state === 'equal');
  setting('metadata', a.metadata, b.metadata);
  return { settings, tensors, same };
}

function compareTensors(
  name: string,
  a: QuantizedTensor | undefined,
  b: QuantizedTensor | undefined,
): TensorComparison {
  const none = { name, values: 0, scales: 0, largestScaleDifference: 0 };
  if (a === undefined || b === undefined) return { ...none, state: a ? 'only-first' : 'only-second' };
  if (a.rows !== b.rows || a.cols !== b.cols || a.kind !== b.kind) return { ...none, state: 'other-shape' };
  let differ = 0;
  let rows = 0;
  let largest = 0;
  if (a.kind === 'ternary' && b.kind === 'ternary') {
    for (let i = 0; i < a.levels.length; i++) differ += Number(a.levels[i] !== b.levels[i]);
    const [x, y] = [scales(a), scales(b)];
    for (let r = 0; r < x.length; r++) {
      rows += Number(x[r] !== y[r]);
      largest = Math.max(largest, Math.abs(x[r] - y[r]));
    }
  } else if (a.kind === 'fixed' && b.kind === 'fixed') {
    for (let i = 0; i < a.rows; i++) differ += Number(a.values[i] / 2 ** a.frac !== b.values[i] / 2 ** b.frac);
  }
  const state = differ + rows > 0 ? 'different' : 'equal';
  return { name, state, values: differ, scales: rows, largestScaleDifference: largest };
}

/** A comparison as text, a line for each difference and each tensor. */
export function comparisonText(comparison: FileComparison): string {
  const words = (t: TensorComparison): string => {
    switch (t.state) {
      case 'equal':
        return 'equal';
      case 'other-shape':
        return 'of another shape';
      case 'only-first':
        return 'only in the first file';
      case 'only-second':
        return 'only in the second file';
      case 'different':
        return (
          `${t.values} values differ, ${t.scales} row scales differ ` +
          `(by ${number(t.largestScaleDifference)} at most)`
        );
      default:
        return t.state satisfies never;
    }
  };
  return [
    ...comparison.settings,
    ...comparison.tensors.map((t) => `${t.name}: ${words(t)}`),
    comparison.same ? 'the two give the same results' : 'the two differ',
    '',
  ].join('\n');
}
