/**
 * Checkpoints as safetensors files, so that other tools open them too: weights under PyTorch's names,
 * `optim.moment1.*` and `optim.moment2.*` (AdamW's averages), `optim.scale1.*` and `optim.scale2.*` (those of the
 * ternary rows' scales), `state.h` (the carried hidden state), and all the rest as JSON in the metadata.
 */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import type { InferOutput } from 'valibot';
import { readSafetensors, writeSafetensors } from '../format/index.js';
import {
  importTensors,
  modelFromTensors,
  parameterSpecs,
  TinyLMError,
  type ImportOptions,
  type ModelConfig,
  type ShapedTensor,
} from '../model/index.js';
import { readJsonRecord } from '../model/record.js';
import { checkTable, tableVocab, type TokenizerTable } from '../tokenizer/index.js';
import { stateLength, type Checkpoint, type HistoryPoint, type TrainOptions } from '../train/index.js';
import { CheckpointSchema } from './records.js';

/** The metadata's key. */
const KEY = 'tinylm';
/** Its other key: SHA-256 of the file with these 64 digits as zeros. */
const SUM = 'tinylm.sha256';
const NO_SUM = '0'.repeat(64);
const MOMENTS = { moment1: 'optim.moment1.', moment2: 'optim.moment2.' } as const;
const SCALE_MOMENTS = { scaleMoment1: 'optim.scale1.', scaleMoment2: 'optim.scale2.' } as const;
const STATE = 'state.h';

/** What is known of a checkpoint that was made for using its weights, not for going on with training. */
export interface WeightsFile {
  readonly model: ModelConfig;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Of a file that another program made: what was made of it, in words. */
  readonly notes?: readonly string[];
  /** Absent in files that other programs made. */
  readonly trained?: {
    readonly options: TrainOptions;
    readonly tokenizer: TokenizerTable;
    readonly step: number;
    readonly history: readonly HistoryPoint[];
  };
}

type Metadata = InferOutput<typeof CheckpointSchema>;

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
  const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const metadata: Metadata = {
    options: checkpoint.options,
    tokenizer: {
      ...tokenizer,
      base: tokenizer.base.map((b) => [...b]),
      merges: tokenizer.merges.map(([l, r]) => [l, r]),
    },
    step: checkpoint.step,
    // JSON knows no Infinity (no best yet) and no NaN (no training since the last point): both become null.
    best: { ...checkpoint.best, valid: orNull(checkpoint.best.valid) },
    history: checkpoint.history.map((point) => ({ ...point, train: orNull(point.train) })),
    dataDigest: checkpoint.dataDigest,
    running: checkpoint.running,
  };
  const bytes = writeSafetensors(tensors, { [KEY]: sortedJson(metadata), [SUM]: NO_SUM });
  const at = placeOfSum(bytes)!;
  bytes.set(new TextEncoder().encode(sumOf(bytes, at)), at);
  return bytes;
}

/** JSON whose members are sorted by name: a checkpoint's bytes do not depend on how its options came together. */
function sortedJson(value: object): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Where the 64 digits of the checksum stand in a file: within its header, after their key; undefined without one. */
function placeOfSum(bytes: Uint8Array): number | undefined {
  const length = bytes.length < 8 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const key = `"${SUM}":"`;
  // Latin-1 keeps the place of each byte.
  const at = new TextDecoder('latin1').decode(bytes.subarray(0, 8 + length)).indexOf(key);
  return at < 0 ? undefined : at + key.length;
}

/** The checksum of a file, whatever stands in the place of its digits. */
function sumOf(bytes: Uint8Array, at: number): string {
  const hash = sha256.create().update(bytes.subarray(0, at)).update(NO_SUM);
  return bytesToHex(hash.update(bytes.subarray(at + NO_SUM.length)).digest());
}

/**
 * Reads a file whose checksum, where it has one, is right. One of TinyLM's own has one; those of other programs do not,
 * nor have TinyLM's oldest: they hold its key and no other.
 * @throws TinyLMError `safetensors`, `checkpoint-damaged`
 */
function readChecked(bytes: Uint8Array, name: string): ReturnType<typeof readSafetensors> {
  const read = readSafetensors(bytes);
  if (read.metadata[KEY] === undefined && read.metadata[SUM] === undefined) return read;
  const at = placeOfSum(bytes);
  if (at === undefined) {
    if (Object.keys(read.metadata).length > 1) throw damaged(name, 'its checksum is missing');
  } else if (read.metadata[SUM] !== sumOf(bytes, at))
    throw damaged(name, 'its checksum is wrong: something in the file is not as it was written');
  return read;
}

function damaged(name: string, found: string): TinyLMError {
  return new TinyLMError('checkpoint-damaged', `${name}: ${found}`, 'use another checkpoint, or train again');
}

function readMetadata(name: string, json: string): Metadata {
  const errors = { code: 'checkpoint-damaged', hint: 'use another checkpoint, or train again' };
  const own = readJsonRecord(CheckpointSchema, json, `${name}, metadata`, errors);
  const table = readTable(own);
  try {
    checkTable(table);
  } catch (error) {
    throw error instanceof TinyLMError ? damaged(name, error.message) : error;
  }
  if (tableVocab(table) > own.options.model.vocab)
    throw damaged(name, `its tokenizer has ${tableVocab(table)} tokens, its model ${own.options.model.vocab}`);
  if (own.step > own.options.steps) throw damaged(name, `it is of step ${own.step} of ${own.options.steps}`);
  return own;
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
 * @param importing how another program's names and gates are to be read
 * @throws TinyLMError `safetensors…` for a damaged file or one of another kind, `checkpoint-shape` for other tensors than
 *   those of a TinyLM
 */
export function decodeWeights(
  bytes: Uint8Array,
  name: string,
  expected?: ModelConfig,
  importing: ImportOptions = {},
): WeightsFile {
  const { tensors, others, metadata } = readChecked(bytes, name);
  const own = metadata[KEY] === undefined ? undefined : readMetadata(name, metadata[KEY]);
  const weights = new Map(
    [...tensors].filter(
      ([t]) => t !== STATE && !Object.values({ ...MOMENTS, ...SCALE_MOMENTS }).some((p) => t.startsWith(p)),
    ),
  );
  const config = expected ?? own?.options.model;
  if (config === undefined) {
    const { config: model, tensors: values, notes } = importTensors(weights, { ...importing, others });
    return { model, weights: values, notes };
  }
  const model = modelFromTensors(weights, config);
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
  const { tensors, metadata } = readChecked(bytes, name);
  const state = tensors.get(STATE);
  if (metadata[KEY] === undefined || state === undefined)
    throw new TinyLMError(
      'checkpoint-weights-only',
      `${name} holds weights only, expected the optimizer's state too`,
      'resume a run by its folder: tinylm train --resume <folder>',
    );
  const own = readMetadata(name, metadata[KEY]);
  const { model, lanes } = own.options;
  const wanted = stateLength({ model, lanes });
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
