/**
 * Checkpoints as safetensors files, so that other tools open them too: weights under PyTorch's names,
 * `optim.moment1.*` and `optim.moment2.*` (AdamW's averages), `optim.scale1.*` and `optim.scale2.*` (those of the
 * ternary rows' scales), `state.h` (the carried hidden state), and all the rest as JSON in the metadata.
 */
import { readSafetensors, writeSafetensors } from '../format/index.js';
import { configOf, modelFromTensors, parameterSpecs, stateWidths, TinyLMError, type ModelConfig, type ShapedTensor } from '../model/index.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import type { Checkpoint, HistoryPoint, TrainOptions } from '../train/index.js';
import { readBytes } from './files.js';

/** The metadata's key. */
const KEY = 'tinylm';
const MOMENTS = { moment1: 'optim.moment1.', moment2: 'optim.moment2.' } as const;
const SCALE_MOMENTS = { scaleMoment1: 'optim.scale1.', scaleMoment2: 'optim.scale2.' } as const;
const STATE = 'state.h';

/** What is known of a checkpoint that was made for using its weights, not for going on with training. */
export interface WeightsFile {
  readonly model: ModelConfig;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Absent in files that other programs made. */
  readonly trained?: {
    readonly options: TrainOptions;
    readonly tokenizer: TokenizerTable;
    readonly step: number;
    readonly history: readonly HistoryPoint[];
  };
}

interface Metadata {
  options: TrainOptions;
  tokenizer: {
    kind: TokenizerTable['kind'];
    eod: number;
    nibbleBase: number;
    base: number[][];
    merges: [number, number][];
  };
  step: number;
  best: { step: number; valid: number | null };
  history: (Omit<HistoryPoint, 'train'> & { train: number | null })[];
  dataDigest: string;
  running: Checkpoint['running'];
}

/** A checkpoint's bytes; without `resumable` only the weights and what is known of them. */
export function encodeCheckpoint(checkpoint: Checkpoint, { resumable = true } = {}): Uint8Array {
  const specs = parameterSpecs(checkpoint.options.model);
  const tensors = new Map<string, ShapedTensor>();
  const add = (prefix: string, values: ReadonlyMap<string, Float32Array>): void => {
    for (const { name, shape } of specs) tensors.set(prefix + name, { shape, data: values.get(name)! });
  };
  add('', checkpoint.weights);
  if (resumable) {
    add(MOMENTS.moment1, checkpoint.moment1);
    add(MOMENTS.moment2, checkpoint.moment2);
    for (const [key, prefix] of Object.entries(SCALE_MOMENTS) as [keyof typeof SCALE_MOMENTS, string][])
      for (const [name, data] of checkpoint[key]) tensors.set(prefix + name, { shape: [data.length], data });
    tensors.set(STATE, { shape: [checkpoint.state.length], data: checkpoint.state });
  }
  const { tokenizer } = checkpoint;
  // JSON knows no Infinity (no best yet) and no NaN (no training since the last point): both become null.
  const metadata: Metadata = {
    options: checkpoint.options,
    tokenizer: {
      ...tokenizer,
      base: tokenizer.base.map((b) => [...b]),
      merges: tokenizer.merges.map(([l, r]) => [l, r]),
    },
    step: checkpoint.step,
    best: checkpoint.best,
    history: [...checkpoint.history],
    dataDigest: checkpoint.dataDigest,
    running: checkpoint.running,
  };
  return writeSafetensors(tensors, { [KEY]: JSON.stringify(metadata) });
}

function damaged(name: string, found: string): TinyLMError {
  return new TinyLMError('checkpoint-damaged', `${name}: ${found}`, 'use another checkpoint, or train again');
}

function readMetadata(name: string, text: string): Metadata {
  try {
    const value = JSON.parse(text) as Metadata;
    if (
      typeof value.options.model !== 'object' ||
      !Array.isArray(value.tokenizer.base) ||
      !Number.isInteger(value.step)
    )
      throw new Error();
    // A checkpoint from before there were other kinds of layers has the sizes of a stack of GRU layers.
    return { ...value, options: { ...value.options, model: configOf(value.options.model) } };
  } catch {
    throw damaged(name, 'its metadata are not those of a TinyLM checkpoint');
  }
}

function readTable({ tokenizer }: Metadata): TokenizerTable {
  return { ...tokenizer, base: tokenizer.base.map((b) => Uint8Array.from(b)) };
}

const readHistory = ({ history }: Metadata): HistoryPoint[] => history.map((p) => ({ ...p, train: p.train ?? NaN }));

/** The tensors of one kind, without their prefix. */
function pick(tensors: ReadonlyMap<string, ShapedTensor>, prefix: string): Map<string, ShapedTensor> {
  const entries = [...tensors]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, t]) => [name.slice(prefix.length), t] as const);
  return new Map(entries);
}

/**
 * Reads weights of a TinyLM or a PyTorch checkpoint.
 * @param name for messages
 * @param expected the sizes it must have; default its own
 * @throws TinyLMError `safetensors-…` for a damaged file, `checkpoint-shape` for other tensors than those of a TinyLM
 */
export function decodeWeights(bytes: Uint8Array, name: string, expected?: ModelConfig): WeightsFile {
  const { tensors, metadata } = readSafetensors(bytes);
  const own = metadata[KEY] === undefined ? undefined : readMetadata(name, metadata[KEY]);
  const weights = new Map(
    [...tensors].filter(
      ([t]) => t !== STATE && !Object.values({ ...MOMENTS, ...SCALE_MOMENTS }).some((p) => t.startsWith(p)),
    ),
  );
  const model = modelFromTensors(weights, expected ?? own?.options.model);
  return {
    model: model.config,
    weights: model.tensors,
    ...(own && {
      trained: { options: own.options, tokenizer: readTable(own), step: own.step, history: readHistory(own) },
    }),
  };
}

/**
 * Reads a checkpoint to go on from.
 * @throws TinyLMError as `decodeWeights`, and `checkpoint-weights-only` when the optimizer's state is not in it
 */
export function decodeCheckpoint(bytes: Uint8Array, name: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  const state = tensors.get(STATE);
  if (metadata[KEY] === undefined || state === undefined)
    throw new TinyLMError(
      'checkpoint-weights-only',
      `${name} holds weights only, expected the optimizer's state too`,
      'resume a run by its folder: tinylm train --resume <folder>',
    );
  const own = readMetadata(name, metadata[KEY]);
  const { model, lanes } = own.options;
  const wanted = lanes * stateWidths(model).reduce((a, b) => a + b, 0);
  if (state.data.length !== wanted) throw damaged(name, `${STATE} has ${state.data.length} values, expected ${wanted}`);
  const scales = (prefix: string) => new Map([...pick(tensors, prefix)].map(([t, { data }]) => [t, data]));
  const moments = (prefix: string) => modelFromTensors(pick(tensors, prefix), model).tensors;
  return {
    options: own.options,
    tokenizer: readTable(own),
    step: own.step,
    best: { step: own.best.step, valid: own.best.valid ?? Infinity },
    history: readHistory(own),
    dataDigest: own.dataDigest,
    running: own.running,
    weights: decodeWeights(bytes, name).weights,
    moment1: moments(MOMENTS.moment1),
    moment2: moments(MOMENTS.moment2),
    scaleMoment1: scales(SCALE_MOMENTS.scaleMoment1),
    scaleMoment2: scales(SCALE_MOMENTS.scaleMoment2),
    state: state.data,
  };
}

export const loadCheckpoint = (path: string): Checkpoint => decodeCheckpoint(readBytes(path), path);
export const loadWeights = (path: string, expected?: ModelConfig): WeightsFile =>
  decodeWeights(readBytes(path), path, expected);
